import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from seaice_tf.scores import bootstrap

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
