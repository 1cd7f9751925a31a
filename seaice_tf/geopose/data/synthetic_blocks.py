"""The ground plan of a made-up city: streets, lots, houses, trees and relief, from straight above.

Blocks of lots along streets at a random bearing; on a lot a box or a gabled house, or nothing; the
further downtown, the taller. Relief only shades the ground: heights are above it.
"""

from dataclasses import dataclass

import numpy as np

from seaice_tf.geopose.data import sightlines
from seaice_tf.geopose.data.city_styles import STYLES, Style
from seaice_tf.grids.coarse_grid import bilinear

SHADOWS = 0.3  # metres that a shadow has to rise above a surface to fall on it
WINDOW = 3.0  # metres from one to the next
STEEP = 2.5  # metres a metre: what is steeper is a wall and is not shaded
PITCH = 0.5  # metres that a roof rises in a metre
RELIEF, HILL, STAIN = 3.0, 60.0, 8.0  # metres: height and width of hills, width of stains
CROWN = (1.6, 2.9)  # metres of radius
TREE_CELL = 7.0  # metres; at most one tree in each


@dataclass(frozen=True)
class Scene:
    """A city from above, with a margin of `margin` cells around what is to be drawn.

    Attributes:
        height: (H, W) float32 metres above ground.
        shade: (H, W) float32 metres above ground up to which there is shadow.
        top: (H, W, 3) uint8 colour of what is seen from above, in sunlight.
        wall: (H, W, 3) uint8 colour of the sides of what stands there.
        windows: (H, W) bool, where along its walls a house has windows.
        gsd: metres a cell.
        margin: cells.
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
    """Each array has one value a lot, (along, across)."""

    height: np.ndarray
    gabled: np.ndarray
    size: np.ndarray  # (along, across, 2) half sides as shares of the lot's
    roof: np.ndarray  # (along, across, 3)
    wall: np.ndarray


def scene(city: str, seed: int, shape: tuple[int, int], gsd: float, margin: int) -> Scene:
    """Make the ground plan of `shape` cells of `gsd` metres, a function of the arguments.

    The margin has to be as wide as the tallest building leans, or what stands outside is missing.
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
    """Metres along and across the streets of each cell, from a corner outside the picture."""
    bearing = rng.uniform(0, np.pi / 2)
    y, x = (((np.arange(n) - n / 2) * gsd).astype(np.float32) for n in size)
    sine, cosine = np.float32(np.sin(bearing)), np.float32(np.cos(bearing))
    turned = (x * cosine + y[:, None] * sine, y[:, None] * cosine - x * sine)
    start = rng.uniform(0, 100, 2).astype(np.float32)
    along, across = (axis - axis.min() + s for axis, s in zip(turned, start))
    return along, across


def _places(axis: np.ndarray, style: Style, which: int) -> tuple[np.ndarray, np.ndarray]:
    """Number of the lot, -1 on the street, and place in the lot, -1 to 1."""
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
    away = ((a - centre[0]) ** 2 + (b - centre[1]) ** 2) / 0.08
    height = style.height * np.exp(style.spread * rng.standard_normal(shape))
    height *= 1 + (style.downtown - 1) * np.exp(-away) * rng.random(shape)
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
    """Heights of the houses: a box, or one with a roof whose ridge is along the street."""
    half_a, half_b = plan.size.reshape(-1, 2).T
    across = np.abs(in_b) / np.take(half_b, lot)
    inside = (np.abs(in_a) < np.take(half_a, lot)) & (across < 1)
    eaves = plan.height.reshape(-1)
    pitched = plan.gabled.reshape(-1) & (eaves > 0)
    ridge = np.where(pitched, half_b * np.float32(_side(style, 1) / 2 * PITCH), np.float32(0))
    return np.where(inside, np.take(eaves, lot) + np.take(ridge, lot) * (1 - across), 0)


def _trees(rng, style: Style, size: tuple[int, ...], gsd: float) -> np.ndarray:
    """Heights of crowns, each a dome in its own cell of a grid."""
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
    """Smooth noise of about unit variance; `scale` is in cells."""
    lattice = rng.standard_normal([int(n / scale) + 3 for n in size], dtype=np.float32)
    return bilinear(lattice, *(np.arange(n) / scale for n in size))


def _light(rng, height: np.ndarray, gsd: float, bearing: float, sun_slope: float) -> np.ndarray:
    """Brightness of each cell against flat ground in sunlight, with grain: (H, W) float32."""
    surface = height + RELIEF * relief(rng, height.shape, HILL / gsd)
    down, right = np.gradient(surface, np.float32(gsd))
    facing = -(right * np.float32(np.sin(bearing)) + down * np.float32(np.cos(bearing)))
    facing = np.where(np.abs(facing) > STEEP, 0, facing)
    light = np.clip(1 + facing / np.float32(sun_slope), 0.55, 1.35)
    light *= 1 + 0.05 * relief(rng, height.shape, STAIN / gsd)
    light += np.float32(0.035) * rng.standard_normal(height.shape, dtype=np.float32)
    return light
