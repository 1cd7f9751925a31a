"""Mirror images along the batch, for test-time augmentation."""

from collections.abc import Sequence

import tensorflow as tf
from tensorflow import keras

from seaice_tf.nowcast.data.layout import HIGHEST

FLIPS = ((), (1,), (2,), (1, 2))  # of rows and columns, the axes that are reversed


@keras.utils.register_keras_serializable("seaice_tf")
class Flips(keras.layers.Layer):
    """Images and their three mirror images along the batch: (B, H, W, ...) -> (4 B, H, W, ...).

    Args:
        rows: axis of the rows, before that of the columns.
    """

    def __init__(self, rows: int = 1, **kwargs):
        super().__init__(**kwargs)
        self.rows = rows

    def call(self, x):
        return tf.concat([reverse(x, axes, self.rows) for axes in FLIPS], axis=0)

    def compute_output_shape(self, shape):
        return (None, *shape[1:])

    def get_config(self):
        return super().get_config() | {"rows": self.rows}


@keras.utils.register_keras_serializable("seaice_tf")
class MeanOfFlips(keras.layers.Layer):
    """Mean of the forecasts of `Flips`, each mirrored back and clipped to valid counts.

    (4 B, H, W, ...) -> (B, H, W, ...).
    """

    def __init__(self, rows: int = 1, **kwargs):
        super().__init__(**kwargs)
        self.rows = rows

    def call(self, x):
        parts = tf.split(tf.clip_by_value(x, 0, HIGHEST), len(FLIPS), axis=0)
        return tf.add_n([reverse(x, a, self.rows) for x, a in zip(parts, FLIPS)]) / len(FLIPS)

    def compute_output_shape(self, shape):
        return (None, *shape[1:])

    def get_config(self):
        return super().get_config() | {"rows": self.rows}


@keras.utils.register_keras_serializable("seaice_tf")
class FirstOfFlips(keras.layers.Layer):
    """The output for the frames that are not mirrored: (4 B, ...) -> (B, ...)."""

    def call(self, x):
        return tf.split(x, len(FLIPS), axis=0)[0]

    def compute_output_shape(self, shape):
        return (None, *shape[1:])


def reverse(x, axes: Sequence[int], rows: int = 1):
    """Reverse the order of rows (1), of columns (2) or of both."""
    return tf.reverse(x, [axis + rows - 1 for axis in axes]) if axes else x
