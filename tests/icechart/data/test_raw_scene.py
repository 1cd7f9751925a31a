"""Raw scenes and their conversion to ready-to-train scenes."""

import json

import netCDF4
import numpy as np
import pytest

from seaice_tf.cli import main as cli
from seaice_tf.errors import InputError
from seaice_tf.grids.windows import Window
from seaice_tf.icechart.data import raw_scene
from seaice_tf.icechart.data import scene as sar_scene
from seaice_tf.icechart.data.charts import COARSE, FINE, MEAN_STD, physical
from seaice_tf.icechart.data.polygon_codes import EMPTY, HEADER
from seaice_tf.icechart.settings import CHANNELS

NAME = (
    "S1A_EW_GRDM_1SDH_20180124T194759_20180124T194859_020301_022AA4_1F75_icechart_dmi_"
    "201801241950_SouthEast_RIC.nc"
)
ICE = f"3;91;{EMPTY};93;6" + f";{EMPTY}" * 9 + ";I"
READY = "20180124T194759_dmi_prep.nc"
WATER = f"5;{EMPTY}" + f";{EMPTY}" * 12 + ";W"


def write(folder):
    """Ten lines of nine samples of 40 m: ice on the left, water on the right, land at two corners,
    of which the radar shows the right one.

    Tie points are uneven along the lines; the only cell of 2 km has the mean of each channel but
    for the temperature, which is unknown.
    """
    path = folder / NAME
    with netCDF4.Dataset(path, "w") as data:
        for name, size in (("sar_lines", 10), ("sar_samples", 9), ("codes", 3), ("points", 6)):
            data.createDimension(name, size)
        data.createVariable("polygon_codes", str, ("codes",))[:] = np.array(
            [HEADER, ICE, WATER], object
        )
        ids = np.full((10, 9), 5.0)
        ids[:, :4] = 3
        ids[:2, :2] = ids[:2, 8] = np.nan
        grid = ("sar_lines", "sar_samples")
        data.createVariable("polygon_icechart", "f8", grid, fill_value=np.nan)[:] = ids
        for name, level in (("nersc_sar_primary", -10.0), ("nersc_sar_secondary", -20.0)):
            sar = level + np.arange(90.0).reshape(10, 9) / 100
            sar[:2, :2] = np.nan
            sar[4, 6] = np.nan
            data.createVariable(name, "f4", grid, fill_value=np.nan)[:] = sar
        distance = np.where(np.isnan(ids), np.nan, np.arange(9.0))
        data.createVariable("distance_map", "f8", grid, fill_value=np.nan)[:] = distance
        lines, samples = np.meshgrid([0, 6, 9], [0, 8], indexing="ij")
        for name, values in (
            ("line", lines),
            ("sample", samples),
            ("incidenceangle", 20 + samples),
            ("latitude", 70 - lines / 100),
            ("longitude", (179.98 + samples / 100 + 180) % 360 - 180),
        ):
            data.createVariable(f"sar_grid_{name}", "f8", ("points",))[:] = values.ravel()
        for name in ("2km_grid_lines", "2km_grid_samples"):
            data.createDimension(name, 1)
        for name in COARSE:
            cell = np.nan if name == "t2m" else MEAN_STD[name][0]
            data.createVariable(name, "f4", ("2km_grid_lines", "2km_grid_samples"))[:] = cell
    return path


@pytest.fixture
def path(tmp_path):
    return write(tmp_path)


def test_charts_at_80_m(path):
    scene = raw_scene.describe(path)
    assert scene.shape == (10, 9)
    assert scene.codes == (HEADER, ICE, WATER)
    charts = raw_scene.read_charts(scene)
    expected = np.tile([10, 10, 0, 0, 0], (5, 1))
    expected[0, [0, 4]] = 255
    np.testing.assert_array_equal(charts["SIC"], expected)
    np.testing.assert_array_equal(charts["SOD"][1], [4, 4, 0, 0, 0])
    np.testing.assert_array_equal(charts["FLOE"][1], [5, 5, 0, 0, 0])
    part = raw_scene.read_charts(scene, Window(1, 2, 3, 3))["SIC"]
    np.testing.assert_array_equal(part, expected[1:4, 2:5])


