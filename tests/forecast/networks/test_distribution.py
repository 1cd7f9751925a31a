import itertools

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from seaice_tf.forecast.networks import distribution
from seaice_tf.forecast.networks import features as ice_features
from seaice_tf.forecast.networks.distribution import (
    CENTRES,
    CLASSES,
    LIMITS,
    class_network,
    class_of,
)
from seaice_tf.forecast.networks.features import FEATURES, IceFeatures
from seaice_tf.forecast.scores import dacon
from seaice_tf.grids import counts


@pytest.fixture(scope="module")
def history():
    """(1, 120, 24, 22): ten years of random ice on a sea with land and a hole."""
    rng = np.random.default_rng(0)
    grids = rng.integers(0, 251, (120, 24, 22)).astype(np.uint8)
    grids[:, :, :6] = 0
    grids[:, :3], grids[:, 3] = counts.LAND, counts.COAST
    grids[:60, 10:13, 12:15] = counts.POLE_HOLE
    return grids[None]


@pytest.fixture(scope="module")
def features(history):
    maps, possible = IceFeatures("neighbours")(history)
    return {name: maps.numpy()[0, ..., i] for i, name in enumerate(FEATURES)}, possible.numpy()[0]


def test_features_against_numpy(history, features):
    maps, possible = features
    filled = np.stack([counts.fill_hole(month) for month in history[0]])
    ice = np.where(filled <= 250, filled / 250, 0).reshape(10, 12, 24, 22)[::-1]
    december = ice[0, 11] - ice[1:6, 11].mean(0)
    slope = np.polyfit(np.arange(10), ice[::-1].reshape(10, -1), 1)[0]
    expected = {
        "year_2": ice[1],
        "mean_5": ice[:5].mean(0),
        "median_5": np.median(ice[:5], axis=0),
        "median_10": np.median(ice, axis=0),
        "min_10": ice.min(0),
        "std_10": ice.std(0),
        "ice_frequency_5": (ice[:5] >= 0.15 - 1e-6).mean(0),
        "trend_increment": 5.5 * slope.reshape(12, 24, 22),
        "anomaly_december": np.broadcast_to(december, (12, 24, 22)),
        "anomaly_same_month": ice[0] - ice[1:6].mean(0),
        "mean_5_month_after": np.roll(ice[:5].mean(0), -1, axis=0),
    }
    for name, value in expected.items():
        np.testing.assert_allclose(maps[name], value, atol=2e-6, err_msg=name)
    assert not possible[:, :4].any()
    assert not possible[:, :, :4].any()
    assert possible[:, 6:, 8:].all()


@pytest.mark.parametrize("cells", [1, 5, 9, 11, 17])
def test_window_sums_against_brute_force(cells):
    maps = np.random.default_rng(cells).random((1, 2, 13, 20)).astype(np.float32)
    reach = cells // 2
    expected = [
        [
            maps[..., max(i - reach, 0) : i + reach + 1, max(j - reach, 0) : j + reach + 1].sum(
                axis=(2, 3), dtype=np.float64
            )
            for j in range(20)
        ]
        for i in range(13)
    ]
    expected = np.moveaxis(np.array(expected), (0, 1), (2, 3))
    np.testing.assert_allclose(ice_features.window_sum(maps, cells), expected, rtol=5e-7)


@pytest.mark.parametrize("cells", ice_features.NEAR)
def test_surroundings_are_means_over_the_sea(features, cells):
    """Every cell of a month against a loop; where a window holds no sea, the mean is 0."""
    maps, _ = features
    sea = np.ones((24, 22), bool)
    sea[:4] = False
    reach = cells // 2
    for name in ice_features.NEAR[cells]:
        for i, j in np.ndindex(24, 22):
            window = (
                slice(max(i - reach, 0), i + reach + 1),
                slice(max(j - reach, 0), j + reach + 1),
            )
            near = maps[name][7][window][sea[window]]
            expected = near.mean(dtype=np.float64) if near.size else 0
            assert maps[f"{name}_near_{cells}"][7, i, j] == pytest.approx(expected, abs=1e-6)


@given(st.integers(0, 250))
def test_a_class_holds_its_counts(value):
    k = int(class_of(np.array([value], np.uint8))[0])
    assert value <= LIMITS[k]
    assert k == 0 or value > LIMITS[k - 1]
    assert (k >= distribution.FIRST_ICE) == (value >= 37.5)


