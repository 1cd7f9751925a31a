"""Any channels of a ready-to-train scene on one grid: what a network takes in."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from seaice_tf.errors import InputError
from seaice_tf.grids import coarse_grid
from seaice_tf.grids.windows import Window, require_inside, whole
from seaice_tf.icechart.data import downscale
from seaice_tf.icechart.data import scene as sar_scene
from seaice_tf.icechart.data.charts import COARSE, FILL, FINE
from seaice_tf.icechart.data.scene import Scene

DERIVED = ("month_sine", "month_cosine", "latitude", "longitude_sine", "longitude_cosine")
LATITUDE_SCALE = (70.0, 10.0)  # degrees: what is taken off, and what the rest is divided by


def read(
    scene: Scene, channels: Sequence[str], window: Window | None = None, factor: int = 1
) -> tuple[np.ndarray, np.ndarray]:
    """Any channels of a scene on one grid, each where it truly lies.

    A window holds the same values as that part of the whole scene. All 24 channels of a whole
    scene take 2.5 GB at factor 1: go through it by windows then.

    Args:
        channels: of FINE, COARSE and DERIVED, in the order wanted.
        window: in downscaled pixels; the whole scene without it.
        factor: pixels of 80 m along a side of an output pixel.

    Returns:
        (height, width, C) float32, and the share of valid SAR pixels in each output pixel,
        (height, width) float32. The channels of the SAR grid are means over valid pixels and 0
        where there is none; those of the 2 km grid and the derived ones are known everywhere.

    Raises:
        InputError: a channel is unknown, given twice or not in the file, or the window leaves the
            scene.
    """
    grid = downscale.size(scene.shape, factor)
    window = window or whole(grid)
    require_inside(window, grid, str(scene.path))
    _require_channels(channels)
    native = window.times(factor, scene.shape)
    valid = sar_scene.read_valid(scene, native)
    _, share = downscale.mean(valid, valid, factor)
    result = np.empty((window.height, window.width, len(channels)), np.float32)
    places = {name: i for i, name in enumerate(channels)}
    for name in filter(FINE.__contains__, channels):
        values = sar_scene.read_fine(scene, [name], native)[..., 0]
        known = valid & np.isfinite(values)
        result[..., places[name]] = downscale.mean(values, known, factor, FILL)[0]
    if coarse := [name for name in channels if name in COARSE]:
        cells = sar_scene.read_coarse(scene, coarse)
        for i, name in enumerate(coarse):
            if not np.isfinite(cells[..., i]).all():
                raise InputError(
                    f"{scene.path}: expected numbers in {name}, got others; leave the scene out"
                )
            placed = coarse_grid.place(cells[..., i], window, downscale=factor)
            result[..., places[name]] = placed
    for name, values in _derived(scene, [c for c in channels if c in DERIVED], window, factor):
        result[..., places[name]] = values
    return result, share


def _require_channels(channels: Sequence[str]) -> None:
    known = (*FINE, *COARSE, *DERIVED)
    wrong = [name for name in channels if name not in known or list(channels).count(name) > 1]
    if wrong:
        raise InputError(
            f"channels: expected each once, of FINE, COARSE or DERIVED, got {', '.join(wrong)}; "
            f"leave them out"
        )


def _derived(
    scene: Scene, names: Sequence[str], window: Window, factor: int
) -> Iterator[tuple[str, Any]]:
    if not names:
        return
    sine, cosine = coarse_grid.season(scene.name.month)
    values: dict[str, Any] = {"month_sine": sine, "month_cosine": cosine}
    if set(names) - set(values):
        if not scene.latitude.size:
            raise InputError(f"{scene.path}: expected tie points, got none; {sar_scene.WAY_OUT}")
        latitude, longitude = coarse_grid.latitude_longitude(
            scene.latitude, scene.longitude, scene.shape, window, downscale=factor
        )
        values["latitude"] = (latitude - LATITUDE_SCALE[0]) / LATITUDE_SCALE[1]
        values["longitude_sine"] = np.sin(np.radians(longitude))
        values["longitude_cosine"] = np.cos(np.radians(longitude))
    for name in names:
        yield name, values[name]
