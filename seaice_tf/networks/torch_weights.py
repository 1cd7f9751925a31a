"""Read state dicts saved by PyTorch (.pth, .pt) as arrays by name, without PyTorch.

Such a file contains a pickle, which is a program. It is not executed: only the opcodes that a state
dict needs are interpreted with `pickletools`, and only the functions in `CALLS` are called.

Formats: torch/serialization.py. Since PyTorch 1.6 a zip of data.pkl and data/<key>; before, four
pickles one after the other (magic number, version, machine, state dict), the keys, and the data.
"""

import io
import pickletools
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

import numpy as np

from seaice_tf.errors import InputError

MAGIC = 0x1950A86A20F9469CFC6C
STORAGES = {
    "DoubleStorage": "<f8",
    "FloatStorage": "<f4",
    "HalfStorage": "<f2",
    "LongStorage": "<i8",
    "IntStorage": "<i4",
    "ShortStorage": "<i2",
    "CharStorage": "<i1",
    "ByteStorage": "<u1",
    "BoolStorage": "<?",
}
# What a malicious or damaged file can raise in `parse` and `zipfile`.
REFUSED = (
    OSError,
    EOFError,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    ArithmeticError,
    RuntimeError,
)


class Global(NamedTuple):
    """The name of a function or class in a pickle; never imported."""

    name: str


class Storage(NamedTuple):
    """A sequence of numbers in the file."""

    key: str
    dtype: np.dtype
    numbers: int


class Tensor(NamedTuple):
    """A view of a storage; offset and strides in elements."""

    storage: Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


def read(path: Path) -> dict[str, np.ndarray]:
    """Read the arrays of a state dict by name.

    Raises:
        InputError: missing, damaged, or with contents other than tensors by name.
    """
    try:
        file = io.BytesIO(path.read_bytes())  # so that a false length cannot read beyond the end
        state, data = _zipped(file) if zipfile.is_zipfile(file) else _legacy(file)
        if not isinstance(state, dict):
            raise ValueError(f"a {type(state).__name__} in place of a state dict")
        return {str(name): _array(name, tensor, data) for name, tensor in state.items()}
    except REFUSED as error:
        raise InputError(
            f"{path}: expected a PyTorch state dict, tensors by name, got {error}; "
            "download it again, or save only model.state_dict()"
        ) from error
    except zipfile.BadZipFile as error:
        raise InputError(f"{path}: expected a whole zip, got {error}; download it again") from error


def _zipped(file) -> tuple[Any, Mapping[str, bytes]]:
    file.seek(0)
    with zipfile.ZipFile(file) as archive:
        # PyTorch does not compress; a compressed entry could have any size.
        if any(entry.compress_type != zipfile.ZIP_STORED for entry in archive.infolist()):
            raise ValueError("a compressed zip")
        contents = {name: archive.read(name) for name in archive.namelist()}
    programs = [name for name in contents if PurePosixPath(name).name == "data.pkl"]
    if len(programs) != 1:
        raise ValueError(f"a zip with {len(programs)} data.pkl")
    root = programs[0].removesuffix("data.pkl")
    if contents.get(f"{root}byteorder", b"little") != b"little":
        raise ValueError("big-endian numbers")
    state = parse(io.BytesIO(contents[programs[0]]))
    folder = f"{root}data/"
    return state, {n.removeprefix(folder): c for n, c in contents.items() if n.startswith(folder)}


def _legacy(file) -> tuple[Any, Mapping[str, bytes]]:
    file.seek(0)
    if parse(file) != MAGIC:
        raise ValueError("another magic number")
    parse(file)  # version
    if not parse(file)["little_endian"]:
        raise ValueError("big-endian numbers")
    storages: dict[str, Storage] = {}
    state = parse(file, storages)
    data = {}
    for key in parse(file):
        size = storages[key].numbers * storages[key].dtype.itemsize
        if int.from_bytes(file.read(8), "little") != storages[key].numbers:
            raise ValueError(f"another length of storage {key}")
        data[key] = file.read(size)
    return state, data


def _array(name: str, tensor: Any, data: Mapping[str, bytes]) -> np.ndarray:
    if not isinstance(tensor, Tensor):
        raise ValueError(f"{name}: a {type(tensor).__name__} in place of a tensor")
    storage, offset, shape, strides = tensor
    numbers = np.frombuffer(data[storage.key], storage.dtype)
    if min((offset, *shape, *strides)) < 0 or len(shape) != len(strides):
        raise ValueError(f"{name}: offset {offset}, shape {shape}, strides {strides}")
    size = int(np.prod(shape, dtype=object))
    last = offset + sum((n - 1) * stride for n, stride in zip(shape, strides))
    if size and (size > len(numbers) or last >= len(numbers)):
        raise ValueError(f"{name}: more elements than the {len(numbers)} in the file")
    byte_strides = [stride * storage.dtype.itemsize for stride in strides]
    return np.lib.stride_tricks.as_strided(numbers[offset:], shape, byte_strides).copy()


