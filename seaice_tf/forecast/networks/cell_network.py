"""A probability distribution over classes of concentration, by small networks of single cells."""

import numpy as np
import tensorflow as tf
from tensorflow import keras

from seaice_tf.forecast.networks.classes import CLASSES
from seaice_tf.forecast.networks.feature_table import FEATURES, INDEX, TEN_YEARS, YEARS
from seaice_tf.forecast.networks.long_features import MOST_YEARS
from seaice_tf.networks.arguments import require_choice, require_sizes

layers = keras.layers


def class_network(members: int = 8, width: int = 48, *, years: int = 10) -> keras.Model:
    """Build an uncompiled ensemble of small dense networks of single cells.

    It starts from equal class probabilities and a departure of 0: the last layers start at zero.

    Args:
        members: networks with different initial weights; their predictions are averaged.
        width: units of both hidden layers.
        years: 10 for the features of ten years alone, 20 for those of a longer history too.

    Returns:
        A functional model from features of cells (B, n, features) to a dict:
            classes: (B, n, members, 32), logits.
            departure: (B, n, members), of the concentration from the ten-year climatology.
    """
    require_sizes("class_network", members=members, width=width)
    require_choice("class_network", "years", years, (YEARS, MOST_YEARS))
    inputs = keras.Input((None, len(FEATURES)), name="features")
    x = StandardiseFeatures(years, name="standardise")(inputs)
    return keras.Model(inputs, cell_members(x, members, width), name="class_network")


def cell_members(x, members: int, width: int, base=None) -> dict:
    """Small dense networks of single cells side by side: the outputs of `class_network`.

    Args:
        x: (B, n, C).
        members: number of networks.
        width: units of both hidden layers.
        base: (B, n, 1), added to the departures; None adds nothing.
    """
    logits, departures = [], []
    for member in range(members):
        y = x
        for depth in (1, 2):
            y = layers.Dense(width, activation=gelu, name=f"member{member}_dense{depth}")(y)
        own = layers.Dense(CLASSES, kernel_initializer="zeros", name=f"member{member}_classes")(y)
        logits.append(layers.Reshape((-1, 1, CLASSES), name=f"member{member}_row")(own))
        own = layers.Dense(1, kernel_initializer="zeros", name=f"member{member}_departure")(y)
        if base is not None:
            own = layers.Add(name=f"member{member}_from_base")([own, base])
        departures.append(own)
    return {
        "classes": _joined(logits, 2, "classes"),
        "departure": _joined(departures, 2, "departure"),
    }


def _joined(parts: list, axis: int, name: str):
    return layers.Concatenate(axis=axis, name=name)(parts) if len(parts) > 1 else parts[0]


@keras.utils.register_keras_serializable("seaice_tf")
def gelu(x):
    """The approximation by tanh, which is faster."""
    return tf.nn.gelu(x, approximate=True)


@keras.utils.register_keras_serializable("seaice_tf")
class StandardiseFeatures(keras.layers.Layer):
    """Choose features and standardise them by mean and standard deviation, clipped to [-6, 6].

    Args:
        years: 10 for the features of ten years alone, 20 for all.
    """

    def __init__(self, years: int = YEARS, **kwargs):
        super().__init__(**kwargs)
        self.years = years
        self.names = tuple(FEATURES) if years > YEARS else TEN_YEARS

    def call(self, x):
        mean, deviation = np.array([FEATURES[name] for name in self.names], np.float32).T
        chosen = tf.gather(x, [INDEX[name] for name in self.names], axis=-1)
        return tf.clip_by_value((chosen - mean) / deviation, -6.0, 6.0)

    def compute_output_shape(self, shape):
        return (*shape[:-1], len(self.names))

    def get_config(self):
        return super().get_config() | {"years": self.years}
