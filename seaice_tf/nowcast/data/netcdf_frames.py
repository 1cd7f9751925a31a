"""Frames in netCDF: a variable (time, y, x), or (y, x) with one time, of the CF conventions."""

from pathlib import Path
from typing import Any

import netCDF4
import numpy as np

from seaice_tf.errors import InputError
from seaice_tf.files import netcdf, packed
from seaice_tf.nowcast.data import times
from seaice_tf.nowcast.data.source import COUNTS, WAY_OUT, Grid, Source
from seaice_tf.nowcast.data.synthetic import TITLE

TIMES = ("time", "t")
DAMAGE = (ValueError, TypeError, KeyError, IndexError, OverflowError, AttributeError, RuntimeError)


def read(path: Path, channel: str = "") -> Source:
    """Open the frames of a netCDF file; `channel` names the variable if there are several.

    Raises:
        InputError: no such variable, or no times.
    """
    with netcdf.opened(path) as dataset:
        try:
            return _source(path, dataset, channel)
        except DAMAGE as error:
            raise InputError(
                f"{path}: expected frames with CF times, got {error!r}; {WAY_OUT}"
            ) from error


def _source(path: Path, dataset: netCDF4.Dataset, channel: str) -> Source:
    name = _variable(path, dataset, channel)
    variable = dataset[name]
    packing = packed.packing(variable, f"{path}: {name}")
    moments = _moments(path, dataset, variable)
    unit = str(getattr(variable, "units", COUNTS))
    title = str(getattr(dataset, "title", ""))
    array = Array(path, name, variable.shape, packing)
    grid = _grid(dataset, variable)
    return Source(path, array, moments, unit, name, None, grid, TITLE in title)


def _variable(path: Path, dataset: netCDF4.Dataset, wanted: str) -> str:
    fits = [
        name
        for name, each in dataset.variables.items()
        if getattr(each.dtype, "kind", "O") in "iuf"
        and each.ndim >= 2
        and min(each.shape[-2:]) > 1
        and not _is_coordinate(each)
        and (each.ndim == 2 or (each.ndim == 3 and each.dimensions[0] in TIMES))
    ]
    if wanted in fits or (not wanted and len(fits) == 1):
        return wanted or fits[0]
    raise InputError(
        f"{path}: expected one of the variables {', '.join(fits) or '(time, y, x)'}, got "
        f"{wanted or 'none'}; " + (f"add --channel {fits[0]}" if fits else WAY_OUT)
    )


def _is_coordinate(variable: netCDF4.Variable) -> bool:
    name = str(getattr(variable, "standard_name", variable.name)).lower()
    return name in ("latitude", "longitude", "lat", "lon") or variable.name.lower() == "dqf"


def _moments(path: Path, dataset: netCDF4.Dataset, variable: netCDF4.Variable) -> np.ndarray:
    for name in TIMES:
        if name in dataset.variables and hasattr(dataset[name], "units"):
            time = dataset[name]
            calendar = str(getattr(time, "calendar", "standard"))
            return times.decoded(np.ravel(time[...]), str(time.units), calendar)
    start = getattr(dataset, "time_coverage_start", None)
    if start is None or variable.ndim != 2:
        raise InputError(
            f"{path}: expected a variable time in CF units or time_coverage_start, got neither; "
            f"{WAY_OUT}"
        )
    return np.array([str(start).rstrip("Z")], "datetime64[s]")


def _grid(dataset: netCDF4.Dataset, variable: netCDF4.Variable) -> Grid | None:
    rows, columns = variable.dimensions[-2:]
    if not all(name in dataset.variables and dataset[name].ndim == 1 for name in (rows, columns)):
        return None
    y, x = (
        packed.packing(dataset[name], name).unpack(dataset[name][:]).astype(np.float64)
        for name in (rows, columns)
    )
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        return None
    mapping = str(getattr(variable, "grid_mapping", ""))
    attributes: dict[str, Any] = {}
    if mapping in dataset.variables:
        attributes = {each: dataset[mapping].getncattr(each) for each in dataset[mapping].ncattrs()}
    return Grid(x, y, str(getattr(dataset[columns], "units", "")), attributes)


class Array:
    """A variable as (time, y, x), read and unpacked when it is sliced."""

    def __init__(self, path: Path, name: str, shape: tuple[int, ...], packing: packed.Packing):
        self.path, self.name, self.packing = path, name, packing
        self.flat = len(shape) == 2
        self.shape, self.dtype = (1, *shape) if self.flat else tuple(shape), packing.dtype

    def __getitem__(self, key) -> np.ndarray:
        with netcdf.opened(self.path) as dataset:
            values = dataset[self.name][key[1:]][None] if self.flat else dataset[self.name][key]
        return self.packing.unpack(values)
