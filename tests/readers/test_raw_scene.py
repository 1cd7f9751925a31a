import netCDF4
import numpy as np
import pytest

from seaice_tf.errors import InputError
from seaice_tf.readers import raw_scene
from seaice_tf.transforms.icechart import physical
from seaice_tf.transforms.polygon_codes import EMPTY, HEADER
from seaice_tf.transforms.windows import Window

NAME = (
    "S1A_EW_GRDM_1SDH_20180124T194759_20180124T194859_020301_022AA4_1F75_icechart_dmi_"
    "201801241950_SouthEast_RIC.nc"
)
ICE = f"3;91;{EMPTY};93;6" + f";{EMPTY}" * 9 + ";I"
WATER = f"5;{EMPTY}" + f";{EMPTY}" * 12 + ";W"


def write(folder):
    """Ten lines of nine samples of 40 m: ice on the left, water on the right, land at a corner."""
    path = folder / NAME
    with netCDF4.Dataset(path, "w") as data:
        for name, size in (("sar_lines", 10), ("sar_samples", 9), ("codes", 3), ("points", 6)):
            data.createDimension(name, size)
        data.createVariable("polygon_codes", str, ("codes",))[:] = np.array(
            [HEADER, ICE, WATER], object
        )
        ids = np.full((10, 9), 5.0)
        ids[:, :4] = 3
        ids[:2, :2] = np.nan
        grid = ("sar_lines", "sar_samples")
        data.createVariable("polygon_icechart", "f8", grid, fill_value=np.nan)[:] = ids
        for name, level in (("nersc_sar_primary", -10.0), ("nersc_sar_secondary", -20.0)):
            sar = level + np.arange(90.0).reshape(10, 9) / 100
            sar[:2, :2] = np.nan
            sar[4, 6] = np.nan
            data.createVariable(name, "f4", grid, fill_value=np.nan)[:] = sar
        lines, samples = np.meshgrid([0, 5, 9], [0, 8], indexing="ij")
        for name, values in (
            ("line", lines),
            ("sample", samples),
            ("incidenceangle", 20 + samples),
        ):
            data.createVariable(f"sar_grid_{name}", "f8", ("points",))[:] = values.ravel()
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
    expected[0, 0] = 255
    np.testing.assert_array_equal(charts["SIC"], expected)
    np.testing.assert_array_equal(charts["SOD"][1], [4, 4, 0, 0, 0])
    np.testing.assert_array_equal(charts["FLOE"][1], [5, 5, 0, 0, 0])
    part = raw_scene.read_charts(scene, Window(1, 2, 3, 3))["SIC"]
    np.testing.assert_array_equal(part, expected[1:4, 2:5])


def test_radar_at_80_m_is_the_mean_of_valid_pixels(path):
    sar, valid = raw_scene.read_sar(raw_scene.describe(path))
    assert sar.shape == (5, 5, 2)
    assert not valid[0, 0]
    assert (sar[0, 0] == 0).all()
    assert valid.sum() == 24
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


def test_a_scene_without_polygons_is_refused(path):
    with netCDF4.Dataset(path, "a") as data:
        data.renameVariable("polygon_icechart", "other")
    with pytest.raises(InputError, match="expected a raw scene, got none of polygon_icechart"):
        raw_scene.describe(path)


def test_a_scene_whose_grids_differ_is_refused(path):
    with netCDF4.Dataset(path, "a") as data:
        data.renameVariable("nersc_sar_primary", "other")
        data.createVariable("nersc_sar_primary", "f4", ("sar_samples", "sar_lines"))
    with pytest.raises(InputError, match=r"on one grid, got \[\(9, 10\), \(10, 9\)\]"):
        raw_scene.describe(path)


def test_tie_points_that_are_missing_or_no_grid_are_refused(path):
    scene = raw_scene.describe(path)
    with netCDF4.Dataset(path, "a") as data:
        data["sar_grid_line"][2] = 1
    with pytest.raises(InputError, match="expected tie points on a grid"):
        raw_scene.read_incidence_angle(scene)
    with netCDF4.Dataset(path, "a") as data:
        data.renameVariable("sar_grid_line", "other")
    with pytest.raises(InputError, match="expected sar_grid_line, got none"):
        raw_scene.read_incidence_angle(scene)


def test_channels_of_two_grids_are_refused(path):
    with netCDF4.Dataset(path, "a") as data:
        data.createVariable("t2m", "f4", ("points", "codes"))
        data.createVariable("u10m_rotated", "f4", ("codes", "points"))
    scene = raw_scene.describe(path)
    with pytest.raises(InputError, match="expected channels on one grid"):
        raw_scene.read_coarse(scene, ("t2m", "u10m_rotated"))
    with pytest.raises(InputError, match="expected v10m_rotated, got none"):
        raw_scene.read_coarse(scene, ("t2m", "v10m_rotated"))
