import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from seaice_tf.forecast.scores import ice_edge, probability
from seaice_tf.forecast.scores import score as forecast
from seaice_tf.forecast.scores.score import Year
from seaice_tf.grids.polar import NORTH

FIELDS = arrays(np.float64, (3, 4), elements=st.floats(0, 1))
AREA = np.arange(1, 13).reshape(3, 4) * 1e5  # km2


@given(FIELDS, FIELDS)
def test_the_edge_error_is_the_area_where_they_disagree(true, pred):
    disagree = sum(
        AREA[i, j]
        for i in range(3)
        for j in range(4)
        if (true[i, j] >= 0.15) != (pred[i, j] >= 0.15)
    )
    over, under = ice_edge.edge_error(true, pred, AREA)
    assert over + under == pytest.approx(disagree / 1e6)
    bias = ice_edge.extent(pred, AREA) - ice_edge.extent(true, AREA)
    assert over - under == pytest.approx(bias)


@given(FIELDS)
def test_a_perfect_forecast(true):
    climate = np.full(true.shape, 0.5)
    scores = ice_edge.month_scores(true, true, climate, np.ones(true.shape, bool), AREA)
    assert scores["iiee"] == scores["mae"] == scores["rmse"] == scores["extent_bias"] == 0
    assert scores["binary_accuracy"] == 1
    assert np.isnan(scores["anomaly_correlation"]) or scores["anomaly_correlation"] > 0.999


def test_a_hand_drawn_month():
    true = np.array([[1.0, 0.2, 0.0, np.nan]])
    pred = np.array([[0.9, 0.1, 0.2, 0.8]])
    area = np.array([[1e6, 2e6, 3e6, 9e6]])
    icy = np.array([[True, True, False, True]])
    scores = ice_edge.month_scores(true, pred, np.zeros((1, 4)), icy, area)
    assert scores["iiee"] == pytest.approx(5)  # the second cell is missed, the third invented
    assert scores["extent_bias"] == pytest.approx(1)
    assert scores["area_bias"] == pytest.approx(0.1)  # 0.9 + 0.6 for 1 + 0.4
    assert scores["mae"] == pytest.approx(10)
    assert scores["rmse"] == pytest.approx(10)
    assert scores["binary_accuracy"] == 0.5


def test_area_counts_the_ice_and_extent_the_cells():
    field, area = np.array([[0.5, 0.1]]), np.array([[2e6, 4e6]])
    assert ice_edge.extent(field, area) == 2
    assert ice_edge.ice_area(field, area) == 1


def test_a_period_is_scored_by_calendar_month():
    rng = np.random.default_rng(0)
    past = rng.integers(0, 251, (24, 448, 304)).astype(np.uint8)
    true = past[:3]
    period = np.arange("2010-11", "2011-11", dtype="datetime64[M]")
    pred = np.zeros((12, 448, 304))
    pred[:2] = true[:2] / 250
    scores = forecast.score([Year(true, pred, pred, past, period)])
    assert scores["month_11/iiee"] == scores["month_12/rmse"] == 0
    assert scores["month_01/iiee"] > 1
    assert scores["iiee"] == pytest.approx(scores["month_01/iiee"] / 3)
    assert "month_02/iiee" not in scores


@pytest.fixture(scope="module")
def rolling():
    """Forecasts of 12 months issued after month 24, 25 and 26 of one record."""
    rng = np.random.default_rng(1)
    record = rng.integers(0, 256, (40, 448, 304)).astype(np.uint8)
    first = np.datetime64("2008-01", "M")
    result = []
    for i in (24, 25, 26):
        pred = rng.random((12, 448, 304))
        result.append(Year(record[i : i + 12], pred, pred, record[:i], first + i + np.arange(12)))
    return result


def test_rolling_origins_are_scored_by_lead(rolling):
    scores = forecast.score(rolling, groups=("month", "lead"))
    for lead in (1, 12):
        expected = [
            sum(
                ice_edge.edge_error(
                    np.where(year.true[lead - 1] > 250, np.nan, year.true[lead - 1] / 250),
                    year.pred[lead - 1],
                    NORTH.cell_area(),
                )
            )
            for year in rolling
        ]
        assert scores[f"lead_{lead:02}/iiee"] == pytest.approx(np.mean(expected))
    for group in ("lead", "month"):  # every forecast has each lead and each month once
        parts = [scores[f"{group}_{number:02}/mae"] for number in range(1, 13)]
        assert np.mean(parts) == pytest.approx(scores["mae"])


def test_groups_and_regions_only_add(rolling):
    plain = forecast.score(rolling[:1], groups=())
    assert not any("/" in name for name in plain)
    more = forecast.score(rolling[:1], groups=("lead",), regions={"all": np.ones((448, 304), bool)})
    assert {name: more[name] for name in plain} == plain
    for name in ("iiee", "mae", "extent_bias", "anomaly_correlation"):
        assert more[f"region_all/{name}"] == pytest.approx(plain[name])


def test_regions_without_overlap_share_the_edge_error(rolling):
    west = np.zeros((448, 304), bool)
    west[:, :100] = True
    scores = forecast.score(rolling[:1], regions={"west": west, "east": ~west})
    for name in ("iiee", "extent_bias"):
        parts = scores[f"region_west/{name}"] + scores[f"region_east/{name}"]
        assert parts == pytest.approx(scores[name])


def test_a_region_on_land_has_no_scores(rolling):
    scores = forecast.score(rolling[:1], regions={"none": np.zeros((448, 304), bool)})
    assert np.isnan(scores["region_none/iiee"])
    assert np.isnan(scores["region_none/mae"])


def test_a_sure_forecast_has_the_mae_as_its_crps(rolling):
    scores = forecast.score(rolling[:1], groups=(), reliability=True)
    assert scores["crps"] == pytest.approx(scores["mae"])
    assert scores["brier"] == pytest.approx(1 - scores["binary_accuracy"])
    cells = [scores[f"reliability_{low:02}/cells"] for low in range(0, 100, 10)]
    assert cells[0] > 0
    assert cells[9] > 0
    assert not any(cells[1:9])


def test_odds_and_members_are_scored(rolling):
    year = rolling[0]
    members = np.stack([year.pred, 1 - year.pred])
    odds = np.full(year.pred.shape, 0.85)  # what uniform random counts hold
    asked = dataclasses.replace(year, pred=members.mean(axis=0), members=members, probability=odds)
    scores = forecast.score([asked], groups=(), reliability=True)
    assert scores["crps"] < scores["mae"] < forecast.score([year], groups=())["mae"]
    assert scores["calibration_error"] < 0.01
    assert scores["reliability_80/observed"] == pytest.approx(0.85, abs=0.01)
    known = year.true[0] <= 250
    true, guesses = year.true[0][known] / 250, members[:, 0][:, known]
    icy = ((year.past >= 37.5) & (year.past <= 250)).any(axis=0)[known]
    first = dataclasses.replace(asked, true=year.true[:1])
    expected = 100 * probability.crps(true, guesses)[icy].mean()
    assert forecast.score([first], groups=())["crps"] == pytest.approx(expected)
