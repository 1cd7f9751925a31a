"""Reader and writer of ready-to-train AI4Arctic / AutoICE scenes and their reference charts.

`describe` reads the metadata and the tie points; channels and charts are read on demand: one window
by opening the file, a scene in bands by `read_bands`, which opens it once. Every read holds the one
lock of `files/netcdf.py`: it is thread-safe, but not faster in several threads, so `prepare` works
in processes.
"""

import math
import re
from collections.abc import Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import netCDF4
import numpy as np

from seaice_tf.errors import InputError
from seaice_tf.files import data_folder, netcdf, packed
from seaice_tf.files.netcdf import number, opened, require_numbers
from seaice_tf.grids import coarse_grid
from seaice_tf.grids.coarse_grid import CELL
from seaice_tf.grids.windows import Window, require_inside, whole
from seaice_tf.icechart.data import names as scene_names
from seaice_tf.icechart.data.charts import (
    CHARTS,
    CLASSES,
    COARSE,
    FILL,
    FINE,
    MASK,
    SAR,
    TIE_POINTS,
)
from seaice_tf.icechart.data.names import UNKNOWN, SceneName

SPACING = 80  # metres
NO_CLASS = MASK - 1  # stands for a value outside the classes of any chart
LARGEST = 1 << 28  # pixels, ten times those of the largest scene of the data set
BOX = (5, 20)  # degrees of latitude and longitude of the boxes that stand for unknown areas
FINE_GRID = ("sar_lines", "sar_samples")
COARSE_GRID = ("2km_grid_lines", "2km_grid_samples")
# The original files name them the wrong way round: the first axis runs along the lines.
TIE_GRID = ("sar_sample_2dgrid_points", "sar_line_2dgrid_points")
CHUNK = 512  # pixels along a side
CHUNK_CACHE = 1 << 27  # bytes, at most, of a variable's chunks that are kept
ADVICE = "use the ready-to-train scenes of the AI4Arctic set"


@dataclass(frozen=True)
class Scene:
    """Metadata and tie points of a scene."""

    path: Path
    name: SceneName
    attributes: Mapping[str, Any]  # scene_id, original_id, ice_service, flip, pixel_spacing
    shape: tuple[int, int]  # lines and samples
    channels: tuple[str, ...]  # of both grids; none in a reference file
    charts: tuple[str, ...]
    latitude: np.ndarray  # (21, 21) degrees at the tie points, lines first; (0, 0) in a reference
    longitude: np.ndarray


def describe(path: Path) -> Scene:
    """Read the metadata of a scene or of its reference charts.

    Raises:
        InputError: the name or the content is not that of a ready-to-train scene.
    """
    name = scene_names.parse(path.name)
    with opened(path) as data:
        charts = tuple(chart for chart in CHARTS if chart in data.variables)
        channels = tuple(c for c in (*FINE, *COARSE) if c in data.variables)
        first = next(iter((*channels, *charts)), None)
        if first is None:
            raise InputError(f"{path}: expected SAR channels or charts, got none; {ADVICE}")
        require_numbers(path, data, (*channels, *charts), ndim=2)
        shape = data[first].shape
        if math.prod(shape) > LARGEST:
            raise InputError(
                f"{path}: expected at most {LARGEST} pixels, got {first} {shape}; {ADVICE}"
            )
        _require_grids(path, data, shape, channels, charts)
        attributes = {key: data.getncattr(key) for key in data.ncattrs()}
        ties = _tie_points(path, data)
    return Scene(path, _completed(name, attributes), attributes, shape, channels, charts, *ties)


def find(folder: Path) -> list[Path]:
    """Find the scenes in a folder, sorted by name, without reference files.

    Raises:
        InputError: there is no such folder, or no scene in it.
    """
    data_folder.require(folder, "scenes")
    paths = [p for p in sorted(folder.glob("*_prep.nc")) if scene_names.SHORT.fullmatch(p.name)]
    if not paths:
        raise InputError(
            f"{folder}: expected files <YYYYMMDDTHHMMSS>_<cis|dmi>_prep.nc, got none; give the "
            f"folder of the ready-to-train scenes"
        )
    return paths


def reference(path: Path) -> Path | None:
    """Path of the file with the charts of a test scene; None if there is none."""
    short = scene_names.parse(path.name).short
    names = (f"{short}_prep_reference.nc", f"{short}_reference.nc")
    return next((path.with_name(name) for name in names if path.with_name(name).exists()), None)


