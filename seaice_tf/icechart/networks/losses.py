"""Pixel-wise losses of ice charts.

Each takes `true`, (B, H, W, 1) classes, and the output `pred` of a head, and gives (B, H, W, 1).
"""

from collections.abc import Callable

import tensorflow as tf
from tensorflow import keras

from seaice_tf.icechart.networks.unet import TENTHS
from seaice_tf.networks.losses import squared_error


@keras.utils.register_keras_serializable("seaice_tf")
def chart_cross_entropy(true, pred):
    """Cross-entropy of logits (B, H, W, classes); 0 where `true` is not a class."""
    kinds = tf.range(pred.shape[-1], dtype=pred.dtype)
    hit = tf.cast(tf.equal(tf.cast(true, pred.dtype), kinds), pred.dtype)
    return -tf.reduce_sum(hit * tf.nn.log_softmax(pred), axis=-1, keepdims=True)


@keras.utils.register_keras_serializable("seaice_tf")
def ordinal_cross_entropy(true, pred):
    """Mean binary cross-entropy of exceeding 0, ..., 9 tenths, of logits (B, H, W, 10)."""
    exceeded = tf.cast(
        tf.cast(true, pred.dtype) > tf.range(float(TENTHS), dtype=pred.dtype), pred.dtype
    )
    losses = tf.nn.sigmoid_cross_entropy_with_logits(exceeded, pred)
    return tf.reduce_mean(losses, axis=-1, keepdims=True)


@keras.utils.register_keras_serializable("seaice_tf")
def binary_cross_entropy(true, pred):
    """Binary cross-entropy of logits (B, H, W, 1); `true` is 0 or 1."""
    return tf.nn.sigmoid_cross_entropy_with_logits(tf.cast(true, pred.dtype), pred)


SIC_LOSSES: dict[str, Callable] = {
    "regression": squared_error,
    "classification": chart_cross_entropy,
    "ordinal": ordinal_cross_entropy,
}
