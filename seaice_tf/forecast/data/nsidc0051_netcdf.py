"""NSIDC-0051 and NSIDC-0081 version 2 and NSIDC-0803, sea-ice concentration in netCDF.

Source: NSIDC-0051 user guide, version 2. One variable for each sensor, stored as the counts and
flags of version 1.1; NSIDC-0803, of the sensor AMSR2, has a single variable without its name.
"""

import re
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import netCDF4
import numpy as np

from seaice_tf.errors import InputError
from seaice_tf.files import netcdf, packed
from seaice_tf.forecast.data import coordinates, counts, formats, nsidc0051
from seaice_tf.forecast.data.formats import Field, Format, Name, Product

NAME = r"{}_(?P<pole>[ns])(?P<cell>25|12\.5)km_(?P<date>\d{{6}}(\d\d)?)_v2\.\d\.nc"
VARIABLE = re.compile(r"(?:([A-Z0-9]{3})_)?ICECON", re.IGNORECASE)
SCALE = 0.004  # fraction of a count
NRT = Product(
    "NSIDC-0081 v2", nsidc0051.NASA_TEAM, "NSIDC-0081 version 2, doi:10.5067/YTTHO2FJQ97K", rank=2
)
AMSR2 = Product(
    "NSIDC-0803 v2", nsidc0051.NASA_TEAM, "NSIDC-0803 version 2, nsidc.org/data/nsidc-0803", rank=0
)


def read(path: Path, name: Name, positions: Sequence[int] = (0,)) -> list[Field]:
    """The counts of the newest sensor that observed anything.

    Sensors overlap at each change of satellite. The newest one is taken because it is the one
    that the record goes on with, so that a record has one change and not several; a user of
    version 1.1 makes the same choice by the file that is kept.

    A file without a variable, or with nothing but flags in all of them, stands for a time without
    data: its counts are flags all over.
    """
    with netcdf.opened(path) as dataset:
        synthetic = netcdf.is_synthetic(dataset)
        if {"x", "y"} - set(dataset.dimensions):
            got = ", ".join(dataset.dimensions) or "none"
            raise InputError(
                f"{path}: expected dimensions time, y, x, got {got}; download the file again"
            )
        found = coordinates.problems(path, dataset, name)
        found += coordinates.date_problems(path, coordinates.times(path, dataset), name)
        field = np.full(name.grid.shape, counts.MISSING, np.uint8)
        for variable in newest_first(dataset.variables):
            field = _counts(path, dataset[variable], name)
            if not counts.flagged(field).all():
                break
        return [Field(field, synthetic, tuple(found))]


def _counts(path: Path, variable: netCDF4.Variable, name: Name) -> np.ndarray:
    found = packed.packing(variable, f"{path}: {variable.name}")
    scale = found.scale if "scale_factor" in variable.ncattrs() else SCALE
    if variable.dtype != np.uint8 or not np.isclose(scale, SCALE) or found.offset:
        raise InputError(
            f"{path}: expected {variable.name} as ubyte with scale_factor {SCALE}, "
            f"got {variable.dtype} with {scale:g} and add_offset {found.offset:g}; download the "
            f"file again"
        )
    if min(found.fills, default=counts.MISSING) <= counts.FULL_ICE:
        raise InputError(
            f"{path}: expected a _FillValue above {counts.FULL_ICE}, as flags are, got "
            f"{found.fills}; download the file again"
        )
    coordinates.require_shape(path, variable, name.grid)
    if len(variable) != 1:
        raise InputError(
            f"{path}: expected {variable.name} of one time, got {len(variable)}; download the "
            f"file again"
        )
    return np.asarray(variable[0])


def newest_first(variables) -> list[str]:
    """The concentrations among the names of variables, by sensor.

    DMSP's satellites count upwards, Nimbus 7 came before and AMSR2 after them.

    >>> newest_first(["crs", "N07_ICECON", "F08_ICECON", "AM2_ICECON", "F11_ICECON"])
    ['AM2_ICECON', 'F11_ICECON', 'F08_ICECON', 'N07_ICECON']
    """

    def age(name: str) -> tuple[int, str]:
        sensor = name.upper()
        return {"N": 0, "F": 1}.get(sensor[0], 2), sensor

    return sorted(filter(VARIABLE.fullmatch, variables), key=age, reverse=True)


def identify(accepts: Callable[[str], bool], dataset: netCDF4.Dataset) -> Name | None:
    """The Name in a file without one; None if its title or its variables are another's."""
    variables = newest_first(dataset.variables)
    title = str(getattr(dataset, "title", "")).lower()
    grid = coordinates.grid_of(dataset)
    if not variables or grid is None or not accepts(title):
        return None
    stored = np.ravel(getattr(dataset[variables[0]], "legacy_binary_header", ()))
    stamped = nsidc0051.stamp(stored.astype(np.uint8).tobytes() if stored.dtype != object else b"")
    if stamped:
        date = formats.parse_date(stamped[0])
        return None if date is None else Name(date, grid=grid)
    days = coordinates.times(Path("file"), dataset)
    if days is None or days.size != 1 or not (period := coordinates.period(dataset)):
        return None
    return Name(days[0].astype(f"datetime64[{period}]"), grid=grid)


def is_near_real_time(title: str) -> bool:
    """Whether a title is of NSIDC-0081."""
    return "near-real-time" in title or "near real-time" in title


def is_amsr2(title: str) -> bool:
    """Whether a title is of NSIDC-0803."""
    return "amsr2" in title and not is_near_real_time(title)


def _is_final(title: str) -> bool:
    return not is_near_real_time(title) and not is_amsr2(title)


def _format(product: Product, start: str, accepts: Callable[[str], bool]) -> Format:
    return Format(
        product,
        partial(formats.parse_name, NAME.format(start.lower())),
        partial(identify, accepts),
        read,
    )


FORMATS = (
    _format(nsidc0051.V2, "NSIDC0051_SEAICE_PS", _is_final),
    _format(NRT, "NSIDC0081_SEAICE_PS", is_near_real_time),
    _format(AMSR2, "NSIDC0803_SIC", is_amsr2),
)
