"""Axes, projection, time and sensor of a netCDF file, and how they contradict its name."""

import re
from pathlib import Path

import netCDF4
import numpy as np

from seaice_tf.errors import InputError
from seaice_tf.files import packed
from seaice_tf.forecast.data.formats import Name, Problem
from seaice_tf.grids.polar import GRIDS, Grid

AXES = {"x": ("x", "xgrid", "xc"), "y": ("y", "ygrid", "yc")}
METRES = {"km": 1000.0, "kilometers": 1000.0, "kilometres": 1000.0}  # by unit; others are metres
UNITS = {"day": 86400, "hour": 3600, "minute": 60, "second": 1}  # in seconds
TOLERANCE = 0.01  # of a cell
SECONDS = 600  # by which a time stored as float32 may fall short of its day
SATELLITE = re.compile(r"\b(?:F|DMSP[- ])(\d\d)\b|\b(NIMBUS-?7|GCOM-W1)\b", re.IGNORECASE)
SATELLITES = {"nimbus-7": {"n07"}, "nimbus7": {"n07"}, "gcom-w1": {"am2", "as2"}}


def problems(path: Path, dataset: netCDF4.Dataset, name: Name) -> list[Problem]:
    """All contradictions between a file and its name, but for those of its dates."""
    found = [*_axis_problems(path, dataset, name.grid), *_projection(path, dataset, name.grid)]
    return [*found, *_sensor(path, dataset, name)]


def axis(dataset: netCDF4.Dataset, which: str) -> np.ndarray | None:
    """Projected coordinates along "x" or "y" in metres; None if the file gives none."""
    for name in AXES[which]:
        variable = dataset.variables.get(name)
        if (
            variable is not None
            and variable.ndim == 1
            and getattr(variable.dtype, "kind", "O") in "iuf"
        ):
            unit = str(getattr(variable, "units", "m")).lower()
            values = packed.Unpacked(variable, name)[:]
            return np.asarray(values, np.float64) * METRES.get(unit, 1.0)
    return None


def _axis_problems(path: Path, dataset: netCDF4.Dataset, grid: Grid) -> list[Problem]:
    found = []
    for which, expected in zip("xy", grid.axes()):
        values = axis(dataset, which)
        if values is None:
            continue
        if values.shape == expected.shape and np.allclose(
            values, expected, rtol=0, atol=TOLERANCE * grid.cell
        ):
            continue
        order = "rising" if expected[0] < expected[-1] else "falling"
        text = (
            f"{path}: expected {which} {order} from {expected[0]:.0f} to {expected[-1]:.0f} m (the "
            f"{grid.title}, {grid.name}), got {values[0]:.0f} to {values[-1]:.0f} m"
            if values.size
            else f"{path}: expected {which} of the {grid.title}, got no values"
        )
        turned = values.shape == expected.shape and np.allclose(
            values[::-1], expected, rtol=0, atol=TOLERANCE * grid.cell
        )
        advice = (
            "the map is turned over: reverse it along the axis, or download the file again"
            if turned
            else "download the file again"
        )
        found.append(Problem(f"{text}; {advice}", "coordinates"))
    return found


def _projection(path: Path, dataset: netCDF4.Dataset, grid: Grid) -> list[Problem]:
    """The attributes of the grid mapping that all producers write alike."""
    expected = grid.crs.to_cf()
    mapping = grid_mapping(dataset)
    if mapping is None:
        return []
    found = []
    kind, hemisphere = mapping.grid_mapping_name, "north" if grid.name == "north" else "south"
    if kind != expected["grid_mapping_name"]:
        found.append(("projection " + expected["grid_mapping_name"], kind))
    pole = latitude_of_pole(mapping)
    if pole is not None and (pole > 0) != (hemisphere == "north"):
        found.append((f"a projection of the {hemisphere}", f"a latitude of {pole:g}"))
    return [
        Problem(f"{path}: expected {want}, got {got}; download the file again", "coordinates")
        for want, got in found
    ]


def grid_mapping(dataset: netCDF4.Dataset) -> netCDF4.Variable | None:
    """The variable that describes the projection, if the file has one."""
    for variable in dataset.variables.values():
        if isinstance(getattr(variable, "grid_mapping_name", None), str):
            return variable
    return None


def latitude_of_pole(mapping: netCDF4.Variable) -> float | None:
    """A latitude of the projection, of which only the sign matters; None if there is none."""
    for attribute in (
        "latitude_of_projection_origin",
        "standard_parallel",
        "latitude_of_standard_parallel",
        "latitude_of_origin",
    ):
        try:
            return float(np.ravel(getattr(mapping, attribute))[0])
        except (AttributeError, TypeError, ValueError, IndexError):
            continue
    return None


