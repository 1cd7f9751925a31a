"""The seas of the Arctic by either of NSIDC's region masks of 25 km, and the Antarctic sectors.

Sources: RegionMask_NH_ps25km_304x448_2021.bin (NSIDC-0780) with the names of its documentation;
region_n.msk, whose 300-byte header names its sectors in the order of their codes. Every name below
is checked in the tests against the latitude and longitude of a place in that sea. Codes not listed
are open ocean, land, coast and lakes; of the open ocean no place was checked. The sectors of the
Southern Ocean are those of Zwally et al. 1983, Antarctic Sea Ice, 1973-1976, and of Cavalieri and
Parkinson 2008, doi:10.1029/2007JC004564.
"""

import os
from pathlib import Path

import numpy as np

from seaice_tf.errors import InputError
from seaice_tf.files import data_folder
from seaice_tf.grids.polar import NORTH, Grid

MASK = Path("psn25", "RegionMask_NH_ps25km_304x448_2021.bin")  # in $SEAICE_TF_DATA
HEADER = 300  # bytes, of region_n.msk alone
SEAS_2021 = {
    1: "central_arctic",
    2: "beaufort",
    3: "chukchi",
    4: "east_siberian",
    5: "laptev",
    6: "kara",
    7: "barents",
    8: "east_greenland",
    9: "baffin_labrador",
    10: "st_lawrence",
    11: "hudson",
    12: "canadian_archipelago",
    13: "bering",
    14: "okhotsk",
    15: "japan",
    16: "bohai_yellow",
    17: "baltic",
    18: "gulf_of_alaska",
}
SECTORS = {  # LAK OC OKHJAP BERS HUD BAFDL GREENS KARBAR ARTOC CANAR GULFSTL LAND COAST
    2: "okhotsk_japan",
    3: "bering",
    4: "hudson",
    5: "baffin_labrador",
    6: "greenland",
    7: "kara_barents",
    8: "arctic_ocean",
    9: "canadian_archipelago",
    10: "st_lawrence",
}
SOUTHERN_SECTORS = {  # from west to east, degrees east
    "weddell": (-60, 20),
    "indian_ocean": (20, 90),
    "western_pacific": (90, 160),
    "ross": (160, -130),
    "bellingshausen_amundsen": (-130, -60),
}


def of_grid(grid: Grid, path: Path | None = None) -> dict[str, np.ndarray]:
    """Masks of the regions of a grid, (rows, columns) bool each, without overlap.

    In the south the five sectors; in the north the seas of the region mask `path`, none without.

    Raises:
        InputError: a region mask for a grid that it does not fit, or one that cannot be read.
    """
    if path is None:
        return sectors(grid) if grid.name == "south" else {}
    if grid is not NORTH:
        raise InputError(
            f"{path}: expected data of the north on the {NORTH.title} for a region mask, got the "
            f"{grid.name} on the {grid.title}; leave the mask out"
        )
    return read(path)


def sectors(grid: Grid) -> dict[str, np.ndarray]:
    """The sectors of the Southern Ocean by longitude, (rows, columns) bool each."""
    _, longitude = grid.latitude_longitude()
    return {
        name: (longitude - west) % 360 < (east - west) % 360
        for name, (west, east) in SOUTHERN_SECTORS.items()
    }


def require(path: str) -> None:
    """InputError if a mask is named and is not there."""
    if path:
        data_folder.require_file(Path(path), "a region mask of NSIDC, as --regions names one")


def of_scores(grid: Grid, path: str) -> dict[str, np.ndarray]:
    """`of_grid` of the mask `path`, in the north of that in $SEAICE_TF_DATA if it is empty.

    Raises:
        InputError: there is none, or as of `of_grid`.
    """
    root = os.environ.get("SEAICE_TF_DATA")
    if path or grid.name == "south":
        return of_grid(grid, Path(path) if path else None)
    if not root:
        raise InputError(
            "--by region: expected a region mask, got none; name the 25 km mask of the north of "
            "NSIDC-0780 with --regions, or set SEAICE_TF_DATA"
        )
    return of_grid(grid, Path(root, MASK))


def read(path: Path) -> dict[str, np.ndarray]:
    """Masks by the name of the sea, (448, 304) bool each, without overlap.

    Raises:
        InputError: no file, one of another size, or one that holds none of the seas.
    """
    require(str(path))
    raw = path.read_bytes()
    size = NORTH.rows * NORTH.columns
    if len(raw) not in (size, HEADER + size):
        raise InputError(
            f"{path}: expected {size} bytes (mask of 2021) or {HEADER + size} (region_n.msk), got "
            f"{len(raw)}; take the 25 km mask of the north"
        )
    names = SEAS_2021 if len(raw) == size else SECTORS
    codes = np.frombuffer(raw[-size:], np.uint8).reshape(NORTH.shape)
    masks = {name: codes == code for code, name in names.items()}
    if not any(mask.any() for mask in masks.values()):
        raise InputError(f"{path}: expected a region mask, got codes {np.unique(codes)[:8]}")
    return masks
