"""Pooled scores of hindcasts against loops over cells, and cases to check by hand."""

import numpy as np
import pytest

from seaice_tf.forecast.scores import hindcasts
from seaice_tf.forecast.scores.hindcasts import Forecast, Target

SHAPE = (5, 6)


def made(seed, init="2005-03", lead=2):
    rng = np.random.default_rng(seed)
    true = rng.integers(0, 256, SHAPE).astype(np.uint8)
    area = rng.uniform(400, 650, SHAPE)
    target = Target(
        np.datetime64(init), lead, true, rng.random(SHAPE), rng.random(SHAPE) < 0.7, area
    )
    return target, Forecast(rng.random(SHAPE), rng.random(SHAPE), rng.random(SHAPE) / 4)


def slow(pairs, score):
    """A loop over maps and cells."""
    top = bottom = 0.0
    for target, forecast in pairs:
        for i in range(SHAPE[0]):
            for j in range(SHAPE[1]):
                if target.true[i, j] > 250 or not target.icy[i, j]:
                    continue
                true, w = target.true[i, j] / 250, target.area[i, j]
                pred, probability = forecast.concentration[i, j], forecast.probability[i, j]
                top += (
                    w
                    * {
                        "rmse": (100 * (pred - true)) ** 2,
                        "mae": 100 * abs(pred - true),
                        "brier": (probability - (true >= 0.15)) ** 2,
                        "binary_accuracy": float((probability >= 0.5) == (true >= 0.15)),
                    }[score]
                )
                bottom += w
    return (top / bottom) ** (0.5 if score == "rmse" else 1)


@pytest.mark.parametrize("score", ["rmse", "mae", "brier", "binary_accuracy"])
def test_cell_means_equal_a_loop(score):
    pairs = [made(seed) for seed in range(3)]
    assert hindcasts.pooled(pairs)[score] == pytest.approx(slow(pairs, score))


def test_groups_hold_their_maps_alone():
    near, far = made(1, lead=1), made(2, lead=6)
    both = hindcasts.pooled([near, far])
    assert both["lead_01/rmse"] == pytest.approx(hindcasts.pooled([near])["rmse"])
    assert both["init_03_month_09/iiee"] == pytest.approx(hindcasts.pooled([far])["iiee"])
    assert {"month_04/brier", "month_09/brier"} <= set(both)


def test_a_perfect_forecast():
    target, _ = made(4)
    true = np.where(target.true > 250, 0, target.true / 250)
    found = hindcasts.pooled([(target, Forecast.certain(true))])
    zero = ("rmse", "mae", "iiee", "brier", "crps", "sps", "extent_bias", "extent_rmse")
    assert all(found[name] == pytest.approx(0, abs=1e-9) for name in zero)
    assert found["binary_accuracy"] == 1
    assert found["anomaly_correlation"] == pytest.approx(1)
    assert np.isnan(found["spread_error"])


def test_edges_of_a_hand_drawn_map():
    true = np.array([[250, 0, 250, 255]], np.uint8)
    target = Target(
        np.datetime64("2000-01"),
        1,
        true,
        np.zeros((1, 4)),
        np.ones((1, 4), bool),
        np.full((1, 4), 1e6),
    )
    probability = np.array([[0.9, 0.6, 0.2, 1.0]])
    found = hindcasts.pooled(
        [(target, Forecast(np.array([[1, 0.2, 0, 1.0]]), probability, probability * 0))]
    )
    assert found["iiee"] == 2  # one cell too many, one too few; the missing one is left out
    assert found["sps"] == pytest.approx(0.01 + 0.36 + 0.64)
    # Expected are .9 + .6 + .2 of three known cells of 1 million km2, of which two have ice.
    assert found["extent_bias"] == pytest.approx(1.7 - 2)
    certain = hindcasts.pooled([(target, Forecast.certain(np.array([[1, 0.2, 0.14, 1.0]])))])
    assert certain["extent_bias"] == 0


def test_icy_cells_look_at_earlier_years_of_the_target_s_month():
    past = np.zeros((24, 1, 2), np.uint8)
    past[2, 0, 0] = 200  # the third month of the first year
    past[4, 0, 1] = 200
    found = hindcasts.icy_cells(past, lead=3)
    np.testing.assert_array_equal(found, [[True, False]])


def test_a_reliable_forecast_has_a_spread_like_its_error():
    rng = np.random.default_rng(0)
    mean = np.full((200, 200), 0.5)
    true = np.clip(mean + rng.normal(0, 0.1, mean.shape), 0, 1)
    target = Target(
        np.datetime64("2000-01"),
        1,
        (true * 250).round().astype(np.uint8),
        mean,
        np.ones(mean.shape, bool),
        np.ones(mean.shape),
    )
    found = hindcasts.pooled([(target, Forecast(mean, mean * 0 + 1, np.full(mean.shape, 0.1)))])
    assert found["spread_error"] == pytest.approx(1, abs=0.02)
    assert found["crps"] < found["mae"]
