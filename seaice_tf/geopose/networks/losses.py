"""Losses of heights, pixel by pixel: true and pred (B, H, W, 1) in metres -> the same shape.

R2 city by city is the squared error under weights: `tasks.geopose.data` divides by the variance
of the city's heights.
"""

from collections.abc import Callable

import tensorflow as tf

from seaice_tf.networks.losses import squared_error

KNEE = 3.0  # metres of error from which on Huber's loss grows evenly: about a storey


def huber(true, pred):
    """Half the squared error up to the knee, then a straight line of the same slope."""
    error = tf.abs(true - pred)
    small = tf.minimum(error, KNEE)
    return small * (error - small / 2)


def log_squared_error(true, pred):
    """Of log(1 + height), continued below the ground as its mirror image, so that slopes stay."""
    return tf.square(_log(true) - _log(pred))


def _log(x):
    return tf.sign(x) * tf.math.log1p(tf.abs(x))


HEIGHT_LOSSES: dict[str, Callable] = {
    "squared_error": squared_error,
    "huber": huber,
    "log_squared_error": log_squared_error,
    "r2": squared_error,
}
