"""The extent at lead 1 by regression on the last month, and probabilities moved towards it.

From one month to the next an anomaly of the whole extent persists, the more so the less of it is
very open ice. A network of single cells cannot know either, and damps what it sees in each. Extents
are numbers of cells.
"""

import tensorflow as tf

from seaice_tf.forecast.data.counts import EDGE, OPEN_ICE

TERMS = 3  # see `extent_terms`
ROUNDS = 6  # of Newton's method
STEEPEST = 1.0  # change of the logit


def extent_terms(years):
    """What the extent of lead 1 is regressed on; `extent_regression.fit` has the same of a record.

    Args:
        years: (B, 10, 12, N) fractions, the last year first.

    Returns:
        (B, 3) numbers of cells: the mean extent in ten years of the calendar month of lead 1, and
        the departures of the last month from the mean of the nine before it, of the extent and of
        that of very open ice.
    """
    target, last = years[:, :, 0], years[:, :, 11]
    icy = tf.cast(last >= EDGE, tf.float32)
    open_ice = icy * tf.cast(last < OPEN_ICE, tf.float32)
    mean = tf.reduce_mean(tf.reduce_sum(tf.cast(target >= EDGE, tf.float32), axis=2), axis=1)
    numbers = (tf.reduce_sum(x, axis=2) for x in (icy, open_ice))
    departures = (x[:, 0] - tf.reduce_mean(x[:, 1:], axis=1) for x in numbers)
    return tf.stack([mean, *departures], axis=1)


def shifts(logit, example, terms, weights):
    """Change of the logit of ice at lead 1 that moves the extent towards the regression.

    Args:
        logit: (n,), of the probability of ice of the cells at lead 1.
        example: (n,) number of the example in the batch.
        terms: (B, 3) of `extent_terms`.
        weights: (B, 3), coefficients of both departures and the weight of the regression, 0 to 1.

    Returns:
        (B,), the same for all cells of an example.
    """
    number = tf.shape(terms)[0]

    def total(values):
        return tf.math.unsorted_segment_sum(values, example, number)

    own = total(tf.sigmoid(logit))
    regression = terms[:, 0] + tf.reduce_sum(weights[:, :2] * terms[:, 1:], axis=1)
    wanted = own + weights[:, 2] * (tf.maximum(regression, 0.0) - own)
    shift = tf.zeros_like(own)
    for _ in range(ROUNDS):
        ice = tf.sigmoid(logit + tf.gather(shift, example))
        slope = tf.maximum(total(ice * (1 - ice)), 1e-3)
        step = (wanted - total(ice)) / slope
        shift = tf.clip_by_value(shift + step, -STEEPEST, STEEPEST)
    return shift
