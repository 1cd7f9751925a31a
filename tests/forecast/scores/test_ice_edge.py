import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from seaice_tf.forecast.scores import ice_edge

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


def test_edge_and_extent_are_those_of_the_probability():
    """A mean of 20 % can be one outcome in five with full ice: open water is the likelier one."""
    true = np.array([[1.0, 0.0, 0.0, np.nan]])
    pred = np.array([[0.9, 0.2, 0.6, 0.8]])
    probability = np.array([[0.95, 0.2, 0.6, 1.0]])
    area, icy = np.array([[1e6, 2e6, 3e6, 9e6]]), np.ones((1, 4), bool)
    scores = ice_edge.month_scores(true, pred, np.zeros((1, 4)), icy, area, probability)
    assert scores["iiee"] == pytest.approx(3)  # the third cell alone
    assert scores["binary_accuracy"] == pytest.approx(2 / 3)
    assert scores["extent_bias"] == pytest.approx(0.95 + 0.4 + 1.8 - 1)
    certain = ice_edge.month_scores(true, pred, np.zeros((1, 4)), icy, area)
    assert certain["iiee"] == pytest.approx(5)
    assert certain["extent_bias"] == pytest.approx(5)


def test_area_counts_the_ice_and_extent_the_cells():
    field, area = np.array([[0.5, 0.1]]), np.array([[2e6, 4e6]])
    assert ice_edge.extent(field, area) == 2
    assert ice_edge.ice_area(field, area) == 1
