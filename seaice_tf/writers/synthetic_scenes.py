"""Made-up scenes in the ready-to-train format, labelled so in their attributes."""

from pathlib import Path

import netCDF4
import numpy as np

from seaice_tf.transforms import synthetic_names, synthetic_scene
from seaice_tf.transforms.icechart import CELL, CHARTS, COARSE, FILL, FINE, MASK, TIE_POINTS
from seaice_tf.transforms.nsidc0051 import SYNTHETIC_TITLE
from seaice_tf.transforms.synthetic_scene import SyntheticScene
from seaice_tf.writers import atomic

FINE_GRID = ("sar_lines", "sar_samples")
COARSE_GRID = ("2km_grid_lines", "2km_grid_samples")
# The real files name them the wrong way round: the first axis runs along the lines.
TIE_GRID = ("sar_sample_2dgrid_points", "sar_line_2dgrid_points")
CHUNK = 512  # pixels along a side


def write(
    folder: Path, number: int, shape: tuple[int, int], seed: int = 0, tests: int = 0
) -> list[Path]:
    """Write scenes into `folder`; the same arguments give the same values.

    Args:
        folder: gets `<time>_<service>_prep.nc`, and `..._prep_reference.nc` beside test scenes.
        number: of scenes; their kinds take turns: mixed, land, open_water, masked.
        shape: lines and samples of 80 m.
        seed: of everything random.
        tests: how many of them, the last ones, have their charts in a reference file.

    Returns:
        The paths of the scenes.
    """
    paths = []
    for index, label in enumerate(synthetic_names.labels(number, seed)):
        scene = synthetic_scene.scene(label, shape, seed)
        path = folder / label.name.prep
        hidden = index >= number - tests
        write_scene(path, scene, charts=not hidden)
        if hidden:
            write_reference(path.with_name(f"{path.stem}_reference.nc"), scene)
        paths.append(path)
    return paths


def write_scene(path: Path, scene: SyntheticScene, charts: bool = True) -> Path:
    """One ready-to-train scene, with its charts or, as test scenes are, without."""
    with atomic.file(path) as temporary, netCDF4.Dataset(temporary, "w") as data:
        _describe(data, scene, path)
        for name in FINE:
            _grid(data, name, scene.fine[name], FINE_GRID).variable_fill_value = np.float32(FILL)
        for name in COARSE:
            _grid(data, name, scene.coarse[name], COARSE_GRID)
        for name in ("latitude", "longitude"):
            points = data.createVariable(f"sar_grid2d_{name}", "f8", TIE_GRID)
            points[:] = getattr(scene, name)
        if charts:
            _charts(data, scene)
    return path


def write_reference(path: Path, scene: SyntheticScene) -> Path:
    """The charts of a test scene."""
    with atomic.file(path) as temporary, netCDF4.Dataset(temporary, "w") as data:
        _describe(data, scene, path)
        _charts(data, scene)
    return path


def _describe(data: netCDF4.Dataset, scene: SyntheticScene, path: Path) -> None:
    data.setncatts(
        {
            "title": SYNTHETIC_TITLE,
            "scene_id": path.name,
            "original_id": f"{scene.label.raw}.nc",
            "ice_service": scene.label.name.service,
            "flip": np.int64(0),
            "pixel_spacing": np.int64(80),
        }
    )
    lines, samples = scene.charts[CHARTS[0]].shape
    cells = (-(-lines // CELL), -(-samples // CELL))
    for names, sizes in ((FINE_GRID, (lines, samples)), (COARSE_GRID, cells)):
        for name, size in zip(names, sizes):
            data.createDimension(name, size)
    for name in TIE_GRID:
        data.createDimension(name, TIE_POINTS)


def _charts(data: netCDF4.Dataset, scene: SyntheticScene) -> None:
    for chart in CHARTS:
        variable = _grid(data, chart, scene.charts[chart], FINE_GRID)
        variable.chart_fill_value = np.uint8(MASK)


def _grid(data: netCDF4.Dataset, name: str, values: np.ndarray, grid: tuple[str, str]):
    chunks = tuple(min(CHUNK, n) for n in values.shape)
    variable = data.createVariable(
        name, values.dtype, grid, zlib=True, complevel=1, chunksizes=chunks, fill_value=False
    )
    variable[:] = values
    return variable
