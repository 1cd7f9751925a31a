"""The default network: a probability distribution over classes of concentration in each cell.

The network has the features of a single cell as input (features.py). With some twenty years of
training data a network that has the whole map as input recognises the year and overfits.
"""

import numpy as np
import tensorflow as tf
from tensorflow import keras

from seaice_tf.forecast.networks.features import FEATURES, YEARS, IceFeatures
from seaice_tf.grids.counts import FULL_ICE, PoleHoleFill

layers = keras.layers

# Upper limits of the classes in raw counts, the last one 250: fine at open water and full ice, with
# limits at 5 and 50 %, the band of the Dacon score, and at 15 %, the ice edge (15 % is ice).
LIMITS = np.array(
    [
        *(0.5, 3, 6, 9, 12.5, 16, 20, 25, 31, 37.4999, 44, 52, 62, 75, 90, 107, 125),
        *(145, 165, 182, 197, 208, 217, 224, 230, 235, 239, 242, 245, 247, 249, FULL_ICE),
    ],
    np.float32,
)
CLASSES = len(LIMITS)
LOWER = np.concatenate([[0], LIMITS[:-1]]).astype(np.float32)
CENTRES = np.concatenate([[0], (LOWER[1:] + LIMITS[1:]) / 2]).astype(np.float32)
FIRST_ICE = int(np.searchsorted(LIMITS, 37.5))  # the first class of ice
# Classes inside the band of the Dacon score, 5 to 50 %, below the ice edge and above.
BAND_WATER = (CENTRES > 12.5) & (CENTRES < 37.5)
BAND_ICE = (CENTRES > 37.5) & (CENTRES < 125)
EDGE, BELOW_EDGE = 37.5, 37.0  # counts of the ice edge, and of a cell just without ice
ROUNDS = 4  # iterations of `decide`


def class_of(counts: np.ndarray) -> np.ndarray:
    """The class of raw counts 0 to 250."""
    return np.searchsorted(LIMITS, counts.astype(np.float32), side="left")


def class_network(members: int = 3, width: int = 64) -> keras.Model:
    """Build an uncompiled ensemble of small dense networks of single cells.

    Args:
        members: networks with different initial weights; their class probabilities are averaged.
        width: units of both hidden layers.

    Returns:
        A functional model from features of cells (B, n, 39) to {"classes": (B, n, members, 32)},
        logits.
    """
    inputs = keras.Input((None, len(FEATURES)), name="features")
    x = Standardise(name="standardise")(inputs)
    logits = []
    for member in range(members):
        y = x
        for depth in (1, 2):
            name = f"member{member}_dense{depth}"
            y = layers.Dense(width, activation="gelu", name=name)(y)
        y = layers.Dense(CLASSES, name=f"member{member}_classes")(y)
        logits.append(layers.Reshape((-1, 1, CLASSES), name=f"member{member}_row")(y))
    joined = layers.Concatenate(axis=2, name="classes")(logits) if members > 1 else logits[0]
    return keras.Model(inputs, {"classes": joined}, name="class_network")


def serving_model(
    network: keras.Model,
    rows: int | None,
    columns: int | None,
    pole_hole_fill: PoleHoleFill = "neighbours",
) -> keras.Model:
    """Build the forecast of 12 months from a class network.

    Args:
        network: of `class_network`; its weights are shared.
        rows, columns: size of the grid; None for a side that may vary.
        pole_hole_fill: "neighbours" or "image_median", see `grids.counts.fill_hole`.

    Returns:
        A functional model from raw counts with flags, (B, 120, rows, columns) uint8, January to
        December, to maps (B, 12, rows, columns) of the next 12 months:
            concentration: fraction, the mean of the distribution's mean and median.
            probability: of ice at 15 % or more.
            spread: standard deviation, fraction.
            contest_decision: fraction with the lowest expected Dacon score; no estimate of the
                concentration.
    """
    history = keras.Input((12 * YEARS, rows, columns), dtype="uint8", name="history")
    features, possible = IceFeatures(pole_hole_fill, name="ice_features")(history)
    cells, places = Gather(name="possible_cells")(features, possible)
    classes = network(cells)["classes"]
    outputs = Maps(name="maps")(classes, places, possible)
    return keras.Model(history, outputs, name="distribution_forecast")


