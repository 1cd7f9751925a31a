"""Classes of concentration, and what follows from the probabilities of the classes in a cell."""

import numpy as np
import tensorflow as tf

from seaice_tf.forecast.data.counts import FULL_ICE

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
# Power of the members' mean probabilities at leads 1 to 12: that mean is less certain than its
# forecasts of years left out warrant, by slopes of the logit of 1.23, 1.07 and 1.01 to 1.06.
SHARPNESS = (1.25, 1.1, *(1.05,) * 10)
TILTS, LEAST_VARIANCE, STEEPEST = 3, 1e-4, 12.0  # of `with_mean`: iterations and bounds
SMALLEST = 1e-12  # probability of all classes with ice, or without


def class_of(counts: np.ndarray) -> np.ndarray:
    """The class of raw counts 0 to 250."""
    return np.searchsorted(LIMITS, counts.astype(np.float32), side="left")


def sharpened(probabilities, lead):
    """Class probabilities (n, 32) to the power of `SHARPNESS` at a lead (n,) from 0."""
    power = tf.gather(tf.constant(SHARPNESS, tf.float32), tf.cast(lead, tf.int32))
    return tf.nn.softmax(power[:, None] * tf.math.log(tf.maximum(probabilities, 1e-9)))


def with_mean(probabilities, mean):
    """Class probabilities (n, 32) tilted by an exponential so that their mean is `mean` (n,).

    Of all distributions with that mean it is the one closest to the given one (exponential tilting;
    Efron 1981). `mean` is a fraction; where no class near it has any probability, the result comes
    as close as a tilt of `STEEPEST` goes.
    """
    centres = tf.constant(CENTRES / FULL_ICE)
    tilt, tilted = tf.zeros_like(mean), probabilities
    for _ in range(TILTS):  # of Newton's method
        found = tf.linalg.matvec(tilted, centres)
        variance = tf.linalg.matvec(tilted, centres**2) - found**2
        step = (mean - found) / tf.maximum(variance, LEAST_VARIANCE)
        tilt = tf.clip_by_value(tilt + step, -STEEPEST, STEEPEST)
        tilted = probabilities * tf.exp(tilt[:, None] * (centres - 0.5))
        tilted /= tf.reduce_sum(tilted, axis=1, keepdims=True)
    return tilted


def with_probability_of_ice(probabilities, ice):
    """Class probabilities (n, 32) scaled so that those with ice add up to `ice` (n,)."""
    parts = tf.split(probabilities, [FIRST_ICE, CLASSES - FIRST_ICE], axis=1)
    wanted = (1 - ice, ice)
    # Each by its own sum: one less the other has no digits left where that is nearly 1.
    sums = (tf.maximum(tf.reduce_sum(part, axis=1), SMALLEST) for part in parts)
    scaled = [part * (own / found)[:, None] for part, own, found in zip(parts, wanted, sums)]
    scaled = tf.concat(scaled, axis=1)
    return scaled / tf.reduce_sum(scaled, axis=1, keepdims=True)


def median(probabilities):
    """Median in counts of distributions (n, classes), see `quantiles`."""
    return quantiles(probabilities, tf.constant([0.5]))[:, 0]


def quantiles(probabilities, levels):
    """Quantiles in counts, linear within a class; 0 in the lowest.

    Args:
        probabilities: (n, classes).
        levels: (L,) in (0, 1).

    Returns:
        (n, L).
    """
    reached = tf.cumsum(probabilities, axis=1)
    wanted = tf.tile(levels[None], [tf.shape(reached)[0], 1])
    place = tf.searchsorted(reached[:, :-1], wanted)
    before = tf.where(place == 0, 0.0, tf.gather(reached, tf.maximum(place - 1, 0), batch_dims=1))
    own = tf.gather(reached, place, batch_dims=1) - before
    part = tf.clip_by_value((levels - before) / tf.maximum(own, 1e-6), 0.0, 1.0)
    low, high = tf.gather(LOWER, place), tf.gather(LIMITS, place)
    return tf.where(place == 0, 0.0, low + (high - low) * part)


def decision_terms(probabilities, middle):
    """What `decide` needs of the classes of each cell.

    Args:
        probabilities: (n, classes).
        middle: (n,) median in counts.

    Returns:
        (n, 5): probability of ice, and of all, in the band of the Dacon score; expected absolute
        error in counts of the median, of the ice edge and of the value just below it.
    """

    def error(value):
        return tf.reduce_sum(probabilities * tf.abs(CENTRES - tf.reshape(value, [-1, 1])), axis=1)

    ice = tf.linalg.matvec(probabilities, BAND_ICE.astype(np.float32))
    band = ice + tf.linalg.matvec(probabilities, BAND_WATER.astype(np.float32))
    values = (middle, tf.constant([EDGE]), tf.constant([BELOW_EDGE]))
    return tf.stack([ice, band, *map(error, values)], axis=1)


def decide(terms, middle, year):
    """Forecast in counts (n,) that minimises the expected Dacon score, MAE / F1.

    The median minimises the expected absolute error. It is raised to the ice edge, or lowered just
    below it, where the relative gain of the expected F1 exceeds the relative loss of the expected
    MAE. Both are sums over all cells of a year that depend on the result: a few iterations.

    Args:
        terms: (n, 5) of `decision_terms`.
        middle: (n,) median in counts.
        year: (n,) index of the cell's example in the batch.
    """

    def total(values):
        number = tf.reduce_max(tf.concat([year, [0]], axis=0)) + 1
        return tf.gather(tf.math.unsorted_segment_sum(values, year, number), year)

    ice, band, keep, raised, lowered = tf.unstack(terms, axis=1)
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
