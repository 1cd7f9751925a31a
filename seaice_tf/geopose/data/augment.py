"""Augmentation of oblique images that moves their labels with them.

Every draw comes from the generator that is passed, so it is a function of seed, epoch and index.
"""

from dataclasses import dataclass, replace

import numpy as np
from scipy import ndimage

from seaice_tf.geopose.data import circular, dihedral, sightlines
from seaice_tf.geopose.data.dihedral import TURNS, Turn
from seaice_tf.geopose.data.pose import Pose, View, direction

TALLEST = 200  # metres up to which heights are stretched


@dataclass(frozen=True)
class Strength:
    """How much is drawn; the default is nothing.

    Attributes:
        turns: flip and turn by quarters, all eight alike.
        rotation: chance of a rotation by any angle.
        zoom: largest factor of enlarging or shrinking, at least 1.
        stretch: largest factor of the heights, at least 1; less where that passes 200 m.
        stretched: chance of stretching.
        colour: largest relative change of brightness, contrast and each channel.
    """

    turns: bool = False
    rotation: float = 0
    zoom: float = 1
    stretch: float = 1
    stretched: float = 0.3
    colour: float = 0


NONE = Strength()
HEAVY = Strength(turns=True, rotation=0.3, zoom=1.4, stretch=2, colour=0.25)


def source_side(side: int, strength: Strength) -> int:
    """Pixels a side of the window from which `side` pixels can be drawn without empty corners."""
    across = np.sqrt(2) if strength.rotation else 1
    return int(np.ceil(side * strength.zoom * across))


def draw(view: View, side: int, strength: Strength, rng: np.random.Generator) -> View:
    """A view of `side` pixels, from the middle of one of at least that many.

    Outside the given view the image is 0 and the height unknown.
    """
    # Drawn whether used or not, so that one strength does not change what another draws.
    rotates, stretches = rng.random(2) < (strength.rotation, strength.stretched)
    angle, part, more = rng.uniform(0, 2 * np.pi), rng.uniform(-1, 1), rng.random()
    turn = TURNS[rng.integers(len(TURNS))]
    if stretches and strength.stretch > 1:
        tallest = np.fmax.reduce(view.agl, axis=None, initial=1)
        most = np.clip(TALLEST / tallest, 1, strength.stretch)
        view = stretched(view, float(1 + more * (most - 1)))
    turning, zoom = (angle if rotates else 0.0), strength.zoom**part
    moved = turning or zoom != 1
    view = resampled(view, turning, zoom, side) if moved else _middle(view, side)
    if strength.turns:
        view = turned(view, turn)
    if strength.colour:
        view = replace(view, image=jittered(view.image, strength.colour, rng))
    return view


def turned(view: View, turn: Turn) -> View:
    """Flipped and turned by quarters."""
    angle = dihedral.apply_angle(view.pose.angle, turn)
    image, agl = (np.ascontiguousarray(dihedral.apply(a, turn)) for a in (view.image, view.agl))
    return replace(view, image=image, agl=agl, pose=Pose(view.pose.scale, angle))


def resampled(view: View, turning: float, zoom: float, side: int) -> View:
    """The middle `side` x `side` pixels after a turn counterclockwise in radians and a zoom.

    The image is interpolated, the heights are those of the nearest pixel.
    """
    sine, cosine = np.sin(turning) / zoom, np.cos(turning) / zoom
    matrix = np.array([[cosine, sine], [-sine, cosine]])  # (row, column) back to where it was
    middle = (np.array(view.agl.shape) - 1) / 2
    where = {
        "matrix": matrix,
        "offset": middle - matrix @ np.full(2, (side - 1) / 2),
        "output_shape": (side, side),
    }
    image = np.empty((side, side, 3), np.uint8)
    for channel in range(3):
        ndimage.affine_transform(
            view.image[..., channel], **where, order=1, output=image[..., channel]
        )
    agl = ndimage.affine_transform(view.agl, **where, order=0, cval=np.nan)
    pose = Pose(view.pose.scale * zoom, circular.wrapped(view.pose.angle + turning))
    return View(image, agl, pose, view.gsd / zoom)


def stretched(view: View, factor: float) -> View:
    """As if everything were `factor` times as high, at least 1: what is higher leans further.

    What stood outside the view stays out of it, and shadows stay as they were. Pixels of unknown
    height go with the nearest that is known; their heights stay unknown.
    """
    x, y = direction(view.pose.angle) * view.pose.scale * (factor - 1)
    # What is seen already leans by its height once; the rest is a view like the first.
    source = sightlines.visible(_filled(np.maximum(view.agl, 0)), x, y)
    image = np.take(view.image.reshape(-1, 3), source, axis=0)
    return replace(view, image=image, agl=np.take(view.agl, source) * np.float32(factor))


def jittered(image: np.ndarray, strength: float, rng: np.random.Generator) -> np.ndarray:
    """Other brightness, contrast and colour: (H, W, 3) uint8 -> the same."""
    brightness, contrast = rng.uniform(-strength, strength, 2)
    gain = 1 + rng.uniform(-strength, strength, 3) / 3
    mean = image.mean()
    table = np.arange(256)[:, None] * gain  # of each channel, what each count becomes
    table = mean + (table - mean) * (1 + contrast) + 255 * brightness / 2
    table = np.clip(np.rint(table), 0, 255).astype(np.uint8)
    return np.stack([table[image[..., channel], channel] for channel in range(3)], axis=-1)


def _middle(view: View, side: int) -> View:
    top, left = ((n - side) // 2 for n in view.agl.shape)
    here = (slice(top, top + side), slice(left, left + side))
    return replace(view, image=view.image[here], agl=view.agl[here])


def _filled(agl: np.ndarray) -> np.ndarray:
    missing = np.isnan(agl)
    if not missing.any():
        return agl
    if missing.all():
        return np.zeros_like(agl)
    nearest = ndimage.distance_transform_edt(missing, return_distances=False, return_indices=True)
    return agl[tuple(nearest)]
