"""OSI SAF climate data record of sea-ice concentration, OSI-450-a, and its extension OSI-430-a.

Monthly and daily files of 432 x 432 cells of 25 km on EASE-Grid 2.0. Source: product user manual of
OSI-450-a. Concentrations are in percent; land and lakes are bits of `status_flag`.
"""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import netCDF4
import numpy as np

from seaice_tf.errors import InputError
from seaice_tf.files import netcdf, packed
from seaice_tf.forecast.data import coordinates, formats
from seaice_tf.forecast.data.counts import FULL_ICE, LAND, MISSING
from seaice_tf.forecast.data.formats import Field, Format, Name, Product
from seaice_tf.grids.polar import EASE_NORTH, EASE_SOUTH

NAME = (
    r"ice_conc_(?P<pole>[ns]h)_ease2-250_{}-v[23]p\d(-amsr)?_"
    r"(?P<date>\d{{6}}|\d{{8}}(?=\d{{4}}\.))(\d{{4}})?\.nc"
)
VARIABLE = "ice_conc"
BITS = {"land": 1, "lake": 2}  # of status_flag, unless the file names others
ALGORITHM = "OSI SAF"
RECORD = Product("OSI SAF OSI-450-a", ALGORITHM, "OSI-450-a, doi:10.15770/EUM_SAF_OSI_0013", rank=1)
INTERIM = Product(
    "OSI SAF OSI-430-a", ALGORITHM, "OSI-430-a, doi:10.15770/EUM_SAF_OSI_0014", rank=0
)


def read(path: Path, name: Name, positions: Sequence[int] = (0,)) -> list[Field]:
    """Concentrations as counts, with land where the status flag has land or lakes."""
    with netcdf.opened(path) as dataset:
        if VARIABLE not in dataset.variables:
            got = ", ".join(dataset.variables) or "none"
            raise InputError(
                f"{path}: expected a variable {VARIABLE}, got {got}; download the file again"
            )
        variable = dataset[VARIABLE]
        coordinates.require_shape(path, variable, name.grid)
        if len(variable) != 1:
            raise InputError(
                f"{path}: expected {VARIABLE} of one time, got {len(variable)}; download the file "
                f"again"
            )
        found = coordinates.problems(path, dataset, name)
        found += coordinates.date_problems(path, coordinates.times(path, dataset), name)
        field = _counts(path, variable)
        field[_land(path, dataset, name)] = LAND
        return [Field(field, netcdf.is_synthetic(dataset), tuple(found))]


def _counts(path: Path, variable: netCDF4.Variable) -> np.ndarray:
    numbers = packed.Unpacked(variable, f"{path}: {VARIABLE}")[0]
    unit = 1.0 if str(getattr(variable, "units", "%")) in ("1", "") else 0.01
    missing = np.isnan(numbers)
    fraction = np.where(missing, 0, numbers.astype(np.float64) * unit)
    wrong = (fraction < -1e-6) | (fraction > 1 + 1e-6)
    if wrong.any():
        raise InputError(
            f"{path}: expected {VARIABLE} from 0 to 100 %, got {100 * fraction[wrong][0]:g} % in "
            f"one of {wrong.sum()} cells; download the file again"
        )
    return np.where(missing, MISSING, np.rint(fraction * FULL_ICE)).astype(np.uint8)


def _land(path: Path, dataset: netCDF4.Dataset, name: Name) -> np.ndarray:
    """True on land and lakes; nowhere in a file without `status_flag`."""
    if "status_flag" not in dataset.variables:
        return np.zeros(name.grid.shape, bool)
    variable = dataset["status_flag"]
    coordinates.require_shape(path, variable, name.grid)
    if getattr(variable.dtype, "kind", "O") not in "iu":
        raise InputError(
            f"{path}: expected status_flag as bits, got {variable.dtype}; download the file again"
        )
    meanings = str(getattr(variable, "flag_meanings", "")).split()
    masks = np.ravel(getattr(variable, "flag_masks", getattr(variable, "flag_values", ())))
    named = dict(zip(meanings, masks.tolist()))
    bits = sum(int(named.get(surface, bit)) for surface, bit in BITS.items())
    return np.asarray(variable[0]).astype(np.int64) & bits != 0


def identify(interim: bool, dataset: netCDF4.Dataset) -> Name | None:
    """The Name in a file without one; None if it is of another product."""
    grid, days = coordinates.grid_of(dataset), coordinates.times(Path("file"), dataset)
    period = coordinates.period(dataset)
    if VARIABLE not in dataset.variables or grid not in (EASE_NORTH, EASE_SOUTH):
        return None
    text = f"{getattr(dataset, 'title', '')} {getattr(dataset, 'id', '')}".lower()
    if days is None or days.size != 1 or not period:
        return None
    if interim != ("icdr" in text or "interim" in text):
        return None
    return Name(days[0].astype(f"datetime64[{period}]"), grid=grid)


def _format(product: Product, kind: str) -> Format:
    return Format(
        product,
        partial(formats.parse_name, NAME.format(kind), grids=(EASE_NORTH, EASE_SOUTH)),
        partial(identify, kind == "icdr"),
        read,
    )


FORMATS = (_format(RECORD, "cdr"), _format(INTERIM, "icdr"))
