"""Ground plans of synthetic cities: styles, streets, lots, houses, trees and relief from above.

Blocks of lots line streets at a random bearing; a lot has a box, a gabled house or nothing, taller
towards the centre of the city. Relief only shades the ground: heights are above it.
"""

from dataclasses import dataclass

import numpy as np

from seaice_tf.geopose.data import sightlines
from seaice_tf.grids.coarse_grid import bilinear

SHADOWS = 0.3  # metres by which a shadow must exceed a surface to darken it
WINDOW = 3.0  # metres between windows
STEEP = 2.5  # slope from which a surface is a wall and is not shaded
PITCH = 0.5  # slope of a roof
RELIEF, HILL, STAIN = 3.0, 60.0, 8.0  # metres: height and width of hills, width of stains
CROWN = (1.6, 2.9)  # metres of radius
TREE_CELL = 7.0  # metres; at most one tree in each
Colour = tuple[int, int, int]


@dataclass(frozen=True)
class Style:
    """Buildings and viewing geometry of a city. Lengths are metres."""

    gsd: tuple[float, float]  # range
    tilt: tuple[float, float]  # degrees of the line of sight from the vertical
    sun: tuple[float, float]  # degrees above the horizon
    block: tuple[float, float]  # along and across the streets
    lots: tuple[int, int]  # per block, along and across
    street: float
    height: float  # median of the eaves
    spread: float  # of the logarithm of the height
    highest: float
    downtown: float  # factor of the height in the centre
    gabled: float  # fraction of the lots
    built: float  # fraction of the lots
    trees: float  # fraction of the possible places
    river: bool
    roofs: tuple[Colour, ...]
    walls: tuple[Colour, ...]
    ground: Colour
    road: Colour = (96, 96, 98)
    water: Colour = (38, 58, 66)
    tree: Colour = (46, 66, 38)


STYLES = {
    "ARG": Style(
        gsd=(0.3, 0.5),
        tilt=(8, 33),
        sun=(30, 60),
        block=(110, 90),
        lots=(9, 4),
        street=11,
        height=4.5,
        spread=0.4,
        highest=45,
        downtown=3,
        gabled=0.35,
        built=0.9,
        trees=0.35,
        river=False,
        roofs=((158, 92, 70), (172, 108, 84), (176, 172, 166), (136, 132, 128)),
        walls=((196, 186, 170), (208, 204, 196)),
        ground=(122, 118, 92),
    ),
    "ATL": Style(
        gsd=(0.45, 0.85),
        tilt=(7, 40),
        sun=(35, 65),
        block=(130, 120),
        lots=(3, 2),
        street=17,
        height=9,
        spread=0.7,
        highest=170,
        downtown=9,
        gabled=0.15,
        built=0.75,
        trees=0.75,
        river=False,
        roofs=((168, 164, 158), (120, 118, 118), (198, 196, 192), (104, 92, 84)),
        walls=((120, 128, 140), (160, 148, 134), (88, 100, 116)),
        ground=(88, 96, 64),
        tree=(40, 62, 32),
    ),
    "JAX": Style(
        gsd=(0.3, 0.5),
        tilt=(6, 30),
        sun=(40, 70),
        block=(150, 74),
        lots=(6, 2),
        street=12,
        height=5,
        spread=0.45,
        highest=70,
        downtown=4,
        gabled=0.75,
        built=0.75,
        trees=0.6,
        river=True,
        roofs=((128, 122, 116), (150, 140, 128), (96, 92, 92), (188, 186, 182)),
        walls=((206, 200, 188), (182, 178, 172)),
        ground=(104, 116, 78),
    ),
    "OMA": Style(
        gsd=(0.3, 0.5),
        tilt=(5, 28),
        sun=(25, 60),
        block=(120, 84),
        lots=(6, 2),
        street=14,
        height=6,
        spread=0.5,
        highest=60,
        downtown=3,
        gabled=0.6,
        built=0.7,
        trees=0.4,
        river=False,
        roofs=((104, 82, 72), (118, 110, 104), (150, 146, 142), (84, 78, 76)),
        walls=((148, 104, 84), (170, 150, 128)),
        ground=(134, 128, 96),
        tree=(64, 76, 48),
    ),
}


