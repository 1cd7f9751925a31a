"""Losses of the forecast, one value per cell so that a weight per cell can mask them.

`LOSSES` holds those that the U-Net can be trained with, by the names of `settings.UNet.loss`: add a
loss here and its name there.
"""

from collections.abc import Callable

import tensorflow as tf
from tensorflow import keras

from seaice_tf.forecast.data.counts import EDGE
from seaice_tf.networks.losses import absolute_error, squared_error

EDGE_SOFTNESS = 0.02  # concentration, width of the sigmoid that replaces the step at the edge
EPSILON = 1e-7  # as Keras clips probabilities


@keras.utils.register_keras_serializable("seaice_tf")
def image_cross_entropy(true, pred):
    """Binary cross-entropy of fractions, the shape of both; at least the entropy of `true`."""
    pred = tf.clip_by_value(pred, EPSILON, 1 - EPSILON)
    return -true * tf.math.log(pred) - (1 - true) * tf.math.log(1 - pred)


@keras.utils.register_keras_serializable("seaice_tf")
def class_cross_entropy(true, logits):
    """Cross-entropy of each member: (B, n, members) from true classes (B, n, 1)."""
    labels = tf.broadcast_to(tf.cast(true, tf.int32), tf.shape(logits)[:3])
    return tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)


@keras.utils.register_keras_serializable("seaice_tf")
def departure_error(true, pred):
    """Squared error of each member: (B, n, members) from true departures (B, n, 1)."""
    return (pred - true) ** 2


@keras.utils.register_keras_serializable("seaice_tf")
def dacon_error(true, pred):
    """Absolute error plus the value of a cell at the ice edge in the Dacon score, MAE / F1.

    At an F1 of 0.8 and with about as many hits as there is summed error (in fractions; both hold
    for NSIDC-0051), a missed ice cell in the band 5 to 50 % costs as much as an absolute error of
    0.6, a false one 0.4: the derivatives of log F1. The steps at 15 % are softened to sigmoids.
    """
    icy = tf.sigmoid((pred - EDGE) / EDGE_SOFTNESS)
    missed = tf.where((true >= EDGE) & (true < 0.5), 0.6 * (1 - icy), 0.0)
    false = tf.where((true > 0.05) & (true < EDGE), 0.4 * icy, 0.0)
    return tf.abs(true - pred) + missed + false


LOSSES: dict[str, Callable] = {
    "absolute_error": absolute_error,
    "squared_error": squared_error,
    "dacon_error": dacon_error,
}
