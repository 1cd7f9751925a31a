"""Which way maps fall gently and rise steeply: from heights, the direction of an oblique view."""

import tensorflow as tf
from tensorflow import keras

POWERS = (1, 2)
LEAST = 1e-3  # of a slope, so that flat maps have derivatives


class Falls(keras.layers.Layer):
    """Mean slopes in which steep ones outweigh gentle ones: (B, H, W, C) -> (B, 4 C).

    An oblique view shows walls on one side only. There heights fall pixel by pixel along the flow;
    on the other side, where a roof hides what is behind it, they jump. Slopes as such add up to
    nothing; the mean of |slope|^p slope over that of |slope|^(p + 1), p = 1 and 2, points along the
    flow. For each p the parts to the right of all channels, then those down, in [-1, 1]: vectors
    that turn with the picture. Maps have at least 3 pixels along a side.
    """

    def call(self, maps):
        down = maps[:, 2:, 1:-1] - maps[:, :-2, 1:-1]
        right = maps[:, 1:-1, 2:] - maps[:, 1:-1, :-2]
        slope = tf.sqrt(down**2 + right**2 + LEAST**2)
        vectors = []
        for power in POWERS:
            steep = slope**power
            whole = tf.reduce_mean(steep * slope, axis=(1, 2))
            vectors += [tf.reduce_mean(steep * part, axis=(1, 2)) / whole for part in (right, down)]
        return tf.concat(vectors, axis=-1)

    def compute_output_shape(self, shape):
        return (shape[0], 2 * len(POWERS) * shape[-1])