def has_attributes(path: Path, attributes: Mapping[str, Any]) -> bool:
    """Whether a file is a readable netCDF with these global attributes."""
    try:
        with opened(path) as data:
            return all(getattr(data, name, None) == value for name, value in attributes.items())
    except (FileNotFoundError, InputError):
        return False


def read_fine(scene: Scene, channels: Sequence[str], window: Window | None = None) -> np.ndarray:
    """Read standardised channels of the SAR grid: (height, width, C) float32, 0 without data."""
    rows, columns = _inside(scene, window).slices
    with opened(scene.path) as data:
        layers = [_variable(scene, data, channel)[rows, columns] for channel in channels]
    return np.stack(layers, axis=-1).astype(np.float32, copy=False)


def read_bands(
    scene: Scene, channels: Sequence[str], spans: Iterable[tuple[int, int]]
) -> Generator[tuple[np.ndarray, dict[str, np.ndarray]]]:
    """Read channels of the SAR grid in bands of lines, from the top.

    The file is opened once and every line is read once, even where bands overlap. The generator
    holds the lock of netCDF files until it is exhausted or closed.

    Args:
        scene: the scene.
        channels: names of standardised channels.
        spans: first line of each band and the line after its last; neither decreases.

    Yields:
        Where the SAR has data, (lines, samples) bool, and the channels by name, (lines, samples).
    """
    with opened(scene.path) as data:
        variables = {name: _variable(scene, data, name) for name in (SAR[0], *channels)}
        for variable in variables.values():
            _cache_row_of_chunks(variable.array)
        fill = _fill_value(scene, variables[SAR[0]])
        lines = {name: np.empty((0, scene.shape[1])) for name in variables}
        top = end = 0
        for first, last in spans:
            for name, variable in variables.items():
                kept, fresh = lines[name][first - top :], variable[max(first, end) : last]
                lines[name] = np.concatenate([kept, fresh]) if len(kept) else np.asarray(fresh)
            top, end = first, last
            valid = _has_data(lines[SAR[0]], fill)
            yield valid, {name: lines[name].astype(np.float32, copy=False) for name in channels}


