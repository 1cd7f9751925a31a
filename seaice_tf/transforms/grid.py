"""The NSIDC polar stereographic grid of the north, 25 km (EPSG:3411).

Source: NSIDC, "A Guide to NSIDC's Polar Stereographic Projection"; the ellipsoid is Hughes 1980.
"""

from functools import cache

import numpy as np
import pyproj

ROWS, COLUMNS = 448, 304  # row 0 is the top, column 0 the left
CELL = 25_000.0  # m, on the projected plane
CRS = pyproj.CRS.from_epsg(3411)


def axes() -> tuple[np.ndarray, np.ndarray]:
    """Projected coordinates of the cell centres, in metres: x (304,) and y (448,)."""
    return (np.arange(COLUMNS) - 153.5) * CELL, (233.5 - np.arange(ROWS)) * CELL


@cache
def latitude_longitude() -> tuple[np.ndarray, np.ndarray]:
    """Latitude and longitude of the cell centres, in degrees on Hughes 1980: (448, 304) each."""
    to_degrees = pyproj.Transformer.from_crs(CRS, CRS.geodetic_crs, always_xy=True)
    longitude, latitude = to_degrees.transform(*np.meshgrid(*axes()))
    return latitude, longitude


@cache
def cell_area() -> np.ndarray:
    """True area of each cell in km2, (448, 304): 383 at the corners to 664 at the pole."""
    latitude, longitude = latitude_longitude()
    scale = np.asarray(pyproj.Proj(CRS).get_factors(longitude, latitude).areal_scale)
    return (CELL / 1000) ** 2 / scale
