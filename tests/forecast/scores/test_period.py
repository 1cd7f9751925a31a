import dataclasses

import numpy as np
import pytest

from seaice_tf.forecast.scores import hindcasts, ice_edge, period, probability
from seaice_tf.forecast.scores.period import Forecast
from seaice_tf.grids.polar import NORTH


def test_a_period_is_scored_by_calendar_month():
    rng = np.random.default_rng(0)
    past = rng.integers(0, 251, (24, 448, 304)).astype(np.uint8)
    true = past[:3]
    months = np.arange("2010-11", "2011-11", dtype="datetime64[M]")
    pred = np.zeros((12, 448, 304))
    pred[:2] = true[:2] / 250
    scores = period.score([Forecast(true, pred, pred, past, months)])
    assert scores["month_11/iiee"] == scores["month_12/rmse"] == 0
    assert scores["month_01/iiee"] > 1
    assert scores["iiee"] == pytest.approx(scores["month_01/iiee"] / 3)
    assert "month_02/iiee" not in scores


@pytest.fixture(scope="module")
def rolling():
    """Forecasts of 12 months initialised in month 24, 25 and 26 of one record."""
    rng = np.random.default_rng(1)
    record = rng.integers(0, 256, (40, 448, 304)).astype(np.uint8)
    first = np.datetime64("2008-01", "M")
    result = []
    for i in (24, 25, 26):
        pred = rng.random((12, 448, 304))
        months = first + i + np.arange(12)
        result.append(Forecast(record[i : i + 12], pred, pred, record[:i], months))
    return result


def test_monthly_forecasts_are_scored_by_lead(rolling):
    scores = period.score(rolling, groups=("month", "lead"))
    for lead in (1, 12):
        expected = [
            sum(
                ice_edge.edge_error(
                    np.where(forecast.true[lead - 1] > 250, np.nan, forecast.true[lead - 1] / 250),
                    forecast.pred[lead - 1],
                    NORTH.cell_area(),
                )
            )
            for forecast in rolling
        ]
        assert scores[f"lead_{lead:02}/iiee"] == pytest.approx(np.mean(expected))
    for group in ("lead", "month"):  # every forecast has each lead and each month once
        parts = [scores[f"{group}_{number:02}/mae"] for number in range(1, 13)]
        assert np.mean(parts) == pytest.approx(scores["mae"])


def test_edge_and_extent_are_those_of_hindcasts_from_every_month(rolling):
    """One forecast has the same ice-edge error and extent by both ways to score it."""
    rng, plain = np.random.default_rng(2), rolling[0]
    likely = rng.random(plain.pred.shape)
    found = period.score([dataclasses.replace(plain, probability=likely)], groups=("lead",))
    for lead in (1, 12):
        target = hindcasts.Target(
            *(plain.months[0] - 1, lead, plain.true[lead - 1], plain.pred[0]),
            *(np.ones(likely.shape[1:], bool), NORTH.cell_area()),
        )
        of_map = hindcasts.Forecast(plain.pred[lead - 1], likely[lead - 1], 0 * likely[0])
        expected = hindcasts.pooled([(target, of_map)])
        for name in ("iiee", "extent_bias"):
            assert found[f"lead_{lead:02}/{name}"] == pytest.approx(expected[name])


def test_groups_and_regions_add_scores_and_change_none(rolling):
    plain = period.score(rolling[:1], groups=())
    assert not any("/" in name for name in plain)
    more = period.score(rolling[:1], groups=("lead",), regions={"all": np.ones((448, 304), bool)})
    assert {name: more[name] for name in plain} == plain
    for name in ("iiee", "mae", "extent_bias", "anomaly_correlation"):
        assert more[f"region_all/{name}"] == pytest.approx(plain[name])


def test_the_edge_error_adds_up_over_regions_without_overlap(rolling):
    west = np.zeros((448, 304), bool)
    west[:, :100] = True
    scores = period.score(rolling[:1], regions={"west": west, "east": ~west})
    for name in ("iiee", "extent_bias"):
        parts = scores[f"region_west/{name}"] + scores[f"region_east/{name}"]
        assert parts == pytest.approx(scores[name])


def test_a_region_on_land_has_no_scores(rolling):
    scores = period.score(rolling[:1], regions={"none": np.zeros((448, 304), bool)})
    assert np.isnan(scores["region_none/iiee"])
    assert np.isnan(scores["region_none/mae"])


def test_the_crps_of_a_deterministic_forecast_is_its_mae(rolling):
    scores = period.score(rolling[:1], groups=(), reliability=True)
    assert scores["crps"] == pytest.approx(scores["mae"])
    assert scores["brier"] == pytest.approx(1 - scores["binary_accuracy"])
    cells = [scores[f"reliability_{low:02}/cells"] for low in range(0, 100, 10)]
    assert cells[0] > 0
    assert cells[9] > 0
    assert not any(cells[1:9])


def test_probability_and_members_are_scored(rolling):
    forecast = rolling[0]
    members = np.stack([forecast.pred, 1 - forecast.pred])
    probabilities = np.full(forecast.pred.shape, 0.85)  # frequency of ice in uniform random counts
    ensemble = dataclasses.replace(
        forecast,
        pred=members.mean(axis=0),
        distribution_crps=period.distribution_crps(forecast.true, members.swapaxes(0, 1)),
        probability=probabilities,
    )
    scores = period.score([ensemble], groups=(), reliability=True)
    assert scores["crps"] < scores["mae"] < period.score([forecast], groups=())["mae"]
    assert scores["calibration_error"] < 0.01
    assert scores["reliability_80/observed"] == pytest.approx(0.85, abs=0.01)
    known = forecast.true[0] <= 250
    true, values = forecast.true[0][known] / 250, members[:, 0][:, known]
    icy = ((forecast.past >= 37.5) & (forecast.past <= 250)).any(axis=0)[known]
    first = dataclasses.replace(ensemble, true=forecast.true[:1])
    expected = 100 * probability.crps(true, values)[icy].mean()
    assert period.score([first], groups=())["crps"] == pytest.approx(expected)