def test_radar_at_80_m_is_the_mean_of_valid_pixels(path):
    sar, valid = raw_scene.read_sar(raw_scene.describe(path))
    assert sar.shape == (5, 5, 2)
    assert not valid[0, [0, 4]].any()
    assert (sar[0, [0, 4]] == 0).all()
    assert valid.sum() == 23
    decibels = physical("nersc_sar_primary", sar[..., 0])
    assert decibels[1, 0] == pytest.approx(-10 + np.mean([18, 19, 27, 28]) / 100, abs=1e-4)
    assert decibels[2, 3] == pytest.approx(-10 + np.mean([43, 51, 52]) / 100, abs=1e-4)
    assert decibels[4, 4] == pytest.approx(-10 + np.mean([80, 89]) / 100, abs=1e-4)


def test_the_incidence_angle_of_the_middle_of_four_pixels(path):
    scene = raw_scene.describe(path)
    angle = raw_scene.read_incidence_angle(scene)
    np.testing.assert_allclose(angle, np.tile(20.5 + 2 * np.arange(5), (5, 1)))
    part = raw_scene.read_incidence_angle(scene, Window(2, 1, 2, 3))
    np.testing.assert_array_equal(part, angle[2:4, 1:4])


def test_tie_points_are_evenly_spaced(path):
    latitude, longitude = raw_scene.read_tie_points(raw_scene.describe(path), points=3)
    # Rows 0, 2 and 4 of 80 m lie at 0.5, 4.5 and 8.5 of 40 m, columns alike.
    np.testing.assert_allclose(latitude, 70 - np.array([[0.5], [4.5], [8.5]]) / 100 + np.zeros(3))
    east = [179.985, -179.975, -179.935]
    np.testing.assert_allclose(longitude, np.tile(east, (3, 1)))


def test_zones_of_distance_are_the_mean_of_known_pixels(path):
    distance = raw_scene.read_distance(raw_scene.describe(path))
    assert distance[0, 0] == 0
    zones = physical("distance_map", distance)
    np.testing.assert_allclose(zones[1], [0.5, 2.5, 4.5, 6.5, 8], atol=1e-5)


def test_distances_of_another_grid_are_errors(path):
    with netCDF4.Dataset(path, "a") as data:
        data.renameVariable("distance_map", "other")
        data.createVariable("distance_map", "f4", ("codes", "points"))
    with pytest.raises(InputError, match="expected distance_map on the SAR grid"):
        raw_scene.read_distance(raw_scene.describe(path))


def test_a_scene_without_polygons_is_an_error(path):
    with netCDF4.Dataset(path, "a") as data:
        data.renameVariable("polygon_icechart", "other")
    with pytest.raises(InputError, match="expected a raw scene, got none of polygon_icechart"):
        raw_scene.describe(path)


def test_codes_in_a_heap_without_an_end_are_errors(path):
    content = bytearray(path.read_bytes())
    end = content.rindex(b";W") + 2
    content[end : end + 64] = bytes(64)  # HDF5 would search for the next string forever
    path.write_bytes(content)
    with pytest.raises(InputError, match="expected strings in sound heaps"):
        raw_scene.describe(path)


def test_a_scene_whose_grids_differ_is_an_error(path):
    with netCDF4.Dataset(path, "a") as data:
        data.renameVariable("nersc_sar_primary", "other")
        data.createVariable("nersc_sar_primary", "f4", ("sar_samples", "sar_lines"))
    with pytest.raises(InputError, match=r"on one grid, got \[\(9, 10\), \(10, 9\)\]"):
        raw_scene.describe(path)


