"""netCDF files as they are stored: no masks and no scales applied.

netCDF4 is not safe from several threads: one lock lets them in one after the other. Who wants to
read in parallel starts processes.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import netCDF4
import numpy as np

from seaice_tf.errors import InputError
from seaice_tf.transforms.grid import Grid
from seaice_tf.transforms.nsidc0051 import SYNTHETIC_TITLE

_ONE_AT_A_TIME = threading.RLock()


@contextmanager
def opened(path: Path) -> Iterator[netCDF4.Dataset]:
    """A file that gives raw values; InputError if it is damaged, whenever that shows."""
    try:
        with _ONE_AT_A_TIME, netCDF4.Dataset(path) as dataset:
            dataset.set_auto_maskandscale(False)
            yield dataset
    except (FileNotFoundError, PermissionError):
        raise
    except (OSError, RuntimeError) as error:
        reason = str(error).splitlines()[0]
        raise InputError(
            f"{path}: expected a netCDF file, got {reason}; download the file again"
        ) from error


def one_grid(path: Path, variable: netCDF4.Variable, grid: Grid) -> np.ndarray:
    """The raw values of a variable (time, y, x) with one time: (rows, columns)."""
    if variable.shape != (1, *grid.shape):
        raise InputError(
            f"{path}: expected {variable.name} (1, {grid.rows}, {grid.columns}) on the "
            f"{grid.name}ern grid, got {variable.shape}; download the file again"
        )
    return np.asarray(variable[0])


def is_synthetic(dataset: netCDF4.Dataset) -> bool:
    return SYNTHETIC_TITLE in str(getattr(dataset, "title", ""))
