"""Augmentation of oblique images together with their heights and flow.

All random numbers come from the generator that is passed, so that an augmented view is a function
of (seed, epoch, index).
"""

from dataclasses import dataclass, replace

import numpy as np
from scipy import ndimage

from seaice_tf.geopose.data import sightlines
from seaice_tf.geopose.data.pose import (
    SYMMETRIES,
    Pose,
    Symmetry,
    View,
    direction,
    transform,
    transform_angle,
    wrapped,
)

TALLEST = 200  # metres up to which heights are stretched


@dataclass(frozen=True)
class Augmentation:
    """Strength of an augmentation; none by default.

    Attributes:
        dihedral: apply one of the eight symmetries of the square, all equally likely.
        rotation_probability: of a rotation by any angle.
        zoom: largest zoom factor, in or out, at least 1.
        stretch: largest factor of the heights, at least 1; less where heights would exceed 200 m.
        stretch_probability: of stretched heights.
        colour_jitter: largest relative change of brightness, contrast and each channel.
    """

    dihedral: bool = False
    rotation_probability: float = 0
    zoom: float = 1
    stretch: float = 1
    stretch_probability: float = 0.3
    colour_jitter: float = 0


NONE = Augmentation()
HEAVY = Augmentation(
    dihedral=True, rotation_probability=0.3, zoom=1.4, stretch=2, colour_jitter=0.25
)
AUGMENTATIONS = {"none": NONE, "dihedral": Augmentation(dihedral=True), "heavy": HEAVY}


def source_side(side: int, augmentation: Augmentation) -> int:
    """Pixels along a side of the window that gives `side` pixels without empty corners."""
    diagonal = np.sqrt(2) if augmentation.rotation_probability else 1
    return int(np.ceil(side * augmentation.zoom * diagonal))


def draw(view: View, side: int, augmentation: Augmentation, rng: np.random.Generator) -> View:
    """Draw an augmented view.

    Args:
        view: of at least `side` pixels along each side.
        side: pixels along a side of the result.
        augmentation: strength.
        rng: the source of randomness.

    Returns:
        The centre of the augmented view; outside the given view the image is 0 and the height NaN.
    """
    # All numbers are drawn even if unused, so that settings do not change each other's draws.
    rotates, stretches = rng.random(2) < (
        augmentation.rotation_probability,
        augmentation.stretch_probability,
    )
    angle, exponent, amount = rng.uniform(0, 2 * np.pi), rng.uniform(-1, 1), rng.random()
    symmetry = SYMMETRIES[rng.integers(len(SYMMETRIES))]
    if stretches and augmentation.stretch > 1:
        tallest = np.fmax.reduce(view.agl, axis=None, initial=1)
        most = np.clip(TALLEST / tallest, 1, augmentation.stretch)
        view = stretched(view, float(1 + amount * (most - 1)))
    rotation, zoom = (angle if rotates else 0.0), augmentation.zoom**exponent
    moved = rotation or zoom != 1
    view = resampled(view, rotation, zoom, side) if moved else _centre(view, side)
    if augmentation.dihedral:
        view = transformed(view, symmetry)
    if augmentation.colour_jitter:
        view = replace(view, image=jittered(view.image, augmentation.colour_jitter, rng))
    return view


def transformed(view: View, symmetry: Symmetry) -> View:
    """The view transformed by a symmetry of the square."""
    angle = transform_angle(view.pose.angle, symmetry)
    image, agl = (np.ascontiguousarray(transform(a, symmetry)) for a in (view.image, view.agl))
    return replace(view, image=image, agl=agl, pose=Pose(view.pose.scale, angle))


def resampled(view: View, rotation: float, zoom: float, side: int) -> View:
    """Rotate and zoom a view about its centre.

    Args:
        view: the view.
        rotation: counterclockwise, radians.
        zoom: factor, above 1 to enlarge.
        side: pixels along a side of the result.

    Returns:
        The central `side` x `side` pixels; the image is interpolated linearly, heights are those
        of the nearest pixel.
    """
    sine, cosine = np.sin(rotation) / zoom, np.cos(rotation) / zoom
    matrix = np.array([[cosine, sine], [-sine, cosine]])  # (row, column) to that of the source
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
    pose = Pose(view.pose.scale * zoom, wrapped(view.pose.angle + rotation))
    return View(image, agl, pose, view.gsd / zoom)


def stretched(view: View, factor: float) -> View:
    """Multiply all heights and move the image accordingly.

    Objects outside the view stay outside, and shadows are not changed. Pixels of unknown height
    move with the nearest pixel of known height and stay unknown.

    Args:
        view: the view.
        factor: of the heights, at least 1.
    """
    x, y = direction(view.pose.angle) * view.pose.scale * (factor - 1)
    # The image already leans by its heights; the additional flow is that of a view of it.
    source = sightlines.visible(_filled(np.maximum(view.agl, 0)), x, y)
    image = np.take(view.image.reshape(-1, 3), source, axis=0)
    return replace(view, image=image, agl=np.take(view.agl, source) * np.float32(factor))


def jittered(image: np.ndarray, strength: float, rng: np.random.Generator) -> np.ndarray:
    """Change brightness, contrast and colour at random: (H, W, 3) uint8 -> the same shape."""
    brightness, contrast = rng.uniform(-strength, strength, 2)
    gain = 1 + rng.uniform(-strength, strength, 3) / 3
    mean = image.mean()
    table = np.arange(256)[:, None] * gain  # new value of each value and channel
    table = mean + (table - mean) * (1 + contrast) + 255 * brightness / 2
    table = np.clip(np.rint(table), 0, 255).astype(np.uint8)
    return np.stack([table[image[..., channel], channel] for channel in range(3)], axis=-1)


def _centre(view: View, side: int) -> View:
    top, left = ((n - side) // 2 for n in view.agl.shape)
    here = (slice(top, top + side), slice(left, left + side))
    return replace(view, image=view.image[here], agl=view.agl[here])


def _filled(agl: np.ndarray) -> np.ndarray:
    """Heights with NaN replaced by the nearest known height."""
    missing = np.isnan(agl)
    if not missing.any():
        return agl
    if missing.all():
        return np.zeros_like(agl)
    nearest = ndimage.distance_transform_edt(missing, return_distances=False, return_indices=True)
    return agl[tuple(nearest)]
