"""Reader of raw AI4Arctic scenes: 40 m pixels in dB, NaN without data, and ice-chart polygons.

A pixel is valid where both SAR channels and the polygon are known, because there is SAR over land
too. This follows the ready-to-train data set, whose manual aligns the masks of all SAR grids. Test
scenes have no polygons; there the distance from land, which is unknown on land, takes their place.
"""

from dataclasses import dataclass
from pathlib import Path

import netCDF4
import numpy as np

from seaice_tf.errors import InputError
from seaice_tf.files import packed
from seaice_tf.files.netcdf import opened, require_numbers, require_sound_strings
from seaice_tf.grids import coarse_grid
from seaice_tf.grids.coarse_grid import CELL
from seaice_tf.grids.windows import Window, require_inside, whole
from seaice_tf.icechart.data import downscale, polygon_codes
from seaice_tf.icechart.data import names as scene_names
from seaice_tf.icechart.data.charts import COARSE, FINE, MASK, SAR, TIE_POINTS, standardise
from seaice_tf.icechart.data.names import SceneName
from seaice_tf.icechart.data.polygon_codes import BOTH_65, Thresholds

FACTOR = 2  # from 40 to 80 m
ANGLE, DISTANCE = FINE[2:]
POLYGONS = ("polygon_icechart", "polygon_codes")  # test scenes have neither


@dataclass(frozen=True)
class RawScene:
    """Metadata and polygon codes of a raw scene."""

    path: Path
    name: SceneName
    shape: tuple[int, int]  # lines and samples of 40 m
    codes: tuple[str, ...]  # the header and a row for each polygon; empty without polygons


def find(folder: Path) -> list[Path]:
    """Find the raw scenes in a folder, sorted by name; there may be none."""
    return [
        p for p in sorted(folder.glob("S1*_icechart_*.nc")) if scene_names.RAW.fullmatch(p.name)
    ]


def describe(path: Path) -> RawScene:
    """Read the metadata and polygon codes of a raw scene.

    Raises:
        InputError: not a raw scene.
    """
    name = scene_names.parse(path.name)
    require_sound_strings(path)
    with opened(path) as data:
        polygons = [each for each in POLYGONS if each in data.variables]
        wanted = (*(POLYGONS if polygons else (DISTANCE,)), *SAR)
        if missing := [each for each in wanted if each not in data.variables]:
            raise InputError(
                f"{path}: expected a raw scene, got none of {', '.join(missing)}; "
                f"ready-to-train scenes end in _prep.nc"
            )
        grids = (wanted[0], *SAR)
        require_numbers(path, data, grids, ndim=2)
        shapes = {data[each].shape for each in grids}
        if len(shapes) > 1:
            raise InputError(
                f"{path}: expected {', '.join(grids)} on one grid, got {sorted(shapes)}; "
                f"download the scene again"
            )
        codes = tuple(_text(code) for code in data["polygon_codes"][:]) if polygons else ()
    try:
        if polygons:
            polygon_codes.parse(codes)
    except InputError as error:
        raise InputError(f"{path}: {error}") from error
    return RawScene(path, name, shapes.pop(), codes)


