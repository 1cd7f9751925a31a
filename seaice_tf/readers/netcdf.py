"""netCDF files as they are stored: no masks and no scales applied.

netCDF4 is not safe from several threads: read one file after the other.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import netCDF4
import numpy as np

from seaice_tf.errors import InputError
from seaice_tf.transforms.grid import Grid
from seaice_tf.transforms.nsidc0051 import SYNTHETIC_TITLE


@contextmanager
def opened(path: Path) -> Iterator[netCDF4.Dataset]:
    """A file that gives raw values; InputError if it is damaged, whenever that shows."""
    try:
        with netCDF4.Dataset(path) as dataset:
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