def test_tie_points_that_are_missing_or_no_grid_are_errors(path):
    scene = raw_scene.describe(path)
    with netCDF4.Dataset(path, "a") as data:
        data["sar_grid_line"][2] = 1
    with pytest.raises(InputError, match="expected tie points on a grid"):
        raw_scene.read_incidence_angle(scene)
    with netCDF4.Dataset(path, "a") as data:
        data["sar_grid_line"][2] = 0
        data["sar_grid_sample"][2] = 0  # twice the first, and one less
    with pytest.raises(InputError, match="expected incidenceangle at every tie point"):
        raw_scene.read_incidence_angle(scene)
    with netCDF4.Dataset(path, "a") as data:
        data.renameVariable("sar_grid_line", "other")
    with pytest.raises(InputError, match="expected sar_grid_line, got none"):
        raw_scene.read_incidence_angle(scene)


def test_channels_of_two_grids_are_errors(path):
    with netCDF4.Dataset(path, "a") as data:
        data.renameVariable("u10m_rotated", "other")
        data.renameVariable("v10m_rotated", "another")
        data.createVariable("u10m_rotated", "f4", ("codes", "points"))
    scene = raw_scene.describe(path)
    with pytest.raises(InputError, match="expected channels on one grid"):
        raw_scene.read_coarse(scene, ("t2m", "u10m_rotated"))
    with pytest.raises(InputError, match="expected v10m_rotated, got none"):
        raw_scene.read_coarse(scene, ("t2m", "v10m_rotated"))


def test_a_coarse_grid_of_another_size_is_an_error(path):
    with netCDF4.Dataset(path, "a") as data:
        data.renameVariable("t2m", "other")
        data.createVariable("t2m", "f4", ("codes", "points"))
    with pytest.raises(InputError, match=r"expected t2m on 0 x 0 cells of 50 pixels, got \(3, 6\)"):
        raw_scene.read_coarse(raw_scene.describe(path), ("t2m",))


def prepare(path, out, *flags):
    words = ["prepare", "icechart", "--data", str(path.parent), "--out", str(out), *flags]
    assert cli.main(words) == 0
    return sar_scene.describe(out / READY)


def test_a_raw_scene_becomes_a_ready_to_train_one(path, tmp_path):
    scene, source = prepare(path, tmp_path / "ready"), raw_scene.describe(path)
    assert sar_scene.problems(scene.path, CHANNELS) == []
    assert scene.shape == (5, 5)
    assert (scene.name.satellite, scene.name.area) == ("S1A", "SouthEast")
    assert scene.attributes["original_id"] == NAME
    fine = sar_scene.read_fine(scene, FINE)
    sar, valid = raw_scene.read_sar(source)
    np.testing.assert_array_equal(fine[..., :2], sar)
    np.testing.assert_array_equal(sar_scene.read_valid(scene), valid)
    angle = physical(FINE[2], fine[..., 2])
    np.testing.assert_allclose(
        angle[valid], raw_scene.read_incidence_angle(source)[valid], rtol=1e-6
    )
    assert (fine[~valid] == 0).all()
    np.testing.assert_array_equal(fine[valid][:, 3], raw_scene.read_distance(source)[valid])
    charts = raw_scene.read_charts(source)
    for chart, values in sar_scene.read_charts(scene).items():
        np.testing.assert_array_equal(values, charts[chart])
    np.testing.assert_allclose(
        sar_scene.read_coarse(scene, COARSE), np.zeros((1, 1, 20)), atol=1e-6
    )
    np.testing.assert_array_equal(scene.latitude, raw_scene.read_tie_points(source)[0])


def test_thresholds_decide_on_mixed_ice(path, tmp_path):
    mixed = "3;91;60;93;6;40;87;4" + ";-9" * 6 + ";I"
    with netCDF4.Dataset(path, "a") as data:
        data["polygon_codes"][1] = mixed
    one = sar_scene.read_charts(prepare(path, tmp_path / "one"))
    other = sar_scene.read_charts(
        prepare(path, tmp_path / "other", "--thresholds", "stage_70_floe_50")
    )
    assert one["SIC"][1, 0] == other["SIC"][1, 0] == 10
    assert (one["FLOE"][1, 0], other["FLOE"][1, 0]) == (255, 5)


