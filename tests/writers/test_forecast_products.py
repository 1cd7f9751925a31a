import csv

import netCDF4
import numpy as np
import pytest
from skimage.io import imread

from seaice_tf.transforms.grid import NORTH
from seaice_tf.writers import forecast_products

PERIOD = np.arange("2013-01", "2014-01", dtype="datetime64[M]")


@pytest.fixture(scope="module")
def products(tmp_path_factory):
    out = tmp_path_factory.mktemp("products")
    rng = np.random.default_rng(0)
    concentration = rng.random((12, *NORTH.shape)).astype(np.float32)
    land = np.zeros(NORTH.shape, bool)
    land[:20] = True
    decision = np.roll(concentration, 1, axis=1)
    fields = {"concentration": concentration, "probability": 1 - concentration}
    paths = forecast_products.write(out, PERIOD, fields, decision, land, "a test, synthetic")
    return out, paths, concentration, land


def test_everything_named_is_there(products):
    out, paths, *_ = products
    assert all(path.stat().st_size > 0 for path in paths)
    written = {str(path.relative_to(out)) for path in out.rglob("*.*")}
    months = {f"maps/{month}.png" for month in PERIOD}
    assert written == {"forecast.nc", "contest.csv", "forecast.png"} | months


def test_netcdf_says_where_when_and_what(products):
    out, _, concentration, land = products
    with netCDF4.Dataset(out / "forecast.nc") as data:
        assert data.Conventions == "CF-1.10"
        assert "synthetic" in data.source
        field = data["sea_ice_area_fraction"]
        assert field.dimensions == ("time", "y", "x")
        assert (field.units, field.standard_name) == ("1", "sea_ice_area_fraction")
        np.testing.assert_array_equal(field[:].mask, np.broadcast_to(land, field.shape))
        np.testing.assert_array_equal(field[:, 20:], concentration[:, 20:])
        np.testing.assert_array_equal(data["ice_probability"][:, 20:], 1 - concentration[:, 20:])
        assert "sea_ice_area_fraction_spread" not in data.variables
        assert data[field.grid_mapping].grid_mapping_name == "polar_stereographic"
        assert data["crs"].straight_vertical_longitude_from_pole == -45
        for name in field.coordinates.split():
            assert name in data.variables
        assert float(data["y"][0]) == 233.5 * 25000
        assert data["lat"][0, 0] == pytest.approx(NORTH.latitude_longitude()[0][0, 0], abs=1e-4)
        bounds = netCDF4.num2date(data["time_bounds"][:], data["time"].units)
        assert bounds[0, 0].isoformat() == "2013-01-01T00:00:00"
        assert bounds[-1, 1].isoformat() == "2014-01-01T00:00:00"


def test_the_contests_file_is_row_major_on_its_scale(products):
    out, _, concentration, land = products
    rows = list(csv.reader((out / "contest.csv").open()))
    assert len(rows) == 13
    assert rows[0][0] == "month"
    assert {len(row) for row in rows} == {1 + 136192}
    assert [row[0] for row in rows[1:]] == list(map(str, PERIOD))
    values = np.array(rows[3][1:], float).reshape(NORTH.shape)
    np.testing.assert_allclose(
        values, np.where(land, 0, np.roll(concentration[2], 1, axis=0) * 250), atol=0.0051
    )


def test_maps_are_pictures(products):
    out, *_ = products
    picture = imread(out / "maps" / "2013-09.png")
    assert picture.ndim == 3
    assert min(picture.shape[:2]) > 200
    assert picture.std() > 10


def test_comparisons_show_march_and_september():
    concentration = np.zeros((12, *NORTH.shape), np.float32)
    concentration[:, :100] = 1
    true = np.zeros((9, *NORTH.shape), np.uint8)
    pictures = forecast_products.comparisons(PERIOD, concentration, true, "a test")
    assert set(pictures) == {"concentration/month_03", "concentration/month_09"}
    assert all(p.dtype == np.uint8 and p.shape[-1] == 3 for p in pictures.values())
