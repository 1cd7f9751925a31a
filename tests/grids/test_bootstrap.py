import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from seaice_tf.grids import bootstrap

VALUES = arrays(float, st.tuples(st.integers(1, 9), st.integers(1, 3)), elements=st.floats(-9, 9))


@settings(max_examples=25, deadline=None)
@given(VALUES, st.floats(-3, 3), st.floats(0, 3))
def test_intervals_lie_within_the_images_and_move_with_them(values, shift, scale):
    low, high = bootstrap.interval(values, draws=50)
    means = values.mean(axis=1)
    assert means.min() - 1e-9 <= low <= high <= means.max() + 1e-9
    moved = bootstrap.interval(scale * values + shift, draws=50)
    assert moved == pytest.approx((scale * low + shift, scale * high + shift), abs=1e-9)
    wide = bootstrap.interval(values, level=0.99, draws=50)
    assert wide[0] <= low
    assert high <= wide[1]


def test_an_interval_holds_the_mean_as_often_as_it_says():
    rng = np.random.default_rng(0)
    found = [bootstrap.interval(rng.normal(size=40), draws=200, seed=i) for i in range(200)]
    assert 0.88 <= np.mean([low <= 0 <= high for low, high in found]) <= 0.98


def test_groups_of_one_are_images_and_large_groups_weigh_more():
    values = np.random.default_rng(0).normal(size=12)
    alone = bootstrap.interval_of_groups([values[i : i + 1] for i in range(12)])
    assert alone == pytest.approx(bootstrap.interval(values), abs=0.1)
    low, high = bootstrap.interval_of_groups([np.zeros(1), np.ones(9)])
    assert (low, high) == (0, 1)
    ratio = bootstrap.interval_of_groups([np.zeros(1), np.ones(9)], level=0.0)
    assert ratio[0] == pytest.approx(0.9)  # of both, the mean of ten values


def test_the_interval_of_a_mean_is_that_of_the_normal_law():
    values = np.random.default_rng(0).normal(3, 2, (400, 4))
    low, high = bootstrap.interval(values)
    half = 1.96 * values.mean(axis=1).std() / 20
    assert low == pytest.approx(values.mean() - half, abs=0.02)
    assert high == pytest.approx(values.mean() + half, abs=0.02)
    assert bootstrap.interval(values) == (low, high)
    assert bootstrap.interval(values, seed=1) != (low, high)


def test_paired_intervals_separate_forecasts_that_single_ones_do_not():
    hard = np.random.default_rng(0).normal(0, 1, 100)
    a, b = hard + 0.01, hard
    assert bootstrap.interval(a)[0] < bootstrap.interval(b)[1]
    assert bootstrap.interval(a - b)[0] > 0


@pytest.mark.parametrize("number", [1, 2, 40])
def test_intervals_equal_those_of_draws_one_by_one(number, monkeypatch):
    rng = np.random.default_rng(5)
    groups = [rng.normal(size=rng.integers(1, 4)) for _ in range(number)]
    monkeypatch.setattr(bootstrap, "BLOCK", 96)  # of two rows and a part, at 40 groups
    draws, means = np.random.default_rng(3), []
    for _ in range(50):
        drawn = [groups[i] for i in draws.integers(number, size=number)]
        means.append(np.concatenate(drawn).mean())
    expected = np.quantile(means, [0.025, 0.975])
    found = bootstrap.interval_of_groups(groups, seed=3, draws=50)
    np.testing.assert_allclose(found, expected, rtol=1e-12)
