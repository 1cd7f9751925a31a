import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from seaice_tf.errors import InputError
from seaice_tf.nowcast.scores.ms_ssim import WEIGHTS, ms_ssim


def slow(true, pred):
    """Reference: the definition, a window at a time, for one frame."""
    taps = np.exp(-(np.arange(-1, 2) ** 2) / (2 * 1.5**2))
    weights = np.outer(taps, taps) / taps.sum() ** 2
    c1, c2 = (0.01 * 1023) ** 2, (0.03 * 1023) ** 2
    result = 1.0
    for scale, power in enumerate(WEIGHTS):
        if scale:
            shape = (true.shape[0] // 2, 2, true.shape[1] // 2, 2)
            true, pred = (f.reshape(shape).mean(axis=(1, 3)) for f in (true, pred))
        similarity, contrast = [], []
        for i in range(true.shape[0] - 2):
            for j in range(true.shape[1] - 2):
                x, y = true[i : i + 3, j : j + 3], pred[i : i + 3, j : j + 3]
                mean_x, mean_y = (weights * x).sum(), (weights * y).sum()
                var_x, var_y = (
                    (weights * x**2).sum() - mean_x**2,
                    (weights * y**2).sum() - mean_y**2,
                )
                both = (weights * x * y).sum() - mean_x * mean_y
                contrast.append((2 * both + c2) / (var_x + var_y + c2))
                luminance = (2 * mean_x * mean_y + c1) / (mean_x**2 + mean_y**2 + c1)
                similarity.append(luminance * contrast[-1])
        result *= max(np.mean(similarity if scale == 4 else contrast), 0) ** power
    return result


def pairs(number=3, shape=(64, 64)):
    """Frames that agree more and less, and one that is the opposite."""
    rng = np.random.default_rng(0)
    true = np.cumsum(rng.normal(0, 40, (number, *shape)), axis=-1) + 400
    pred = true + rng.normal(0, 1, true.shape) * np.array([5, 60, 200])[:number, None, None]
    return np.clip(true, 0, 1023), np.clip(pred, 0, 1023)


def test_it_equals_the_definition_window_by_window():
    true, pred = pairs(shape=(48, 64))
    fast = ms_ssim(true, pred)
    np.testing.assert_allclose(fast, [slow(t, p) for t, p in zip(true, pred)], rtol=1e-9)
    assert (np.diff(fast) < 0).all()


def test_it_equals_tensorflow_where_sides_can_be_halved():
    true, pred = pairs()
    theirs = tf.image.ssim_multiscale(
        *(tf.constant(f[..., None], tf.float32) for f in (true, pred)), 1023.0, filter_size=3
    )
    np.testing.assert_allclose(ms_ssim(true, pred), theirs.numpy(), atol=2e-5)


def test_equal_frames_give_one_and_negatives_zero():
    true, _ = pairs()
    np.testing.assert_allclose(ms_ssim(true, true), 1)
    np.testing.assert_array_equal(ms_ssim(true, 1023 - true), 0)


def test_constant_frames_differ_by_their_luminance_alone():
    """(2 a b + c1) / (a^2 + b^2 + c1) to the power of the last scale's weight."""
    a, b, c1 = 100.0, 300.0, 10.23**2
    expected = ((2 * a * b + c1) / (a**2 + b**2 + c1)) ** 0.1333
    value = ms_ssim(np.full((64, 64), a), np.full((64, 64), b))
    np.testing.assert_allclose(value, expected, rtol=1e-9)


def test_sides_that_cannot_be_halved_are_refused():
    for shape in ((56, 64), (32, 32)):
        with pytest.raises(InputError, match="multiples of 16 of at least 48"):
            ms_ssim(np.zeros(shape), np.zeros(shape))
    with pytest.raises(InputError, match="shape of true"):
        ms_ssim(np.zeros((64, 64)), np.zeros((48, 64)))


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 9999), st.floats(0, 500), st.sampled_from([0, 1, 2, 3]), st.booleans())
def test_it_is_symmetric_and_invariant_to_rotation(seed, noise, turn, mirrored):
    rng = np.random.default_rng(seed)
    true = rng.uniform(0, 1023, (2, 48, 64))
    pred = np.clip(true + rng.normal(0, noise, true.shape), 0, 1023)
    found = ms_ssim(true, pred)
    assert ((found >= 0) & (found <= 1 + 1e-12)).all()
    np.testing.assert_allclose(ms_ssim(pred, true), found)
    turned = [
        np.rot90(each[..., ::-1] if mirrored else each, turn, (1, 2)) for each in (true, pred)
    ]
    np.testing.assert_allclose(ms_ssim(*turned), found)
    np.testing.assert_allclose(ms_ssim(true[1], pred[1]), found[1])