def _cache_row_of_chunks(variable: netCDF4.Variable) -> None:
    """Limit the chunk cache of a variable to one row of chunks.

    A smaller one would decompress chunks again for each band; the default, up to 64 MiB a variable,
    keeps chunks that are no longer needed.
    """
    chunks = variable.chunking()
    if chunks == "contiguous":
        return
    columns = -(-variable.shape[1] // chunks[1]) * chunks[1]
    needed = chunks[0] * columns * variable.dtype.itemsize
    _, slots, preemption = variable.get_var_chunk_cache()
    variable.set_var_chunk_cache(min(needed, CHUNK_CACHE), slots, preemption)


def _has_data(values: np.ndarray, fill: float) -> np.ndarray:
    return np.isfinite(values) & (values != fill)


def read_coarse(scene: Scene, channels: Sequence[str] = COARSE) -> np.ndarray:
    """Read standardised channels of the 2 km grid: (rows, columns, C) float32."""
    if not channels:
        return np.empty((*(-(-n // CELL) for n in scene.shape), 0), np.float32)
    with opened(scene.path) as data:
        layers = [_variable(scene, data, channel)[:] for channel in channels]
    return np.stack(layers, axis=-1).astype(np.float32, copy=False)


def read_valid(scene: Scene, window: Window | None = None) -> np.ndarray:
    """Read where the SAR has data: (height, width) bool, False on land and outside the swath."""
    rows, columns = _inside(scene, window).slices
    with opened(scene.path) as data:
        primary = _variable(scene, data, SAR[0])
        return _has_data(primary[rows, columns], _fill_value(scene, primary))


def read_charts(scene: Scene, window: Window | None = None) -> dict[str, np.ndarray]:
    """Read the charts by name, each (height, width) uint8, 255 where masked.

    Raises:
        InputError: the file has no charts, or values that are not classes.
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
        number = len(CLASSES[chart])
        if ((values >= number) & (values != MASK)).any():
            raise InputError(
                f"{scene.path}: expected {chart} of 0 to {number - 1} or {MASK}, got others; "
                f"download the file again"
            )
    return charts


def read_cells(scene: Scene, channels: Sequence[str]) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Read channels of the 2 km grid with the charts at the centres of the cells.

    Returns:
        Channels, (cells, C) float32, and classes by chart, (cells,) uint8.
    """
    middle = slice(CELL // 2, None, CELL)
    charts = {name: chart[middle, middle] for name, chart in read_charts(scene).items()}
    cells = read_coarse(scene, channels)
    rows, columns = (min(pair) for pair in zip(charts["SIC"].shape, cells.shape))
    return (
        cells[:rows, :columns].reshape(-1, len(channels)),
        {name: chart[:rows, :columns].ravel() for name, chart in charts.items()},
    )


def area(scene: Scene) -> str:
    """Area of the ice chart; if unknown, the box of the scene's centre, such as "65N 60W".

    The box is named by its south-western corner.
    """
    if scene.name.area != UNKNOWN or not scene.latitude.size:
        return scene.name.area
    middle = tuple(length // 2 for length in scene.latitude.shape)
    north = int(np.floor(scene.latitude[middle] / BOX[0]) * BOX[0])
    east = int(np.floor(scene.longitude[middle] / BOX[1]) * BOX[1])
    return f"{abs(north)}{'NS'[north < 0]} {abs(east)}{'EW'[east < 0]}"


def histograms(scene: Scene) -> dict[str, np.ndarray]:
    """Number of pixels of each class, (classes,) int64 of each chart; zeros without charts.

    The charts are those of the scene itself or of its reference file.
    """
    source = with_charts(scene.path)
    if not source.charts:
        return {chart: np.zeros(len(CLASSES[chart]), np.int64) for chart in CHARTS}
    return {
        chart: np.bincount(values[values != MASK], minlength=len(CLASSES[chart]))
        for chart, values in read_charts(source).items()
    }


def with_charts(path: Path) -> Scene:
    """The scene, or the reference file with its charts if it has none."""
    scene, beside = describe(path), reference(path)
    return scene if scene.charts or beside is None else describe(beside)


def has_charts(path: Path) -> bool:
    """Whether a scene has charts, its own or in a reference file."""
    return bool(reference(path) or describe(path).charts)


def problems(path: Path, channels: Sequence[str] = ()) -> list[str]:
    """Check a scene.

    Args:
        path: the scene.
        channels: required channels. Those of the SAR grid are read completely.

    Returns:
        A sentence for each problem; empty for a sound scene.
    """
    try:
        return _problems(path, channels)
    except InputError as error:
        return [str(error)]


def _problems(path: Path, channels: Sequence[str]) -> list[str]:
    scene = describe(path)
    for name in channels:
        if name in FINE:
            read_fine(scene, [name])
        elif name in COARSE:
            read_coarse(scene, [name])
    beside = reference(path)
    found = []
    if not read_valid(scene).any():
        found.append(f"{path}: no valid SAR pixel")
    if beside and describe(beside).shape != scene.shape:
        found.append(f"{beside}: expected charts of {scene.shape} pixels")
    elif has_charts(path) and not any(counts.any() for counts in histograms(scene).values()):
        found.append(f"{path}: all of its charts are masked")
    for name in (c for c in scene.channels if c in COARSE):
        if not np.isfinite(read_coarse(scene, [name])).all():
            found.append(f"{path}: values of {name} that are not finite")
    return found


def write(
    path: Path,
    shape: tuple[int, int],
    bands: Iterable[tuple[int, Mapping[str, np.ndarray]]],
    coarse: Mapping[str, np.ndarray],
    ties: Mapping[str, np.ndarray],
    attributes: Mapping[str, Any],
) -> Path:
    """Write a ready-to-train scene, or a reference file of charts alone.

    Args:
        path: of the netCDF file.
        shape: lines and samples of 80 m.
        bands: for consecutive bands of lines, the first line and by name the channels (float32) and
            charts (uint8), each (lines, samples).
        coarse: channels of the 2 km grid by name, (rows, columns) float32.
        ties: latitude and longitude at the tie points, (21, 21) degrees.
        attributes: global attributes besides scene_id, flip and pixel_spacing.

    Raises:
        DiskError: the file cannot be written.
    """
    with netcdf.created(path) as data:
        common = {"scene_id": path.name, "flip": np.int64(0), "pixel_spacing": np.int64(SPACING)}
        data.setncatts({**common, **attributes})
        cells = next((each.shape for each in coarse.values()), [-(-n // CELL) for n in shape])
        sizes = (*zip(FINE_GRID, shape), *zip(COARSE_GRID, cells))
        for name, size in (*sizes, *((tie, TIE_POINTS) for tie in TIE_GRID)):
            data.createDimension(name, size)
        for name, values in coarse.items():
            _grid_variable(data, name, values.dtype, COARSE_GRID)[:] = values
        for name, values in ties.items():
            data.createVariable(f"sar_grid2d_{name}", "f8", TIE_GRID)[:] = values
        for top, band in bands:
            for name, values in band.items():
                if name not in data.variables:
                    _set_fill(name, _grid_variable(data, name, values.dtype, FINE_GRID))
                data[name][top : top + len(values)] = values
    return path


def _set_fill(name: str, variable: netCDF4.Variable) -> None:
    if name in FINE:
        variable.variable_fill_value = np.float32(FILL)
    if name in CHARTS:
        variable.chart_fill_value = np.uint8(MASK)


def _grid_variable(data: netCDF4.Dataset, name: str, kind: np.dtype, grid: tuple[str, str]):
    chunks = tuple(min(CHUNK, len(data.dimensions[each])) for each in grid)
    return data.createVariable(
        name, kind, grid, zlib=True, complevel=1, chunksizes=chunks, fill_value=False
    )


def _completed(name: SceneName, attributes: Mapping[str, Any]) -> SceneName:
    """The name completed with satellite and area from the name of the original product."""
    product = str(attributes.get("original_id", ""))
    try:
        original = scene_names.parse(product)
    except InputError:  # the product name without its chart, or no name
        known = re.match(r"S1[A-D](?=_)", product)
        return replace(name, satellite=known[0]) if known else name
    return original if original.short == name.short else name


def _require_grids(path, data: netCDF4.Dataset, shape, channels, charts) -> None:
    for name in (*(c for c in channels if c in FINE), *charts):
        if data[name].shape != shape:
            raise InputError(
                f"{path}: expected {name} on the SAR grid, {shape}, got {data[name].shape}; "
                f"{ADVICE}"
            )
    cells = [pixels / CELL for pixels in shape]
    for name in (c for c in channels if c in COARSE):
        if not coarse_grid.fits(data[name].shape, shape):
            raise InputError(
                f"{path}: expected {name} on {cells[0]:.0f} x {cells[1]:.0f} cells of {CELL} "
                f"pixels, got {data[name].shape}; {ADVICE}"
            )
    if (spacing := number(path, data, "pixel_spacing", SPACING)) != SPACING:
        raise InputError(f"{path}: expected {SPACING} m pixels, got {spacing:g} m; {ADVICE}")


def _tie_points(path: Path, data: netCDF4.Dataset) -> list[np.ndarray]:
    """Latitude and longitude; both (0, 0) if the file has neither."""
    names = [f"sar_grid2d_{which}" for which in ("latitude", "longitude")]
    if not any(name in data.variables for name in names):
        return [np.empty((0, 0))] * 2
    require_numbers(path, data, names, ndim=2)
    points = [np.asarray(packed.Unpacked(data[n], f"{path}: {n}")[:], float) for n in names]
    shapes = {each.shape for each in points}
    if len(shapes) > 1 or min(shapes.pop()) < 2 or not np.isfinite(points).all():
        raise InputError(
            f"{path}: expected tie points of latitude and longitude, got {points[0].shape} and "
            f"{points[1].shape}, or values that are not finite; {ADVICE}"
        )
    return points


def _inside(scene: Scene, window: Window | None) -> Window:
    window = window or whole(scene.shape)
    require_inside(window, scene.shape, str(scene.path))
    return window


def _variable(scene: Scene, data: netCDF4.Dataset, channel: str) -> packed.Unpacked:
    if channel not in data.variables:
        raise InputError(f"{scene.path}: expected the channel {channel}, got none; {ADVICE}")
    variable = data[channel]
    fill = np.ravel(getattr(variable, "variable_fill_value", ()))
    stored = variable.dtype.kind in "iu" and fill.dtype.kind in "iu"  # else a number
    where = f"{scene.path}: {channel}"
    return packed.Unpacked(variable, where, tuple(fill.tolist()) if stored else ())


def _fill_value(scene: Scene, variable: packed.Unpacked) -> float:
    """The number that stands for no data; NaN if the stored values have a mark of their own."""
    default = np.nan if variable.packing.fills and variable.array.dtype.kind != "f" else FILL
    return number(scene.path, variable, "variable_fill_value", default)


def _chart(scene: Scene, variable: netCDF4.Variable, slices) -> np.ndarray:
    chart = packed.Unpacked(variable, f"{scene.path}: {variable.name}")
    plain = (chart.packing.scale, chart.packing.offset) == (1, 0) and variable.dtype == np.uint8
    if plain and set(chart.packing.fills) <= {MASK}:
        return np.asarray(variable[slices])
    values = chart[slices]
    # Some tools rewrite the charts as floats with NaN for the mask.
    values = np.where(np.isfinite(values), values, MASK)
    counts = np.clip(values, 0, MASK).astype(np.uint8)
    return np.where(counts == values, counts, np.uint8(NO_CLASS))
