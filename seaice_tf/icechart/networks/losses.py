"""Losses of ice charts, pixel by pixel: true (B, H, W, 1) classes, -> (B, H, W, 1)."""

from collections.abc import Callable

import tensorflow as tf

from seaice_tf.icechart.networks.unet import TENTHS


def squared_error(true, pred):
    """Of tenths."""
    return tf.square(true - pred)


def cross_entropy(true, pred):
    """- log of the probability of the true class, of logits (B, H, W, classes).

    A true value that is no class costs nothing.
    """
    kinds = tf.range(pred.shape[-1], dtype=pred.dtype)
    hit = tf.cast(tf.equal(tf.cast(true, pred.dtype), kinds), pred.dtype)
    return -tf.reduce_sum(hit * tf.nn.log_softmax(pred), axis=-1, keepdims=True)


def ordinal_cross_entropy(true, pred):
    """Mean over the thresholds of the cross-entropy of passing them: logits (B, H, W, 10)."""
    passed = tf.cast(
        tf.cast(true, pred.dtype) > tf.range(float(TENTHS), dtype=pred.dtype), pred.dtype
    )
    losses = tf.nn.sigmoid_cross_entropy_with_logits(passed, pred)
    return tf.reduce_mean(losses, axis=-1, keepdims=True)


def binary_cross_entropy(true, pred):
    """Of logits (B, H, W, 1); true is 0 or 1."""
    return tf.nn.sigmoid_cross_entropy_with_logits(tf.cast(true, pred.dtype), pred)


SIC_LOSSES: dict[str, Callable] = {
    "regression": squared_error,
    "classification": cross_entropy,
    "ordinal": ordinal_cross_entropy,
}
