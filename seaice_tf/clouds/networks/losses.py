"""Losses of masks: true and pred are maps in [0, 1] of shape (B, H, W, classes).

`pixel_cross_entropy` and `focal` are pixel-wise. Dice is of a whole mask and needs the pixels'
weights before it sums, which a `MaskLoss` passes on; pixels of weight 0 have no influence. Either
kind goes into `compile(loss={head: ...})`, with weights of (B, H, W, classes), (B, H, W) or (B,).
"""

from collections.abc import Callable

import tensorflow as tf
from tensorflow import keras

from seaice_tf import compat
from seaice_tf.clouds.choices import Loss

SMALLEST = 1e-7  # probabilities are clipped here before the logarithm
SMOOTH = 1.0  # pixels added to both terms of Dice: two empty masks are equal, gradients finite


@keras.utils.register_keras_serializable("seaice_tf")
def pixel_cross_entropy(true, pred):
    """Binary cross-entropy of each pixel, of the shape of the maps."""
    correct = tf.clip_by_value(_probability_of_truth(true, pred), SMALLEST, 1.0)
    return -tf.math.log(correct)


@keras.utils.register_keras_serializable("seaice_tf")
def focal(true, pred, gamma: float = 2.0):
    """Focal loss of each pixel, of the shape of the maps.

    Lin et al. 2017, arXiv:1708.02002, without class weights.
    """
    correct = _probability_of_truth(true, pred)
    return (1 - correct) ** gamma * pixel_cross_entropy(true, pred)


def _probability_of_truth(true, pred):
    return true * pred + (1 - true) * (1 - pred)


@keras.utils.register_keras_serializable("seaice_tf")
def dice(true, pred, weight):
    """1 - Dice of each image and class: (B, H, W, classes) -> (B, classes) in [0, 1].

    Dice is 2 sum(true pred) / (sum(true) + sum(pred)), sums weighted, and 1 for two empty masks.
    """
    both = tf.reduce_sum(weight * true * pred, axis=(1, 2))
    either = tf.reduce_sum(weight * (true + pred), axis=(1, 2))
    return 1 - (2 * both + SMOOTH) / (either + SMOOTH)


@keras.utils.register_keras_serializable("seaice_tf")
class MaskLoss(keras.losses.Loss):
    """Keras loss of a function of whole masks.

    Args:
        function: (true, pred, weight), all (B, H, W, classes), to a tensor whose mean is the loss.
        name: of the loss.
    """

    def __init__(self, function: Callable, name: str):
        super().__init__(name=name)
        self.function = function

    def get_config(self):
        return {"function": keras.utils.serialize_keras_object(self.function), "name": self.name}

    @classmethod
    def from_config(cls, config):
        return cls(keras.utils.deserialize_keras_object(config["function"]), config["name"])

    def call(self, y_true, y_pred):
        return self.function(y_true, y_pred, tf.ones_like(y_pred))

    def __call__(self, y_true, y_pred, sample_weight=None):
        pred = tf.convert_to_tensor(y_pred)
        true = tf.cast(y_true, pred.dtype)
        weight = tf.ones_like(pred) if sample_weight is None else _broadcast(sample_weight, pred)
        # Labels of weight 0 may be any number, and 0 times infinity is not 0.
        true = tf.where(weight > 0, true, tf.zeros_like(true))
        return compat.replica_loss(tf.reduce_mean(self.function(true, pred, weight)))


def _broadcast(weight, like):
    """Weights with fewer axes than the maps, broadcast to their shape."""
    weight = tf.cast(weight, like.dtype)
    while len(weight.shape) < len(like.shape):
        weight = weight[..., None]
    return tf.broadcast_to(weight, tf.shape(like))


@keras.utils.register_keras_serializable("seaice_tf")
def bce_dice(true, pred, weight, dice_weight: float = 0.25):
    """Weighted mean of cross-entropy and Dice loss: (B, H, W, classes) -> (B, classes)."""
    crossentropy = tf.reduce_mean(weight * pixel_cross_entropy(true, pred), axis=(1, 2))
    return (1 - dice_weight) * crossentropy + dice_weight * dice(true, pred, weight)


LOSSES: dict[Loss, Callable] = {
    "binary_crossentropy": pixel_cross_entropy,
    "focal": focal,
    "dice": MaskLoss(dice, "dice"),
    "bce_dice": MaskLoss(bce_dice, "bce_dice"),
}
