"""Made-up oblique views of made-up cities: not observed, but true to the data set's equations.

A point `z` metres above ground cell g is drawn at g - z scale (sin, cos) of the angle. Roofs hide
what stands behind them, walls are seen on the side of the camera, shadows fall on ground, roofs and
walls.
"""

import numpy as np
from scipy import ndimage

from seaice_tf.geopose.data import sightlines, synthetic_blocks
from seaice_tf.geopose.data.city_styles import STYLES
from seaice_tf.geopose.data.pose import Pose, View, direction
from seaice_tf.geopose.data.synthetic_blocks import Scene

SHADE = 0.45  # brightness in shadow
GLASS = 0.62  # brightness of a window against its wall
STOREY = 3.2  # metres
WALL = 1.5  # pixels below its top from which on a wall is seen, not the roof's edge
BLUR = 0.55  # pixels, of the camera
NOISE = 2.5  # counts, of the camera
UNKNOWN_SHARE = 0.02  # of the heights, in patches
PATCH = 12  # pixels


def tile(
    city: str, seed: int, index: int, shape: tuple[int, int], gsd: float | None = None
) -> View:
    """A view with camera noise and patches of unknown height, a function of its arguments.

    Args:
        city: ARG, ATL, JAX or OMA.
        seed, index: of the place and of the view.
        shape: rows and columns of pixels.
        gsd: metres a pixel; by default as the city's images have it.
    """
    style = STYLES[city]
    rng = np.random.default_rng((seed, index, *city.encode()))
    usual = float(rng.uniform(*style.gsd))
    gsd = usual if gsd is None else gsd
    tilt = np.radians(rng.uniform(*style.tilt))
    pose = Pose(float(np.tan(tilt) / gsd), float(rng.uniform(0, 2 * np.pi)))
    ground = synthetic_blocks.scene(city, int(rng.integers(2**31)), shape, gsd, reach(city, pose))
    view = render(ground, pose)
    noise = rng.standard_normal((*shape, 1), np.float32) * NOISE
    image = np.clip(view.image + noise, 0, 255).astype(np.uint8)
    agl = view.agl.copy()
    patches = synthetic_blocks.relief(rng, shape, PATCH)
    agl[patches > np.quantile(patches, 1 - UNKNOWN_SHARE)] = np.nan
    return View(image, agl, pose, gsd)


def reach(city: str, pose: Pose) -> int:
    """Pixels that the tallest building of a city may lean, and a few more."""
    return int(np.ceil((STYLES[city].highest + 12) * pose.scale)) + 4


def render(scene: Scene, pose: Pose) -> View:
    """What a camera sees of a scene, without noise, its heights complete."""
    x, y = direction(pose.angle) * pose.scale
    cells, agl, wall = surface(scene, pose)
    colour = np.take(scene.top.reshape(-1, 3), cells, axis=0)
    side = np.take(scene.wall.reshape(-1, 3), cells[wall], axis=0).astype(np.float32)
    glass = np.take(scene.windows, cells[wall]) & (agl[wall] % STOREY > STOREY / 2)
    side[glass] *= GLASS
    colour[wall] = side.astype(np.uint8)
    # The shadow on a wall is that in front of it, since it shades itself on the other side.
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
    """What is seen at each pixel of the picture, the margin cut off.

    Returns:
        The ground cell, an index into the flattened scene; the height above ground, float32 metres;
        and whether it is a wall.
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
