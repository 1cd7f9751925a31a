import itertools

import numpy as np
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from seaice_tf.forecast.networks import classes
from seaice_tf.forecast.networks.classes import CENTRES, CLASSES, LIMITS, class_of
from seaice_tf.forecast.scores import dacon


@given(st.integers(0, 250))
def test_a_class_holds_its_counts(value):
    k = int(class_of(np.array([value], np.uint8))[0])
    assert value <= LIMITS[k]
    assert k == 0 or value > LIMITS[k - 1]
    assert (k >= classes.FIRST_ICE) == (value >= 37.5)


def test_the_median_of_a_known_distribution():
    probabilities = np.zeros((3, CLASSES), np.float32)
    probabilities[0, 0] = 1
    probabilities[1, 5] = 1
    probabilities[2, [3, 8]] = 0.75, 0.25
    low, high = LIMITS[2], LIMITS[3]
    expected = [0, (LIMITS[4] + LIMITS[5]) / 2, low + (high - low) * 0.5 / 0.75]
    np.testing.assert_allclose(classes.median(tf.constant(probabilities)), expected, rtol=1e-5)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000))
def test_a_decision_has_no_worse_expected_score_than_the_median(seed):
    rng = np.random.default_rng(seed)
    probabilities = rng.dirichlet(np.full(CLASSES, 0.05), 400).astype(np.float32)
    middle = classes.median(tf.constant(probabilities))
    terms = classes.decision_terms(probabilities, middle)
    chosen = classes.decide(terms, middle, tf.zeros(400, tf.int64))
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
    middle = classes.median(tf.constant(probabilities)).numpy()
    terms = classes.decision_terms(probabilities, middle)
    chosen = classes.decide(terms, tf.constant(middle), tf.zeros(9, tf.int64)).numpy()

    def expected_score(pred):
        error = (probabilities * np.abs(CENTRES - pred[:, None])).sum()
        ice, water = (
            probabilities @ band.astype(np.float32)
            for band in (classes.BAND_ICE, classes.BAND_WATER)
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
    middle = classes.median(tf.constant(probabilities))
    year = tf.constant([0] * 30 + [1] * 30, tf.int64)
    terms = classes.decision_terms(probabilities, middle)
    both = classes.decide(terms, middle, year)
    first = classes.decide(terms[:30], middle[:30], year[:30])
    np.testing.assert_allclose(both[:30], first, rtol=1e-5)


def test_calibration_moves_the_probability_of_ice_alone():
    rng = np.random.default_rng(0)
    probabilities = tf.constant(rng.dirichlet(np.full(CLASSES, 0.3), 50).astype(np.float32))
    wanted = tf.constant(rng.uniform(0.05, 0.95, 50).astype(np.float32))
    found = classes.with_probability_of_ice(probabilities, wanted).numpy()
    ice = found[:, classes.FIRST_ICE :]
    np.testing.assert_allclose(ice.sum(axis=1), wanted, atol=1e-3)
    np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-5)
    before = probabilities.numpy()[:, classes.FIRST_ICE :]
    ratio = ice / ice.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(ratio, before / before.sum(axis=1, keepdims=True), atol=1e-4)


def test_the_probability_of_ice_is_kept_where_hardly_a_class_has_any():
    probabilities = np.full((2, CLASSES), 1e-9, np.float32)
    probabilities[0, 0] = probabilities[1, CLASSES - 1] = 1.0
    found = classes.with_probability_of_ice(tf.constant(probabilities), tf.constant([0.7, 0.6]))
    np.testing.assert_allclose(found.numpy()[:, classes.FIRST_ICE :].sum(axis=1), [0.7, 0.6], 1e-5)


def test_a_tilt_gives_the_wanted_mean_by_an_exponential():
    rng = np.random.default_rng(0)
    probabilities = rng.dirichlet(np.full(CLASSES, 0.5), 200).astype(np.float32)
    centres = CENTRES / 250
    wanted = (probabilities @ centres + rng.uniform(-0.2, 0.2, 200)).clip(0.1, 0.9)
    found = classes.with_mean(tf.constant(probabilities), wanted.astype(np.float32)).numpy()
    np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(found @ centres, wanted, atol=0.01)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.log(found[0] / probabilities[0])
    kept = probabilities[0] > 1e-6
    slope, offset = np.polyfit(centres[kept], ratio[kept], 1)
    np.testing.assert_allclose(ratio[kept], slope * centres[kept] + offset, atol=1e-3)


def test_a_mean_out_of_reach_is_approached():
    probabilities = np.zeros((3, CLASSES), np.float32)
    probabilities[:2, 0] = 1.0
    probabilities[2, [0, CLASSES - 1]] = 0.5
    found = classes.with_mean(tf.constant(probabilities), tf.constant([0.7, 0.0, 1.0])).numpy()
    assert np.isfinite(found).all()
    np.testing.assert_allclose(found[:2], probabilities[:2], atol=1e-6)
    assert found[2, -1] > 0.95


def test_the_first_leads_are_sharpened_most():
    probabilities = np.zeros((3, CLASSES), np.float32)
    probabilities[:, [0, 20]] = 0.2, 0.8
    found = classes.sharpened(tf.constant(probabilities), tf.constant([0, 1, 7])).numpy()
    expected = [0.8**power / (0.8**power + 0.2**power) for power in (1.25, 1.1, 1.05)]
    np.testing.assert_allclose(found[:, 20], expected, atol=1e-5)
    np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-5)
