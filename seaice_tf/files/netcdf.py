"""netCDF files as they are stored: no masks and no scales applied.

netCDF4 is not thread-safe, so a lock admits one thread at a time; read in parallel by processes.
"""

import mmap
import struct
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import netCDF4

from seaice_tf.errors import InputError, reason
from seaice_tf.files import atomic, compressed
from seaice_tf.files.synthetic_cache import SYNTHETIC_TITLE

if TYPE_CHECKING:
    import xarray as xr

HEAP = b"GCOL\x01\0\0\0"  # signature and version of a global heap

_ONE_AT_A_TIME = threading.RLock()


@contextmanager
def opened(path: Path) -> Iterator[netCDF4.Dataset]:
    """A context with an open file of raw values, in which damage is an InputError.

    URLs are refused, as the library would download them.
    """
    if not path.is_file():
        raise FileNotFoundError(f"{path}: expected a netCDF file, got none")
    try:
        with (
            _ONE_AT_A_TIME,
            _openable(path) as (name, memory),
            netCDF4.Dataset(name, memory=memory) as dataset,
        ):
            dataset.set_auto_maskandscale(False)
            yield dataset
    except (FileNotFoundError, PermissionError):
        raise
    except (OSError, RuntimeError, MemoryError, UnicodeDecodeError) as error:
        raise InputError(
            f"{path}: expected a netCDF file, got {reason(error)}; download the file again"
        ) from error


@contextmanager
def _openable(path: Path) -> Iterator[tuple[str, bytes | None]]:
    """A name that the library can open, and the content of a compressed file."""
    if compressed.is_compressed(path):
        yield "compressed.nc", compressed.read_bytes(path)
        return
    with _ascii_name(path) as name:
        yield name, None


@contextmanager
def _ascii_name(path: Path) -> Iterator[str]:
    """A path, or a link to it if its name is not one that the library takes in any locale."""
    if str(path).isascii():
        yield str(path)
        return
    with tempfile.TemporaryDirectory() as folder:
        link = Path(folder, "linked.nc")
        link.symlink_to(path.resolve())
        yield str(link)


@contextmanager
def created(path: Path) -> Iterator[netCDF4.Dataset]:
    """A new file to write to, which gets its name when it is complete."""
    with atomic.file(path) as temporary:
        temporary.touch()
        with _ascii_name(temporary) as name, netCDF4.Dataset(name, "w") as dataset:
            yield dataset


@contextmanager
def decoded(path: Path) -> Iterator["xr.Dataset"]:
    """A context with an open file as xarray decodes it: unpacked, NaN where missing, with times."""
    import xarray as xr

    with opened(path) as dataset:
        try:
            store = xr.backends.NetCDF4DataStore(dataset)
            data = xr.open_dataset(store, decode_timedelta=False)
        except ValueError as error:
            raise InputError(
                f"{path}: expected the CF conventions, got {reason(error)}; write it again"
            ) from error
        yield data


def loaded(write: Callable[[Path], Any]) -> "xr.Dataset":
    """What a function writes to a netCDF file, as an xarray.Dataset in memory."""
    import xarray as xr  # takes half a second, and not every reader needs it

    with tempfile.TemporaryDirectory() as folder, _ONE_AT_A_TIME:
        path = Path(folder, "loaded.nc")
        write(path)
        return xr.load_dataset(path, engine="netcdf4", decode_coords="all", decode_timedelta=False)


def require_sound_strings(path: Path) -> None:
    """InputError if the heaps that hold a file's strings are such that the library never returns.

    In a global heap of HDF5 (its format, III.E) free space of size 0 is walked over for ever. The
    whole file is looked through, so ask it of files with strings alone.
    """
    if not path.stat().st_size:
        return
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        at = content.find(HEAP)
        while at >= 0:
            (size,) = struct.unpack_from("<Q", content[at + 8 : at + 16].ljust(8, b"\0"))
            position, end = at + 16, min(at + size, len(content))
            while position + 16 <= end:
                index, length = struct.unpack_from("<H6xQ", content, position)
                if index == length == 0:
                    raise InputError(
                        f"{path}: expected strings in sound heaps, got one without an end; "
                        f"download the file again"
                    )
                position += length if index == 0 else 16 + -(-length // 8) * 8
            at = content.find(HEAP, at + 1)


def number(path: Path, holder: Any, name: str, default: float) -> float:
    """An attribute as a float, `default` where there is none; InputError if it is no number."""
    value = getattr(holder, name, default)
    try:
        return float(value)
    except (TypeError, ValueError) as error:
        raise InputError(
            f"{path}: expected a number as {name}, got {value!r}; download the file again"
        ) from error


def require_numbers(path: Path, dataset: netCDF4.Dataset, names: Iterable[str], ndim: int) -> None:
    """InputError unless these variables are there, hold numbers and have so many dimensions."""
    for name in names:
        if name not in dataset.variables:
            raise InputError(f"{path}: expected {name}, got none; download the file again")
        variable = dataset[name]
        if getattr(variable.dtype, "kind", "O") not in "iuf" or variable.ndim != ndim:
            raise InputError(
                f"{path}: expected {name} as numbers along {ndim} dimensions, got "
                f"{variable.dtype} {variable.shape}; download the file again"
            )


def is_synthetic(dataset: netCDF4.Dataset) -> bool:
    return SYNTHETIC_TITLE in str(getattr(dataset, "title", ""))
