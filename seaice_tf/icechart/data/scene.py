"""Ready-to-train scenes of AI4Arctic / AutoICE and their reference charts, window by window.

Nothing but the tie points is read before it is asked for, and no more than the window that is
asked for. Every read opens the file and takes the one lock of `readers/netcdf.py`, so it is safe
from threads, and no faster from several: `prepare` in processes.
"""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import netCDF4
import numpy as np

from seaice_tf.errors import InputError
from seaice_tf.files.netcdf import number, opened, require_numbers
from seaice_tf.grids import coarse_grid
from seaice_tf.grids.coarse_grid import CELL
from seaice_tf.grids.windows import Window, require_inside, whole
from seaice_tf.icechart.data import charts as icechart
from seaice_tf.icechart.data import names as scene_names
from seaice_tf.icechart.data.charts import CHARTS, COARSE, FILL, FINE, MASK, SAR
from seaice_tf.icechart.data.names import SceneName

SPACING = 80  # metres
NO_CLASS = MASK - 1  # stands for a value that no chart has
LARGEST = 1 << 28  # pixels; the set's scenes have a tenth of that
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
        require_numbers(path, data, (*channels, *charts), ndim=2)
        shape = data[first].shape
        if math.prod(shape) > LARGEST:
            raise InputError(
                f"{path}: expected at most {LARGEST} pixels, got {first} {shape}; {WAY_OUT}"
            )
        _require_grids(path, data, shape, channels, charts)
        attributes = {key: data.getncattr(key) for key in data.ncattrs()}
        ties = _tie_points(path, data)
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
    if not channels:
        return np.empty((*(-(-n // CELL) for n in scene.shape), 0), np.float32)
    with opened(scene.path) as data:
        layers = [_variable(scene, data, channel)[:] for channel in channels]
    return np.stack(layers, axis=-1).astype(np.float32, copy=False)


def read_valid(scene: Scene, window: Window | None = None) -> np.ndarray:
    """Where the SAR saw the sea: (height, width) bool; False on land and outside the swath."""
    rows, columns = _inside(scene, window).slices
    with opened(scene.path) as data:
        primary = _variable(scene, data, SAR[0])
        fill = number(scene.path, primary, "variable_fill_value", FILL)
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


def _completed(name: SceneName, attributes: Mapping[str, Any]) -> SceneName:
    """The name with what its original name adds: the satellite and the area."""
    product = str(attributes.get("original_id", ""))
    try:
        original = scene_names.parse(product)
    except InputError:  # the product without its chart, or nothing
        known = re.match(r"S1[A-D](?=_)", product)
        return replace(name, satellite=known[0]) if known else name
    return original if original.short == name.short else name


def _require_grids(path, data: netCDF4.Dataset, shape, channels, charts) -> None:
    for name in (*(c for c in channels if c in FINE), *charts):
        if data[name].shape != shape:
            raise InputError(
                f"{path}: expected {name} on the SAR grid, {shape}, got {data[name].shape}; "
                f"{WAY_OUT}"
            )
    cells = [pixels / CELL for pixels in shape]
    for name in (c for c in channels if c in COARSE):
        if not coarse_grid.fits(data[name].shape, shape):
            raise InputError(
                f"{path}: expected {name} on {cells[0]:.0f} x {cells[1]:.0f} cells of {CELL} "
                f"pixels, got {data[name].shape}; {WAY_OUT}"
            )
    if (spacing := number(path, data, "pixel_spacing", SPACING)) != SPACING:
        raise InputError(f"{path}: expected {SPACING} m pixels, got {spacing:g} m; {WAY_OUT}")


def _tie_points(path: Path, data: netCDF4.Dataset) -> list[np.ndarray]:
    """Latitude and longitude; both (0, 0) where the file holds neither."""
    names = [f"sar_grid2d_{which}" for which in ("latitude", "longitude")]
    if not any(name in data.variables for name in names):
        return [np.empty((0, 0))] * 2
    require_numbers(path, data, names, ndim=2)
    points = [np.asarray(data[name][:], float) for name in names]
    shapes = {each.shape for each in points}
    if len(shapes) > 1 or min(shapes.pop()) < 2 or not np.isfinite(points).all():
        raise InputError(
            f"{path}: expected tie points of latitude and longitude, got {points[0].shape} and "
            f"{points[1].shape}, perhaps without numbers; {WAY_OUT}"
        )
    return points


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
    values = np.where(np.isfinite(values), values, MASK)
    counts = np.clip(values, 0, MASK).astype(np.uint8)
    return np.where(counts == values, counts, np.uint8(NO_CLASS))
