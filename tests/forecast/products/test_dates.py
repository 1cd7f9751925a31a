"""Dates of members that are drawn by hand, and their file as xarray reads it."""

import numpy as np
import pytest

from seaice_tf.forecast.products import dates
from seaice_tf.grids.polar import SOUTH

PERIOD = np.arange("2010-01", "2011-01", dtype="datetime64[M]")
LAND = np.zeros(SOUTH.shape, bool)
LAND[:3] = True
# Leads 1 to 12 of a cell that melts within lead 3, later by a month a member, and refreezes.
MELT = np.array([0.9, 0.5, 0.1, 0, 0, 0, 0.2, 0.6, 0.9, 1, 1, 1])


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """Ten members: the first three never melt, the others as MELT."""
    xarray = pytest.importorskip("xarray")
    out = tmp_path_factory.mktemp("dates")
    series = np.stack([np.ones(12)] * 3 + [MELT] * 7)
    members = np.broadcast_to(series[:, :, None, None], (10, 12, *SOUTH.shape))
    crossings = dates.Dates(np.ones(SOUTH.shape))
    for lead in range(12):
        crossings.add(members[:, lead])
    sorted_dates = crossings.sorted()
    written = dates.write(out, sorted_dates, LAND, PERIOD, "a model", "a citation", SOUTH)
    assert [path.name for path in written] == ["dates.nc", "dates.png"]
    return xarray.load_dataset(written[0])


def test_dates_are_times_with_their_quantiles(found):
    assert found["ice_free"].dims == ("quantile", "y", "x")
    np.testing.assert_allclose(found["quantile"], [0.1, 0.5, 0.9])
    cell = found.isel(y=100, x=100)
    # From .5 to .1, 1.5 and 2.5 months after the init: February 2010 and half of March.
    after = 1.5 + 0.35 / 0.4
    expected = np.datetime64("2010-03-01") + np.timedelta64(int((after - 2) * 31 * 24), "h")
    assert abs(cell["ice_free"].values[1] - expected) < np.timedelta64(2, "h")
    assert cell["ice_free"].values[0] == cell["ice_free"].values[1]
    assert np.isnat(cell["ice_free"].values[2])  # three of ten never melt
    assert cell["freeze_up"].values[1] > cell["ice_free"].values[1]


def test_probabilities_are_fractions_of_the_members_and_land_has_none(found):
    assert found["ice_free_probability"].values[100, 100] == pytest.approx(0.7)
    assert np.isnan(found["freeze_up_probability"].values[:3]).all()
    assert np.isnat(found["ice_free"].values[:, :3]).all()


def test_the_file_has_the_attributes_of_a_forecast(found):
    assert found.attrs["title"] == "Forecast of dates of ice-free sea and freeze-up, Antarctic"
    assert found.attrs["references"] == "a citation"
    assert found["ice_free"].attrs["grid_mapping"] == "crs"
    assert str(found["forecast_reference_time"].values)[:10] == "2010-01-01"
