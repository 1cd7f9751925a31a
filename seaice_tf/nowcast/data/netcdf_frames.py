"""Frames in netCDF of the CF conventions: a variable of times, rows and columns in any order.

It may have one time, and an axis of channels. Bounds, coordinates and flags are no frames.
"""

from pathlib import Path
from typing import Any

import netCDF4
import numpy as np

from seaice_tf.errors import InputError
from seaice_tf.files import netcdf, packed
from seaice_tf.nowcast.data import axes, times, units
from seaice_tf.nowcast.data.source import COUNTS, WAY_OUT, Grid, Source
from seaice_tf.nowcast.data.synthetic import TITLE

DAMAGE = (ValueError, TypeError, KeyError, IndexError, OverflowError, AttributeError, RuntimeError)


def read(path: Path, channel: str = "") -> Source:
    """Open the frames of a netCDF file; `channel` names one of several variables or channels.

    Raises:
        InputError: no such variable, or no times.
    """
    with netcdf.opened(path) as dataset:
        try:
            return _source(path, dataset, channel)
        except InputError:
            raise
        except DAMAGE as error:
            raise InputError(
                f"{path}: expected frames with CF times, got {error!r}; {WAY_OUT}"
            ) from error


def _source(path: Path, dataset: netCDF4.Dataset, wanted: str) -> Source:
    name = _variable(path, dataset, wanted)
    variable = dataset[name]
    found = _axes(dataset, variable) or {}
    channel, number = name, 0
    if "channel" in found:
        names = _channel_names(dataset, variable, found["channel"])
        if names[1:] or wanted != name:
            number, label = axes.channel(path, names, wanted)
            channel = label if label[:1].isalpha() else name
    packing = packed.packing(variable, f"{path}: {name}")
    array = Array(path, name, variable.shape, packing, found, number)
    moments = _moments(path, dataset, variable, found)
    unit = str(getattr(variable, "units", COUNTS))
    attributes = {each: variable.getncattr(each) for each in variable.ncattrs()}
    reflectance = units.is_reflectance(attributes)
    title = str(getattr(dataset, "title", ""))
    grid = _grid(dataset, variable, found)
    return Source(path, array, moments, unit, channel, None, grid, TITLE in title, reflectance)


def _axes(dataset: netCDF4.Dataset, variable: netCDF4.Variable) -> dict[str, int] | None:
    """See `axes.of_names`; a dimension whose coordinate has times is one of time, too."""
    times = [
        name
        for name in variable.dimensions
        if name in dataset.variables and _is_time(dataset[name])
    ]
    return axes.of_names(variable.dimensions, variable.shape, times)


def _is_time(variable: netCDF4.Variable) -> bool:
    return str(getattr(variable, "standard_name", "")) == "time" or " since " in str(
        getattr(variable, "units", "")
    )


def _variable(path: Path, dataset: netCDF4.Dataset, wanted: str) -> str:
    """Name of the variable of the frames, or that has the channel."""
    others = _auxiliary(dataset)
    found = {
        name: axes_of
        for name, each in dataset.variables.items()
        if getattr(each.dtype, "kind", "O") in "iuf"
        and name not in others
        and not _is_coordinate(each)
        and (axes_of := _axes(dataset, each)) is not None
        and min(each.shape[axes_of[axis]] for axis in "yx") > 1
    }
    # Beside frames with times, an image without is a mask or a height.
    fits = [name for name, each in found.items() if "time" in each] or list(found)
    if wanted in fits or (not wanted and len(fits) == 1):
        return wanted or fits[0]
    if len(fits) == 1 and "channel" in found[fits[0]]:
        return fits[0]
    if not fits:
        raise InputError(f"{path}: expected a variable (time, y, x), got none; {WAY_OUT}")
    if wanted:
        advice = f"--channel {fits[0]}" if fits[1:] else "leave out --channel"
        raise InputError(
            f"{path}: expected one of the variables {', '.join(fits)}, got {wanted}; {advice}"
        )
    raise InputError(
        f"{path}: expected one variable of frames, got {', '.join(fits)}; add --channel {fits[0]}"
    )


def _auxiliary(dataset: netCDF4.Dataset) -> set[str]:
    """Names of the variables that describe others: bounds of axes, coordinates, quality flags."""
    kinds = ("bounds", "climatology", "coordinates", "ancillary_variables", "cell_measures")
    return {
        name.rstrip(":")
        for each in dataset.variables.values()
        for kind in kinds
        for name in str(getattr(each, kind, "")).split()
    }


def _is_coordinate(variable: netCDF4.Variable) -> bool:
    name = str(getattr(variable, "standard_name", variable.name)).lower()
    return name in ("latitude", "longitude", "lat", "lon") or variable.name.lower() == "dqf"


def _channel_names(dataset: netCDF4.Dataset, variable: netCDF4.Variable, axis: int) -> list[str]:
    dimension = variable.dimensions[axis]
    if dimension in dataset.variables and dataset[dimension].ndim == 1:
        return [str(name) for name in np.asarray(dataset[dimension][:]).tolist()]
    return [str(number) for number in range(variable.shape[axis])]


def _moments(
    path: Path, dataset: netCDF4.Dataset, variable: netCDF4.Variable, found: dict[str, int]
) -> np.ndarray:
    named = [variable.dimensions[found["time"]]] if "time" in found else []
    for name in (*named, *axes.TIMES, *dataset.variables):
        if name not in dataset.variables or not _is_time(dataset[name]):
            continue
        time = dataset[name]
        if time.ndim <= 1 and hasattr(time, "units"):
            calendar = str(getattr(time, "calendar", "standard"))
            return times.decoded(np.ravel(time[...]), str(time.units), calendar)
    start = getattr(dataset, "time_coverage_start", None)
    if start is None or "time" in found:
        raise InputError(
            f"{path}: expected a variable time in CF units or time_coverage_start, got neither; "
            f"{WAY_OUT}"
        )
    return np.array([str(start).rstrip("Z")], "datetime64[s]")


def _grid(
    dataset: netCDF4.Dataset, variable: netCDF4.Variable, found: dict[str, int]
) -> Grid | None:
    rows, columns = (variable.dimensions[found[axis]] for axis in "yx")
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

    def __init__(
        self,
        path: Path,
        name: str,
        shape: tuple[int, ...],
        packing: packed.Packing,
        found: dict[str, int],
        number: int,
    ):
        """`found` are the axes of the variable, and `number` is the index of the channel."""
        self.path, self.name, self.packing, self.number = path, name, packing, number
        self.axes = [found[axis] for axis in ("time", "y", "x") if axis in found]
        lengths = tuple(shape[axis] for axis in self.axes)
        self.flat = "time" not in found
        self.shape, self.dtype = (1, *lengths) if self.flat else lengths, packing.dtype

    def __getitem__(self, key) -> np.ndarray:
        parts = key[1:] if self.flat else key
        with netcdf.opened(self.path) as dataset:
            variable = dataset[self.name]
            place: list[Any] = [self.number] * variable.ndim
            for axis, part in zip(self.axes, parts, strict=True):
                place[axis] = part
            values = variable[tuple(place)]
        values = np.transpose(values, np.argsort(np.argsort(self.axes)))
        return self.packing.unpack(values[None] if self.flat else values)
