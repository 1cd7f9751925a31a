import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.integrate import trapezoid

from seaice_tf.forecast.scores import probability

UNIT = st.floats(0, 1)
TRUE = arrays(np.float64, (2, 3), elements=st.one_of(UNIT, st.just(np.nan)))
CHANCE = arrays(np.float64, (2, 3), elements=UNIT)
MEMBERS = arrays(np.float64, st.tuples(st.integers(2, 5), st.just(2), st.just(3)), elements=UNIT)
EDGES = probability.PROBABILITY_BINS
AREA = np.array([[1.0, 2, 3], [4, 5, 6]])


def cells(*maps):
    """Cell by cell, those without a truth left out."""
    rows = zip(*(np.broadcast_to(m, (2, 3)).ravel().tolist() for m in maps))
    return [row for row in rows if not np.isnan(row[0])]


def slow_brier(true, forecast, climate):
    known = cells(true, forecast, climate, AREA)
    total = sum(w for *_, w in known)
    if not total:
        return [np.nan] * 3
    error = sum(w * (p - (t >= 0.15)) ** 2 for t, p, _, w in known) / total
    usual = sum(w * (c - (t >= 0.15)) ** 2 for t, _, c, w in known) / total
    gap = 0
    for k in range(10):
        inside = [
            row for row in known if min(int(np.searchsorted(EDGES, row[1], "right")), 10) == k + 1
        ]
        gap += abs(sum(w * (p - (t >= 0.15)) for t, p, _, w in inside)) / total
    return [error, 1 - error / usual if usual else np.nan, gap]


@given(TRUE, CHANCE, CHANCE)
def test_brier_equals_the_rule_cell_by_cell(true, forecast, climate):
    scores = probability.brier(true, forecast, climate, AREA).scores()
    got = [scores[name] for name in ("brier", "brier_skill", "calibration_error")]
    np.testing.assert_allclose(got, slow_brier(true, forecast, climate), rtol=1e-9, atol=1e-12)


@given(TRUE, MEMBERS)
def test_parts_can_be_added(true, members):
    forecast = probability.probability_of_ice(members)
    for rule, pred in ((probability.brier, forecast), (probability.ensemble, members)):
        whole = rule(true, pred).scores()
        parts = rule(true[:1], pred[..., :1, :]) + rule(true[1:], pred[..., 1:, :])
        for name, value in parts.scores().items():
            assert value == pytest.approx(whole[name], abs=1e-9, nan_ok=True)


def test_a_hand_drawn_reliability_table():
    true = np.array([0.9, 0.1, 0.5, 0.0, np.nan])
    forecast = np.array([0.95, 0.95, 0.25, 0.25, 0.25])
    result = probability.brier(true, forecast, climate=np.full(5, 0.5))
    assert result.reliability.count.tolist() == [0, 0, 2, 0, 0, 0, 0, 0, 0, 2]
    forecast, seen = result.reliability.means()
    np.testing.assert_allclose(forecast[[2, 9]], [0.25, 0.95])
    np.testing.assert_allclose(seen[[2, 9]], [0.5, 0.5])
    assert np.isnan(seen[0])
    error = (0.05**2 + 0.95**2 + 0.75**2 + 0.25**2) / 4
    assert result.scores() == pytest.approx(
        {"brier": error, "brier_skill": 1 - error / 0.25, "calibration_error": 0.35}
    )


def test_a_certain_forecast_is_in_the_last_bin_and_climatology_has_no_skill():
    true, sure = np.array([0.9, 0.0]), np.array([1.0, 0.0])
    perfect = probability.brier(true, sure, climate=np.full(2, 0.5))
    assert perfect.reliability.count[[0, 9]].tolist() == [1, 1]
    assert perfect.scores() == {"brier": 0, "brier_skill": 1, "calibration_error": 0}
    usual = np.array([0.7, 0.2])
    assert probability.brier(true, usual, climate=usual).scores()["brier_skill"] == 0
    assert np.isnan(probability.brier(true, usual).scores()["brier_skill"])


