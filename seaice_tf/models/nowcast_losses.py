"""The contest's MS-SSIM in the graph, and the loss of forecast frames that is made of it."""

import tensorflow as tf
from tensorflow import keras

from seaice_tf.scores.ms_ssim import DATA_RANGE, WEIGHTS, K, taps

C1, C2 = (k**2 for k in K)
STEEPEST = 0.02  # similarity below which the gradient of its power grows no further


def ms_ssim(true, pred):
    """MS-SSIM of frames of counts, as scores.ms_ssim has it: (..., H, W) -> (...) in [0, 1].

    Sides are multiples of 16, at least 48. Gradients are finite everywhere: where the similarity of
    a scale is near 0 or below, that of its power is held at the value it has at `STEEPEST`.
    """
    true, pred = true / DATA_RANGE, pred / DATA_RANGE
    value = tf.ones(())
    for level, weight in enumerate(WEIGHTS, 1):
        luminance, contrast = _similarities(true, pred)
        last = level == len(WEIGHTS)
        value *= _power(_mean(luminance * contrast if last else contrast), weight)
        if not last:
            true, pred = _halved(true), _halved(pred)
    return value


def _similarities(true, pred):
    """Of luminance, and of contrast and structure, pixel by pixel."""
    mean_t, mean_p = _blurred(true), _blurred(pred)
    spread = _blurred(true * true) - mean_t**2 + _blurred(pred * pred) - mean_p**2
    shared = _blurred(true * pred) - mean_t * mean_p
    luminance = (2 * mean_t * mean_p + C1) / (mean_t**2 + mean_p**2 + C1)
    return luminance, (2 * shared + C2) / (spread + C2)


def _blurred(x):
    edge, middle = taps()
    x = edge * (x[..., :-2, :] + x[..., 2:, :]) + middle * x[..., 1:-1, :]
    return edge * (x[..., :-2] + x[..., 2:]) + middle * x[..., 1:-1]


def _halved(x):
    x = x[..., ::2, :] + x[..., 1::2, :]
    return (x[..., ::2] + x[..., 1::2]) / 4


def _mean(x):
    return tf.reduce_mean(x, axis=(-2, -1))


def _power(x, weight: float):
    """max(x, 0) ** weight, with a gradient that is finite and never 0."""
    held = tf.maximum(x, STEEPEST)
    straight = weight * STEEPEST ** (weight - 1) * (x - STEEPEST)
    smooth = held**weight + tf.minimum(straight, 0.0)
    exact = tf.where(x > 0, tf.maximum(x, 1e-30) ** weight, tf.zeros_like(x))
    return smooth + tf.stop_gradient(exact - smooth)


class FrameLoss(keras.losses.Loss):
    """(1 - share) (1 - MS-SSIM) + share MAE / `FULL_ERROR`, the mean over leads by their weight.

    Frames are counts, (B, leads, H, W); weights (B, leads, 1, 1) or (B, leads), the same for all
    pixels of a frame. A frame of weight 0 may hold any number.
    """

    FULL_ERROR = 0.1 * DATA_RANGE  # counts of error that weigh as much as no similarity at all

    def __init__(self, share: float = 0.25, name: str = "frames"):
        super().__init__(name=name)
        self.share = share

    def call(self, y_true, y_pred):
        return self.per_frame(y_true, y_pred)

    def __call__(self, y_true, y_pred, sample_weight=None):
        pred = tf.convert_to_tensor(y_pred)
        true = tf.cast(y_true, pred.dtype)
        if sample_weight is None:
            return tf.reduce_mean(self.per_frame(true, pred))
        weight = tf.reshape(tf.cast(sample_weight, pred.dtype), tf.shape(pred)[:2])
        true = tf.where(weight[..., None, None] > 0, true, tf.zeros_like(true))
        return tf.math.divide_no_nan(
            tf.reduce_sum(weight * self.per_frame(true, pred)), tf.reduce_sum(weight)
        )

    def per_frame(self, true, pred):
        """(B, leads, H, W) -> (B, leads)."""
        error = _mean(tf.abs(true - pred)) / self.FULL_ERROR
        if not self.share < 1:
            return error
        return (1 - self.share) * (1 - ms_ssim(true, pred)) + self.share * error