def test_a_scene_that_was_made_is_kept(path, tmp_path, capsys):
    first = prepare(path, tmp_path / "ready").path.stat().st_ino
    assert "1 raw scenes converted, 0 kept" in capsys.readouterr().out
    assert prepare(path, tmp_path / "ready").path.stat().st_ino == first
    assert "0 raw scenes converted, 1 kept" in capsys.readouterr().out
    again = prepare(path, tmp_path / "ready", "--thresholds", "stage_70_floe_50")
    assert again.attributes["thresholds"] == "stage_70_floe_50"
    again.path.write_bytes(again.path.read_bytes()[:2000])
    prepare(path, tmp_path / "ready", "--thresholds", "stage_70_floe_50")
    assert capsys.readouterr().out.count("1 raw scenes converted, 0 kept") == 2


def test_scenes_of_the_target_are_tests(path, tmp_path, capsys):
    (tmp_path / "tests.json").write_text(json.dumps([NAME]))
    scene = prepare(path, tmp_path / "ready", "--target", str(tmp_path / "tests.json"))
    assert scene.charts == ()
    charts = sar_scene.read_charts(sar_scene.describe(sar_scene.reference(scene.path)))
    np.testing.assert_array_equal(
        charts["SIC"], raw_scene.read_charts(raw_scene.describe(path))["SIC"]
    )
    taught = prepare(path, tmp_path / "ready")
    assert len(taught.charts) == 3
    assert sar_scene.reference(taught.path) is None


def test_a_damaged_scene_is_skipped_on_request(path, tmp_path, capsys):
    with netCDF4.Dataset(path, "a") as data:
        data["polygon_codes"][1] = "3;91;x"
    words = ["--data", str(path.parent), "--out", str(tmp_path / "ready")]
    assert cli.main(["prepare", "icechart", *words]) == 1
    assert f"{path}: polygon_codes: expected" in capsys.readouterr().err
    assert cli.main(["prepare", "icechart", *words, "--skip-damaged"]) == 0
    assert f"skipped: {path}: polygon_codes: expected" in capsys.readouterr().out


def test_two_raw_scenes_of_one_name_are_errors(path, tmp_path, capsys):
    path.with_name(NAME.replace("1F75", "1F76")).write_bytes(path.read_bytes())
    words = ["--data", str(path.parent), "--out", str(tmp_path / "ready")]
    assert cli.main(["prepare", "icechart", *words]) == 1
    assert "got several of 20180124T194759_dmi" in capsys.readouterr().err


def test_a_raw_scene_without_a_channel_leaves_nothing(path, tmp_path, capsys):
    with netCDF4.Dataset(path, "a") as data:
        data.renameVariable("distance_map", "other")
    words = ["--data", str(path.parent), "--out", str(tmp_path / "ready")]
    assert cli.main(["prepare", "icechart", *words]) == 1
    assert "expected distance_map, got none" in capsys.readouterr().err
    assert not list((tmp_path / "ready").glob("*prep*"))


def test_a_raw_test_scene_becomes_one_without_charts(path, tmp_path):
    with netCDF4.Dataset(path, "a") as data:
        for name in ("polygon_icechart", "polygon_codes"):
            data.renameVariable(name, f"no_{name}")
    test = path.rename(path.with_name(NAME.replace(".nc", "_testdata.nc")))
    source = raw_scene.describe(test)
    assert raw_scene.read_charts(source) == {}
    scene = prepare(test, tmp_path / "ready")
    assert (scene.charts, sar_scene.area(scene)) == ((), "SouthEast")
    assert sar_scene.problems(scene.path, CHANNELS) == []
    valid = sar_scene.read_valid(scene)
    assert not valid[0, [0, 4]].any()  # land, where the distance from it is unknown
    assert valid.sum() == 23
    listed = tmp_path / "tests.json"
    listed.write_text(json.dumps([NAME]))
    prepare(test, tmp_path / "target", "--target", str(listed))
    assert [file.name for file in (tmp_path / "target").glob("*.nc")] == [READY]


def test_a_raw_scene_with_one_of_the_polygon_variables_is_damaged(path):
    with netCDF4.Dataset(path, "a") as data:
        data.renameVariable("polygon_codes", "other")
    with pytest.raises(InputError, match="got none of polygon_codes"):
        raw_scene.describe(path)
