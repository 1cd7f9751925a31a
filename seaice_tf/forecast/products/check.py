"""Check of written forecasts: format, dates and grid, and cells that count as wrong for any ice.

Sources: the rule of Dacon 235706 (`scores.dacon`), which averages the error over all cells, and the
conventions of forecast.nc and of climpred (`products.netcdf`, `products.hindcasts`). A cell without
a value makes a score NaN, or counts as open water.
"""

import csv
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import netCDF4
import numpy as np

from seaice_tf.errors import InputError
from seaice_tf.files import field_values, netcdf
from seaice_tf.forecast.data import archive, counts
from seaice_tf.forecast.data.archive import Archive
from seaice_tf.forecast.data.counts import FULL_ICE
from seaice_tf.forecast.data.months import parse, ranges
from seaice_tf.forecast.settings import LEADS
from seaice_tf.grids.polar import GRIDS, NORTH

if TYPE_CHECKING:
    import xarray as xr

CONTEST_MONTHS = (LEADS, 2 * LEADS)  # of one forecast, and of the contest's own table
MAPS = ("time", "y", "x")
HINDCASTS = ("init", "lead", "y", "x")
DIMENSIONS = {
    "sea_ice_area_fraction": MAPS,
    "sea_ice_area_fraction_standard_deviation": MAPS,
    "probability_of_sea_ice": MAPS,
    "concentration": HINDCASTS,
    "probability": HINDCASTS,
    "spread": HINDCASTS,
    "concentration_members": ("init", "member", "lead", "y", "x"),
}
REQUIRED = ("sea_ice_area_fraction", "concentration")
ROUNDING = 1e-4  # by which a stored fraction may exceed 0 to 1
TOLERANCE = 1.0  # m, of the axes


def check(path: Path, target: Path | None = None) -> list[str] | None:
    """Problems of forecast.nc, hindcasts.nc, members.nc or contest.csv.

    Args:
        path: of the file.
        target: folder of the observed record, for its months and its land.

    Returns:
        One sentence for each problem; None for a file that is none of these.
    """
    if not path.is_file():
        return None
    if path.suffix == ".csv":
        if not _is_table(path):
            return None
        return list(_table(path, _record(target)))
    if path.suffix != ".nc":
        return None
    with netcdf.opened(path) as raw:  # what xarray cannot decode may still be data
        if not _is_forecast(raw):
            return None
    with netcdf.decoded(path) as data:
        return [f"{path}: {problem}" for problem in _maps(data, _record(target))]


def _record(target: Path | None) -> Archive | None:
    return None if target is None else archive.read_archive(target)


def _is_forecast(data: netCDF4.Dataset) -> bool:
    named = not set(REQUIRED).isdisjoint(data.variables)
    of_init = {"init", "lead"} <= set(data.dimensions)
    return named and (of_init or "forecast_reference_time" in data.variables)


def _is_table(path: Path) -> bool:
    with path.open("rb") as file:
        return file.readline(64).startswith(b"month,")


def _table(path: Path, record: Archive | None) -> Iterator[str]:
    """Problems of contest.csv."""
    months: list[np.datetime64] = []
    cells = NORTH.rows * NORTH.columns
    with path.open(newline="", encoding="utf-8", errors="replace") as file:
        rows = csv.reader(file)
        if len(header := next(rows)) != cells + 1:
            yield (
                f"{path}: expected month and {cells} cells of 448 x 304, got {len(header) - 1}; "
                "write the whole map, row by row"
            )
        for number, row in enumerate(rows, 2):
            where = f"{path} line {number}"
            try:
                months.append(parse(row[0] if row else ""))
                values = np.array(row[1:], np.float64)
            except ValueError as error:
                text = str(error).partition(":")[2] if isinstance(error, InputError) else error
                yield f"{where}: expected YYYY-MM and numbers, got {text}; correct the row"
                continue
            if len(values) != len(header) - 1:
                yield f"{where}: expected {len(header) - 1} cells, got {len(values)}"
            yield from field_values.problems(values, where, (0, FULL_ICE), "cell")
    yield from (f"{path}: {text}" for text in _order(np.array(months, "datetime64[M]"), record))
    if len(months) not in CONTEST_MONTHS:
        yield f"{path}: expected 12 or 24 months, got {len(months)}"


def _maps(data: "xr.Dataset", record: Archive | None) -> Iterator[str]:
    """Problems of a netCDF file."""
    yield from _axes(data, record)
    yield from _times(data, record)
    land = None if record is None else counts.land(record.counts[-1])
    for name, dimensions in DIMENSIONS.items():
        if name not in data:
            continue
        variable = data[name]
        if variable.dims != dimensions:
            yield f"{name}: expected the dimensions {dimensions}, got {variable.dims}"
            continue
        missing = _missing(variable)
        if missing.all():
            yield f"{name}: expected values, got none in any map; predict again"
            continue
        land = missing if land is None else land
        if land.shape == variable.shape[-2:]:
            yield from _values(variable, land)


