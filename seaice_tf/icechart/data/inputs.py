"""Input channels of a network: any channels of a ready-to-train scene on one grid."""

import itertools
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
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
BLOCK = 16  # rows that are collocated at once, so that they stay in the processor's cache


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
    window = window or whole(downscale.size(scene.shape, factor))
    (found,) = read_windows(scene, channels, [[window]], factor)
    return found


def read_windows(
    scene: Scene, channels: Sequence[str], bands: Iterable[Sequence[Window]], factor: int = 1
) -> Generator[tuple[np.ndarray, np.ndarray]]:
    """Read windows of a scene as `read` does; the file is opened once and every line read once.

    Args:
        scene: the scene.
        channels: names out of FINE, COARSE and DERIVED.
        bands: windows in downscaled pixels. Those of a band have the same rows; bands follow from
            the top and may overlap.
        factor: pixels of 80 m along a side of an output pixel.

    Yields:
        The channels and the fraction of valid SAR pixels of each window.

    Raises:
        InputError: as `read`.
    """
    _require_channels(channels)
    bands = list(bands)
    grid = downscale.size(scene.shape, factor)
    for window in itertools.chain.from_iterable(bands):
        require_inside(window, grid, str(scene.path))
    cells = _cells(scene, [name for name in channels if name in COARSE])
    fine = [name for name in channels if name in FINE]
    spans = [_lines(band[0].times(factor, scene.shape)) for band in bands]
    with closing(sar_scene.read_bands(scene, fine, spans)) as lines:
        for band, (valid, layers) in zip(bands, lines):
            for window in band:
                samples = window.times(factor, scene.shape).slices[1]
                cut = {name: values[:, samples] for name, values in layers.items()}
                yield _collocated(scene, channels, cells, window, factor, valid[:, samples], cut)


def _lines(native: Window) -> tuple[int, int]:
    return native.top, native.bottom


def _cells(scene: Scene, names: list[str]) -> np.ndarray:
    """Channels of the 2 km grid, (rows, columns, C) float32, all finite."""
    cells = sar_scene.read_coarse(scene, names)
    for i, name in enumerate(names):
        if not np.isfinite(cells[..., i]).all():
            raise InputError(
                f"{scene.path}: expected finite values of {name}, got others; "
                f"leave the scene out, or use --skip-damaged"
            )
    return cells


def _collocated(
    scene: Scene,
    channels: Sequence[str],
    cells: np.ndarray,
    window: Window,
    factor: int,
    valid: np.ndarray,
    layers: Mapping[str, np.ndarray],
) -> tuple[np.ndarray, np.ndarray]:
    """The channels of a window, and its fraction of valid pixels.

    Args:
        scene: the scene.
        channels: names of the channels.
        cells: those of the 2 km grid, in their order.
        window: in downscaled pixels.
        factor: pixels of 80 m along a side of an output pixel.
        valid: of the window at 80 m, (lines, samples).
        layers: channels of the SAR grid by name, (lines, samples).
    """
    result = np.empty((window.height, window.width, len(channels)), np.float32)
    fraction = np.empty(result.shape[:2], np.float32)
    coarse = _positions(channels, COARSE)
    for rows in row_windows(result.shape[:2], BLOCK):
        here = Window(window.top + rows.top, window.left, rows.height, rows.width)
        lines = slice(rows.top * factor, rows.bottom * factor)
        block, known = result[rows.slices], valid[lines]
        fraction[rows.slices] = downscale.mean(known, known, factor)[1]
        for name, layer in layers.items():
            values = layer[lines]
            finite = known & np.isfinite(values)
            block[..., channels.index(name)] = downscale.mean(values, finite, factor, FILL)[0]
        if cells.shape[-1]:
            block[..., coarse] = coarse_grid.place(cells, here, downscale=factor)
        for name, derived in _derived(scene, [c for c in channels if c in DERIVED], here, factor):
            block[..., channels.index(name)] = derived
    return result, fraction


def _positions(channels: Sequence[str], names: Sequence[str]) -> slice | list[int]:
    """Where channels of some names lie; a slice, which is faster, if they are consecutive."""
    found = [i for i, channel in enumerate(channels) if channel in names]
    if found and found == list(range(found[0], found[-1] + 1)):
        return slice(found[0], found[-1] + 1)
    return found


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
