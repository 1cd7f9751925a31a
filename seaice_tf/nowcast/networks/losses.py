"""MS-SSIM in the graph, as ClimateHack.AI computes it, and the loss of forecast frames."""

import numpy as np
import tensorflow as tf
from tensorflow import keras

from seaice_tf import compat
from seaice_tf.nowcast.scores.ms_ssim import DATA_RANGE, WEIGHTS, K, taps

C1, C2 = (k**2 for k in K)
STEEPEST = 0.02  # similarity below which the gradient of its power is constant


def ms_ssim(true, pred):
    """MS-SSIM of frames of counts, as `scores.ms_ssim`: two (..., H, W) -> (...) in [0, 1].

    Sides are multiples of 16, at least 48. Gradients are finite everywhere: below a similarity of
    `STEEPEST` at a scale, the gradient of its power is the one at `STEEPEST`.
    """
    number, sides = tf.shape(true)[:-2], true.shape[-2:]
    true, pred = (tf.reshape(x / DATA_RANGE, [-1, *sides, 1]) for x in (true, pred))
    value = tf.ones(())
    for level, weight in enumerate(WEIGHTS, 1):
        luminance, contrast = _similarities(true, pred)
        last = level == len(WEIGHTS)
        term = luminance * contrast if last else contrast
        value *= _power(tf.reduce_mean(term, axis=(1, 2, 3)), weight)
        if not last:
            true, pred = (tf.nn.avg_pool2d(x, 2, 2, "VALID") for x in (true, pred))
    return tf.reshape(value, number)


def _similarities(true, pred):
    """Luminance term, contrast and structure term: twice (N, H, W, 1) -> (N, H - 2, W - 2, 1)."""
    # One convolution for all: many small operations take long to trace.
    parts = tf.concat([true, pred, true * true + pred * pred, true * pred], axis=0)
    outer, middle = taps()
    line = np.array([outer, middle, outer])
    window = np.outer(line, line).reshape(3, 3, 1, 1)
    means = tf.nn.conv2d(parts, tf.constant(window, parts.dtype), 1, "VALID")
    mean_t, mean_p, squares, products = tf.split(means, 4, axis=0)
    product, square = mean_t * mean_p, mean_t * mean_t + mean_p * mean_p
    luminance = (2 * product + C1) / (square + C1)
    return luminance, (2 * (products - product) + C2) / (squares - square + C2)


def _power(x, weight: float):
    """max(x, 0) ** weight, with a gradient that is finite and never 0."""
    bounded = tf.maximum(x, STEEPEST)
    tangent = weight * STEEPEST ** (weight - 1) * (x - STEEPEST)
    smooth = bounded**weight + tf.minimum(tangent, 0.0)
    exact = tf.where(x > 0, tf.maximum(x, 1e-30) ** weight, tf.zeros_like(x))
    return smooth + tf.stop_gradient(exact - smooth)


@keras.utils.register_keras_serializable("seaice_tf")
class FrameLoss(keras.losses.Loss):
    """(1 - w) (1 - MS-SSIM) + w MAE / `MAE_SCALE`, the weighted mean over the leads.

    Frames are counts, (B, leads, H, W); sample weights are (B, leads, 1, 1) or (B, leads), the same
    for all pixels of a frame. A frame of weight 0 may hold any value, NaN too.

    Args:
        mae_weight: w, 0 to 1.
    """

    MAE_SCALE = 0.1 * DATA_RANGE  # counts of error that cost as much as an MS-SSIM of 0

    def __init__(self, mae_weight: float = 0.25, name: str = "frames"):
        super().__init__(name=name)
        self.mae_weight = mae_weight

    def get_config(self):
        return {"mae_weight": self.mae_weight, "name": self.name}

    def call(self, y_true, y_pred):
        return self.per_frame(y_true, y_pred)

    def __call__(self, y_true, y_pred, sample_weight=None):
        pred = tf.convert_to_tensor(y_pred)
        true = tf.cast(y_true, pred.dtype)
        if sample_weight is None:
            return compat.replica_loss(tf.reduce_mean(self.per_frame(true, pred)))
        weight = tf.reshape(tf.cast(sample_weight, pred.dtype), tf.shape(pred)[:2])
        true = tf.where(weight[..., None, None] > 0, true, tf.zeros_like(true))
        mean = tf.math.divide_no_nan(
            tf.reduce_sum(weight * self.per_frame(true, pred)), tf.reduce_sum(weight)
        )
        return compat.replica_loss(mean)

    def per_frame(self, true, pred):
        """Loss of each frame: two (B, leads, H, W) -> (B, leads)."""
        error = tf.reduce_mean(tf.abs(true - pred), axis=(-2, -1)) / self.MAE_SCALE
        if not self.mae_weight < 1:
            return error
        weight = self.mae_weight
        return (1 - weight) * (1 - ms_ssim(true, pred)) + weight * error
