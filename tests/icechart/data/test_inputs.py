import numpy as np
import pytest

from seaice_tf.errors import InputError
from seaice_tf.files import netcdf, packed
from seaice_tf.grids import coarse_grid
from seaice_tf.grids.windows import Window, whole
from seaice_tf.icechart.data import downscale, synthetic_scenes
from seaice_tf.icechart.data import inputs as scene_inputs
from seaice_tf.icechart.data import scene as sar_scene
from seaice_tf.icechart.data.charts import COARSE, FINE, SAR

SHAPE = (203, 252)
EVERYTHING = (*FINE, *COARSE, *scene_inputs.DERIVED)


@pytest.fixture(scope="module")
def scene(tmp_path_factory):
    (path,) = synthetic_scenes.write(tmp_path_factory.mktemp("scenes"), 1, SHAPE, seed=2)
    return sar_scene.describe(path)


@pytest.mark.parametrize("factor", [1, 2, 5, 10])
def test_inputs_of_a_window_equal_that_part_of_the_scene(scene, factor):
    full, valid = scene_inputs.read(scene, EVERYTHING, factor=factor)
    assert full.shape == (*downscale.size(SHAPE, factor), len(EVERYTHING))
    assert full.dtype == np.float32
    height, width = full.shape[:2]
    for window in (Window(3, 5, 8, 9), Window(height - 7, width - 6, 7, 6)):
        part, part_valid = scene_inputs.read(scene, EVERYTHING, window, factor)
        np.testing.assert_array_equal(part, full[window.slices])
        np.testing.assert_array_equal(part_valid, valid[window.slices])


@pytest.mark.parametrize("factor", [1, 2])
def test_windows_of_overlapping_bands_are_read_once(scene, factor, monkeypatch):
    rows, columns = downscale.size(SHAPE, factor)
    bands = [
        [Window(top, left, min(40, rows - top), columns // 2) for left in (0, columns // 3)]
        for top in range(0, rows, 30)
    ]
    full, valid = scene_inputs.read(scene, EVERYTHING, factor=factor)
    opened, read = [], []
    original = netcdf.opened
    monkeypatch.setattr(sar_scene, "opened", lambda path: opened.append(path) or original(path))
    unpacked = packed.Unpacked.__getitem__
    monkeypatch.setattr(
        packed.Unpacked, "__getitem__", lambda self, key: read.append(key) or unpacked(self, key)
    )
    found = scene_inputs.read_windows(scene, EVERYTHING, bands, factor)
    windows = [window for band in bands for window in band]
    for window, (values, fraction) in zip(windows, found, strict=True):
        np.testing.assert_array_equal(values, full[window.slices])
        np.testing.assert_array_equal(fraction, valid[window.slices])
    assert len(opened) == 2  # for the 2 km grid, and for the SAR grid
    lines = sum(key.stop - key.start for key in read if key.start is not None)
    assert lines == len(FINE) * SHAPE[0]


def test_inputs_are_collocated(scene):
    factor, channels = 5, ("t2m", "nersc_sar_primary", "latitude", "month_sine", "SIC")
    full, valid = scene_inputs.read(scene, channels[:4], factor=factor)
    grid = whole(downscale.size(SHAPE, factor))
    air = sar_scene.read_coarse(scene, ["t2m"])
    np.testing.assert_array_equal(full[..., :1], coarse_grid.place(air, grid, downscale=factor))
    primary = sar_scene.read_fine(scene, SAR[:1])[..., 0]
    block = primary[20:25, 130:135]
    known = block != 0
    assert full[4, 26, 1] == pytest.approx(block[known].mean(), rel=1e-5)
    assert valid[4, 26] == known.mean()
    degrees = 10 * full[..., 2] + 70
    assert degrees.max() == pytest.approx(scene.latitude.max(), abs=0.02)
    assert (full[..., 3] == np.float32(coarse_grid.season(scene.name.month)[0])).all()
    with pytest.raises(InputError, match="got SIC;"):
        scene_inputs.read(scene, channels)
    with pytest.raises(InputError, match="got t2m, t2m;"):
        scene_inputs.read(scene, ["t2m", "skt", "t2m"])
