"""Pixel-wise losses of heights: true and pred (B, H, W, 1) in metres -> the same shape.

"r2" is the squared error; `examples.city_weights` divides it by the variance of the heights of the
city.
"""

from collections.abc import Callable

import tensorflow as tf
from tensorflow import keras

from seaice_tf.geopose.choices import HeightLoss
from seaice_tf.networks.losses import squared_error

KNEE = 3.0  # metres of error from which Huber's loss is linear: about a storey


@keras.utils.register_keras_serializable("seaice_tf")
def height_huber(true, pred):
    """Huber loss: half the squared error up to KNEE, linear beyond."""
    error = tf.abs(true - pred)
    small = tf.minimum(error, KNEE)
    return small * (error - small / 2)


@keras.utils.register_keras_serializable("seaice_tf")
def squared_log_error(true, pred):
    """Squared error of log(1 + height), as an odd function so that gradients persist below 0."""
    return tf.square(_log(true) - _log(pred))


def _log(x):
    return tf.sign(x) * tf.math.log1p(tf.abs(x))


HEIGHT_LOSSES: dict[HeightLoss, Callable] = {
    "squared_error": squared_error,
    "huber": height_huber,
    "log_squared_error": squared_log_error,
    "r2": squared_error,
}