@dataclass(frozen=True)
class Scene:
    """A city from above, with a margin around the area that is rendered.

    Attributes:
        height: (H, W) float32 metres above ground.
        shade: (H, W) float32 height of the shadow, metres above ground.
        top: (H, W, 3) uint8 colour of the surface in sunlight.
        wall: (H, W, 3) uint8 colour of the walls of the object in the cell.
        windows: (H, W) bool, windows along the walls of houses.
        gsd: metres per cell.
        margin: width of the margin, cells.
    """

    height: np.ndarray
    shade: np.ndarray
    top: np.ndarray
    wall: np.ndarray
    windows: np.ndarray
    gsd: float
    margin: int


@dataclass(frozen=True)
class _Lots:
    """Properties of the lots, arrays (along, across, ...)."""

    height: np.ndarray
    gabled: np.ndarray
    size: np.ndarray  # (along, across, 2) half sides as fractions of the lot's
    roof: np.ndarray  # (along, across, 3)
    wall: np.ndarray


def scene(city: str, seed: int, shape: tuple[int, int], gsd: float, margin: int) -> Scene:
    """Make a ground plan, a function of its arguments.

    Args:
        city: key of STYLES.
        seed: of the plan.
        shape: (rows, columns) without the margin.
        gsd: metres per cell.
        margin: cells, at least the displacement of the tallest building, or buildings outside are
            missing from the view.
    """
    style, rng = STYLES[city], np.random.default_rng((seed, *city.encode()))
    size = (shape[0] + 2 * margin, shape[1] + 2 * margin)
    sun = rng.uniform(0, 2 * np.pi), float(np.tan(np.radians(rng.uniform(*style.sun))))
    along, across = _streets(rng, size, gsd)
    lots_a, in_a = _places(along, style, 0)
    lots_b, in_b = _places(across, style, 1)
    plan = _lots(rng, style, int(lots_a.max()) + 1, int(lots_b.max()) + 1)
    lot = np.maximum(lots_a, 0) * plan.height.shape[1] + np.maximum(lots_b, 0)
    road = (lots_a < 0) | (lots_b < 0)
    block = lots_b // style.lots[1]
    water = (block == rng.choice(block.reshape(-1))) & style.river
    houses = np.where(road | water, 0, _houses(plan, lot, in_a, in_b, style))
    crowns = np.where(road | water | (houses > 0), 0, _trees(rng, style, size, gsd))
    height = houses + crowns
    kinds = np.select([water, road, crowns > 0], [0, 1, 2], 3)
    colours = np.array([style.water, style.road, style.tree, style.ground], np.float32)
    top = np.take(colours, kinds, axis=0)
    top[houses > 0] = plan.roof.reshape(-1, 3)[lot[houses > 0]]
    top *= _light(rng, height, gsd, *sun)[..., None]
    wall = np.take(plan.wall.reshape(-1, 3), lot, axis=0)
    wall[crowns > 0] = np.array(style.tree, np.uint8)
    shade = sightlines.shadow(height, np.sin(sun[0]), np.cos(sun[0]), drop=sun[1] * gsd)
    return Scene(
        height,
        shade - np.float32(SHADOWS),
        np.clip(top, 0, 255).astype(np.uint8),
        wall,
        (houses > 0) & ((along + across) % WINDOW < WINDOW / 2),
        gsd,
        margin,
    )


def _streets(rng, size: tuple[int, ...], gsd: float) -> tuple[np.ndarray, np.ndarray]:
    """Metres along and across the streets of each cell, from a corner outside the plan."""
    bearing = rng.uniform(0, np.pi / 2)
    y, x = (((np.arange(n) - n / 2) * gsd).astype(np.float32) for n in size)
    sine, cosine = np.float32(np.sin(bearing)), np.float32(np.cos(bearing))
    rotated = (x * cosine + y[:, None] * sine, y[:, None] * cosine - x * sine)
    start = rng.uniform(0, 100, 2).astype(np.float32)
    along, across = (axis - axis.min() + s for axis, s in zip(rotated, start))
    return along, across


def _places(axis: np.ndarray, style: Style, which: int) -> tuple[np.ndarray, np.ndarray]:
    """Index of the lot, -1 on the street, and position in the lot, -1 to 1."""
    block, number = np.float32(style.block[which]), style.lots[which]
    blocks = (axis / block).astype(np.int32)
    inside = (axis - blocks * block - np.float32(style.street)) / np.float32(_side(style, which))
    lots = np.clip(inside, 0, number - 1).astype(np.int32)
    return np.where(inside < 0, -1, blocks * number + lots), 2 * (inside - lots) - 1


