"""Synthetic oblique views of synthetic cities, and folders of them in the challenge's layout.

Views satisfy the equations of the data set: a point `z` metres above ground cell g is projected to
g - z scale (sin, cos) of the angle. Roofs hide what is behind them, walls are visible on the side
of the camera, and shadows fall on ground, roofs and walls.
"""

import csv
import io
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from scipy import ndimage

from seaice_tf.files import atomic
from seaice_tf.geopose.data import sightlines, synthetic_city
from seaice_tf.geopose.data.pose import CITIES, Pose, View, direction
from seaice_tf.geopose.data.synthetic_city import STYLES, Scene
from seaice_tf.geopose.data.tiles import (
    LABELLED_COLUMNS,
    LABELLED_TABLE,
    METADATA,
    METADATA_COLUMNS,
    SIDE,
    SYNTHETIC,
    TEST_COLUMNS,
    TEST_TABLE,
)
from seaice_tf.geopose.products import submission

LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
SHADE = 0.45  # brightness in shadow
GLASS = 0.62  # brightness of a window against its wall
STOREY = 3.2  # metres
WALL = 1.5  # pixels below the top of a building from which its wall is visible
BLUR = 0.55  # pixels, of the camera
NOISE = 2.5  # of 255, standard deviation of the camera
UNKNOWN_FRACTION = 0.02  # of the heights, in patches
PATCH = 12  # pixels


def write(
    folder: Path,
    number: int,
    seed: int = 0,
    side: int = SIDE,
    gsd: float | None = None,
    tests: int = 0,
) -> None:
    """Write tables, train/ and test/ with tiles of the cities in turn, deterministic to the byte.

    Args:
        folder: replaced if it exists.
        number: labelled tiles.
        seed: of cities, views and names.
        side: pixels along a side of a tile.
        gsd: metres per pixel; None for those of the cities' images.
        tests: additional tiles without labels.
    """
    with atomic.folder(folder) as temporary:
        (temporary / SYNTHETIC).write_text("These tiles are synthetic, not observed.\n")
        labelled, unlabelled, metadata = [], [], []
        for index in range(number + tests):
            city = CITIES[index % len(CITIES)]
            view = tile(city, seed, index, (side, side), gsd)
            identity = f"{city}_{_letters(seed, index)}"
            names = [f"{identity}_{end}" for end in ("RGB.tif", "AGL.tif", "VFLOW.json")]
            hidden = index >= number
            place = temporary / ("test" if hidden else "train")
            submission.write_image(place / names[0], view.image)
            if hidden:
                unlabelled.append((identity, names[0]))
            else:
                submission.write_tile(place, identity, view.agl, view.pose)
                labelled.append((identity, *names))
            metadata.append((identity, city, view.gsd))
        _table(temporary / LABELLED_TABLE, LABELLED_COLUMNS, labelled)
        _table(temporary / METADATA, METADATA_COLUMNS, metadata)
        if tests:
            _table(temporary / TEST_TABLE, TEST_COLUMNS, unlabelled)


def _letters(seed: int, index: int) -> str:
    """Six letters, unique for each index."""
    rng = np.random.default_rng((seed, index))
    head = "".join(LETTERS[i] for i in rng.integers(len(LETTERS), size=3))
    base = len(LETTERS)
    return head + "".join(LETTERS[index // base**power % base] for power in range(3))


def _table(path: Path, columns: Sequence[str], rows: Iterable[Sequence]) -> None:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    atomic.write_text(path, text.getvalue())


def tile(
    city: str, seed: int, index: int, shape: tuple[int, int], gsd: float | None = None
) -> View:
    """A synthetic view with camera noise and patches of unknown height.

    It is a function of the arguments.

    Args:
        city: ARG, ATL, JAX or OMA.
        seed, index: of the city plan and of the view.
        shape: (rows, columns) in pixels.
        gsd: metres per pixel; None for that of the city's images.
    """
    style = STYLES[city]
    rng = np.random.default_rng((seed, index, *city.encode()))
    usual = float(rng.uniform(*style.gsd))
    gsd = usual if gsd is None else gsd
    tilt = np.radians(rng.uniform(*style.tilt))
    pose = Pose(float(np.tan(tilt) / gsd), float(rng.uniform(0, 2 * np.pi)))
    ground = synthetic_city.scene(city, int(rng.integers(2**31)), shape, gsd, reach(city, pose))
    view = render(ground, pose)
    noise = rng.standard_normal((*shape, 1), np.float32) * NOISE
    image = np.clip(view.image + noise, 0, 255).astype(np.uint8)
    agl = view.agl.copy()
    patches = synthetic_city.relief(rng, shape, PATCH)
    agl[patches > np.quantile(patches, 1 - UNKNOWN_FRACTION)] = np.nan
    return View(image, agl, pose, gsd)


def reach(city: str, pose: Pose) -> int:
    """Largest flow of a city's buildings, rounded up: pixels."""
    return int(np.ceil((STYLES[city].highest + 12) * pose.scale)) + 4


def render(scene: Scene, pose: Pose) -> View:
    """Render a scene without noise, all heights known."""
    x, y = direction(pose.angle) * pose.scale
    cells, agl, wall = surface(scene, pose)
    colour = np.take(scene.top.reshape(-1, 3), cells, axis=0)
    side = np.take(scene.wall.reshape(-1, 3), cells[wall], axis=0).astype(np.float32)
    glass = np.take(scene.windows, cells[wall]) & (agl[wall] % STOREY > STOREY / 2)
    side[glass] *= GLASS
    colour[wall] = side.astype(np.uint8)
    # A wall takes the shadow of the ground in front of it: the cell itself is under the roof.
    front = np.stack(np.unravel_index(cells[wall], scene.height.shape))
    front += np.rint(np.array([[y], [x]]) / max(np.hypot(x, y), 1e-9) * 1.5).astype(int)
    front = np.clip(front, 0, np.array([[n - 1] for n in scene.height.shape]))
    shade = np.take(scene.shade, cells)
    shade[wall] = scene.shade[tuple(front)]
    light = np.where(shade > agl, np.float32(SHADE), np.float32(1))
    image = colour * light[..., None]
    for channel in range(3):
        image[..., channel] = ndimage.gaussian_filter(image[..., channel], BLUR, truncate=3)
    return View(np.rint(image).astype(np.uint8), agl, pose, scene.gsd)


def surface(scene: Scene, pose: Pose) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Visible surface at each pixel of a view, without the margin.

    Returns:
        Ground cell, an index into the flattened scene; height above ground, float32 metres; and
        whether it is a wall, bool: each of the shape of the view.
    """
    x, y = direction(pose.angle) * pose.scale
    rows, columns = scene.height.shape
    picture = (
        slice(scene.margin, rows - scene.margin),
        slice(scene.margin, columns - scene.margin),
    )
    cells = sightlines.visible(scene.height, x, y)[picture]
    own = np.arange(scene.margin, rows - scene.margin)[:, None]
    lean = cells // columns - own
    per_metre = y
    if abs(x) > abs(y):
        lean = cells % columns - np.arange(scene.margin, columns - scene.margin)
        per_metre = x
    agl = np.take(scene.height, cells)
    if per_metre == 0:
        return cells, agl, np.zeros(cells.shape, bool)
    wall = agl * np.float32(abs(per_metre)) - np.abs(lean) >= WALL
    return cells, np.where(wall, lean / np.float32(per_metre), agl), wall
