"""The file that the AutoICE contest takes: the charts of all test scenes in one netCDF."""

from collections.abc import Iterable, Mapping
from pathlib import Path

import netCDF4
import numpy as np

from seaice_tf.errors import InputError
from seaice_tf.files import atomic
from seaice_tf.icechart.data import names as scene_names
from seaice_tf.icechart.data.charts import CHARTS, CLASSES, MASK


def write(path: Path, scenes: Iterable[tuple[str, Mapping[str, np.ndarray]]]) -> Path:
    """Write charts of one scene after the other, so that only one need be in memory.

    Args:
        path: of the netCDF file.
        scenes: a scene's name in any form, and its SIC, SOD and FLOE, each (lines, samples) of
            classes at 80 m; 255 where nothing is charted.

    Raises:
        InputError: a chart is missing, is of another shape than the scene's others, or holds
            values that are no class; a scene is given twice.
    """
    with atomic.file(path) as temporary, netCDF4.Dataset(temporary, "w") as data:
        for name, charts in scenes:
            short = scene_names.parse(name).short
            _require_charts(short, charts, data)
            for chart in CHARTS:
                _write(data, f"{short}_{chart}", charts[chart])
    return path


def _write(data: netCDF4.Dataset, name: str, values: np.ndarray) -> None:
    dimensions = [f"{name}_dim{axis}" for axis in range(2)]
    for dimension, length in zip(dimensions, values.shape):
        data.createDimension(dimension, length)
    variable = data.createVariable(name, "u1", dimensions, zlib=True, complevel=1, fill_value=False)
    variable[:] = values.astype(np.uint8)


def _require_charts(short: str, charts: Mapping[str, np.ndarray], data: netCDF4.Dataset) -> None:
    if missing := [chart for chart in CHARTS if chart not in charts]:
        raise InputError(
            f"{short}: expected SIC, SOD and FLOE, got no {', '.join(missing)}; add it"
        )
    if f"{short}_{CHARTS[0]}" in data.variables:
        raise InputError(f"upload: expected each scene once, got {short} twice; leave one out")
    for chart in CHARTS:
        values, number = charts[chart], len(CLASSES[chart])
        if values.ndim != 2 or values.shape != charts[CHARTS[0]].shape:
            raise InputError(
                f"{short}: expected charts of one shape (lines, samples), got {values.shape} for "
                f"{chart}; bring it to the pixels of the scene"
            )
        if not (((values >= 0) & (values < number)) | (values == MASK)).all():
            raise InputError(
                f"{short}: expected {chart} of 0 to {number - 1}, or {MASK}, got others; round and "
                f"clip it to classes first"
            )
