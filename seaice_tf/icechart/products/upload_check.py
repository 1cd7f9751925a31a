"""Checks the file for the AutoICE contest before somebody else does."""

from collections.abc import Iterable, Mapping
from pathlib import Path

import netCDF4
import numpy as np

from seaice_tf.errors import InputError
from seaice_tf.files.netcdf import opened
from seaice_tf.icechart.data import names as scene_names
from seaice_tf.icechart.data.charts import CHARTS, CLASSES, MASK

SCENES = 20  # in the contest's test set


def troubles(
    path: Path,
    names: Iterable[str] | None = None,
    shapes: Mapping[str, tuple[int, int]] | None = None,
) -> list[str]:
    """Everything that is wrong with an upload file, in sentences; empty if nothing is.

    Args:
        names: the scenes that it has to hold, in any form of name; without them, any 20.
        shapes: lines and samples of scenes by the first 19 characters of their names.
    """
    with opened(path) as data:
        held = {name[:19] for name in data.variables}
        wanted = {scene_names.parse(name).short for name in names} if names is not None else held
        found = []
        if names is None and len(held) != SCENES:
            found.append(f"expected {SCENES} scenes, got {len(held)}")
        expected = [f"{short}_{chart}" for short in sorted(wanted) for chart in CHARTS]
        found += [f"expected {name}, got none" for name in expected if name not in data.variables]
        found += [
            f"{name} is no chart that is expected"
            for name in data.variables
            if name not in expected
        ]
        for name in expected:
            if name in data.variables:
                found += _variable(data[name], (shapes or {}).get(name[:19]))
        for short in sorted(wanted & held):
            sizes = {data[f"{short}_{c}"].shape for c in CHARTS if f"{short}_{c}" in data.variables}
            if len(sizes) > 1:
                found.append(f"{short} has charts of different shapes: {sorted(sizes)}")
    return found


def _variable(variable: netCDF4.Variable, shape: tuple[int, int] | None) -> list[str]:
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


def read(path: Path, name: str) -> dict[str, np.ndarray]:
    """The charts of one scene in an upload file, each (lines, samples) uint8.

    Raises:
        InputError: they are not there, or not as the contest has them.
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
            if wrong := _variable(variable, shape):
                raise InputError(f"{path}: {wrong[0]}; write it again")
        return {chart: np.asarray(variable[:]) for chart, variable in variables.items()}
