"""An image of any size through a SavedModel: in overlapping tiles, from all eight sides."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from seaice_tf.geopose.data import circular, dihedral
from seaice_tf.geopose.data.dihedral import TURNS
from seaice_tf.geopose.settings import Settings
from seaice_tf.grids import tiles
from seaice_tf.grids.windows import Window, whole
from seaice_tf.task import Maps

Serve = Callable[[Any], Maps]
Read = Callable[[Window], np.ndarray]
ANYTHING = 1e-6  # certainty that no mean goes without


def posed(
    settings: Settings, shape: tuple[int, int], read: Read, beside: tuple, serve: Serve
) -> Maps:
    """Heights and pose of an image: at once if it is no larger than a tile, else in tiles.

    Heights of overlapping tiles are blended; the pose is the mean of theirs by how certain each is
    of the angle, so that one without anything tall has little say.

    Args:
        settings: tile, overlap and views.
        shape: rows and columns.
        read: a window inside the image -> (height, width, 3) uint8.
        beside: city (4,) and gsd (1,).
        serve: the SavedModel, of a batch.
    """
    if max(shape) <= settings.tile:
        return seen(settings, read(whole(shape)), beside, serve)
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
            found = seen(settings, tiles.cut(read(inside), full), beside, serve)
            maps.append(found["agl"][..., None])
            poses.append(found)
        return np.stack(maps)

    agl = np.empty(shape, np.float32)
    for top, rows in tiles.blend(shape, settings.tile, settings.overlap, predict, batch=1):
        agl[top : top + len(rows)] = rows[..., 0]
    return {"agl": agl, **pose_of_all(poses)}


def seen(settings: Settings, image: np.ndarray, beside: tuple, serve: Serve) -> Maps:
    """Heights and pose of one image (H, W, 3), the mean of the views that the settings name."""
    found = []
    for turn in TURNS if settings.views == "all" else TURNS[:1]:
        turned = np.ascontiguousarray(dihedral.apply(image, turn))
        maps = serve((turned[None], *(each[None] for each in beside)))
        one = {name: np.asarray(value)[0] for name, value in maps.items()}
        found.append(
            {
                **one,
                "agl": dihedral.undo(one["agl"], turn),
                "angle": dihedral.undo_angle(one["angle"], turn),
            }
        )
    return together(found) if found[1:] else found[0]


def together(members: Sequence[Maps]) -> dict[str, Any]:
    """The mean of what several views, or several runs, say of one image."""
    agl = np.mean([member["agl"] for member in members], axis=0, dtype=np.float32)
    return {"agl": agl, **pose_of_all(members)}


def pose_of_all(members: Sequence[Maps]) -> dict[str, Any]:
    """Mean scale and circular mean of the angles, weighted by certainty.

    The certainty is the length of the mean vector, weighted alike; where angles cancel out the
    first one stands.
    """
    scales, angles, certain = (
        np.array([member[name] for member in members], np.float64)
        for name in ("scale", "angle", "certainty")
    )
    weights = certain + ANYTHING
    angle = circular.mean(angles, weights)
    vector = np.average(certain * np.exp(1j * angles), weights=weights)
    return {
        "scale": np.float32(np.average(scales, weights=weights)),
        "angle": np.float32(angles[0] if np.isnan(angle) else angle),
        "certainty": np.float32(np.abs(vector)),
    }
