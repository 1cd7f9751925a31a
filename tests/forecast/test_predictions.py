"""Products of one forecast and of hindcasts, from predictions that cost nothing."""

import csv
import dataclasses
import weakref

import netCDF4
import numpy as np
import pytest

from seaice_tf.errors import InputError
from seaice_tf.files import maps
from seaice_tf.forecast import predictions
from seaice_tf.forecast.cases import Context, PredictOptions
from seaice_tf.forecast.task import TASK
from seaice_tf.forecast.verification import combine
from seaice_tf.grids.polar import SOUTH
from seaice_tf.task import Case

LEVELS, MEMBERS = 6, 5  # of the outlook, and to write


@pytest.fixture(scope="module")
def context():
    """Eight years of a square of ice on the southern grid, up to 2007-12."""
    past = np.zeros((96, *SOUTH.shape), np.uint8)
    past[:, 100:140, 100:160] = 240
    past[::2, 100:110, 100:160] = 20
    past[:, :5] = 254
    months = np.arange("2008-01", "2009-01", dtype="datetime64[M]")
    return Context(past, months, "a test", "", SOUTH, members=MEMBERS, member_seed=3)


def fields(context):
    ice = np.zeros((12, *SOUTH.shape), np.float32)
    ice[:, 100:140, 100:160] = 0.8
    steps = np.linspace(-0.8, 0.2, LEVELS)
    quantiles = np.stack([np.clip(ice + step, 0, 1) * (ice > 0) for step in steps])
    own = {"quantiles": quantiles, "member_quantiles": quantiles[:MEMBERS] / 2}
    return {"concentration": ice, "probability": ice, **own}


def case(context):
    return Case(str(context.months[0]), None, context)


def test_a_forecast_has_an_outlook_dates_and_members(context, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(maps, "pixels", lambda sheet: np.zeros((4, 4, 3), np.uint8))
    options = PredictOptions(members=MEMBERS)
    written = predictions.write([(case(context), fields(context))], tmp_path, "a model", options)
    names = {path.name for path in written}
    assert {
        "forecast.nc",
        "outlook.csv",
        "outlook.png",
        "dates.nc",
        "dates.png",
        "members.nc",
    } <= names
    assert "2008-12, antarctic extent" in capsys.readouterr().out
    with netCDF4.Dataset(tmp_path / "members.nc") as data:
        found = data["concentration_members"][0]
        expected = fields(context)["member_quantiles"]
        np.testing.assert_allclose(
            np.sort(found.data, axis=0)[:, :, 5:], expected[:, :, 5:], atol=1e-4
        )


def test_the_dataset_of_the_library_has_the_same_members(context, tmp_path, monkeypatch):
    monkeypatch.setattr(maps, "pixels", lambda sheet: np.zeros((4, 4, 3), np.uint8))
    options = PredictOptions(members=MEMBERS)
    predictions.write([(case(context), fields(context))], tmp_path, "a model", options)
    found = TASK.products.dataset(case(context), fields(context), "a model")
    own = found["sea_ice_area_fraction_members"]
    assert own.dims == ("member", "time", "y", "x")
    assert own.sizes["member"] == MEMBERS
    assert np.isnan(own.values[:, :, :5]).all()
    with netCDF4.Dataset(tmp_path / "members.nc") as data:
        written = data["concentration_members"][0].filled(np.nan)
    np.testing.assert_allclose(own, written, atol=1e-4)
    found.to_netcdf(tmp_path / "dataset.nc")
    none = of_run(context, 0, "member_quantiles")
    assert "member" not in TASK.products.dataset(case(context), none, "a model").sizes


def test_hindcasts_are_one_file_and_one_table(context, tmp_path):
    later = Context(context.past, context.months + 1, "a test", "", SOUTH)
    pairs = ((case(each), of_run(each, 0, "member_quantiles")) for each in (context, later))
    options = PredictOptions(first_init="2007-12", last_init="2008-01")
    written = predictions.write(pairs, tmp_path, "a model", options)
    assert [path.name for path in written] == ["hindcasts.nc", "outlook.csv"]
    with netCDF4.Dataset(tmp_path / "hindcasts.nc") as data:
        assert data["concentration"].shape == (2, 12, *SOUTH.shape)
        assert "concentration_members" not in data.variables
    with (tmp_path / "outlook.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert {row["init"] for row in rows} == {"2007-12", "2008-01"}


def test_memory_of_hindcasts_holds_one_at_a_time(context, tmp_path):
    """Of the most members a forecast's maps are 0.6 GB."""
    alive: list = []

    def pairs():
        for shift in range(3):
            assert not any(made() is not None for made in alive)
            made = fields(context)
            alive.append(weakref.ref(made["member_quantiles"]))
            yield case(dataclasses.replace(context, months=context.months + shift)), made
            del made

    options = PredictOptions(first_init="2007-12", members=MEMBERS)
    predictions.write(pairs(), tmp_path, "a model", options)
    assert len(alive) == 3


def of_run(context, shift, *without):
    """Fields of one run of an ensemble."""
    own = fields(context)
    for name in ("quantiles", "member_quantiles"):
        own[name] = np.clip(own[name] + shift * (own["concentration"] > 0), 0, 1)
    own["spread"] = own["concentration"] / 9
    return {name: field for name, field in own.items() if name not in without}


def test_an_ensemble_has_all_products(context, tmp_path, monkeypatch, caplog):
    monkeypatch.setattr(maps, "pixels", lambda sheet: np.zeros((4, 4, 3), np.uint8))
    mixed = combine([of_run(context, shift) for shift in (0, 0.1)])
    options = PredictOptions(members=MEMBERS)
    written = predictions.write([(case(context), mixed)], tmp_path, "a + b", options)
    names = {path.name for path in written}
    assert {"outlook.csv", "outlook.png", "dates.nc", "dates.png", "members.nc"} <= names
    hindcasts = PredictOptions(first_init="2007-12", members=MEMBERS)
    predictions.write([(case(context), mixed)], tmp_path, "a + b", hindcasts)
    with netCDF4.Dataset(tmp_path / "hindcasts.nc") as data:
        assert data["concentration_members"].shape == (1, MEMBERS, 12, *SOUTH.shape)
    assert "not written" not in caplog.text


def test_an_ensemble_without_quantiles_says_what_it_does_not_write(
    context, tmp_path, monkeypatch, caplog
):
    monkeypatch.setattr(maps, "pixels", lambda sheet: np.zeros((4, 4, 3), np.uint8))
    mixed = combine([of_run(context, 0), of_run(context, 0.1, "quantiles", "member_quantiles")])
    predictions.write([(case(context), mixed)], tmp_path, "a + b", PredictOptions())
    assert (
        caplog.text.count("a + b: outlook.csv, outlook.png, dates.nc, dates.png are not written")
        == 1
    )
    caplog.clear()
    hindcasts = PredictOptions(first_init="2007-12", members=MEMBERS)
    predictions.write([(case(context), mixed)] * 2, tmp_path, "a + b", hindcasts)
    assert caplog.text.count("outlook.csv and members are not written") == 1


def test_options_are_checked():
    with pytest.raises(InputError, match="members: expected at least 0"):
        PredictOptions(members=-1)
    with pytest.raises(InputError, match="expected first_init beside it"):
        PredictOptions(last_init="2010-01")