def _sensor(path: Path, dataset: netCDF4.Dataset, name: Name) -> list[Problem]:
    text = str(getattr(dataset, "platform", ""))
    codes: set[str] = set()
    for number, other in SATELLITE.findall(text):
        codes |= {f"f{number}"} if number else SATELLITES[other.lower()]
    if not name.sensor or not codes or name.sensor in codes:
        return []
    return [
        Problem(
            f"{path}: expected platform {name.sensor.upper()}, as the name says, got "
            f"{', '.join(sorted(codes)).upper()}; restore the file's own name",
            "sensor",
        )
    ]


def times(path: Path, dataset: netCDF4.Dataset) -> np.ndarray | None:
    """The dates of the variable `time` as datetime64[D], (n,); None if the file gives none.

    Raises:
        InputError: a time without units that can be understood.
    """
    variable = dataset.variables.get("time")
    if variable is None or getattr(variable.dtype, "kind", "O") not in "iuf":
        return None
    units = str(getattr(variable, "units", ""))
    match = re.fullmatch(
        r"\s*(day|hour|minute|second)s?\s+since\s+(\d{4})-(\d\d?)-(\d\d?)(.*)", units, re.IGNORECASE
    )
    values = np.ravel(packed.Unpacked(variable, f"{path}: time")[:]).astype(np.float64)
    if not match or not np.isfinite(values).all() or (np.abs(values) > 1e12).any():
        raise InputError(
            f"{path}: expected time in days or seconds since a date, got {units!r}; download the "
            f"file again"
        )
    unit, year, month, day, clock = match.groups()
    try:
        start = np.datetime64(f"{int(year):04}-{int(month):02}-{int(day):02}", "s")
    except ValueError as error:
        raise InputError(
            f"{path}: expected time since a date, got {units!r}; download the file again"
        ) from error
    hours = re.match(r"[T ]\s*(\d\d?):(\d\d)", clock)
    offset = 3600 * int(hours[1]) + 60 * int(hours[2]) if hours else 0
    seconds = np.rint(values * UNITS[unit.lower()]) + offset + SECONDS
    return (start + seconds.astype("timedelta64[s]")).astype("datetime64[D]")


def date_problems(path: Path, found: np.ndarray | None, name: Name) -> list[Problem]:
    """How the dates inside a file of one contradict its name."""
    if found is None or name.last is not None:
        return []
    got = found.astype(name.date.dtype)
    if got.size == 1 and got[0] == name.date:
        return []
    shown = ", ".join(map(str, got[:3])) + (" ..." if got.size > 3 else "")
    return [
        Problem(
            f"{path}: expected time {name.date}, as the name says, got {shown or 'none'}; "
            "restore the file's own name or download it again",
            "time",
        )
    ]


def grid_of(dataset: netCDF4.Dataset) -> Grid | None:
    """The grid that a file's shape, axes and projection tell; None if it is none of `GRIDS`."""
    x, y = axis(dataset, "x"), axis(dataset, "y")
    if x is None or y is None:
        return None
    mapping = grid_mapping(dataset)
    pole = latitude_of_pole(mapping) if mapping is not None else None
    for grid in GRIDS.values():
        if (y.size, x.size) != grid.shape:
            continue
        if pole is None or (pole > 0) == (grid.name == "north"):
            return grid
    return None


def require_shape(path: Path, variable: netCDF4.Variable, grid: Grid) -> None:
    """InputError unless a variable is numbers (time, rows, columns) on the grid."""
    kind = getattr(variable.dtype, "kind", "O")
    if variable.ndim == 3 and variable.shape[1:] == grid.shape and kind in "iuf":
        return
    finer = tuple(2 * length for length in grid.shape)
    if variable.ndim == 3 and variable.shape[1:] == finer:
        raise InputError(
            f"{path}: expected cells of {grid.cell / 1000:g} km, as the name says, got "
            f"{finer[0]} x {finer[1]} of {grid.cell / 2000:g} km; restore the file's own name"
        )
    raise InputError(
        f"{path}: expected {variable.name} (1, {grid.rows}, {grid.columns}) on the "
        f"{grid.name}ern grid, got {variable.dtype} {variable.shape}; download the file again"
    )


def period(dataset: netCDF4.Dataset) -> str:
    """ "M" or "D", by what the file says of its time steps; empty if it does not.

    Without such an attribute the words of its title count, and then the digits of its own name.
    """
    for attribute in ("time_coverage_resolution", "time_coverage_duration"):
        value = str(getattr(dataset, attribute, "")).upper()
        if value in ("P1M", "P1D", "P01M", "P01D"):
            return value[-1]
    title = str(getattr(dataset, "title", "")).lower()
    name = re.sub(r"[-_.]", "", Path(dataset.filepath()).stem)
    for word, digits, letter in (("daily", r"\d{8}", "D"), ("monthly", r"\d{6}", "M")):
        if word in title or re.search(rf"(?<!\d){digits}(?!\d)", name):
            return letter
    return ""
