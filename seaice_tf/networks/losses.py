"""Losses of single cells, so that a weight per cell can mask them: no axis is reduced here."""

import tensorflow as tf
from tensorflow import keras


@keras.utils.register_keras_serializable("seaice_tf")
def absolute_error(true, pred):
    """|true - pred|, the shape of both."""
    return tf.abs(true - pred)


@keras.utils.register_keras_serializable("seaice_tf")
def squared_error(true, pred):
    """(true - pred)^2, the shape of both."""
    return tf.square(true - pred)
