from concurrent.futures import ThreadPoolExecutor

import netCDF4
import numpy as np
import pytest

from seaice_tf.errors import InputError
from seaice_tf.grids.windows import Window
from seaice_tf.icechart.data import scene as sar_scene
from seaice_tf.icechart.data import synthetic_scenes
from seaice_tf.icechart.data.charts import CHARTS, COARSE, FINE, SAR

SHAPE = (203, 252)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Three scenes, the last of which has its charts in a reference file."""
    folder = tmp_path_factory.mktemp("scenes")
    synthetic_scenes.write(folder, 3, SHAPE, seed=2, tests=1)
    return folder


@pytest.fixture(scope="module")
def scene(folder):
    return sar_scene.describe(folder / synthetic_scenes.labels(1, seed=2)[0].name.prep)


@pytest.fixture(scope="module")
def label():
    return synthetic_scenes.labels(1, seed=2)[0]


@pytest.fixture(scope="module")
def simulated(label):
    return label.simulate(SHAPE, seed=2)


def test_the_metadata_of_a_scene(scene, label):
    assert scene.shape == SHAPE
    assert scene.channels == (*FINE, *COARSE)
    assert scene.charts == CHARTS
    assert scene.name == label.name  # the satellite and the area come from original_id
    assert scene.attributes["ice_service"] == scene.name.service
    assert scene.attributes["pixel_spacing"] == 80
    latitude, _ = synthetic_scenes.tie_points(label.name, SHAPE)
    np.testing.assert_array_equal(scene.latitude, latitude)
    with netCDF4.Dataset(scene.path) as data:
        assert data["nersc_sar_primary"].dimensions == ("sar_lines", "sar_samples")
        assert data["btemp_6_9h"].dimensions == ("2km_grid_lines", "2km_grid_samples")
        assert data["btemp_6_9h"].shape == (9, 11)
        assert data["nersc_sar_primary"].variable_fill_value == 0
        assert data["SIC"].chart_fill_value == 255
        assert "NOT OBSERVED" in data.title


def test_a_written_scene_is_read_back(scene, simulated):
    fine = sar_scene.read_fine(scene, FINE)
    np.testing.assert_array_equal(fine, np.stack([simulated.fine[name] for name in FINE], axis=-1))
    coarse = sar_scene.read_coarse(scene)
    np.testing.assert_array_equal(coarse, np.stack([simulated.coarse[c] for c in COARSE], axis=-1))
    for chart, values in sar_scene.read_charts(scene).items():
        np.testing.assert_array_equal(values, simulated.charts[chart])


def test_a_window_equals_that_part_of_the_scene(scene):
    window = Window(100, 60, 103, 192)  # to the last row and column
    full = sar_scene.read_fine(scene, SAR)
    np.testing.assert_array_equal(sar_scene.read_fine(scene, SAR, window), full[window.slices])
    chart = sar_scene.read_charts(scene, window)["SOD"]
    np.testing.assert_array_equal(chart, sar_scene.read_charts(scene)["SOD"][window.slices])


def test_charts_of_a_test_scene_are_in_a_reference_file(folder):
    name = synthetic_scenes.labels(3, seed=2)[2].name
    scene = sar_scene.describe(folder / name.prep)
    assert scene.charts == ()
    with pytest.raises(InputError, match="got no FLOE, SIC, SOD"):
        sar_scene.read_charts(scene)
    beside = sar_scene.describe(sar_scene.reference(scene.path))
    assert beside.channels == ()
    assert set(sar_scene.read_charts(beside)) == set(CHARTS)
    assert len(sar_scene.find(folder)) == 3
    assert sar_scene.reference(sar_scene.find(folder)[0]) is None


def test_reading_is_thread_safe(scene):
    windows = [Window(i, i, 20, 30) for i in range(0, 160, 8)]
    full = sar_scene.read_fine(scene, SAR)
    with ThreadPoolExecutor(8) as pool:
        parts = list(pool.map(lambda w: sar_scene.read_fine(scene, SAR, w), windows))
    for window, part in zip(windows, parts):
        np.testing.assert_array_equal(part, full[window.slices])


def test_windows_outside_are_errors(scene):
    with pytest.raises(InputError, match="expected a window inside 203 x 252"):
        sar_scene.read_fine(scene, SAR, Window(190, 0, 14, 10))


def test_channels_on_another_grid_are_errors(tmp_path):
    path = tmp_path / "20180124T194759_dmi_prep.nc"
    with netCDF4.Dataset(path, "w") as data:
        for name, size in (("lines", 100), ("samples", 100), ("rows", 4), ("columns", 8)):
            data.createDimension(name, size)
        data.createVariable("nersc_sar_primary", "f4", ("lines", "samples"))
        data.createVariable("t2m", "f4", ("rows", "columns"))
    with pytest.raises(InputError, match="expected t2m on 4 x 4 cells"):
        sar_scene.describe(path)


def test_other_files_are_errors(tmp_path, scene):
    with pytest.raises(InputError, match="got none"):
        sar_scene.find(tmp_path)
    path = tmp_path / "20180124T194759_dmi_prep.nc"
    path.write_bytes(b"not netCDF")
    with pytest.raises(InputError, match="expected a netCDF file"):
        sar_scene.describe(path)
    with netCDF4.Dataset(path, "w"):
        pass
    with pytest.raises(InputError, match="expected SAR channels or charts"):
        sar_scene.describe(path)
    path.write_bytes(scene.path.read_bytes())
    with netCDF4.Dataset(path, "a") as data:
        data["SOD"][0, 0] = 6
        data.renameVariable("t2m", "other")
    damaged = sar_scene.describe(path)
    with pytest.raises(InputError, match="expected SOD of 0 to 5 or 255"):
        sar_scene.read_charts(damaged)
    with pytest.raises(InputError, match="expected the channel t2m"):
        sar_scene.read_coarse(damaged, ["t2m"])
    with netCDF4.Dataset(path, "a") as data:
        data.original_id = "S1B_EW_GRDM_1SDH_20180124T194759_20180124T194859_020301_022AA4_1F75"
    assert sar_scene.describe(path).name.satellite == "S1B"
    with netCDF4.Dataset(path, "a") as data:
        data.pixel_spacing = 40
    with pytest.raises(InputError, match="expected 80 m pixels"):
        sar_scene.describe(path)


ODD = {
    "a spacing in words": (
        lambda data: data.setncattr("pixel_spacing", "80 m"),
        "expected a number as pixel_spacing, got '80 m'",
    ),
    "tie points without longitude": (
        lambda data: data.renameVariable("sar_grid2d_longitude", "other"),
        "expected sar_grid2d_longitude, got none",
    ),
    "tie points that are no numbers": (
        lambda data: data["sar_grid2d_latitude"].__setitem__((0, 0), np.nan),
        "expected tie points of latitude and longitude",
    ),
    "a channel of text": (
        lambda data: _replace(data, "t2m", str),
        "expected t2m as numbers along 2 dimensions, got <class 'str'>",
    ),
}


def _replace(data, name, kind):
    dimensions = data[name].dimensions
    data.renameVariable(name, "other")
    return data.createVariable(name, kind, dimensions)


@pytest.mark.parametrize(("change", "message"), ODD.values(), ids=ODD)
def test_damaged_scenes_are_errors(tmp_path, scene, change, message):
    path = tmp_path / scene.path.name
    path.write_bytes(scene.path.read_bytes())
    with netCDF4.Dataset(path, "a") as data:
        change(data)
    with pytest.raises(InputError, match=message):
        sar_scene.describe(path)


@pytest.mark.parametrize("value", [-1.0, 1.5, 256.0, 261.0])
def test_charts_stored_as_floats_keep_their_classes(tmp_path, scene, value):
    path = tmp_path / scene.path.name
    path.write_bytes(scene.path.read_bytes())
    with netCDF4.Dataset(path, "a") as data:
        chart_values = data["SOD"][:].astype(float)
        chart_values[chart_values == 255] = np.nan
        changed = _replace(data, "SOD", "f8")
        changed[:] = chart_values
    floats = sar_scene.read_charts(sar_scene.describe(path))
    np.testing.assert_array_equal(floats["SOD"], sar_scene.read_charts(scene)["SOD"])
    with netCDF4.Dataset(path, "a") as data:
        data["SOD"][0, 0] = value
    with pytest.raises(InputError, match="expected SOD of 0 to 5 or 255, got others"):
        sar_scene.read_charts(sar_scene.describe(path))


def test_the_area_of_a_scene_without_one_is_a_box(scene):
    unknown = type(scene.name)(scene.name.time, scene.name.service)
    moved = type(scene)(
        **{
            **vars(scene),
            "name": unknown,
            "latitude": np.full((21, 21), 66.0),
            "longitude": np.full((21, 21), -41.0),
        }
    )
    assert sar_scene.area(moved) == "65N 60W"
