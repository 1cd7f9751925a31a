"""Inference on images of any size: overlapping tiles, test-time augmentation, and ensembles."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from seaice_tf.errors import InputError
from seaice_tf.geopose.choices import SMALLEST_SIDE
from seaice_tf.geopose.data.pose import (
    SYMMETRIES,
    circular_mean,
    inverse_transform,
    inverse_transform_angle,
    transform,
)
from seaice_tf.grids import tiles
from seaice_tf.grids.windows import Window, whole
from seaice_tf.settings import Checked

Maps = Mapping[str, Any]  # by head name
Serve = Callable[[Any], Maps]
Read = Callable[[Window], np.ndarray]
SMALLEST_WEIGHT = 1e-6  # of a pose in a mean, so that the sum of weights is not 0
# Test-time augmentation: the symmetries of the square under which an image is predicted.
TTA = {"none": SYMMETRIES[:1], "d4": SYMMETRIES}


@dataclass(frozen=True)
class Options(Checked):
    """Options of inference."""

    tile: int = 1024
    """Pixels along a side of the tiles in which larger images are predicted."""
    overlap: int = 128
    """Overlap of neighbouring tiles in pixels."""
    tta: Literal[tuple(TTA)] = "none"  # type: ignore[valid-type]
    """Test-time augmentation: none, or the mean over the eight symmetries of the square."""

    def __post_init__(self):
        super().__post_init__()
        if self.tile < SMALLEST_SIDE:
            raise InputError(f"tile: expected at least {SMALLEST_SIDE} pixels, got {self.tile}")
        if not 0 <= self.overlap < self.tile:
            raise InputError(f"overlap: expected 0 to {self.tile - 1}, got {self.overlap}")


def predict_image(
    options: Options, shape: tuple[int, int], read: Read, conditions: tuple, serve: Serve
) -> Maps:
    """Predict heights and pose of an image, in tiles if it is larger than one.

    Heights of overlapping tiles are blended. The pose is the mean of those of the tiles weighted by
    certainty, so that tiles without tall objects have little weight.

    Args:
        options: of inference.
        shape: (rows, columns) of the image.
        read: from a window inside the image to (height, width, 3) uint8.
        conditions: one-hot city (4,) and gsd (1,).
        serve: the SavedModel, a function of a batch.

    Returns:
        "agl" (rows, columns) metres, "scale", "angle" and "certainty".
    """
    if max(shape) <= options.tile:
        return predict_augmented(options, read(whole(shape)), conditions, serve)
    poses: list[Maps] = []

    def predict(windows: list[Window]) -> np.ndarray:
        maps = []
        for window in windows:
            inside = Window(
                window.top,
                window.left,
                min(window.height, shape[0] - window.top),
                min(window.width, shape[1] - window.left),
            )
            full = Window(0, 0, window.height, window.width)
            fields = predict_augmented(options, tiles.cut(read(inside), full), conditions, serve)
            maps.append(fields["agl"][..., None])
            poses.append(fields)
        return np.stack(maps)

    agl = np.empty(shape, np.float32)
    for top, rows in tiles.blend(shape, options.tile, options.overlap, predict, batch=1):
        agl[top : top + len(rows)] = rows[..., 0]
    return {"agl": agl, **mean_pose(poses)}


def predict_augmented(options: Options, image: np.ndarray, conditions: tuple, serve: Serve) -> Maps:
    """Heights and pose of one image (H, W, 3), with test-time augmentation."""
    members = []
    for symmetry in TTA[options.tta]:
        transformed = np.ascontiguousarray(transform(image, symmetry))
        maps = serve((transformed[None], *(each[None] for each in conditions)))
        fields = {name: np.asarray(value)[0] for name, value in maps.items()}
        members.append(
            {
                **fields,
                "agl": inverse_transform(fields["agl"], symmetry),
                "angle": inverse_transform_angle(fields["angle"], symmetry),
            }
        )
    return combine(members) if members[1:] else members[0]


def combine(members: Sequence[Maps]) -> dict[str, Any]:
    """Ensemble mean of predictions of one image: by several runs, or of transformed copies."""
    agl = np.mean([member["agl"] for member in members], axis=0, dtype=np.float32)
    return {"agl": agl, **mean_pose(members)}


def mean_pose(members: Sequence[Maps]) -> dict[str, Any]:
    """Mean scale and circular mean of the angles, weighted by certainty.

    Args:
        members: predictions with "scale", "angle" and "certainty".

    Returns:
        The same three; the certainty is the length of the weighted mean vector. If the angles
        cancel out, the angle is that of the first member.
    """
    scales, angles, certainties = (
        np.array([member[name] for member in members], np.float64)
        for name in ("scale", "angle", "certainty")
    )
    weights = certainties + SMALLEST_WEIGHT
    angle = circular_mean(angles, weights)
    vector = np.average(certainties * np.exp(1j * angles), weights=weights)
    return {
        "scale": np.float32(np.average(scales, weights=weights)),
        "angle": np.float32(angles[0] if np.isnan(angle) else angle),
        "certainty": np.float32(np.abs(vector)),
    }
