import numpy as np
import pytest
import tensorflow as tf
from scipy import ndimage

from seaice_tf.nowcast.networks.losses import FrameLoss, ms_ssim
from seaice_tf.nowcast.scores import ms_ssim as scores


@pytest.fixture(scope="module")
def frames():
    rng = np.random.default_rng(1)
    noise = ndimage.gaussian_filter(rng.normal(size=(2, 3, 64, 64)), (0, 0, 2, 2))
    true = np.clip(400 + 900 * noise, 0, 1023).astype("float32")
    return true, np.roll(true, 2, axis=-1) + rng.normal(scale=20, size=true.shape).astype("f4")


def test_equals_the_score(frames):
    value = ms_ssim(*map(tf.constant, frames))
    np.testing.assert_allclose(value, scores.ms_ssim(*frames), atol=1e-5)


def test_equal_frames_give_one_and_negatives_zero(frames):
    true = tf.constant(frames[0])
    np.testing.assert_allclose(ms_ssim(true, true), 1, atol=1e-6)
    np.testing.assert_array_equal(ms_ssim(true, 1023 - true), 0)


@pytest.mark.parametrize(("true", "pred"), [(0, 0), (500, 500), (0, 1023), ("noise", 300)])
def test_gradients_are_finite_where_images_are_constant(frames, true, pred):
    true = frames[0] if true == "noise" else np.full((2, 3, 64, 64), true, "float32")
    pred = tf.fill((2, 3, 64, 64), float(pred))
    with tf.GradientTape() as tape:
        tape.watch(pred)
        loss = FrameLoss()(true, pred)
    assert np.isfinite(loss)
    assert np.isfinite(tape.gradient(loss, pred)).all()


def test_frames_without_similarity_have_a_gradient(frames):
    true = tf.constant(frames[0])
    pred = 1023 - true
    with tf.GradientTape() as tape:
        tape.watch(pred)
        loss = FrameLoss()(true, pred)
    gradient = tape.gradient(loss, pred).numpy()
    assert np.isfinite(gradient).all()
    assert np.abs(gradient).max() > 0


def test_a_lead_of_weight_zero_is_ignored(frames):
    true, pred = frames
    weight = np.ones((2, 3, 1, 1), np.float32)
    weight[1, 1:] = 0
    spoilt = np.where(weight > 0, true, np.nan)
    loss = FrameLoss(0.3)
    value = loss(spoilt, pred, weight)
    np.testing.assert_allclose(value, loss(true, pred, weight[..., 0, 0]))
    per_frame = loss(true[:1], pred[:1]), loss(true[1:, :1], pred[1:, :1])
    np.testing.assert_allclose(value, (3 * per_frame[0] + per_frame[1]) / 4, rtol=1e-5)
    assert loss(spoilt, pred, 0 * weight) == 0


def test_the_weight_of_the_mae(frames):
    true, pred = frames
    error = np.abs(true - pred).mean() / FrameLoss.MAE_SCALE
    np.testing.assert_allclose(FrameLoss(1.0)(true, pred), error, rtol=1e-5)
    similarity = np.mean(ms_ssim(tf.constant(true), tf.constant(pred)))
    np.testing.assert_allclose(FrameLoss(0.0)(true, pred), 1 - similarity, rtol=1e-5)
