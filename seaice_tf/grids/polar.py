"""The NSIDC polar stereographic grids of 25 km: EPSG:3411 in the north, EPSG:3412 in the south.

Source: NSIDC, "A Guide to NSIDC's Polar Stereographic Projection"; the ellipsoid is Hughes 1980.
The two differ in shape, so an array says by its shape which one it lies on.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import pyproj

from seaice_tf.errors import InputError

CELL = 25_000.0  # m, on the projected plane


@dataclass(frozen=True)
class Grid:
    """A plane of square cells; row 0 is the top, column 0 the left."""

    name: str
    rows: int
    columns: int
    left: float  # m: outer edge of column 0
    top: float  # m: outer edge of row 0
    epsg: int

    @property
    def shape(self) -> tuple[int, int]:
        return self.rows, self.columns

    @property
    def crs(self) -> pyproj.CRS:
        return pyproj.CRS.from_epsg(self.epsg)

    @property
    def extent(self) -> tuple[float, float, float, float]:
        """Outer edges in metres: left, right, bottom, top."""
        right, bottom = self.left + self.columns * CELL, self.top - self.rows * CELL
        return self.left, right, bottom, self.top

    def axes(self) -> tuple[np.ndarray, np.ndarray]:
        """Projected coordinates of the cell centres, in metres: x (columns,) and y (rows,)."""
        x = self.left + (np.arange(self.columns) + 0.5) * CELL
        return x, self.top - (np.arange(self.rows) + 0.5) * CELL

    def latitude_longitude(self) -> tuple[np.ndarray, np.ndarray]:
        """Latitude and longitude of the cell centres, in degrees on Hughes 1980, of `shape`."""
        return _latitude_longitude(self)

    def cell_area(self) -> np.ndarray:
        """True area of each cell in km2, of `shape`: from 383 in a corner to 664 at the pole."""
        return _cell_area(self)


NORTH = Grid("north", 448, 304, -3_850_000.0, 5_850_000.0, 3411)
SOUTH = Grid("south", 332, 316, -3_950_000.0, 4_350_000.0, 3412)


def of_shape(shape: Sequence[int]) -> Grid:
    """The grid of an array of shape (..., rows, columns); InputError if it lies on neither."""
    for grid in (NORTH, SOUTH):
        if tuple(shape[-2:]) == grid.shape:
            return grid
    raise InputError(
        f"array: expected 448 x 304 (north) or 332 x 316 (south) cells, got {tuple(shape)}"
    )


@cache
def _latitude_longitude(grid: Grid) -> tuple[np.ndarray, np.ndarray]:
    to_degrees = pyproj.Transformer.from_crs(grid.crs, grid.crs.geodetic_crs, always_xy=True)
    longitude, latitude = to_degrees.transform(*np.meshgrid(*grid.axes()))
    return latitude, longitude


@cache
def _cell_area(grid: Grid) -> np.ndarray:
    latitude, longitude = grid.latitude_longitude()
    scale = np.asarray(pyproj.Proj(grid.crs).get_factors(longitude, latitude).areal_scale)
    return (CELL / 1000) ** 2 / scale
