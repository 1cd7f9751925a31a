import numpy as np
import pytest
from hypothesis import given
from hypothesis.extra.numpy import arrays

from seaice_tf.clouds.scores import dice
from seaice_tf.grids import bootstrap

MASKS = arrays(bool, (2, 3, 2, 4))


def slow(true, pred):
    """The contest's rule, a pixel at a time."""
    result = np.empty((len(true), 4))
    for i in range(len(true)):
        for kind in range(4):
            x = {(r, c) for r in range(3) for c in range(2) if pred[i, r, c, kind]}
            y = {(r, c) for r in range(3) for c in range(2) if true[i, r, c, kind]}
            result[i, kind] = 2 * len(x & y) / (len(x) + len(y)) if x or y else 1
    return result


@given(MASKS, MASKS)
def test_it_equals_the_rule_pixel_by_pixel(true, pred):
    np.testing.assert_allclose(dice.dice(true, pred), slow(true, pred))
    np.testing.assert_array_equal(dice.table(zip(true, pred)), dice.dice(true, pred))


def test_a_hand_drawn_case():
    true, pred = np.zeros((2, 2, 3, 4), bool)
    true[0, :, 0] = pred[0, 0, 0] = True  # three pixels against one of them
    true[:, :, 1] = True  # missed
    pred[1, :, 2] = True  # nothing there
    values = dice.table([(true, pred)])
    np.testing.assert_allclose(values, [[0.5, 0, 0, 1]])
    assert dice.scores(values) == {
        "dice": 0.375,
        "dice_fish": 0.5,
        "dice_flower": 0,
        "dice_gravel": 0,
        "dice_sugar": 1,
    }


def test_the_interval_of_a_mean_is_that_of_the_normal_law():
    values = np.random.default_rng(0).normal(3, 2, (400, 4))
    low, high = bootstrap.interval(values)
    half = 1.96 * values.mean(axis=1).std() / 20
    assert low == pytest.approx(values.mean() - half, abs=0.02)
    assert high == pytest.approx(values.mean() + half, abs=0.02)
    assert bootstrap.interval(values) == (low, high)
    assert bootstrap.interval(values, seed=1) != (low, high)


def test_paired_predictors_are_told_apart_where_single_ones_are_not():
    hard = np.random.default_rng(0).normal(0, 1, 100)
    a, b = hard + 0.01, hard
    assert bootstrap.interval(a)[0] < bootstrap.interval(b)[1]
    assert bootstrap.interval(a - b)[0] > 0
