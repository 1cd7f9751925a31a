"""netCDF files as they are stored: no masks and no scales applied.

netCDF4 is not safe from several threads: one lock lets them in one after the other. Who wants to
read in parallel starts processes.
"""

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import netCDF4
import numpy as np

from seaice_tf.errors import InputError, reason
from seaice_tf.transforms.grid import Grid
from seaice_tf.transforms.nsidc0051 import SYNTHETIC_TITLE

_ONE_AT_A_TIME = threading.RLock()


@contextmanager
def opened(path: Path) -> Iterator[netCDF4.Dataset]:
    """A file that gives raw values; InputError if it is damaged, whenever that shows.

    An address is no file: the library would fetch it.
    """
    if not path.is_file():
        raise FileNotFoundError(f"{path}: expected a netCDF file, got none")
    try:
        with _ONE_AT_A_TIME, netCDF4.Dataset(path) as dataset:
            dataset.set_auto_maskandscale(False)
            yield dataset
    except (FileNotFoundError, PermissionError):
        raise
    except (OSError, RuntimeError, MemoryError, UnicodeDecodeError) as error:
        raise InputError(
            f"{path}: expected a netCDF file, got {reason(error)}; download the file again"
        ) from error


def number(path: Path, holder: netCDF4.Dataset | netCDF4.Variable, name: str, default: float):
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


def one_grid(path: Path, variable: netCDF4.Variable, grid: Grid) -> np.ndarray:
    """The raw values of a variable (time, y, x) with one time: (rows, columns)."""
    if variable.shape != (1, *grid.shape) or getattr(variable.dtype, "kind", "O") not in "iuf":
        raise InputError(
            f"{path}: expected {variable.name} (1, {grid.rows}, {grid.columns}) on the "
            f"{grid.name}ern grid, got {variable.dtype} {variable.shape}; download the file again"
        )
    return np.asarray(variable[0])


def is_synthetic(dataset: netCDF4.Dataset) -> bool:
    return SYNTHETIC_TITLE in str(getattr(dataset, "title", ""))
