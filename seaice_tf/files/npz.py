"""Memory-mapped arrays of npz files.

An uncompressed array is mapped in the file itself; a compressed one is unpacked piece by piece into
a temporary file without a name, which is mapped. Reading a window then touches only its pages.
Nothing is unpickled.
"""

import lzma
import math
import shutil
import struct
import sys
import tempfile
import tokenize
import zipfile
import zlib
from pathlib import Path
from typing import IO, Literal

import numpy as np

from seaice_tf.errors import InputError, reason

LOCAL_HEADER = 30  # bytes, before the name and the extra field
PIECE = 1 << 20  # bytes
MODEST = 1 << 30  # bytes; smaller contents are never refused
GROWTH = 100  # compression ratio from which larger contents are a decompression bomb
# What zipfile, zlib and numpy's parser of headers raise for damaged files.
DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    tokenize.TokenError,
    SyntaxError,
    ValueError,
    TypeError,
    OverflowError,
    EOFError,
    MemoryError,
    RuntimeError,
)


def require_modest(path: Path) -> None:
    """Raise an InputError for a decompression bomb."""
    with _opened(path) as archive:
        size = sum(info.file_size for info in archive.infolist())
    if size > max(MODEST, GROWTH * path.stat().st_size):
        raise InputError(
            f"{path}: expected no more than {GROWTH} times its size unpacked, got {size} bytes; "
            f"get the file from a trusted source, or save it uncompressed"
        )


def keys(path: Path) -> tuple[str, ...]:
    """Names of the arrays."""
    with _opened(path) as archive:
        names = archive.namelist()
    return tuple(name.removesuffix(".npy") for name in names if name.endswith(".npy"))


def mapped(path: Path, key: str) -> np.ndarray:
    """Map an array of a file, read-only.

    Raises:
        InputError: not an npz file, damaged, without the array, or with Python objects or records.
    """
    if key not in (known := keys(path)):
        raise InputError(
            f"{path}: expected an array {key!r}, got {', '.join(known) or 'none'}; "
            f"save it under that name"
        )
    require_modest(path)
    with _opened(path) as archive:
        return _checked(path, archive, f"{key}.npy")


def shape(path: Path, key: str) -> tuple[int, ...]:
    """Shape of an array, of its header alone; raises InputError as `mapped`."""
    with _opened(path) as archive:
        try:
            with archive.open(f"{key}.npy") as member:
                return _header(member)[0]
        except (KeyError, *DAMAGE) as error:
            raise _unreadable(path, key, error) from error


def read(path: Path) -> dict[str, np.ndarray]:
    """Read all arrays of a file into memory; raises InputError as `mapped`."""
    require_modest(path)
    with _opened(path) as archive:
        names = [name for name in archive.namelist() if name.endswith(".npy")]
        return {
            name.removesuffix(".npy"): np.array(_checked(path, archive, name)) for name in names
        }


def _checked(path: Path, archive: zipfile.ZipFile, name: str) -> np.ndarray:
    try:
        array = _mapped(path, archive, archive.getinfo(name))
        if array.dtype.kind == "U":
            _require_text(array)
        return array
    except DAMAGE as error:
        raise _unreadable(path, name.removesuffix(".npy"), error) from error


def _unreadable(path: Path, key: str, error: Exception) -> InputError:
    return InputError(
        f"{path}: expected an array {key!r} that can be read, got {reason(error)}; download the "
        "file again, or save plain numbers"
    )


def _require_text(array: np.ndarray) -> None:
    """Raise a ValueError for characters beyond Unicode, with which Python fails later."""
    codes = np.frombuffer(array.tobytes(), array.dtype.byteorder + "u4")
    if codes.size and codes.max() > sys.maxunicode:
        raise ValueError("invalid characters")


def _mapped(path: Path, archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> np.ndarray:
    with archive.open(info) as member:
        shape, fortran, kind = _header(member)
        header, size = member.tell(), math.prod(shape) * kind.itemsize
        if info.file_size - header != size:
            raise ValueError(f"{info.file_size - header} bytes instead of {size}")
        order: Literal["F", "C"] = "F" if fortran else "C"
        if size == 0:
            return np.empty(shape, kind)
        if info.compress_type == zipfile.ZIP_STORED:
            start = _data_offset(path, info) + header
            return np.memmap(path, kind, "r", start, shape, order)
        with tempfile.TemporaryFile() as unpacked:
            shutil.copyfileobj(member, unpacked, PIECE)
            unpacked.flush()
            return np.memmap(unpacked, kind, "r", 0, shape, order)


def _header(member: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype]:
    """Shape, whether the order is Fortran's, and type of the values."""
    version = np.lib.format.read_magic(member)
    if version == (1, 0):
        found = np.lib.format.read_array_header_1_0(member)
    else:
        found = np.lib.format.read_array_header_2_0(member)
    if found[2].kind in "OV":
        raise ValueError("Python objects or records")
    return found


def _data_offset(path: Path, info: zipfile.ZipInfo) -> int:
    """Offset of the data of a member; its local header may differ from the directory's entry."""
    with path.open("rb") as file:
        file.seek(info.header_offset)
        header = file.read(LOCAL_HEADER)
    return (
        info.header_offset
        + LOCAL_HEADER
        + sum(int.from_bytes(header[i : i + 2], "little") for i in (26, 28))
    )


def _opened(path: Path) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(path)
    except DAMAGE as error:
        raise InputError(
            f"{path}: expected an npz file, got an unreadable one; download it again"
        ) from error
