import netCDF4
import numpy as np
import pytest

from seaice_tf.nowcast.data import synthetic
from seaice_tf.nowcast.data.times import STEP
from seaice_tf.nowcast.products import netcdf

FRAMES = np.random.default_rng(0).uniform(0, 1023, (2, 24, 64, 64)).astype(np.float32)


def test_a_file_with_place_and_time(tmp_path):
    osgb = np.broadcast_to(synthetic.osgb_grid((64, 64)), (2, 2, 64, 64))
    last = np.array(["2020-04-01T12:55:00", "2020-04-01T13:00:00"], "datetime64[s]")
    path = netcdf.write(tmp_path / "a.nc", 2, iter(FRAMES), "a test", osgb, last, step=STEP)
    assert [p.name for p in tmp_path.iterdir()] == ["a.nc"]
    with netCDF4.Dataset(path) as data:
        field = data["hrv_counts"]
        assert field.dimensions == ("window", "lead", "y", "x")
        np.testing.assert_array_equal(field[:], FRAMES)
        for name in field.coordinates.split():
            assert set(data[name].dimensions) <= set(field.dimensions)
            assert data[name].standard_name
        times = netCDF4.num2date(data["valid_time"][1], data["valid_time"].units)
        assert str(times[0]) == "2020-04-01 13:05:00"
        assert str(times[-1]) == "2020-04-01 15:00:00"
        assert data["lead"][[0, -1]].tolist() == [5, 120]
        assert data[field.grid_mapping].grid_mapping_name == "transverse_mercator"
        # The corner of the grid, 0 m east and 1000 km north, lies west of Orkney.
        assert (data["lat"][0, 0, 0], data["lon"][0, 0, 0]) == pytest.approx((58.7, -8.9), abs=0.3)
        assert data.Conventions == "CF-1.10, ACDD-1.3"
        assert data.time_coverage_start == "2020-04-01T13:00:00Z"
        assert data.geospatial_lat_max > data.geospatial_lat_min
        assert "a test" in data.summary


def test_place_and_time_may_be_unknown(tmp_path):
    path = netcdf.write(tmp_path / "a.nc", 2, FRAMES + 300, "a test", step=STEP)
    with netCDF4.Dataset(path) as data:
        assert not {"lat", "crs", "valid_time"} & set(data.variables)
        assert "coordinates" not in data["hrv_counts"].ncattrs()
        assert data["hrv_counts"][:].max() == 1023


def test_too_few_windows_leave_no_file(tmp_path):
    with pytest.raises(ValueError, match="shorter"):
        netcdf.write(tmp_path / "a.nc", 3, FRAMES, "a test", step=STEP)
    assert not list(tmp_path.iterdir())


def test_times_are_those_of_the_step(tmp_path):
    last, step = np.array(["2023-12-20T12:00"], "datetime64[s]"), np.timedelta64(15, "m")
    path = netcdf.write(tmp_path / "a.nc", 1, FRAMES[:1], "a test", last=last, step=step)
    with netCDF4.Dataset(path) as data:
        assert data["lead"][[0, -1]].tolist() == [15, 360]
        times = netCDF4.num2date(data["valid_time"][0], data["valid_time"].units)
        assert str(times[-1]) == "2023-12-20 18:00:00"
        assert data.time_coverage_resolution == "PT15M"
        assert data.time_coverage_end == "2023-12-20T18:00:00Z"
        assert "360 minutes" in data.summary