def _storage(record: Any, storages: dict[str, Storage] | None) -> Storage:
    kind, of, key, _, numbers = record[:5]
    module, _, name = of.name.rpartition(".")
    if kind != "storage" or module != "torch" or name not in STORAGES:
        raise ValueError(f"a {kind} of {of.name}")
    if len(record) > 5 and record[5] is not None:
        raise ValueError("a view of a storage, as PyTorch 0.x wrote it")
    storage = Storage(str(key), np.dtype(STORAGES[name]), int(numbers))
    if storages is not None:
        storages[storage.key] = storage
    return storage


def _tensor(storage: Any, offset: int, shape: Any, strides: Any, *_) -> Tensor:
    if not isinstance(storage, Storage):
        raise ValueError(f"a tensor of a {type(storage).__name__}")
    return Tensor(storage, int(offset), tuple(map(int, shape)), tuple(map(int, strides)))


def _named(names: list, values: list) -> dict[str, Any]:
    if not all(isinstance(name, str) for name in names):
        raise ValueError("a key that is not a string")
    return dict(zip(names, values, strict=True))


CALLS: dict[str, Callable[..., Any]] = {
    "collections.OrderedDict": lambda pairs=(): _named(
        [n for n, _ in pairs], [v for _, v in pairs]
    ),
    "torch._utils._rebuild_tensor_v2": _tensor,
    "torch._utils._rebuild_parameter": lambda tensor, *_: tensor,
}


def parse(file, storages: dict[str, Storage] | None = None) -> Any:
    """Interpret a pickle up to its end.

    Args:
        file: binary file.
        storages: collects the storages by key.

    Returns:
        The value of the pickle.

    Raises:
        ValueError: an opcode or call that no state dict needs.
    """
    stack: list[Any] = []
    memo: dict[int, Any] = {}
    marks: list[int] = []

    def since_mark() -> list[Any]:
        start = marks.pop()
        values = stack[start:]
        del stack[start:]
        return values

    argument: Any
    for opcode, argument, _ in pickletools.genops(file):
        match opcode.name:
            case "PROTO" | "FRAME":
                pass
            case "STOP":
                return stack.pop()
            case "MARK":
                marks.append(len(stack))
            case "NONE" | "NEWTRUE" | "NEWFALSE":
                stack.append({"NONE": None, "NEWTRUE": True, "NEWFALSE": False}[opcode.name])
            case "BININT" | "BININT1" | "BININT2" | "LONG1" | "BINFLOAT":
                stack.append(argument)
            case "BINUNICODE" | "SHORT_BINUNICODE" | "BINSTRING" | "SHORT_BINSTRING":
                stack.append(argument)
            case "EMPTY_DICT" | "EMPTY_LIST" | "EMPTY_TUPLE":
                stack.append({"EMPTY_DICT": {}, "EMPTY_LIST": [], "EMPTY_TUPLE": ()}[opcode.name])
            case "TUPLE":
                stack.append(tuple(since_mark()))
            case "TUPLE1" | "TUPLE2" | "TUPLE3":
                count = int(opcode.name[-1])
                stack[-count:] = [tuple(stack[-count:])]
            case "APPEND":
                value = stack.pop()
                stack[-1].append(value)
            case "APPENDS":
                values = since_mark()
                stack[-1].extend(values)
            case "SETITEM":
                key, value = stack.pop(-2), stack.pop()
                stack[-1].update(_named([key], [value]))
            case "SETITEMS":
                values = since_mark()
                stack[-1].update(_named(values[::2], values[1::2]))
            case "BINPUT" | "LONG_BINPUT":
                memo[argument] = stack[-1]
            case "MEMOIZE":
                memo[len(memo)] = stack[-1]
            case "BINGET" | "LONG_BINGET":
                stack.append(memo[argument])
            case "GLOBAL":
                stack.append(Global(argument.replace(" ", ".")))
            case "STACK_GLOBAL":
                name, module = stack.pop(), stack.pop()
                stack.append(Global(f"{module}.{name}"))
            case "BINPERSID":
                stack.append(_storage(stack.pop(), storages))
            case "REDUCE":
                arguments, function = stack.pop(), stack.pop()
                if not isinstance(function, Global) or function.name not in CALLS:
                    raise ValueError(f"a call of {getattr(function, 'name', 'no function')}")
                stack.append(CALLS[function.name](*arguments))
            case "BUILD":
                stack.pop()  # attributes of the dict, such as the version of each module
            case other:
                raise ValueError(f"the pickle opcode {other}")
    raise EOFError("a pickle without end")
