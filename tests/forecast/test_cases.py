"""Cases on products and grids other than those of the released model."""

import dataclasses

import netCDF4
import numpy as np
import pytest

from seaice_tf.errors import InputError
from seaice_tf.forecast import cases, members
from seaice_tf.forecast.data.counts import LAND
from seaice_tf.forecast.products import netcdf
from seaice_tf.forecast.settings import Settings, UNet
from seaice_tf.forecast.task import TASK
from seaice_tf.grids.polar import EASE_NORTH, EASE_SOUTH, SOUTH
from seaice_tf.runs import predict
from tests.forecast.data.archives import write_aggregate, write_osisaf
from tests.forecast.data.test_archive import months

FIRST = np.datetime64("2009-01")
PERIOD = {"train_end": "2010-12", "validation_start": "2011-01", "validation_end": "2011-12"}


@pytest.fixture(scope="module")
def climate_record(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cdr")
    write_aggregate(folder, FIRST, months(SOUTH, 24))
    return folder


@pytest.fixture(scope="module")
def long_record(tmp_path_factory):
    """Fifteen years, of which ten come before a forecast and the others make members."""
    folder = tmp_path_factory.mktemp("long")
    write_aggregate(folder, np.datetime64("1995-01"), months(SOUTH, 204))
    return folder


def settings(folder, trained_on):
    network = UNet(history_years=2, base_years=2)
    return Settings(
        data=str(folder), hemisphere="south", network=network, trained_on=trained_on, **PERIOD
    )


def test_a_model_of_another_product_says_so_on_every_product(climate_record, caplog):
    found = cases.future(settings(climate_record, "NASA Team"))
    assert found.source.endswith("2009-01 to 2010-12, by a model trained on NASA Team")
    (case,) = found
    assert case.context.source == found.source
    assert "expected NASA Team, which the model was trained on, got NOAA/NSIDC CDR" in caplog.text
    caplog.clear()
    same = cases.future(settings(climate_record, "NOAA/NSIDC CDR"))
    unknown = cases.future(settings(climate_record, ""))
    assert same.source == unknown.source
    assert "trained on" not in same.source + caplog.text


def test_a_forecast_of_months_that_were_trained_on_says_so(climate_record, caplog):
    unseen = settings(climate_record, "")
    assert "IN SAMPLE" not in cases.future(unseen).source + caplog.text
    seen = dataclasses.replace(unseen, train_end="2011-01", validation_start="2011-02")
    assert cases.future(seen).source.endswith(", IN SAMPLE: trained on to 2011-01")
    assert "the model was trained on months to 2011-01" in caplog.text


def test_a_run_keeps_the_algorithm_that_it_was_trained_on(climate_record):
    calibrated = TASK.training.calibrate(settings(climate_record, ""), None)
    assert calibrated.trained_on == "NOAA/NSIDC CDR"


def test_a_forecast_on_an_ease_grid_lies_where_the_data_lie(tmp_path):
    write_osisaf(tmp_path / "data", FIRST, months(EASE_SOUTH, 24), grid=EASE_SOUTH)
    (case,) = cases.future(settings(tmp_path / "data", "OSI SAF"))
    context = case.context
    assert context.grid is EASE_SOUTH
    fields = {"concentration": np.full((12, *EASE_SOUTH.shape), 0.5, np.float32)}
    path = netcdf.write(
        *(tmp_path / "forecast.nc", context.months, fields, context.past[-1] == LAND),
        *(context.source, context.citation, context.grid),
    )
    with netCDF4.Dataset(path) as data:
        assert "Antarctic" in data.title
        assert "25 km EASE-Grid 2.0 of OSI SAF" in data.summary
        assert "OSI-450-a" in data.references
        assert data["crs"].grid_mapping_name == "lambert_azimuthal_equal_area"
        assert data["crs"].latitude_of_projection_origin == -90
        assert (float(data["x"][0]), float(data["y"][0])) == (-5387500, 5387500)
        assert float(data["cell_area"][5, 5]) == pytest.approx(625e6)
        assert (data["lat"][:] < 0).all()
    assert EASE_NORTH.shape == EASE_SOUTH.shape  # so that the shape alone would not do


def test_runs_of_both_hemispheres_cannot_form_an_ensemble(climate_record):
    south = settings(climate_record, "NASA Team")
    north = dataclasses.replace(south, hemisphere="north")
    with pytest.raises(InputError, match="expected runs with hemisphere south"):
        predict.ensemble_cases(TASK, [south, north], TASK.data.future)


def test_a_network_of_decembers_forecasts_from_no_other_month(climate_record):
    network = UNet(history_years=1, base_years=1, init_months="december")
    decembers = dataclasses.replace(settings(climate_record, "NASA Team"), network=network)
    assert len(TASK.data.future(decembers)) == 1
    with pytest.raises(InputError, match="expected a December"):
        TASK.data.future(decembers, cases.PredictOptions(first_init="2010-06"))


def test_members_need_a_network_with_quantiles(climate_record):
    with pytest.raises(InputError, match="members: expected the network distribution"):
        TASK.data.future(settings(climate_record, "NASA Team"), cases.PredictOptions(members=5))


@pytest.mark.parametrize("written", [0, 3, 20, 30])
def test_the_outlook_has_the_same_members_whatever_number_is_written(long_record, written):
    """Its quantiles of 10 and 90 % would hang on the number, were it that."""
    own = Settings(data=str(long_record), hemisphere="south", **PERIOD)
    (case,) = cases.future(own, cases.PredictOptions(members=written))

    def serve(inputs, endpoint):
        assert endpoint == "quantiles"
        levels = np.asarray(inputs[-1])
        assert len(levels) <= cases.LEVELS_AT_ONCE
        maps = np.zeros((1, 12, 1, 1))
        return {"concentration": maps, "quantiles": maps[:, None] + levels[:, None, None, None]}

    fields = case.pieces(serve)
    np.testing.assert_allclose(fields["quantiles"][:, 5, 0, 0], members.levels(20), atol=1e-6)
    if written:
        found = fields["member_quantiles"][:, 5, 0, 0]
        np.testing.assert_allclose(found, members.levels(written), atol=1e-6)
    else:
        assert "member_quantiles" not in fields
