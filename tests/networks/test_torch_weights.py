import io
import pickle
import zipfile
from collections import OrderedDict

import numpy as np
import pytest

from seaice_tf.errors import InputError
from seaice_tf.networks import torch_weights

WEIGHT = np.arange(6, dtype="<f4").reshape(2, 3)
STEPS = np.array(7, dtype="<i8")


class Named:
    """Pickled as a call of a global by name, with its persistent ids as PyTorch writes them."""

    def __init__(self, call, *arguments):
        self.call, self.arguments = call, arguments

    def __reduce__(self):
        return self.call, self.arguments


def _function(module, name):
    def function(*_):
        raise AssertionError("called")

    function.__module__, function.__qualname__, function.__name__ = module, name, name
    return function


REBUILD = _function("torch._utils", "_rebuild_tensor_v2")
FLOAT, LONG = _function("torch", "FloatStorage"), _function("torch", "LongStorage")


class Storage(tuple):
    """A persistent id."""


class Pickler(pickle._Pickler):
    """Writes any global by its name, whether it can be imported or not."""

    def persistent_id(self, value):
        return tuple(value) if isinstance(value, Storage) else None

    def save_global(self, value, name=None):
        self.write(f"c{value.__module__}\n{value.__qualname__}\n".encode())
        self.memoize(value)

    dispatch = {**pickle._Pickler.dispatch, type(REBUILD): save_global, type: save_global}


def pickled(value, protocol=2):
    file = io.BytesIO()
    Pickler(file, protocol).dump(value)
    return file.getvalue()


def tensor(key, kind, array, offset=0, strides=None, numbers=None, legacy=False):
    numbers = array.size if numbers is None else numbers
    storage = Storage(("storage", kind, key, "cpu", numbers, *([None] if legacy else [])))
    steps = tuple(s // array.itemsize for s in array.strides) if strides is None else strides
    return Named(REBUILD, storage, offset, array.shape, steps, False, OrderedDict())


def state(legacy=False, **changes):
    weight = tensor("0", FLOAT, WEIGHT, legacy=legacy, **changes)
    content = OrderedDict({"conv.weight": weight, "steps": tensor("1", LONG, STEPS, legacy=legacy)})
    content._metadata = OrderedDict({"": {"version": 1}})  # as PyTorch hangs it on
    return content


def write_zip(path, content, compression=zipfile.ZIP_STORED, data=(WEIGHT, STEPS)):
    with zipfile.ZipFile(path, "w", compression) as file:
        file.writestr("weights/data.pkl", content)
        file.writestr("weights/byteorder", "little")
        for key, array in enumerate(data):
            file.writestr(f"weights/data/{key}", array.tobytes())
    return path


def write_legacy(path):
    parts = [torch_weights.MAGIC, 1001, {"little_endian": True}, state(legacy=True), ["1", "0"]]
    data = b"".join(a.size.to_bytes(8, "little") + a.tobytes() for a in (STEPS, WEIGHT))
    path.write_bytes(b"".join(map(pickled, parts)) + data)
    return path


def assert_read(path):
    read = torch_weights.read(path)
    assert list(read) == ["conv.weight", "steps"]
    np.testing.assert_array_equal(read["conv.weight"], WEIGHT)
    np.testing.assert_array_equal(read["steps"], STEPS)
    assert read["conv.weight"].dtype == "f4"


def test_both_formats(tmp_path):
    assert_read(write_zip(tmp_path / "w.pth", pickled(state())))
    assert_read(write_legacy(tmp_path / "legacy.pth"))


def test_a_view_of_a_storage(tmp_path):
    part = tensor("0", FLOAT, WEIGHT[:, :2].T, offset=1, strides=(1, 3), numbers=6)
    path = write_zip(tmp_path / "w.pth", pickled({"part": part}))
    np.testing.assert_array_equal(torch_weights.read(path)["part"], WEIGHT[:, 1:].T)


MARK = "ran"
SYSTEM = _function("os", "system")
PLAIN = {
    "a call of the system": Named(SYSTEM, f"touch {MARK}"),
    "a call within a tensor": {"w": Named(REBUILD, Named(SYSTEM, f"touch {MARK}"), 0, (), ())},
    "a class": {"w": Named(_function("builtins", "bytearray"), 2**40)},
    "eval": Named(_function("builtins", "eval"), f"open({MARK!r}, 'w')"),
    "a storage of another kind": {"w": tensor("0", _function("os", "FloatStorage"), WEIGHT)},
    "more numbers than there are": state(offset=1),
    "numbers before the first": state(offset=-1),
    "steps backwards": state(strides=(-3, 1)),
    "a number many times": {"w": tensor("0", FLOAT, np.broadcast_to(np.float32(0), (2**30,)))},
    "a file that is not there": {"w": tensor("9", FLOAT, WEIGHT)},
    "a list": [tensor("0", FLOAT, WEIGHT)],
    "no tensors": {"epoch": 3},
    "a key that is no name": {(1, 2): tensor("0", FLOAT, WEIGHT)},
}
RAW = {
    "an object made and filled": b"\x80\x02cos\nsystem\n)\x81}b.",
    "an instance": b"(S'touch ran'\nios\nsystem\n.",
    "an extension": b"\x80\x02\x82\x01.",
    "no end": pickled(state())[:-20],
    "an empty stack": b"\x80\x02.",
    "a mark that is not there": b"\x80\x02t.",
    "nothing in its memory": b"\x80\x02h\x05.",
    "letters": b"hello",
    "nothing": b"",
}


@pytest.mark.parametrize("name", [*PLAIN, *RAW])
def test_nothing_is_run_and_every_other_file_is_refused(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    content = RAW[name] if name in RAW else pickled(PLAIN[name])
    with pytest.raises(InputError, match="expected a PyTorch state dict"):
        torch_weights.read(write_zip(tmp_path / "w.pth", content))
    (tmp_path / "legacy.pth").write_bytes(content)
    with pytest.raises(InputError, match="expected a PyTorch state dict"):
        torch_weights.read(tmp_path / "legacy.pth")
    assert not (tmp_path / MARK).exists()


def test_a_compressed_zip_and_a_missing_file_are_refused(tmp_path):
    path = write_zip(tmp_path / "w.pth", pickled(state()), zipfile.ZIP_DEFLATED)
    with pytest.raises(InputError, match="a compressed zip"):
        torch_weights.read(path)
    with pytest.raises(InputError, match="No such file"):
        torch_weights.read(tmp_path / "absent.pth")


def test_files_cut_short_are_refused(tmp_path):
    for path in (write_legacy(tmp_path / "l.pth"), write_zip(tmp_path / "z.pth", pickled(state()))):
        whole = path.read_bytes()
        for end in range(0, len(whole), 7):
            path.write_bytes(whole[:end])
            with pytest.raises(InputError):
                torch_weights.read(path)
