import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seaice_tf.forecast.data.counts import COAST, LAND, MISSING, POLE_HOLE
from seaice_tf.forecast.data.g02202 import to_counts

FLAGS = [POLE_HOLE, LAND, COAST, LAND, MISSING]  # of 251 to 255: a lake becomes land


@pytest.mark.parametrize("stored", [np.arange(251, 256), np.arange(-5, 0)], ids=["above", "below"])
@pytest.mark.parametrize("precision", [np.float32, np.float64])
def test_flags_stand_above_one_or_below_zero(stored, precision):
    counts, unknown = to_counts((stored * 0.01).astype(precision))
    assert counts.tolist() == FLAGS
    assert not unknown.any()


@pytest.mark.parametrize("precision", [np.float32, np.float64])
def test_every_count_comes_back_from_its_fraction(precision):
    counts, unknown = to_counts((np.arange(251) / 250).astype(precision))
    np.testing.assert_array_equal(counts, np.arange(251))
    assert not unknown.any()


def test_every_percent_is_within_half_a_count():
    percent = np.arange(101)
    counts, _ = to_counts(percent * 0.01)
    assert np.abs(counts - 2.5 * percent).max() <= 0.5


def test_what_is_neither_a_fraction_nor_a_flag_is_told():
    counts, unknown = to_counts(np.array([1.01, 2.5, 2.56, -0.06, 2.515, 1e36, -np.inf, 0.3]))
    assert unknown.tolist() == [True] * 7 + [False]
    assert (counts[:7] == MISSING).all()


@settings(max_examples=100, deadline=None)
@given(st.floats(allow_nan=True, width=32) | st.floats(-0.125, 2.625, width=32))
def test_any_number_is_a_fraction_a_flag_or_told(value):
    (count,), (unknown,) = to_counts(np.array([value]))
    if unknown:
        assert count == MISSING
        assert not 0 <= value <= 1
    elif count <= 250:
        assert abs(count / 250 - value) <= 0.5 / 250 + 1e-6
    else:
        assert count in FLAGS
        assert np.isnan(value) or value < 0 or value > 1
