import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from seaice_tf.scores import forecast, seaice

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
    over, under = seaice.edge_error(true, pred, AREA)
    assert over + under == pytest.approx(disagree / 1e6)
    bias = seaice.extent(pred, AREA) - seaice.extent(true, AREA)
    assert over - under == pytest.approx(bias)


@given(FIELDS)
def test_a_perfect_forecast(true):
    climate = np.full(true.shape, 0.5)
    scores = seaice.month_scores(true, true, climate, np.ones(true.shape, bool), AREA)
    assert scores["iiee"] == scores["mae"] == scores["rmse"] == scores["extent_bias"] == 0
    assert scores["binary_accuracy"] == 1
    assert np.isnan(scores["anomaly_correlation"]) or scores["anomaly_correlation"] > 0.999


def test_a_hand_drawn_month():
    true = np.array([[1.0, 0.2, 0.0, np.nan]])
    pred = np.array([[0.9, 0.1, 0.2, 0.8]])
    area = np.array([[1e6, 2e6, 3e6, 9e6]])
    icy = np.array([[True, True, False, True]])
    scores = seaice.month_scores(true, pred, np.zeros((1, 4)), icy, area)
    assert scores["iiee"] == pytest.approx(5)  # the second cell is missed, the third invented
    assert scores["extent_bias"] == pytest.approx(1)
    assert scores["mae"] == pytest.approx(10)
    assert scores["rmse"] == pytest.approx(10)
    assert scores["binary_accuracy"] == 0.5


def test_area_counts_the_ice_and_extent_the_cells():
    field, area = np.array([[0.5, 0.1]]), np.array([[2e6, 4e6]])
    assert seaice.extent(field, area) == 2
    assert seaice.ice_area(field, area) == 1


def test_a_period_is_scored_by_calendar_month():
    rng = np.random.default_rng(0)
    past = rng.integers(0, 251, (24, 448, 304)).astype(np.uint8)
    true = past[:3]
    period = np.arange("2010-11", "2011-11", dtype="datetime64[M]")
    pred = np.zeros((12, 448, 304))
    pred[:2] = true[:2] / 250
    scores = forecast.score([(true, pred, pred, past, period)])
    assert scores["month_11/iiee"] == scores["month_12/rmse"] == 0
    assert scores["month_01/iiee"] > 1
    assert scores["iiee"] == pytest.approx(scores["month_01/iiee"] / 3)
    assert "month_02/iiee" not in scores