@given(TRUE, MEMBERS)
def test_crps_equals_its_definition(true, members):
    """The integral of (F - [x >= y])^2, taken between all the points where it jumps."""
    got = probability.crps(true, members)
    for cell in np.ndindex(true.shape):
        y, x = true[cell], members[(slice(None), *cell)]
        points = np.sort(np.append(x, y))
        middle = (points[1:] + points[:-1]) / 2
        steps = ((x[:, None] <= middle).mean(axis=0) - (middle >= y)) ** 2
        np.testing.assert_allclose(got[cell], (steps * np.diff(points)).sum(), atol=1e-12)


@given(TRUE, MEMBERS)
def test_fair_crps_leaves_out_pairs_of_a_member_with_itself(true, members):
    m = len(members)
    pairs = np.abs(members[:, None] - members).sum(axis=(0, 1)) / (2 * m * (m - 1))
    expected = np.abs(members - true).mean(axis=0) - pairs
    np.testing.assert_allclose(probability.crps(true, members, fair=True), expected, atol=1e-12)


def test_fair_crps_does_not_depend_on_the_size_of_a_reliable_ensemble():
    rng = np.random.default_rng(0)
    true = rng.random(40_000)  # CRPS of the even distribution that is right: 1/6
    for size in (2, 10):
        members = rng.random((size, true.size))
        assert probability.crps(true, members, fair=True).mean() == pytest.approx(1 / 6, abs=3e-3)
        plain = 1 / 6 * (1 + 1 / size)
        assert probability.crps(true, members).mean() == pytest.approx(plain, abs=3e-3)


def test_one_member_is_its_absolute_error_and_has_no_spread():
    true, members = np.array([0.5, np.nan]), np.array([[0.2, 0.9]])
    scores = probability.ensemble(true, members).scores()
    assert scores["crps"] == scores["ensemble_rmse"] == pytest.approx(30)
    assert all(np.isnan(scores[name]) for name in ("fair_crps", "spread", "spread_error_ratio"))


def test_a_hand_drawn_ensemble():
    true, members = np.array([0.4, 0.6]), np.array([[0.4, 0.5], [0.6, 0.5]])
    result = probability.ensemble(true, members, weight=np.array([3.0, 1.0]))
    assert result.scores() == pytest.approx(
        {
            "crps": (3 * (10 - 5) + 10) / 4,
            "fair_crps": (3 * (10 - 10) + 10) / 4,
            "spread": 100 * np.sqrt(3 * 0.02 * 1.5 / 4),
            "ensemble_rmse": 10,
            "spread_error_ratio": 10 * np.sqrt(3 * 0.02 * 1.5 / 4),
        }
    )
    assert result.spread.count.tolist() == [1, 0, 1, 0, 0, 0, 0, 0, 0, 0]


@pytest.mark.parametrize("size", [2, 8])
def test_a_reliable_ensemble_has_the_spread_of_its_error(size):
    draws = np.random.default_rng(0).normal(0.5, 0.1, (size + 1, 40_000))
    scores = probability.ensemble(draws[0], draws[1:]).scores()
    assert scores["spread_error_ratio"] == pytest.approx(1, abs=0.02)
    sure = probability.ensemble(draws[0], 0.5 + 0.1 * (draws[1:] - 0.5)).scores()
    assert sure["spread_error_ratio"] < 0.2


def test_without_a_truth_nothing_is_known():
    nothing = np.full((2, 3), np.nan)
    scores = probability.brier(nothing, AREA).scores()
    scores |= probability.ensemble(nothing, np.stack([AREA, AREA])).scores()
    assert np.isnan(list(scores.values())).all()


@given(
    st.floats(-0.5, 1.5),
    arrays(np.float64, 4, elements=st.floats(0.01, 1)),
    st.lists(st.integers(0, 20), min_size=5, max_size=5),
)
def test_binned_crps_equals_the_integral(true, mass, edges):
    edges, mass = np.sort(edges) / 20, mass / mass.sum()
    x = np.linspace(-0.6, 1.6, 40_001)
    below = sum(
        m * (np.clip((x - a) / (b - a), 0, 1) if b > a else x >= a)
        for m, a, b in zip(mass, edges[:-1], edges[1:])
    )
    slow = trapezoid((below - (x >= true)) ** 2, x)
    got = probability.crps_binned(np.array([true]), mass[:, None], edges)
    assert got[0] == pytest.approx(slow, abs=5e-4)


