"""The NOAA/NSIDC climate data record of sea-ice concentration, G02202, and G10016.

Versions 4, 5 and 6, monthly and daily, one time a file or the whole record in one file, and the
near-real-time extension G10016 (`icdr`). Concentrations are stored as percent with a scale of 0.01.

Version 4 has its flags in the field: 251 pole hole, 252 lakes, 253 coast, 254 land, 255 missing. As
signed bytes, and where a server has made them floats, the same flags are -5 to -1 times the scale,
or 2.51 to 2.55. Later versions have 255 on land, and the land in `surface_type_mask` of the group
`cdr_supplementary`, for each time.

Sources: G02202 user guide, version 4; the public generator nsidc/seaice_ecdr for later versions.
"""

import re
from collections.abc import Sequence
from functools import lru_cache, partial
from pathlib import Path

import netCDF4
import numpy as np

from seaice_tf.errors import InputError
from seaice_tf.files import netcdf, packed
from seaice_tf.forecast.data import coordinates, formats
from seaice_tf.forecast.data.counts import COAST, FULL_ICE, LAND, MISSING, POLE_HOLE
from seaice_tf.forecast.data.formats import Field, Format, Name, Product

NAME_4 = (
    r"seaice_conc_(?P<period>monthly|daily)_(?P<pole>[ns]h)_(?P<date>\d{4}|\d{6}|\d{8})"
    r"([_-](?P<last>\d{6}|\d{8}))?(_(?P<sensor>[a-z0-9]{3}))?_v04r\d\d\.nc"
)
NAME_LATER = (
    r"sic_ps(?P<pole>[ns])(?P<cell>25|12\.5)_(?P<date>\d{{6}}|\d{{8}})"
    r"(-(?P<last>\d{{6}}|\d{{8}}))?(_(?P<sensor>[a-z0-9]{{3}}))?{}\.nc"
)
NAME_NRT_2 = (
    r"seaice_conc_(?P<period>monthly|daily)_icdr_(?P<pole>[ns]h)_(?P<date>\d{6}|\d{8})"
    r"(_(?P<sensor>[a-z0-9]{3}))?_v0[12]r\d\d\.nc"
)
VERSION_5, VERSION_6, NEAR_REAL_TIME = r"_v05r\d\d", r"_v(0[6-9]|[1-9]\d)r\d\d", r"_icdr_v\d\dr\d\d"
VARIABLE = re.compile(r"([a-z0-9]{3})_seaice_conc(_monthly)?")
SCALE = 0.01
LAKE = 252
GROUP, MASK = "cdr_supplementary", "surface_type_mask"
OCEAN = 50  # of the mask
SURFACES = {75: LAND, 100: POLE_HOLE, 200: COAST, 250: LAND}  # by value of the mask; 75 is lakes
UNKNOWN = 1
FLAGS = np.full(256, UNKNOWN, np.uint8)  # by value of the mask; 0 on the ocean
FLAGS[[OCEAN, *SURFACES]] = 0, *SURFACES.values()
ALGORITHM = "NOAA/NSIDC CDR"
TITLE = "NOAA/NSIDC climate data record"
CITATION = "NOAA/NSIDC climate data record G02202 version {}, doi:{}"
EMPTY = (
    *(("psn25", month) for month in ("1984-07", "1987-12", "1988-01")),
    *(("pss25", month) for month in ("1987-12", "1988-01")),
)
V4 = Product(f"{TITLE} v4", ALGORITHM, CITATION.format(4, "10.7265/efmz-2t65"), 2, EMPTY)
V5 = Product(f"{TITLE} v5", ALGORITHM, CITATION.format(5, "10.7265/rjzb-pf78"), 3, EMPTY)
V6 = Product(f"{TITLE} v6", ALGORITHM, CITATION.format(6, "10.7265/rjzb-pf78"), 4, EMPTY)
NRT = Product(
    f"{TITLE}, near-real-time",
    ALGORITHM,
    "near-real-time NOAA/NSIDC climate data record G10016, doi:10.7265/j0z0-4h87",
    1,
)