def read_sar(scene: RawScene, window: Window | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Read both SAR channels at 80 m, standardised.

    Args:
        scene: the scene.
        window: of the 80 m grid; by default the whole scene.

    Returns:
        The means of the valid pixels in each 2 x 2, (height, width, 2) float32, 0 where there is
        none; and the mask of valid pixels, (height, width) bool.
    """
    values, ids = _grids(scene, window)
    means, fraction = downscale.mean(values, _valid(values, ids), FACTOR)
    scaled = [standardise(name, means[..., i]) for i, name in enumerate(SAR)]
    valid = fraction > 0
    return np.where(valid[..., None], np.stack(scaled, axis=-1), 0).astype(np.float32), valid


def read_charts(
    scene: RawScene, window: Window | None = None, thresholds: Thresholds = BOTH_65
) -> dict[str, np.ndarray]:
    """Read the charts at 80 m, the majority of each 2 x 2 pixels; 255 where masked or invalid.

    Empty for a test scene, which has no polygons.
    """
    if not scene.codes:
        return {}
    values, ids = _grids(scene, window)
    charts = polygon_codes.charts(ids, scene.codes, thresholds)
    for chart in charts.values():
        chart[~_valid(values, ids)] = MASK
    return downscale.charts(charts, FACTOR)


def _grids(scene: RawScene, window: Window | None) -> tuple[np.ndarray, np.ndarray]:
    """SAR channels, and polygon ids or else the distance, at 40 m of a window at 80 m."""
    native = _native(scene, window)
    with opened(scene.path) as data:
        values = np.stack([_numbers(scene, data, name)[native.slices] for name in SAR], axis=-1)
        ids = _numbers(scene, data, POLYGONS[0] if scene.codes else DISTANCE)[native.slices]
        return values, np.asarray(ids, float)


def _numbers(scene: RawScene, data: netCDF4.Dataset, name: str) -> packed.Unpacked:
    return packed.Unpacked(data[name], f"{scene.path}: {name}")


def _valid(values: np.ndarray, ids: np.ndarray) -> np.ndarray:
    return np.isfinite(values).all(axis=-1) & np.isfinite(ids)


def read_distance(scene: RawScene, window: Window | None = None) -> np.ndarray:
    """Read the zone of distance from land at 80 m, standardised: float32, 0 where unknown."""
    native = _native(scene, window)
    with opened(scene.path) as data:
        require_numbers(scene.path, data, [DISTANCE], ndim=2)
        if data[DISTANCE].shape != scene.shape:
            raise InputError(
                f"{scene.path}: expected {DISTANCE} on the SAR grid, {scene.shape}, got "
                f"{data[DISTANCE].shape}; download the scene again"
            )
        values = np.asarray(_numbers(scene, data, DISTANCE)[native.slices], float)
    means, fraction = downscale.mean(values, np.isfinite(values), FACTOR)
    return np.where(fraction > 0, standardise(DISTANCE, means), np.float32(0))


def read_incidence_angle(scene: RawScene, window: Window | None = None) -> np.ndarray:
    """Interpolate the incidence angle bilinearly to 80 m: (height, width) float64 degrees."""
    window = window or whole(downscale.size(scene.shape, FACTOR))
    rows, columns, (angle,) = _tie_points(scene, ["incidenceangle"])
    spans = ((rows, window.top, window.bottom), (columns, window.left, window.right))
    positions = (
        coarse_grid.fractional_index(tie, FACTOR * (np.arange(first, last) + 0.5) - 0.5)
        for tie, first, last in spans
    )
    return coarse_grid.bilinear(angle, *positions)


def read_tie_points(scene: RawScene, points: int = TIE_POINTS) -> tuple[np.ndarray, np.ndarray]:
    """Interpolate latitude and longitude to the tie points of a ready-to-train scene.

    These are evenly spaced from the first to the last 80 m pixel.

    Returns:
        Latitude and longitude, (points, points) float64 degrees each.
    """
    rows, columns, (latitude, longitude) = _tie_points(scene, ["latitude", "longitude"])
    ends = (n - 1 for n in downscale.size(scene.shape, FACTOR))
    even = (FACTOR * (np.linspace(0, end, points) + 0.5) - 0.5 for end in ends)
    return coarse_grid.degrees(
        latitude,
        longitude,
        *(coarse_grid.fractional_index(tie, at) for tie, at in zip((rows, columns), even)),
    )


def _tie_points(
    scene: RawScene, names: list[str]
) -> tuple[np.ndarray, np.ndarray, list[np.ndarray]]:
    """Lines and samples of the tie points at 40 m, and the values there, (lines, samples) each."""
    wanted = [f"sar_grid_{name}" for name in ("line", "sample", *names)]
    with opened(scene.path) as data:
        require_numbers(scene.path, data, wanted, ndim=1)
        lines, samples, *values = (
            np.asarray(_numbers(scene, data, name)[:], float) for name in wanted
        )
    rows, columns = np.unique(lines), np.unique(samples)
    known = np.isfinite(lines).all() and np.isfinite(samples).all()
    sizes = {lines.size, samples.size, *(each.size for each in values)}
    if not known or sizes != {rows.size * columns.size} or min(rows.size, columns.size) < 2:
        raise InputError(
            f"{scene.path}: expected tie points on a grid, got {values[0].size} of {rows.size} x "
            f"{columns.size}; download the scene again"
        )
    at = np.searchsorted(rows, lines), np.searchsorted(columns, samples)
    grids = [np.full((rows.size, columns.size), np.nan) for _ in values]
    for grid, value in zip(grids, values):
        grid[at] = value
    if not np.isfinite(grids).all():
        raise InputError(
            f"{scene.path}: expected {', '.join(names)} at every tie point, got gaps; "
            f"download the scene again"
        )
    return rows, columns, grids


def read_coarse(scene: RawScene, channels: tuple[str, ...] = COARSE) -> np.ndarray:
    """Read channels of the 2 km grid, standardised: (rows, columns, C) float32.

    Raises:
        InputError: a channel is missing, or its grid does not fit the others or the SAR.
    """
    with opened(scene.path) as data:
        require_numbers(scene.path, data, channels, ndim=2)
        values = (np.asarray(_numbers(scene, data, name)[:], float) for name in channels)
        layers = [standardise(name, each) for name, each in zip(channels, values)]
    if len({layer.shape for layer in layers}) > 1:
        raise InputError(
            f"{scene.path}: expected channels on one grid, got {[each.shape for each in layers]}; "
            f"download the scene again"
        )
    cells = [pixels / (CELL * FACTOR) for pixels in scene.shape]
    if not coarse_grid.fits(layers[0].shape, scene.shape, CELL * FACTOR):
        raise InputError(
            f"{scene.path}: expected {channels[0]} on {cells[0]:.0f} x {cells[1]:.0f} cells of "
            f"{CELL * FACTOR} pixels, got {layers[0].shape}; download the scene again"
        )
    return np.stack(layers, axis=-1)


def _native(scene: RawScene, window: Window | None) -> Window:
    grid = downscale.size(scene.shape, FACTOR)
    window = window or whole(grid)
    require_inside(window, grid, str(scene.path))
    return window.times(FACTOR, scene.shape)


def _text(code) -> str:
    """Decode a row of codes: a string, or in some files an array of characters."""
    if isinstance(code, bytes | str):
        return code.decode() if isinstance(code, bytes) else code
    return np.asarray(code).tobytes().decode().rstrip("\x00 ")
