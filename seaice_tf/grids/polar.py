"""The polar grids of sea-ice concentration: shape, projection, axes and cell area as data.

A grid is one record in `GRIDS`. Sources: NSIDC, "A Guide to NSIDC's Polar Stereographic Projection"
(EPSG:3411 in the north, EPSG:3412 in the south, on the ellipsoid Hughes 1980); NSIDC, "A Guide to
EASE Grids", version 2 (EPSG:6931 and EPSG:6932, Lambert azimuthal equal-area on WGS 84), of which
OSI SAF distributes 432 x 432 cells of 25 km around the pole.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal

import numpy as np
import pyproj

from seaice_tf.errors import InputError

CELL = 25_000.0  # m, on the projected plane


@dataclass(frozen=True)
class Grid:
    """A plane of square cells; row 0 is the top, column 0 the left.

    Attributes:
        code: short name, unique among `GRIDS`.
        name: the hemisphere.
        title: of the grid, for messages and metadata.
        rows, columns: number of cells.
        left, top: outer edges of column 0 and of row 0 in metres.
        epsg: code of the projection.
        cell: side of a cell on the projected plane in metres.
    """

    code: str
    name: Literal["north", "south"]
    title: str
    rows: int
    columns: int
    left: float
    top: float
    epsg: int
    cell: float = CELL

    @property
    def shape(self) -> tuple[int, int]:
        return self.rows, self.columns

    @property
    def crs(self) -> pyproj.CRS:
        return pyproj.CRS.from_epsg(self.epsg)

    @property
    def extent(self) -> tuple[float, float, float, float]:
        """Outer edges in metres: left, right, bottom, top."""
        right, bottom = self.left + self.columns * self.cell, self.top - self.rows * self.cell
        return self.left, right, bottom, self.top

    def axes(self) -> tuple[np.ndarray, np.ndarray]:
        """Projected coordinates of the cell centres in metres: x (columns,) and y (rows,)."""
        x = self.left + (np.arange(self.columns) + 0.5) * self.cell
        return x, self.top - (np.arange(self.rows) + 0.5) * self.cell

    def latitude_longitude(self) -> tuple[np.ndarray, np.ndarray]:
        """Latitude and longitude of the cell centres in degrees, (rows, columns)."""
        return _latitude_longitude(self)

    def cell_area(self) -> np.ndarray:
        """True area of each cell in km2, (rows, columns)."""
        return _cell_area(self)


STEREOGRAPHIC = "{} km polar stereographic grid of NSIDC"
NORTH = Grid("psn25", "north", STEREOGRAPHIC.format(25), 448, 304, -3_850_000.0, 5_850_000.0, 3411)
SOUTH = Grid("pss25", "south", STEREOGRAPHIC.format(25), 332, 316, -3_950_000.0, 4_350_000.0, 3412)
NORTH_12 = Grid(
    "psn12.5", "north", STEREOGRAPHIC.format(12.5), 896, 608, NORTH.left, NORTH.top, 3411, CELL / 2
)
SOUTH_12 = Grid(
    "pss12.5", "south", STEREOGRAPHIC.format(12.5), 664, 632, SOUTH.left, SOUTH.top, 3412, CELL / 2
)
EASE_TITLE = "25 km EASE-Grid 2.0 of OSI SAF"
EASE_NORTH = Grid("nh_ease2-250", "north", EASE_TITLE, 432, 432, -5_400_000.0, 5_400_000.0, 6931)
EASE_SOUTH = Grid("sh_ease2-250", "south", EASE_TITLE, 432, 432, -5_400_000.0, 5_400_000.0, 6932)
GRIDS = {grid.code: grid for grid in (NORTH, SOUTH, NORTH_12, SOUTH_12, EASE_NORTH, EASE_SOUTH)}
COARSER = {NORTH_12.code: NORTH, SOUTH_12.code: SOUTH}  # the 25 km grid of the same edges


def of_shape(shape: Sequence[int]) -> Grid:
    """The polar stereographic grid of 25 km with (..., rows, columns) cells.

    Both EASE grids have the same shape: what holds their arrays has to name the grid.

    Raises:
        InputError: neither grid has this shape.
    """
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
    return (grid.cell / 1000) ** 2 / scale