def read(path: Path, name: Name, positions: Sequence[int] = (0,)) -> list[Field]:
    """Concentrations of some times as counts, to 1 percent as they are stored, with our flags.

    Raises:
        InputError: another variable, period or shape, or values that mean nothing.
    """
    with netcdf.opened(path) as dataset:
        synthetic = netcdf.is_synthetic(dataset)
        variable = _variable(path, dataset, name)
        coordinates.require_shape(path, variable, name.grid)
        if max(positions) >= len(variable) or (name.last is None and len(variable) != 1):
            raise InputError(
                f"{path}: expected {variable.name} of {max(positions) + 1} times, got "
                f"{len(variable)}; download the file again"
            )
        found = coordinates.problems(path, dataset, name)
        found += coordinates.date_problems(path, coordinates.times(path, dataset), name)
        scale, fills = _packing(path, variable)
        fields = []
        for position in positions:
            counts = _counts(path, np.asarray(variable[position]), scale, fills)
            _add_surfaces(path, dataset, position, counts)
            fields.append(Field(counts, synthetic, tuple(found)))
        return fields


def _variable(path: Path, dataset: netCDF4.Dataset, name: Name) -> netCDF4.Variable:
    """The record's concentration: that of the name's period, of the algorithm that is published."""
    suffix = "" if name.daily else "_monthly"
    matches = [m for each in dataset.variables if (m := VARIABLE.fullmatch(each))]
    found = {m[1]: m[0] for m in matches if (m[2] or "") == suffix}
    if not found:
        got = ", ".join(dataset.variables) or "none"
        raise InputError(
            f"{path}: expected a variable cdr_seaice_conc{suffix}, got {got}; download the file "
            f"again"
        )
    return dataset[found["cdr"] if "cdr" in found else next(iter(found.values()))]


def _packing(path: Path, variable: netCDF4.Variable) -> tuple[float, tuple[float, ...]]:
    """Scale and fills; flags lie outside the valid range, which is therefore not applied."""
    found = packed.packing(variable, f"{path}: {variable.name}")
    if found.offset:
        raise InputError(
            f"{path}: expected {variable.name} with an add_offset of 0, got {found.offset:g}; "
            f"download the file again"
        )
    scaled = "scale_factor" in variable.ncattrs() or variable.dtype.kind == "f"
    return found.scale if scaled else SCALE, found.fills


def _counts(path: Path, stored: np.ndarray, scale: float, fills: tuple[float, ...]) -> np.ndarray:
    if stored.dtype.itemsize == 1:  # a record has thousands of maps
        table, bad = _table(stored.dtype.str, scale, fills)
        index = stored.view(np.uint8)
        counts = table[index]
        unknown = bad[index] if bad.any() else np.zeros(1, bool)
    else:
        counts, unknown = to_counts(stored * np.float64(scale))
        unknown &= ~np.isin(stored, fills)
    if unknown.any():
        raise InputError(
            f"{path}: expected fractions from 0 to 1 and flags, got {stored[unknown][0]:g} times "
            f"{scale:g} in one of {unknown.sum()} cells; download the file again"
        )
    return counts