def test_the_median_of_a_known_distribution():
    probabilities = np.zeros((3, CLASSES), np.float32)
    probabilities[0, 0] = 1
    probabilities[1, 5] = 1
    probabilities[2, [3, 8]] = 0.75, 0.25
    low, high = LIMITS[2], LIMITS[3]
    expected = [0, (LIMITS[4] + LIMITS[5]) / 2, low + (high - low) * 0.5 / 0.75]
    np.testing.assert_allclose(distribution.median(tf.constant(probabilities)), expected, rtol=1e-5)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000))
def test_a_decision_has_no_worse_expected_score_than_the_median(seed):
    rng = np.random.default_rng(seed)
    probabilities = rng.dirichlet(np.full(CLASSES, 0.05), 400).astype(np.float32)
    middle = distribution.median(tf.constant(probabilities))
    chosen = distribution.decide(tf.constant(probabilities), middle, tf.zeros(400, tf.int64))
    reached = probabilities.cumsum(axis=1, dtype=float)
    draws = rng.random((20, 400, 1)) * reached[:, -1:]
    drawn = CENTRES[(reached < draws).sum(axis=-1)]
    scores = []
    for pred in (chosen, middle):
        sums = dacon.Sums()
        for true in drawn:
            sums += dacon.sums(np.round(true).astype(np.uint8), pred.numpy())
        scores.append(sums.scores()["contest_score"])
    assert scores[0] <= scores[1] * 1.01


def test_a_decision_near_the_best_of_all():
    """Against every combination of raised cells."""
    rng = np.random.default_rng(3)
    probabilities = rng.dirichlet(np.full(CLASSES, 0.2), 9).astype(np.float32)
    middle = distribution.median(tf.constant(probabilities)).numpy()
    chosen = distribution.decide(probabilities, tf.constant(middle), tf.zeros(9, tf.int64)).numpy()

    def expected_score(pred):
        error = (probabilities * np.abs(CENTRES - pred[:, None])).sum()
        ice, water = (
            probabilities @ band.astype(np.float32)
            for band in (distribution.BAND_ICE, distribution.BAND_WATER)
        )
        icy = pred >= 37.5
        f1 = 2 * ice[icy].sum() / max((ice + water)[icy].sum() + ice.sum(), 1e-9)
        return error / max(f1, 1e-9)

    below = np.flatnonzero(middle < 37.5)
    best = min(
        expected_score(np.where(np.isin(np.arange(9), raised), 37.5, middle))
        for n in range(len(below) + 1)
        for raised in itertools.combinations(below, n)
    )
    assert expected_score(chosen) <= best * 1.05
    assert expected_score(chosen) <= expected_score(middle)


def test_examples_of_a_batch_do_not_influence_each_other():
    rng = np.random.default_rng(0)
    probabilities = rng.dirichlet(np.full(CLASSES, 0.1), 60).astype(np.float32)
    middle = distribution.median(tf.constant(probabilities))
    year = tf.constant([0] * 30 + [1] * 30, tf.int64)
    both = distribution.decide(tf.constant(probabilities), middle, year)
    first = distribution.decide(tf.constant(probabilities[:30]), middle[:30], year[:30])
    np.testing.assert_allclose(both[:30], first, rtol=1e-5)


@pytest.mark.parametrize("members", [1, 3])
def test_the_network_has_the_parameters_of_its_members(members):
    network = class_network(members, width=8)
    each = (len(FEATURES) * 8 + 8) + (8 * 8 + 8) + (8 * CLASSES + CLASSES)
    assert network.count_params() == members * each
    assert network(np.zeros((2, 5, len(FEATURES))))["classes"].shape == (2, 5, members, CLASSES)


def test_a_served_year(history):
    model = distribution.serving_model(class_network(2, 4), 24, 22, "neighbours")
    maps = {name: value.numpy() for name, value in model(history).items()}
    assert set(maps) == {"concentration", "probability", "spread", "contest_decision"}
    for value in maps.values():
        assert value.shape == (1, 12, 24, 22)
        assert value.min() >= 0
        assert value.max() <= 1
        assert not value[:, :, :4].any()
    assert maps["concentration"][0, :, 6:, 8:].min() > 0


def test_the_table_of_features_is_complete():
    assert len(FEATURES) == 39
    assert all(deviation > 0 for _, deviation in FEATURES.values())
    assert {f"{name}_near_{n}" for n, names in ice_features.NEAR.items() for name in names} <= set(
        FEATURES
    )