def _axes(data: "xr.Dataset", record: Archive | None) -> Iterator[str]:
    if not {"x", "y"} <= set(data.variables):
        yield "expected the axes x and y in metres, got none; keep them when rewriting the file"
        return
    found = data["x"].to_numpy(), data["y"].to_numpy()
    grids = list(GRIDS.values()) if record is None else [record.grid]
    for grid in grids:
        for flipped in ((1, 1), (1, -1), (-1, 1)):
            axes = [axis[::step] for axis, step in zip(found, flipped)]
            same = [
                axis.shape == expected.shape and np.allclose(axis, expected, rtol=0, atol=TOLERANCE)
                for axis, expected in zip(axes, grid.axes())
            ]
            if all(same):
                if flipped != (1, 1):
                    yield "expected x rising and y falling, got the other way round; turn the maps"
                return
    title = f"of the {grids[0].title}, {grids[0].name}" if record else "of a grid of NSIDC or OSI"
    yield f"expected the cells {title}, got x ({found[0].size}) and y ({found[1].size}) of another"


def _times(data: "xr.Dataset", record: Archive | None) -> Iterator[str]:
    if "init" in data.sizes:
        inits, leads = _months(data, "init"), data["lead"].to_numpy()
        if leads.tolist() != list(range(1, len(leads) + 1)) or len(leads) != LEADS:
            yield f"expected the leads 1 to 12, got {len(leads)} from {leads[0]} to {leads[-1]}"
        if (np.diff(inits).astype(int) <= 0).any():
            yield "expected inits that ascend, got one that does not; sort them"
        if "valid_time" in data:
            valid = _months(data, "valid_time")
            if valid.shape != (len(inits), len(leads)) or (valid != inits[:, None] + leads).any():
                yield "expected valid_time to be init + lead, got others; write it again"
        if record is not None and (inits[0] < record.first or inits[-1] > record.last):
            yield f"expected inits in the record, {record.first} to {record.last}, got others"
        return
    months = _months(data, "time")
    yield from _order(months, record)
    if len(months) != LEADS:
        yield f"expected 12 months, got {len(months)}"
    issued = _months(data, "forecast_reference_time").ravel()
    if len(months) and (issued != months[0]).any():
        yield f"expected forecast_reference_time at the start of {months[0]}, got {issued[0]}"


def _months(data: "xr.Dataset", name: str) -> np.ndarray:
    values = data[name].to_numpy()
    if values.dtype.kind != "M":
        raise InputError(
            f"{name}: expected CF times, got {values.dtype}; keep units and calendar when "
            "rewriting the file"
        )
    return values.astype("datetime64[M]")


def _order(months: np.ndarray, record: Archive | None) -> Iterator[str]:
    """Problems of the months of a forecast."""
    if not len(months):
        return
    if (np.diff(months).astype(int) != 1).any():
        yield f"expected consecutive months, got {ranges(months)}; sort and complete them"
    if record is not None and not record.first < months[0] <= record.last + 1:
        yield (
            f"expected a forecast that begins in the record or the month after it, to "
            f"{record.last + 1}, got {months[0]}; give the record that it was made from"
        )


def _forecasts(variable: "xr.DataArray") -> Iterator[np.ndarray]:
    """The maps of a forecast or of a member, (12, rows, columns) each, to bound the memory."""
    return (variable[index].to_numpy() for index in np.ndindex(*variable.shape[:-3]))


def _missing(variable: "xr.DataArray") -> np.ndarray:
    """Cells without a value in any map: the land, as far as a forecast tells."""
    return np.logical_and.reduce([np.isnan(maps).all(axis=0) for maps in _forecasts(variable)])


def _values(variable: "xr.DataArray", land: np.ndarray) -> Iterator[str]:
    """Problems of the values of a variable, each with the number of maps that have it."""
    found: dict[str, int] = {}
    name, total = str(variable.name), 0
    for field in chain.from_iterable(_forecasts(variable)):
        total += 1
        sea = field[~land]
        texts = list(field_values.problems(sea, name, (0, 1), "cell", rounding=ROUNDING))
        if stray := int((np.nan_to_num(field[land]) > ROUNDING).sum()):
            texts.append(f"{name}: expected no ice on land, got some in {stray} cells; mask them")
        for text in texts:
            found[text] = found.get(text, 0) + 1
    yield from (f"{text} ({n} of {total} maps)" for text, n in found.items())
