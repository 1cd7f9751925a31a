"""A forecast as a probability distribution over classes of concentration, cell by cell.

The network sees one cell's features at a time: with some twenty years to learn from, anything that
shows it the whole map lets it recognise the year instead.
"""

import numpy as np
import tensorflow as tf
from tensorflow import keras

from seaice_tf.forecast.networks.features import FEATURES, YEARS, IceFeatures
from seaice_tf.grids.counts import FULL_ICE

layers = keras.layers

# Upper limits of the classes in raw counts, the last one 250: fine at open water and full ice, with
# limits at 5, 15 and 50 %, where the contest's band and the field's edge lie (15 % is ice).
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
# Classes inside the contest's band, 5 to 50 %, without ice and with it.
BAND_WATER = (CENTRES > 12.5) & (CENTRES < 37.5)
BAND_ICE = (CENTRES > 37.5) & (CENTRES < 125)
EDGE, BELOW_EDGE = 37.5, 37.0  # counts that a decision puts a cell at
ROUNDS = 4  # of the decision


def class_of(counts: np.ndarray) -> np.ndarray:
    """The class of raw counts 0 to 250."""
    return np.searchsorted(LIMITS, counts.astype(np.float32), side="left")


def class_network(members: int = 3, width: int = 64) -> keras.Model:
    """Build an uncompiled ensemble of small networks that judge single cells.

    Args:
        members: networks that differ in their first weights; their probabilities are averaged.
        width: of both hidden layers.

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


def class_error(true, logits):
    """Cross-entropy of every member: (B, n, members) from true classes (B, n, 1)."""
    labels = tf.broadcast_to(tf.cast(true, tf.int32), tf.shape(logits)[:3])
    return tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)


def year_from_classes(
    network: keras.Model, rows: int | None, columns: int | None, hole: str
) -> keras.Model:
    """The forecast of a year from a class network.

    Args:
        network: of class_network.
        rows, columns: size of the grid; None for a side that may vary.
        hole: how the pole hole is filled, "surroundings" or "median".

    Returns:
        A functional model from raw counts with flags, (B, 120, rows, columns) uint8, January to
        December, to maps (B, 12, rows, columns) of the 12 months ahead:
            concentration: fraction, halfway between the distribution's mean and its median;
            probability: of ice at 15 % or more;
            spread: standard deviation, as a fraction;
            contest_decision: fraction, with the edge drawn for the contest's score, not to be
                taken for a concentration.
    """
    history = keras.Input((12 * YEARS, rows, columns), dtype="uint8", name="history")
    features, possible = IceFeatures(hole, name="ice_features")(history)
    cells, places = Gather(name="possible_cells")(features, possible)
    classes = network(cells)["classes"]
    outputs = Maps(name="maps")(classes, places, possible)
    return keras.Model(history, outputs, name="year_from_classes")


class Standardise(keras.layers.Layer):
    """Features in deviations from their mean, clipped to 6 either way."""

    def call(self, x):
        mean, deviation = np.array(list(FEATURES.values()), np.float32).T
        return tf.clip_by_value((x - mean) / deviation, -6.0, 6.0)

    def compute_output_shape(self, shape):
        return shape


class Gather(keras.layers.Layer):
    """Features (B, 12, H, W, C) where possible: cells (1, n, C) and their places (n, 4)."""

    def call(self, features, possible):
        return tf.boolean_mask(features, possible)[None], tf.where(possible)

    def compute_output_shape(self, features_shape, possible_shape):
        return (1, None, features_shape[-1]), (None, 4)


class Maps(keras.layers.Layer):
    """Logits of cells (1, n, members, classes) to the forecast's maps; 0 where not possible."""

    def call(self, logits, places, possible):
        shares = tf.reduce_mean(tf.nn.softmax(logits[0]), axis=1)
        mean = tf.linalg.matvec(shares, CENTRES)
        # About the mean: a difference of squares would lose half the digits of float32.
        variance = tf.reduce_sum(shares * (CENTRES - mean[:, None]) ** 2, axis=1)
        middle = median(shares)
        values = {
            "concentration": (mean + middle) / 2 / FULL_ICE,
            "probability": tf.reduce_sum(shares[:, FIRST_ICE:], axis=1),
            "spread": tf.sqrt(variance) / FULL_ICE,
            "contest_decision": decide(shares, middle, places[:, 0]) / FULL_ICE,
        }
        shape = tf.shape(possible, out_type=tf.int64)
        return {name: tf.scatter_nd(places, value, shape) for name, value in values.items()}

    def compute_output_shape(self, logits_shape, places_shape, possible_shape):
        names = ("concentration", "probability", "spread", "contest_decision")
        return dict.fromkeys(names, possible_shape)


def median(shares):
    """Median in counts of distributions (n, classes), straight within a class; 0 in the lowest."""
    reached = tf.cumsum(shares, axis=1)
    place = tf.minimum(tf.reduce_sum(tf.cast(reached[:, :-1] < 0.5, tf.int32), axis=1), CLASSES - 1)
    share = tf.gather(shares, place, batch_dims=1)
    before = tf.gather(reached, place, batch_dims=1) - share
    part = tf.clip_by_value((0.5 - before) / tf.maximum(share, 1e-6), 0.0, 1.0)
    low, high = tf.gather(LOWER, place), tf.gather(LIMITS, place)
    return tf.where(place == 0, 0.0, low + (high - low) * part)


def decide(shares, middle, year):
    """Counts (n,) that expect the lowest MAE / F1 of the contest under the distributions.

    A cell's median is lifted to the ice edge, or put just below it, where the relative gain in the
    expected F1 outweighs the relative loss in the expected MAE. Both sums run over all cells of a
    year, and depend on the decisions: they are taken anew a few times.

    Args:
        shares: (n, classes) probabilities.
        middle: (n,) median in counts.
        year: (n,) which example of the batch a cell belongs to.
    """

    def error(value):
        return tf.reduce_sum(shares * tf.abs(CENTRES - tf.reshape(value, [-1, 1])), axis=1)

    def total(values):
        number = tf.reduce_max(tf.concat([year, [0]], axis=0)) + 1
        return tf.gather(tf.math.unsorted_segment_sum(values, year, number), year)

    ice = tf.linalg.matvec(shares, BAND_ICE.astype(np.float32))
    band = ice + tf.linalg.matvec(shares, BAND_WATER.astype(np.float32))
    stay, lift, lower = error(middle), error(tf.constant([EDGE])), error(tf.constant([BELOW_EDGE]))
    says_ice = tf.cast(middle >= EDGE, tf.float32)
    chosen, cost = middle, stay
    for _ in range(ROUNDS):
        hits = tf.maximum(total(ice * says_ice), 1e-6)
        marks = tf.maximum(total(band * says_ice) + total(ice), 1e-6)
        gain, mistakes = ice / hits - band / marks, tf.maximum(total(cost), 1e-6)
        up = (middle < EDGE) & (gain > (lift - stay) / mistakes)
        down = (middle >= EDGE) & (-gain > (lower - stay) / mistakes)
        chosen = tf.where(up, EDGE, tf.where(down, BELOW_EDGE, middle))
        cost = tf.where(up, lift, tf.where(down, lower, stay))
        says_ice = tf.cast(chosen >= EDGE, tf.float32)
    return chosen
