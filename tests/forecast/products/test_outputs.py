import csv

import netCDF4
import numpy as np
import pytest
from skimage.io import imread

from seaice_tf.forecast.products import netcdf, outputs
from seaice_tf.forecast.scores import probability
from seaice_tf.grids.polar import NORTH

CITATION = "NSIDC-0051 version 2, doi:10.5067/MPYG15WAA4WX"
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
    about = "a test, synthetic", CITATION
    paths = outputs.write(out, PERIOD, fields, decision, land, *about)
    return out, paths, concentration, land


def test_everything_named_is_there(products):
    out, paths, *_ = products
    assert all(path.stat().st_size > 0 for path in paths)
    written = {str(path.relative_to(out)) for path in out.rglob("*.*")}
    months = {f"maps/{month}.png" for month in PERIOD}
    assert written == {"forecast.nc", "contest.csv", "forecast.png", "forecast.gif"} | months


def test_netcdf_says_where_when_and_what(products):
    out, _, concentration, land = products
    with netCDF4.Dataset(out / "forecast.nc") as data:
        assert data.Conventions == "CF-1.10, ACDD-1.3"
        assert "synthetic" in data.source
        field = data["sea_ice_area_fraction"]
        assert field.dimensions == ("time", "y", "x")
        assert (field.units, field.standard_name) == ("1", "sea_ice_area_fraction")
        np.testing.assert_array_equal(field[:].mask, np.broadcast_to(land, field.shape))
        np.testing.assert_array_equal(field[:, 20:], concentration[:, 20:])
        np.testing.assert_array_equal(
            data["probability_of_sea_ice"][:, 20:], 1 - concentration[:, 20:]
        )
        assert "sea_ice_area_fraction_standard_deviation" not in data.variables
        assert data[field.grid_mapping].grid_mapping_name == "polar_stereographic"
        assert data["crs"].straight_vertical_longitude_from_pole == -45
        for name in field.coordinates.split():
            assert name in data.variables
        assert float(data["y"][0]) == 233.5 * 25000
        assert data["lat"][0, 0] == pytest.approx(NORTH.latitude_longitude()[0][0, 0], abs=1e-4)
        bounds = netCDF4.num2date(data["time_bounds"][:], data["time"].units)
        assert bounds[0, 0].isoformat() == "2013-01-01T00:00:00"
        assert bounds[-1, 1].isoformat() == "2014-01-01T00:00:00"


def test_netcdf_can_be_found(products):
    out, *_ = products
    with netCDF4.Dataset(out / "forecast.nc") as data:
        assert "2012-12" in data.summary
        assert "SEA ICE CONCENTRATION" in data.keywords
        assert data.time_coverage_start == "2013-01-01T00:00:00Z"
        assert data.time_coverage_end == "2014-01-01T00:00:00Z"
        assert data.time_coverage_duration == "P12M"
        for short, name in (("lat", "latitude"), ("lon", "longitude")):
            assert data.getncattr(f"geospatial_{short}_min") == data[short][:].min()
            assert data.getncattr(f"geospatial_{short}_max") == data[short][:].max()
            assert data[short].standard_name == name
        assert data.date_created.endswith("Z")
        assert data.id == "arctic_sea_ice_forecast_2013-01"
        assert "doi:10.5067/MPYG15WAA4WX" in data.references
        assert data.references in data.acknowledgment
        assert float(data["threshold"][...]) == 0.15
        np.testing.assert_allclose(data["cell_area"][:], NORTH.cell_area() * 1e6, rtol=1e-6)
        assert data["cell_area"].units == "m2"


def test_netcdf_of_an_ensemble(tmp_path):
    members = np.random.default_rng(0).random((3, 12, NORTH.rows, NORTH.columns))
    land = np.zeros((NORTH.rows, NORTH.columns), bool)
    land[:, :9] = True
    fields = probability.summary(members)
    path = netcdf.write(tmp_path / "forecast.nc", PERIOD, fields, land, "a test")
    with netCDF4.Dataset(path) as data:
        assert "references" not in data.ncattrs()  # no citation was given
        field = data["sea_ice_area_fraction"]
        names = field.ancillary_variables.split()
        assert len(names) == 2
        for name, values in zip(names, (fields["spread"], fields["probability"])):
            assert data[name].units == "1"
            np.testing.assert_allclose(data[name][:, :, 9:], values[:, :, 9:], rtol=1e-6)
            np.testing.assert_array_equal(data[name][0].mask, land)
        deviation, ice_probability = (data[name] for name in names)
        assert deviation.standard_name == "sea_ice_area_fraction standard_error"
        assert ice_probability.long_name == "probability of sea_ice_area_fraction above 0.15"
        assert "standard_name" not in ice_probability.ncattrs()
        threshold = data[ice_probability.coordinates.split()[-1]]
        assert float(threshold[...]) == 0.15
        assert threshold.standard_name == "sea_ice_area_fraction"


def test_netcdf_passes_a_cf_checker(products):
    suite = pytest.importorskip("compliance_checker.suite", reason="pip install compliance-checker")
    checks = suite.CheckSuite()
    checks.load_all_available_checkers()
    with netCDF4.Dataset(products[0] / "forecast.nc") as data:
        results, errors = checks.run_all(data, ["cf:1.10"])["cf:1.10"]
    assert not errors
    full = [r.value[0] == r.value[1] if isinstance(r.value, tuple) else r.value for r in results]
    assert [r.msgs for r, passed in zip(results, full) if not passed] == []


def test_the_dacon_file_is_row_major_on_its_scale(products):
    out, _, concentration, land = products
    rows = list(csv.reader((out / "contest.csv").open()))
    assert len(rows) == 13
    assert rows[0][0] == "month"
    assert {len(row) for row in rows} == {1 + 136192}
    assert [row[0] for row in rows[1:]] == list(map(str, PERIOD))
    values = np.array(rows[3][1:], float).reshape(NORTH.shape)
    np.testing.assert_allclose(
        values, np.where(land, 0, np.roll(concentration[2], 1, axis=0) * 250), atol=0.0101
    )


def test_maps_are_pictures(products):
    out, *_ = products
    picture = imread(out / "maps" / "2013-09.png")
    assert picture.ndim == 3
    assert min(picture.shape[:2]) > 200
    assert picture.std() > 10
