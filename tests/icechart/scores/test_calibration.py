import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seaice_tf.icechart.scores import calibration


def drawn(temperature, number=20_000, seed=0):
    """Logits, and classes drawn by the probabilities of logits / temperature."""
    rng = np.random.default_rng(seed)
    logits = 3 * rng.normal(size=(number, 4))
    exponentials = np.exp(logits / temperature)
    probabilities = exponentials / exponentials.sum(axis=1, keepdims=True)
    true = (rng.random((number, 1)) > np.cumsum(probabilities, axis=1)).sum(axis=1)
    return logits, np.minimum(true, 3), probabilities


@pytest.mark.parametrize("temperature", [0.5, 1.0, 4.0])
def test_the_temperature_of_drawn_classes_is_recovered(temperature):
    logits, true, probabilities = drawn(temperature)
    assert calibration.fit_temperature(logits, true) == pytest.approx(temperature, rel=0.05)
    assert calibration.calibration_error(probabilities, true) < 0.015


def test_the_temperature_maximises_the_likelihood():
    logits, true, _ = drawn(2.5, 500)
    best = calibration.fit_temperature(logits, true)
    grid = [calibration.log_likelihood(logits, true, t) for t in np.geomspace(0.05, 40, 50)]
    assert calibration.log_likelihood(logits, true, best) >= max(grid) - 1e-6


def test_overconfidence_by_hand():
    probabilities = np.array([[0.9, 0.1]] * 10)
    assert calibration.calibration_error(
        probabilities, np.array([0] * 5 + [1] * 5)
    ) == pytest.approx(0.4)


def test_without_pixels_the_temperature_is_1():
    nothing = np.empty((0, 3)), np.empty(0, int)
    assert calibration.fit_temperature(*nothing) == 1.0
    assert np.isnan(calibration.calibration_error(*nothing))


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 9999), st.floats(0.1, 10), st.integers(1, 60), st.integers(2, 5))
def test_no_temperature_has_a_higher_likelihood(seed, sharpness, number, classes):
    rng = np.random.default_rng(seed)
    logits = sharpness * rng.normal(size=(number, classes))
    true = rng.integers(0, classes, number)
    found = calibration.fit_temperature(logits, true)
    best = calibration.log_likelihood(logits, true, found)
    assert best <= 0
    for other in np.geomspace(calibration.LOWEST, calibration.HIGHEST, 40):
        assert calibration.log_likelihood(logits, true, other) <= best + 1e-6


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 9999), st.integers(1, 40), st.integers(1, 12))
def test_the_calibration_error_equals_that_of_a_loop(seed, number, bins):
    rng = np.random.default_rng(seed)
    probabilities = rng.dirichlet(np.ones(3), number)
    true = rng.integers(0, 3, number)
    expected = 0.0
    for i in range(bins):
        top = probabilities.max(axis=1)
        inside = (top >= i / bins) & ((top < (i + 1) / bins) | (i == bins - 1))
        if inside.any():
            right = (probabilities.argmax(axis=1) == true)[inside].mean()
            expected += inside.mean() * abs(right - top[inside].mean())
    found = calibration.calibration_error(probabilities, true, bins)
    assert found == pytest.approx(expected)
    assert 0 <= found <= 1
    order = rng.permutation(number)
    assert calibration.calibration_error(probabilities[order], true[order], bins) == pytest.approx(
        found
    )
