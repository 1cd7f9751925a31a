"""Input channels of a network: any channels of a ready-to-train scene on one grid."""

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
LATITUDE_SCALE = (70.0, 10.0)  # degrees: offset and scale


def row_windows(shape: tuple[int, int], rows: int) -> Iterator[Window]:
    """Windows of consecutive rows that cover a grid, from the top.

    Args:
        shape: rows and columns of the grid.
        rows: of a window; the last may have less.
    """
    height, width = shape
    for top in range(0, height, rows):
        yield Window(top, 0, min(rows, height - top), width)


def read(
    scene: Scene, channels: Sequence[str], window: Window | None = None, factor: int = 1
) -> tuple[np.ndarray, np.ndarray]:
    """Read channels of a scene, collocated on the downscaled SAR grid.

    A window has the same values as that part of the whole scene. All 24 channels of a whole scene
    take 2.5 GB at factor 1: read it window by window then.

    Args:
        scene: the scene.
        channels: names out of FINE, COARSE and DERIVED.
        window: in downscaled pixels; by default the whole scene.
        factor: pixels of 80 m along a side of an output pixel.

    Returns:
        The channels, (height, width, C) float32, and the fraction of valid SAR pixels in each
        output pixel, (height, width) float32. Channels of the SAR grid are means over valid pixels,
        0 where there is none; those of the 2 km grid and the derived ones are known everywhere.

    Raises:
        InputError: a channel is unknown, repeated or missing in the file, or the window is not
            inside the scene.
    """
    grid = downscale.size(scene.shape, factor)
    window = window or whole(grid)
    require_inside(window, grid, str(scene.path))
    _require_channels(channels)
    native = window.times(factor, scene.shape)
    valid = sar_scene.read_valid(scene, native)
    _, valid_fraction = downscale.mean(valid, valid, factor)
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
                    f"{scene.path}: expected finite values of {name}, got others; "
                    f"leave the scene out, or use --skip-damaged"
                )
            placed = coarse_grid.place(cells[..., i], window, downscale=factor)
            result[..., places[name]] = placed
    for name, values in _derived(scene, [c for c in channels if c in DERIVED], window, factor):
        result[..., places[name]] = values
    return result, valid_fraction


def coordinates(scene: Scene, window: Window, factor: int) -> tuple[np.ndarray, np.ndarray]:
    """Latitude and longitude of downscaled pixels, (height, width) degrees each.

    Raises:
        InputError: the scene has no tie points.
    """
    if not scene.latitude.size:
        raise InputError(f"{scene.path}: expected tie points, got none; {sar_scene.ADVICE}")
    return coarse_grid.latitude_longitude(
        scene.latitude, scene.longitude, scene.shape, window, downscale=factor
    )


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
        latitude, longitude = coordinates(scene, window, factor)
        values["latitude"] = (latitude - LATITUDE_SCALE[0]) / LATITUDE_SCALE[1]
        values["longitude_sine"] = np.sin(np.radians(longitude))
        values["longitude_cosine"] = np.cos(np.radians(longitude))
    for name in names:
        yield name, values[name]
