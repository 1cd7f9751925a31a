"""AutoICE uploads: the charts of all test scenes in one netCDF, written, checked and read.

AutoICE scores all pixels that have a class in its reference; 255 in an upload is wrong there, and
for SIC far away from any class.
"""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import netCDF4
import numpy as np

from seaice_tf.errors import InputError
from seaice_tf.files import netcdf
from seaice_tf.files.netcdf import opened
from seaice_tf.icechart.data import names as scene_names
from seaice_tf.icechart.data.charts import CHARTS, CLASSES, MASK

OTHERS = ("sar_lines", "line")  # dimensions of a scene, and of its charts alone
SCENES = 20  # in the AutoICE test set
Charts = Mapping[str, np.ndarray]


def write(path: Path, scenes: Iterable[tuple[str, Charts]]) -> Path:
    """Write an upload scene by scene, in bounded memory.

    Args:
        path: of the netCDF file.
        scenes: the name of a scene in any form, and its SIC, SOD and FLOE, each (lines, samples)
            classes at 80 m; 255 only where the reference has no class.

    Raises:
        InputError: a chart is missing, has another shape than the others of its scene or values
            that are not classes; a scene is repeated.
    """
    with netcdf.created(path) as data:
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


def _require_charts(short: str, charts: Charts, data: netCDF4.Dataset) -> None:
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
                f"{chart}; resample it to the pixels of the scene"
            )
        if not (((values >= 0) & (values < number)) | (values == MASK)).all():
            raise InputError(
                f"{short}: expected {chart} of 0 to {number - 1}, or {MASK}, got others; round and "
                f"clip it to classes first"
            )


def is_upload(path: Path) -> bool:
    """Whether a netCDF file is meant as an upload: neither a scene, nor the charts of one."""
    if path.suffix != ".nc" or path.is_dir():
        return False
    with opened(path) as data:
        return not any(name.startswith(OTHERS) for name in data.dimensions)


def problems(
    path: Path,
    names: Iterable[str] | None = None,
    shapes: Mapping[str, tuple[int, int]] | None = None,
    references: Mapping[str, Callable[[], Charts]] | None = None,
) -> list[str]:
    """Check an upload, for its format and for pixels that count as wrong whatever the ice is.

    Args:
        path: of the netCDF file.
        names: required scenes, in any form of name; None for any 20.
        shapes: lines and samples of scenes, by the first 19 characters of their names.
        references: by the same, functions that read their charts.

    Returns:
        A sentence for each problem; empty for a sound upload.
    """
    with opened(path) as data:
        present = {name[:19] for name in data.variables}
        wanted = {scene_names.parse(name).short for name in names} if names is not None else present
        found = []
        if names is None and len(present) != SCENES:
            found.append(f"expected {SCENES} scenes, got {len(present)}")
        expected = [f"{short}_{chart}" for short in sorted(wanted) for chart in CHARTS]
        found += [f"expected {name}, got none" for name in expected if name not in data.variables]
        found += [
            f"{name} is not an expected chart" for name in data.variables if name not in expected
        ]
        for short in sorted(wanted):
            charts = [c for c in CHARTS if f"{short}_{c}" in data.variables]
            reference = (references or {}).get(short, dict)() if charts else {}
            for chart in charts:
                variable = data[f"{short}_{chart}"]
                wrong = _check_variable(variable, (shapes or {}).get(short))
                found += wrong or _check_mask(variable, reference.get(chart))
        for short in sorted(wanted & present):
            sizes = {data[f"{short}_{c}"].shape for c in CHARTS if f"{short}_{c}" in data.variables}
            if len(sizes) > 1:
                found.append(f"{short} has charts of different shapes: {sorted(sizes)}")
    return found


def _check_variable(variable: netCDF4.Variable, shape: tuple[int, int] | None) -> list[str]:
    name, found = variable.name, []
    dimensions = tuple(f"{name}_dim{axis}" for axis in range(2))
    if variable.dimensions != dimensions:
        found.append(f"{name}: expected the dimensions {dimensions}, got {variable.dimensions}")
    if variable.dtype != np.uint8:
        found.append(f"{name}: expected uint8, got {variable.dtype}")
        if getattr(variable.dtype, "kind", "O") not in "iuf":
            return found
    if shape is not None and variable.shape != shape:
        found.append(f"{name}: expected {shape} pixels of 80 m, got {variable.shape}")
    if "scale_factor" in variable.ncattrs() or "add_offset" in variable.ncattrs():
        found.append(f"{name}: expected plain classes, got a scale or an offset")
    number = len(CLASSES[name[20:]])
    values = np.asarray(variable[:])
    if not (((values >= 0) & (values < number)) | (values == MASK)).all():
        found.append(f"{name}: expected classes 0 to {number - 1}, or {MASK}, got others")
    return found


def _check_mask(variable: netCDF4.Variable, reference: np.ndarray | None) -> list[str]:
    """The pixels of a sound variable that have no class, where the reference has one if known."""
    masked = np.asarray(variable[:]) == MASK
    if reference is not None and reference.shape == masked.shape:
        masked &= reference != MASK
    number, share = int(masked.sum()), masked.mean() if masked.size else 0
    if not number:
        return []
    known = "that have one in the reference" if reference is not None else "of the chart"
    return [
        f"{variable.name}: expected classes, got {MASK} at {number} pixels {known} ({share:.2%}); "
        f"AutoICE scores it as wrong wherever its reference has a class: predict one there, too"
    ]


def read(path: Path, name: str) -> dict[str, np.ndarray]:
    """Read the charts of a scene from an upload, each (lines, samples) uint8.

    Raises:
        InputError: they are missing, or not in the AutoICE format.
    """
    short = scene_names.parse(name).short
    with opened(path) as data:
        if missing := [c for c in CHARTS if f"{short}_{c}" not in data.variables]:
            raise InputError(
                f"{path}: expected {', '.join(missing)} of {short}, got none; write it again"
            )
        variables = {chart: data[f"{short}_{chart}"] for chart in CHARTS}
        shape = variables[CHARTS[0]].shape
        for variable in variables.values():
            if wrong := _check_variable(variable, shape):
                raise InputError(f"{path}: {wrong[0]}; write it again")
        return {chart: np.asarray(variable[:]) for chart, variable in variables.items()}
