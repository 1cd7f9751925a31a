"""Ready-to-train scenes of AI4Arctic / AutoICE and their reference charts, window by window.

Nothing but the tie points is read before it is asked for, and no more than the window that is
asked for. Every read opens the file and takes the one lock of `readers/netcdf.py`, so it is safe
from threads, and no faster from several: `prepare` in processes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import netCDF4
import numpy as np

from seaice_tf.errors import InputError
from seaice_tf.readers.netcdf import opened
from seaice_tf.transforms import coarse_grid, downscale, icechart, scene_names
from seaice_tf.transforms.icechart import CHARTS, COARSE, FILL, FINE, MASK, SAR
from seaice_tf.transforms.scene_names import SceneName
from seaice_tf.transforms.windows import Window, require_inside, whole

DERIVED = ("month_sine", "month_cosine", "latitude", "longitude_sine", "longitude_cosine")
SPACING = 80  # metres
LATITUDE_SCALE = (70.0, 10.0)  # degrees: what is taken off, and what the rest is divided by
WAY_OUT = "use the ready-to-train scenes of the AI4Arctic set"


@dataclass(frozen=True)
class Scene:
    """What is known of a scene without reading a channel."""

    path: Path
    name: SceneName
    attributes: Mapping[str, Any]  # scene_id, original_id, ice_service, flip, pixel_spacing
    shape: tuple[int, int]  # lines and samples
    channels: tuple[str, ...]  # of both grids; none in a reference file
    charts: tuple[str, ...]
    latitude: np.ndarray  # (21, 21) degrees at the tie points, lines first; (0, 0) in a reference
    longitude: np.ndarray


def describe(path: Path) -> Scene:
    """The facts of a scene or of its reference charts.

    Raises:
        InputError: the name or the content is not that of a ready-to-train scene.
    """
    name = scene_names.parse(path.name)
    with opened(path) as data:
        charts = tuple(chart for chart in CHARTS if chart in data.variables)
        channels = tuple(c for c in (*FINE, *COARSE) if c in data.variables)
        first = next(iter((*channels, *charts)), None)
        if first is None:
            raise InputError(f"{path}: expected SAR channels or charts, got none; {WAY_OUT}")
        shape = data[first].shape
        _require_grids(path, data, shape, channels, charts)
        attributes = {key: data.getncattr(key) for key in data.ncattrs()}
        ties = [_tie_points(data, f"sar_grid2d_{which}") for which in ("latitude", "longitude")]
    return Scene(path, _completed(name, attributes), attributes, shape, channels, charts, *ties)


def find(folder: Path) -> list[Path]:
    """The scenes in a folder, by name, without reference files.

    Raises:
        InputError: there is none.
    """
    paths = [p for p in sorted(folder.glob("*_prep.nc")) if scene_names.SHORT.fullmatch(p.name)]
    if not paths:
        raise InputError(
            f"{folder}: expected files <YYYYMMDDTHHMMSS>_<cis|dmi>_prep.nc, got none; give the "
            f"folder of the ready-to-train scenes"
        )
    return paths


def reference(path: Path) -> Path | None:
    """The file beside a test scene that holds its charts; None if there is none."""
    short = scene_names.parse(path.name).short
    names = (f"{short}_prep_reference.nc", f"{short}_reference.nc")
    return next((path.with_name(name) for name in names if path.with_name(name).exists()), None)


def read_fine(scene: Scene, channels: Sequence[str], window: Window | None = None) -> np.ndarray:
    """Channels of the SAR grid as they are stored: (height, width, C) float32, fill 0."""
    rows, columns = _inside(scene, window).slices
    with opened(scene.path) as data:
        layers = [_variable(scene, data, channel)[rows, columns] for channel in channels]
    return np.stack(layers, axis=-1).astype(np.float32, copy=False)


def read_coarse(scene: Scene, channels: Sequence[str] = COARSE) -> np.ndarray:
    """Channels of the 2 km grid as they are stored: (rows, columns, C) float32."""
    with opened(scene.path) as data:
        layers = [_variable(scene, data, channel)[:] for channel in channels]
    return np.stack(layers, axis=-1).astype(np.float32, copy=False)


def read_valid(scene: Scene, window: Window | None = None) -> np.ndarray:
    """Where the SAR saw the sea: (height, width) bool; False on land and outside the swath."""
    rows, columns = _inside(scene, window).slices
    with opened(scene.path) as data:
        primary = _variable(scene, data, SAR[0])
        fill = getattr(primary, "variable_fill_value", FILL)
        values = primary[rows, columns]
    return np.isfinite(values) & (values != fill)


def read_charts(scene: Scene, window: Window | None = None) -> dict[str, np.ndarray]:
    """Charts by name, each (height, width) uint8 with 255 where masked.

    Raises:
        InputError: the file holds no charts, or values that are no class.
    """
    missing = set(CHARTS) - set(scene.charts)
    if missing:
        raise InputError(
            f"{scene.path}: expected charts, got no {', '.join(sorted(missing))}; test scenes have "
            f"theirs in a file that ends in _reference.nc"
        )
    rows, columns = _inside(scene, window).slices
    with opened(scene.path) as data:
        charts = {chart: _chart(scene, data[chart], (rows, columns)) for chart in CHARTS}
    for chart, values in charts.items():
        number = len(icechart.CLASSES[chart])
        if ((values >= number) & (values != MASK)).any():
            raise InputError(
                f"{scene.path}: expected {chart} of 0 to {number - 1} or {MASK}, got others; "
                f"download the file again"
            )
    return charts


def read_inputs(
    scene: Scene, channels: Sequence[str], window: Window | None = None, factor: int = 1
) -> tuple[np.ndarray, np.ndarray]:
    """Any channels of a scene on one grid, each where it truly lies.

    All 24 channels of a whole scene take 2.5 GB at factor 1: go through it by windows then.

    Args:
        channels: of FINE, COARSE and DERIVED, in the order wanted.
        window: in downscaled pixels; the whole scene without it.
        factor: pixels of 80 m along a side of an output pixel.

    Returns:
        (height, width, C) float32, and the share of valid SAR pixels in each output pixel,
        (height, width) float32. The channels of the SAR grid are means over valid pixels and 0
        where there is none; those of the 2 km grid and the derived ones are known everywhere.
    """
    grid = downscale.size(scene.shape, factor)
    window = window or whole(grid)
    require_inside(window, grid, str(scene.path))
    native = window.times(factor, scene.shape)
    valid = read_valid(scene, native)
    share = downscale.mean(valid.astype(np.float32), np.ones_like(valid), factor)[0]
    result = np.empty((window.height, window.width, len(channels)), np.float32)
    places = {name: i for i, name in enumerate(channels)}
    if unknown := [name for name in channels if name not in (*FINE, *COARSE, *DERIVED)]:
        raise InputError(
            f"channels: expected names of FINE, COARSE or DERIVED, got {', '.join(unknown)}; "
            f"leave them out"
        )
    for name in filter(FINE.__contains__, channels):
        values = read_fine(scene, [name], native)[..., 0]
        known = valid & np.isfinite(values)
        result[..., places[name]] = downscale.mean(values, known, factor, FILL)[0]
    if coarse := [name for name in channels if name in COARSE]:
        cells = read_coarse(scene, coarse)
        for i, name in enumerate(coarse):
            placed = coarse_grid.place(cells[..., i], window, downscale=factor)
            result[..., places[name]] = placed
    for name, values in _derived(scene, [c for c in channels if c in DERIVED], window, factor):
        result[..., places[name]] = values
    return result, share


def _derived(scene: Scene, names: Sequence[str], window: Window, factor: int):
    if not names:
        return
    sine, cosine = coarse_grid.season(scene.name.month)
    values: dict[str, Any] = {"month_sine": sine, "month_cosine": cosine}
    if set(names) - set(values):
        latitude, longitude = coarse_grid.latitude_longitude(
            scene.latitude, scene.longitude, scene.shape, window, downscale=factor
        )
        values["latitude"] = (latitude - LATITUDE_SCALE[0]) / LATITUDE_SCALE[1]
        values["longitude_sine"] = np.sin(np.radians(longitude))
        values["longitude_cosine"] = np.cos(np.radians(longitude))
    for name in names:
        yield name, values[name]


def _completed(name: SceneName, attributes: Mapping[str, Any]) -> SceneName:
    """The name with what its original name adds: the satellite and the area."""
    try:
        original = scene_names.parse(str(attributes.get("original_id", "")))
    except InputError:
        return name
    return original if original.short == name.short else name


def _require_grids(path, data: netCDF4.Dataset, shape, channels, charts) -> None:
    for name in (*(c for c in channels if c in FINE), *charts):
        if data[name].ndim != 2 or data[name].shape != shape:
            raise InputError(
                f"{path}: expected {name} on the SAR grid, {shape}, got {data[name].shape}; "
                f"{WAY_OUT}"
            )
    spacing = getattr(data, "pixel_spacing", SPACING)
    if float(spacing) != SPACING:
        raise InputError(f"{path}: expected {SPACING} m pixels, got {spacing} m; {WAY_OUT}")


def _tie_points(data: netCDF4.Dataset, name: str) -> np.ndarray:
    return np.asarray(data[name][:], float) if name in data.variables else np.empty((0, 0))


def _inside(scene: Scene, window: Window | None) -> Window:
    window = window or whole(scene.shape)
    require_inside(window, scene.shape, str(scene.path))
    return window


def _variable(scene: Scene, data: netCDF4.Dataset, channel: str) -> netCDF4.Variable:
    if channel not in data.variables:
        raise InputError(f"{scene.path}: expected the channel {channel}, got none; {WAY_OUT}")
    return data[channel]


def _chart(scene: Scene, variable: netCDF4.Variable, slices) -> np.ndarray:
    values = np.asarray(variable[slices])
    if values.dtype == np.uint8:
        return values
    # Some tools rewrite the charts as floats with NaN for the mask.
    return np.where(np.isfinite(values), values, MASK).astype(np.uint8)