def test_binned_crps_of_points_is_that_of_members():
    true, members = np.array([0.3, 0.9]), np.array([0.0, 0.5, 1.0])
    edges = np.repeat(members, 2)  # between them lie bins without probability
    mass = np.array([1, 0, 1, 0, 1])[:, None] / 3
    got = probability.crps_binned(true, np.broadcast_to(mass, (5, 2)), edges)
    expected = probability.crps(true, np.broadcast_to(members[:, None], (3, 2)))
    np.testing.assert_allclose(got, expected)


def test_binned_crps_of_the_right_even_distribution():
    """The integral of x^2 up to y and of (1 - x)^2 beyond: (y^3 + (1 - y)^3) / 3."""
    true = np.linspace(0, 1, 11)
    for bins in (1, 5):
        got = probability.crps_binned(
            true, np.full((bins, 11), 1 / bins), np.linspace(0, 1, bins + 1)
        )
        np.testing.assert_allclose(got, (true**3 + (1 - true) ** 3) / 3)


@given(st.floats(0, 1), st.floats(-0.2, 1.2), st.floats(0.01, 2))
def test_the_crps_of_a_normal_with_its_tails_at_the_ends_is_its_integral(true, mean, deviation):
    edges = np.linspace(0, 1, 4001)
    x = (edges[1:] + edges[:-1]) / 2
    below = 0.5 * (1 + np.array([math.erf(v) for v in (x - mean) / deviation / np.sqrt(2)]))
    expected = ((below - (x >= true)) ** 2).mean()
    got = probability.crps_normal(np.array([true]), np.array([mean]), np.array([deviation]))
    assert got[0] == pytest.approx(expected, abs=1e-3)


def test_the_maps_of_a_hand_drawn_ensemble():
    members = np.array([[0.0, 0.15, 1.0], [0.2, 0.15, 1.0]])
    result = probability.summary(members)
    np.testing.assert_allclose(result["concentration"], [0.1, 0.15, 1])
    np.testing.assert_allclose(result["spread"], [0.2 / np.sqrt(2), 0, 0])
    np.testing.assert_allclose(result["probability"], [0.5, 1, 1])


def test_one_member_has_no_spread():
    member = np.random.default_rng(0).random((1, 3, 4))
    result = probability.summary(member)
    np.testing.assert_array_equal(result["concentration"], member[0])
    assert not result["spread"].any()
    assert set(np.unique(result["probability"])) <= {0, 1}


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 9999), st.integers(1, 5), st.integers(1, 4))
def test_a_mixture_of_ensembles_is_that_of_all_members(seed, groups, members):
    rng = np.random.default_rng(seed)
    every = rng.random((groups, members, 7))
    parts = [probability.summary(each) for each in every]
    means, spreads, probabilities = (
        np.array([part[name] for part in parts])
        for name in ("concentration", "spread", "probability")
    )
    # The spread of a group has n - 1 degrees of freedom, that of the pool n.
    own = spreads * np.sqrt((members - 1) / members)
    found = probability.mixture(means, own, probabilities)
    pooled = every.reshape(-1, 7)
    np.testing.assert_allclose(found["spread"], pooled.std(axis=0), atol=1e-12)
    np.testing.assert_allclose(found["probability"], probability.probability_of_ice(pooled))
    mixed = probability.summary(rng.permutation(pooled))
    for name, values in probability.summary(pooled).items():
        assert mixed[name] == pytest.approx(values)
    assert ((found["probability"] >= 0) & (found["probability"] <= 1)).all()


@pytest.mark.parametrize("number", [1, 2, 3])
def test_quantiles_of_a_mixture_are_those_of_its_samples(number):
    """Of forecasts far apart half the mixture lies below the gap; a hand-drawn grid of samples."""
    levels = (np.arange(50) + 0.5) / 50
    each = [0.1 * i + 0.5 * levels**2 for i in range(number)]
    found = probability.mixture_quantiles([own[:, None] for own in each])[:, 0]
    samples = np.sort(np.concatenate(each))
    expected = np.interp(levels, (np.arange(len(samples)) + 0.5) / len(samples), samples)
    np.testing.assert_allclose(found, expected, atol=1e-12)
    if number == 1:
        np.testing.assert_array_equal(found, each[0])