class Standardise(keras.layers.Layer):
    """Standardise features by their mean and standard deviation, clipped to [-6, 6]."""

    def call(self, x):
        mean, deviation = np.array(list(FEATURES.values()), np.float32).T
        return tf.clip_by_value((x - mean) / deviation, -6.0, 6.0)

    def compute_output_shape(self, shape):
        return shape


class Gather(keras.layers.Layer):
    """Features (B, 12, H, W, C) of the possible cells, (1, n, C), and their indices (n, 4)."""

    def call(self, features, possible):
        return tf.boolean_mask(features, possible)[None], tf.where(possible)

    def compute_output_shape(self, features_shape, possible_shape):
        return (1, None, features_shape[-1]), (None, 4)


class Maps(keras.layers.Layer):
    """Maps of the forecast from logits (1, n, members, classes); 0 in all other cells."""

    def call(self, logits, places, possible):
        probabilities = tf.reduce_mean(tf.nn.softmax(logits[0]), axis=1)
        mean = tf.linalg.matvec(probabilities, CENTRES)
        # About the mean: a difference of squares loses half the digits of float32.
        variance = tf.reduce_sum(probabilities * (CENTRES - mean[:, None]) ** 2, axis=1)
        middle = median(probabilities)
        values = {
            "concentration": (mean + middle) / 2 / FULL_ICE,
            "probability": tf.reduce_sum(probabilities[:, FIRST_ICE:], axis=1),
            "spread": tf.sqrt(variance) / FULL_ICE,
            "contest_decision": decide(probabilities, middle, places[:, 0]) / FULL_ICE,
        }
        shape = tf.shape(possible, out_type=tf.int64)
        return {name: tf.scatter_nd(places, value, shape) for name, value in values.items()}

    def compute_output_shape(self, logits_shape, places_shape, possible_shape):
        names = ("concentration", "probability", "spread", "contest_decision")
        return dict.fromkeys(names, possible_shape)


def median(probabilities):
    """Median in counts of distributions (n, classes), linear within a class; 0 in the lowest."""
    reached = tf.cumsum(probabilities, axis=1)
    place = tf.minimum(tf.reduce_sum(tf.cast(reached[:, :-1] < 0.5, tf.int32), axis=1), CLASSES - 1)
    own = tf.gather(probabilities, place, batch_dims=1)
    before = tf.gather(reached, place, batch_dims=1) - own
    part = tf.clip_by_value((0.5 - before) / tf.maximum(own, 1e-6), 0.0, 1.0)
    low, high = tf.gather(LOWER, place), tf.gather(LIMITS, place)
    return tf.where(place == 0, 0.0, low + (high - low) * part)


def decide(probabilities, middle, year):
    """Forecast in counts (n,) that minimises the expected Dacon score, MAE / F1.

    The median minimises the expected absolute error. It is raised to the ice edge, or lowered just
    below it, where the relative gain of the expected F1 exceeds the relative loss of the expected
    MAE. Both are sums over all cells of a year that depend on the result: a few iterations.

    Args:
        probabilities: (n, classes).
        middle: (n,) median in counts.
        year: (n,) index of the cell's example in the batch.
    """

    def error(value):
        return tf.reduce_sum(probabilities * tf.abs(CENTRES - tf.reshape(value, [-1, 1])), axis=1)

    def total(values):
        number = tf.reduce_max(tf.concat([year, [0]], axis=0)) + 1
        return tf.gather(tf.math.unsorted_segment_sum(values, year, number), year)

    ice = tf.linalg.matvec(probabilities, BAND_ICE.astype(np.float32))
    band = ice + tf.linalg.matvec(probabilities, BAND_WATER.astype(np.float32))
    keep, raised, lowered = (
        error(value) for value in (middle, tf.constant([EDGE]), tf.constant([BELOW_EDGE]))
    )
    icy = tf.cast(middle >= EDGE, tf.float32)
    chosen, cost = middle, keep
    for _ in range(ROUNDS):
        hits = tf.maximum(total(ice * icy), 1e-6)
        marks = tf.maximum(total(band * icy) + total(ice), 1e-6)
        gain, absolute_error = ice / hits - band / marks, tf.maximum(total(cost), 1e-6)
        up = (middle < EDGE) & (gain > (raised - keep) / absolute_error)
        down = (middle >= EDGE) & (-gain > (lowered - keep) / absolute_error)
        chosen = tf.where(up, EDGE, tf.where(down, BELOW_EDGE, middle))
        cost = tf.where(up, raised, tf.where(down, lowered, keep))
        icy = tf.cast(chosen >= EDGE, tf.float32)
    return chosen