def _side(style: Style, which: int) -> float:
    """Metres of a lot along or across the streets."""
    return (style.block[which] - style.street) / style.lots[which]


def _lots(rng, style: Style, rows: int, columns: int) -> _Lots:
    shape = (rows, columns)
    a, b = np.indices(shape) / np.array([rows, columns]).reshape(2, 1, 1)
    centre = rng.uniform(0.2, 0.8, 2)
    distance = ((a - centre[0]) ** 2 + (b - centre[1]) ** 2) / 0.08
    height = style.height * np.exp(style.spread * rng.standard_normal(shape))
    height *= 1 + (style.downtown - 1) * np.exp(-distance) * rng.random(shape)
    height = np.clip(height, 2.5, style.highest) * (rng.random(shape) < style.built)
    gabled = (rng.random(shape) < style.gabled) & (height < 12)
    tints = rng.uniform(0.85, 1.1, (2, *shape, 1))
    colours = [
        np.array(kinds)[rng.integers(len(kinds), size=shape)] * tint
        for kinds, tint in zip((style.roofs, style.walls), tints)
    ]
    roof, wall = (np.clip(each, 0, 255).astype(np.uint8) for each in colours)
    size = rng.uniform(0.5, 0.92, (*shape, 2)).astype(np.float32)
    return _Lots(height.astype(np.float32), gabled, size, roof, wall)


def _houses(plan: _Lots, lot, in_a, in_b, style: Style) -> np.ndarray:
    """Heights of the houses: boxes, or gabled with the ridge along the street."""
    half_a, half_b = plan.size.reshape(-1, 2).T
    across = np.abs(in_b) / np.take(half_b, lot)
    inside = (np.abs(in_a) < np.take(half_a, lot)) & (across < 1)
    eaves = plan.height.reshape(-1)
    pitched = plan.gabled.reshape(-1) & (eaves > 0)
    ridge = np.where(pitched, half_b * np.float32(_side(style, 1) / 2 * PITCH), np.float32(0))
    return np.where(inside, np.take(eaves, lot) + np.take(ridge, lot) * (1 - across), 0)


def _trees(rng, style: Style, size: tuple[int, ...], gsd: float) -> np.ndarray:
    """Heights of tree crowns, each a dome in its own cell of a grid."""
    rows, columns = ((np.arange(n) * gsd / TREE_CELL).astype(np.float32) for n in size)
    grid = (int(rows[-1]) + 1, int(columns[-1]) + 1)
    at = np.ix_(rows.astype(int), columns.astype(int))
    radius = rng.uniform(*CROWN, grid).astype(np.float32) / TREE_CELL
    room = 0.5 - radius
    middle = 0.5 + room * rng.uniform(-1, 1, (2, *grid)).astype(np.float32)
    crown = rng.uniform(4, 12, grid).astype(np.float32) * (rng.random(grid) < style.trees)
    away = (rows[:, None] % 1 - middle[0][at]) ** 2 + (columns % 1 - middle[1][at]) ** 2
    dome = 1 - away / (radius**2)[at]
    return np.where(dome > 0, crown[at] * (np.float32(0.4) + np.float32(0.6) * dome), 0)


def relief(rng, size: tuple[int, ...], scale: float) -> np.ndarray:
    """Smooth noise of about unit variance with a correlation length of `scale` cells."""
    lattice = rng.standard_normal([int(n / scale) + 3 for n in size], dtype=np.float32)
    return bilinear(lattice, *(np.arange(n) / scale for n in size))


def _light(rng, height: np.ndarray, gsd: float, bearing: float, sun_slope: float) -> np.ndarray:
    """Brightness relative to flat ground in sunlight, with noise: (H, W) float32."""
    surface = height + RELIEF * relief(rng, height.shape, HILL / gsd)
    down, right = np.gradient(surface, np.float32(gsd))
    facing = -(right * np.float32(np.sin(bearing)) + down * np.float32(np.cos(bearing)))
    facing = np.where(np.abs(facing) > STEEP, 0, facing)
    light = np.clip(1 + facing / np.float32(sun_slope), 0.55, 1.35)
    light *= 1 + 0.05 * relief(rng, height.shape, STAIN / gsd)
    light += np.float32(0.035) * rng.standard_normal(height.shape, dtype=np.float32)
    return light
