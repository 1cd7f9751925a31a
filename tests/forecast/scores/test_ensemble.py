import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seaice_tf.forecast.scores import ensemble


def test_a_hand_drawn_ensemble():
    members = np.array([[0.0, 0.15, 1.0], [0.2, 0.15, 1.0]])
    result = ensemble.summary(members)
    np.testing.assert_allclose(result["concentration"], [0.1, 0.15, 1])
    np.testing.assert_allclose(result["spread"], [0.2 / np.sqrt(2), 0, 0])
    np.testing.assert_allclose(result["probability"], [0.5, 1, 1])


def test_one_member_is_sure():
    member = np.random.default_rng(0).random((1, 3, 4))
    result = ensemble.summary(member)
    np.testing.assert_array_equal(result["concentration"], member[0])
    assert not result["spread"].any()
    assert set(np.unique(result["probability"])) <= {0, 1}


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 9999), st.integers(1, 5), st.integers(1, 4))
def test_a_mixture_of_ensembles_is_that_of_all_members(seed, groups, members):
    rng = np.random.default_rng(seed)
    every = rng.random((groups, members, 7))
    parts = [ensemble.summary(each) for each in every]
    means, spreads, odds = (
        np.array([part[name] for part in parts])
        for name in ("concentration", "spread", "probability")
    )
    # The members' own variance is with n - 1 below, that of the pool with n.
    own = spreads * np.sqrt((members - 1) / members)
    found = ensemble.mixture(means, own, odds)
    pooled = every.reshape(-1, 7)
    np.testing.assert_allclose(found["spread"], pooled.std(axis=0), atol=1e-12)
    np.testing.assert_allclose(found["probability"], ensemble.probability_of_ice(pooled))
    mixed = ensemble.summary(rng.permutation(pooled))
    for name, values in ensemble.summary(pooled).items():
        assert mixed[name] == pytest.approx(values)
    assert ((found["probability"] >= 0) & (found["probability"] <= 1)).all()
