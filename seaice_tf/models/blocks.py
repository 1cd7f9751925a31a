"""Building blocks: functions x -> x, every layer named so that weights transfer by name."""

import tensorflow as tf
from tensorflow import keras

layers = keras.layers


def conv_block(x, filters: int, name: str):
    """Two 3x3 convolutions with batch norm: (B, H, W, C) -> (B, H, W, filters)."""
    for i in (1, 2):
        x = layers.Conv2D(filters, 3, padding="same", use_bias=False, name=f"{name}_conv{i}")(x)
        x = layers.BatchNormalization(name=f"{name}_norm{i}")(x)
        x = layers.Activation("relu", name=f"{name}_relu{i}")(x)
    return x


class ResizeLike(keras.layers.Layer):
    """Bilinear resize of x (B, h, w, C) to the height and width of ref (B, H, W, D).

    Unlike `UpSampling2D` it fits sides that are no multiple of two, and exports for unknown ones.
    """

    def call(self, x, ref):
        return tf.image.resize(x, tf.shape(ref)[1:3])

    def compute_output_shape(self, x_shape, ref_shape):
        return (x_shape[0], ref_shape[1], ref_shape[2], x_shape[3])


class Fold(keras.layers.Layer):
    """Treat what axis 1 counts as examples: (B, N, ...) -> (B N, ...)."""

    def call(self, x):
        folded = tf.reshape(x, tf.concat([[-1], tf.shape(x)[2:]], axis=0))
        return tf.ensure_shape(folded, [None, *x.shape[2:]])

    def compute_output_shape(self, shape):
        return (None, *shape[2:])


class Unfold(keras.layers.Layer):
    """Undo `Fold`: (B N, ...) -> (B, N, ...)."""

    def __init__(self, number: int, **kwargs):
        super().__init__(**kwargs)
        self.number = number

    def call(self, x):
        unfolded = tf.reshape(x, tf.concat([[-1, self.number], tf.shape(x)[1:]], axis=0))
        return tf.ensure_shape(unfolded, [None, self.number, *x.shape[1:]])

    def compute_output_shape(self, shape):
        return (None, self.number, *shape[1:])
