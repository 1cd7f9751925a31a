"""Losses of masks: true and pred are maps in [0, 1] of shape (B, H, W, classes).

The loss of a cell does as `losses` does. Dice is of a whole mask, so it has to know the weights of
the cells before it sums: a `MaskLoss` is given them, and a cell of weight 0 has no say in it. Give
either to `compile(loss={head: ...})` and weights of (B, H, W, classes), (B, H, W) or (B,).
"""

from collections.abc import Callable

import tensorflow as tf
from tensorflow import keras

from seaice_tf import compat

SMALLEST = 1e-7  # probability whose logarithm is still taken
SMOOTH = 1.0  # cells, so that two empty masks are equal and gradients finite


def binary_crossentropy(true, pred):
    """- log of the probability given to what is true, the shape of both."""
    right = tf.clip_by_value(_probability_of_truth(true, pred), SMALLEST, 1.0)
    return -tf.math.log(right)


def focal(true, pred, gamma: float = 2.0):
    """Cross-entropy times (1 - probability given to what is true)^gamma, the shape of both.

    Lin et al. 2017, arXiv:1708.02002, without its weight of the classes.
    """
    right = _probability_of_truth(true, pred)
    return (1 - right) ** gamma * binary_crossentropy(true, pred)


def _probability_of_truth(true, pred):
    return true * pred + (1 - true) * (1 - pred)


def dice(true, pred, weight):
    """1 - Dice of each image and class, cells counted by their weight: -> (B, classes) in [0, 1].

    Dice is 2 sum(true pred) / (sum(true) + sum(pred)), and 1 for two empty masks.
    """
    both = tf.reduce_sum(weight * true * pred, axis=(1, 2))
    either = tf.reduce_sum(weight * (true + pred), axis=(1, 2))
    return 1 - (2 * both + SMOOTH) / (either + SMOOTH)


class MaskLoss(keras.losses.Loss):
    """The mean of function(true, pred, weight) over all that it gives, as a loss of Keras."""

    def __init__(self, function: Callable, name: str):
        super().__init__(name=name)
        self.function = function

    def call(self, y_true, y_pred):
        return self.function(y_true, y_pred, tf.ones_like(y_pred))

    def __call__(self, y_true, y_pred, sample_weight=None):
        pred = tf.convert_to_tensor(y_pred)
        true = tf.cast(y_true, pred.dtype)
        weight = tf.ones_like(pred) if sample_weight is None else _spread(sample_weight, pred)
        # What a weight of 0 hides may be any number, 0 times which need not be 0.
        true = tf.where(weight > 0, true, tf.zeros_like(true))
        return compat.share_of_loss(tf.reduce_mean(self.function(true, pred, weight)))


def _spread(weight, like):
    """Weights with fewer axes than the map, to the shape of it."""
    weight = tf.cast(weight, like.dtype)
    while len(weight.shape) < len(like.shape):
        weight = weight[..., None]
    return tf.broadcast_to(weight, tf.shape(like))


def bce_dice(true, pred, weight, share: float = 0.25):
    """Cross-entropy and `share` of Dice: -> (B, classes)."""
    crossentropy = tf.reduce_mean(weight * binary_crossentropy(true, pred), axis=(1, 2))
    return (1 - share) * crossentropy + share * dice(true, pred, weight)


LOSSES: dict[str, Callable] = {
    "binary_crossentropy": binary_crossentropy,
    "focal": focal,
    "dice": MaskLoss(dice, "dice"),
    "bce_dice": MaskLoss(bce_dice, "bce_dice"),
}
