"""Scenes in the ready-to-train format of AI4Arctic / AutoICE."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import netCDF4
import numpy as np

from seaice_tf.files import atomic
from seaice_tf.grids.coarse_grid import CELL
from seaice_tf.icechart.data.charts import CHARTS, FILL, FINE, MASK, TIE_POINTS

FINE_GRID = ("sar_lines", "sar_samples")
COARSE_GRID = ("2km_grid_lines", "2km_grid_samples")
# The real files name them the wrong way round: the first axis runs along the lines.
TIE_GRID = ("sar_sample_2dgrid_points", "sar_line_2dgrid_points")
CHUNK = 512  # pixels along a side

Bands = Iterable[tuple[int, Mapping[str, np.ndarray]]]


def write(
    path: Path,
    shape: tuple[int, int],
    bands: Bands,
    coarse: Mapping[str, np.ndarray],
    ties: Mapping[str, np.ndarray],
    attributes: Mapping[str, Any],
) -> Path:
    """One scene, or the charts of one alone.

    Args:
        path: of the file.
        shape: lines and samples of 80 m.
        bands: first line, and by name the channels (float32) and charts (uint8) from it on, each
            (lines, samples).
        coarse: channels of the 2 km grid, (rows, columns) float32.
        ties: latitude and longitude, (21, 21) degrees.
        attributes: besides those that follow from path and format.

    Raises:
        DiskError: it cannot be written.
    """
    with atomic.file(path) as temporary, netCDF4.Dataset(temporary, "w") as data:
        known = {"scene_id": path.name, "flip": np.int64(0), "pixel_spacing": np.int64(80)}
        data.setncatts({**known, **attributes})
        cells = next((each.shape for each in coarse.values()), [-(-n // CELL) for n in shape])
        sizes = (*zip(FINE_GRID, shape), *zip(COARSE_GRID, cells))
        for name, size in (*sizes, *((tie, TIE_POINTS) for tie in TIE_GRID)):
            data.createDimension(name, size)
        for name, values in coarse.items():
            _grid(data, name, values.dtype, COARSE_GRID)[:] = values
        for name, values in ties.items():
            data.createVariable(f"sar_grid2d_{name}", "f8", TIE_GRID)[:] = values
        for top, band in bands:
            for name, values in band.items():
                if name not in data.variables:
                    _describe(name, _grid(data, name, values.dtype, FINE_GRID))
                data[name][top : top + len(values)] = values
    return path


def _describe(name: str, variable: netCDF4.Variable) -> None:
    if name in FINE:
        variable.variable_fill_value = np.float32(FILL)
    if name in CHARTS:
        variable.chart_fill_value = np.uint8(MASK)


def _grid(data: netCDF4.Dataset, name: str, kind: np.dtype, grid: tuple[str, str]):
    chunks = tuple(min(CHUNK, len(data.dimensions[each])) for each in grid)
    return data.createVariable(
        name, kind, grid, zlib=True, complevel=1, chunksizes=chunks, fill_value=False
    )
