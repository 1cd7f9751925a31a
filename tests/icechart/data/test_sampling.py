import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seaice_tf.errors import InputError
from seaice_tf.icechart.data import sampling as sw

AREAS = ["north", "north", "north", "south", "south", "east"] * 5
MONTHS = ["01", "02", "03", "01", "02"] * 6


def test_two_factors_are_met_at_once():
    factors = {"area": sw.membership(AREAS), "month": sw.membership(MONTHS)}
    targets = {"area": {"north": 0.2, "south": 0.5, "east": 0.3}, "month": {"01": 0.6, "02": 0.4}}
    weights = sw.rake(factors, targets, keep=0.0, bound=1000)
    assert weights.mean() == pytest.approx(1)
    for name, (kinds, members) in factors.items():
        found = sw.weighted_shares(kinds, members, weights)
        assert sw.distance(found, targets[name]) < 2e-3


def test_one_factor_is_a_ratio_of_shares():
    weights = sw.rake(
        {"area": sw.membership(["a", "a", "a", "b"])}, {"area": {"a": 0.5, "b": 0.5}}, keep=0.0
    )
    np.testing.assert_allclose(weights, [2 / 3, 2 / 3, 2 / 3, 2])


def test_labels_that_cannot_be_reached_are_shared_out():
    weights = sw.rake({"area": sw.membership(["a", "b"])}, {"area": {"a": 0.3, "c": 0.4, "b": 0.3}})
    np.testing.assert_allclose(weights, [1, 1])


def test_shares_of_pixels_can_be_a_factor():
    members = np.array([[1.0, 0.0], [0.5, 0.5], [0.0, 1.0]])
    weights = sw.rake(
        {"ice": (["water", "ice"], members)}, {"ice": {"ice": 0.7, "water": 0.3}}, keep=0.0
    )
    assert sw.weighted_shares(["water", "ice"], members, weights)["ice"] == pytest.approx(0.7)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.floats(1e-6, 1e6), min_size=1, max_size=20), st.floats(1, 30))
def test_bounded_weights_keep_their_order_and_mean(values, bound):
    values = np.array(values)
    weights = sw.bounded(values, bound)
    assert weights.mean() == pytest.approx(1, rel=1e-6)
    assert 1 / bound <= weights.min() <= weights.max() <= bound
    assert (np.diff(weights[np.argsort(values)]) >= 0).all()


def test_what_cannot_be_weighted_is_refused():
    with pytest.raises(InputError, match="leave the factor area out"):
        sw.rake({"area": sw.membership(["a"])}, {"area": {"b": 1.0}})
    with pytest.raises(InputError, match="at least one factor"):
        sw.rake({}, {})
    with pytest.raises(InputError, match="bound of at least 1"):
        sw.rake({"area": sw.membership(["a"])}, {"area": {"a": 1.0}}, bound=0.5)


def test_the_effective_number_of_scenes():
    assert sw.effective_number(np.ones(7)) == 7
    assert sw.effective_number(np.array([1.0, 0, 0])) == 1