@lru_cache
def _table(kind: str, scale: float, fills: tuple[float, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Counts of all 256 bytes, and which of them mean nothing."""
    values = np.arange(256, dtype=np.uint8).view(kind)
    counts, unknown = to_counts(values * np.float64(scale))
    return counts, unknown & ~np.isin(values, fills)


def _add_surfaces(path: Path, dataset: netCDF4.Dataset, position: int, counts: np.ndarray) -> None:
    """Put land, coast and pole hole of the supplementary group into `counts`, if there is one.

    A pole hole stays one where the producer has filled it: that is no observation.
    """
    if GROUP not in dataset.groups or MASK not in dataset[GROUP].variables:
        return
    variable = dataset[GROUP][MASK]
    if variable.shape[-2:] != counts.shape or getattr(variable.dtype, "kind", "O") not in "iu":
        raise InputError(
            f"{path}: expected {GROUP}/{MASK} {counts.shape}, got {variable.dtype} "
            f"{variable.shape}; download the file again"
        )
    surface = np.asarray(variable[position] if variable.ndim == 3 else variable[:])
    flags = FLAGS[surface if surface.dtype == np.uint8 else np.clip(surface, 0, 255)]
    if (flags == UNKNOWN).any():
        raise InputError(
            f"{path}: expected {GROUP}/{MASK} of {OCEAN}, {', '.join(map(str, SURFACES))}, "
            f"got {surface[flags == UNKNOWN][0]}; download the file again"
        )
    np.copyto(counts, flags, where=flags > 0)


def dates(path: Path, name: Name) -> np.ndarray:
    """The dates of a file: that of its name, or those inside a file of several.

    Raises:
        InputError: times that are not in order, or other first and last ones than in the name.
    """
    if name.last is None:
        return np.array([name.date])
    with netcdf.opened(path) as dataset:
        days = coordinates.times(path, dataset)
    if days is None or not days.size:
        raise InputError(f"{path}: expected times, got none; download the file again")
    found = days.astype(name.date.dtype)
    if (np.diff(found.astype(int)) <= 0).any():
        raise InputError(f"{path}: expected times in order, got {found[:3]}; download it again")
    inside = found[0] >= name.date and found[-1] <= name.last
    if not (_whole_year(name) and inside) and (found[0], found[-1]) != (name.date, name.last):
        raise InputError(
            f"{path}: expected times from {name.date} to {name.last}, as the name says, got "
            f"{found[0]} to {found[-1]}; restore the file's own name or download it again"
        )
    return found


def _whole_year(name: Name) -> bool:
    """Whether a file is of a year of days, which need not begin or end with the year's."""
    return (f"{name.date}"[4:], f"{name.last}"[4:]) == ("-01-01", "-12-31")


def parse_name(patterns: Sequence[str], text: str) -> Name | None:
    """The Name in a file's name; a file of a year has the days of that year."""
    name = next(filter(None, (formats.parse_name(each, text) for each in patterns)), None)
    if name is None:
        return None
    text = text.lower()
    year = re.fullmatch(r".*_daily_[ns]h_(\d{4})_v.*", text)
    if year:
        first = np.datetime64(f"{year[1]}-01-01")
        return Name(first, name.sensor, name.grid, np.datetime64(f"{year[1]}-12-31"))
    said = re.search(r"_(monthly|daily)_", text)
    if said and name.daily != (said[1] == "daily"):
        return None
    if name.last is not None and name.last.dtype != name.date.dtype:
        return None
    return name


def identify(accepts: str, dataset: netCDF4.Dataset) -> Name | None:
    """The Name in a file without one, if its version matches `accepts`."""
    matches = [m for each in dataset.variables if (m := VARIABLE.fullmatch(each))]
    grid, days = coordinates.grid_of(dataset), coordinates.times(Path("file"), dataset)
    matches = [m for m in matches if m[1] == "cdr"]
    if not matches or grid is None or days is None or not days.size:
        return None
    title = f"{getattr(dataset, 'title', '')} {getattr(dataset, 'id', '')}".lower()
    near = "near" in title or "10.7265/j0z0-4h87" in title
    version = ("_icdr" if near else "") + f"_{getattr(dataset, 'product_version', '')}"
    if not re.fullmatch(accepts, version.lower()):
        return None
    found = days.astype("datetime64[M]" if matches[0][2] else "datetime64[D]")
    return Name(found[0], "", grid, found[-1] if found.size > 1 else None)


def to_counts(fraction: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Fractions with flags beyond 0 and 1 as counts with our flags, and where that failed.

    A stored percent is 2.5 counts, rounded to the even one. Lakes become land: no sea lies there,
    and 252 is a value that NSIDC-0051 does not use.

    Args:
        fraction: of any shape, stored value times scale; NaN is missing.

    Returns:
        uint8 counts, and bool where a value is neither a fraction nor a flag; same shape.

    >>> to_counts(np.array([0.0, 0.5, 1.0, 2.54, -0.05, np.nan]))[0]
    array([  0, 125, 250, 254, 251, 255], dtype=uint8)
    """
    value = np.where(np.isnan(fraction), MISSING / 100, fraction).astype(np.float64)
    ice = np.abs(value - 0.5) < 0.5 + 1e-6  # 1 may have passed through float32
    percent = np.rint(100 * np.clip(value, -1e4, 1e4)).astype(int)
    near = np.isclose(100 * value, percent, atol=1e-3)
    flag = np.where(percent < 0, percent + 256, percent)
    unknown = ~ice & ~(near & (flag >= POLE_HOLE) & (flag <= MISSING))
    flag = np.where(flag == LAKE, LAND, flag)
    counts = np.where(ice, np.rint(np.where(ice, value, 0) * FULL_ICE), flag)
    return np.where(unknown, MISSING, counts).astype(np.uint8), unknown


def _format(product: Product, version: str, *patterns: str) -> Format:
    parse, tell = partial(parse_name, patterns), partial(identify, version)
    return Format(product, parse, tell, read, dates)


FORMATS = (
    _format(V4, r"_v04r\d\d", NAME_4),
    _format(V5, VERSION_5, NAME_LATER.format(VERSION_5)),
    _format(V6, VERSION_6, NAME_LATER.format(VERSION_6)),
    _format(NRT, NEAR_REAL_TIME, NAME_LATER.format(NEAR_REAL_TIME), NAME_NRT_2),
)
