"""Losses per cell, so that a weight per cell can mask them: no axis is reduced here."""

import tensorflow as tf

from seaice_tf.grids.counts import EDGE

EDGE_SOFTNESS = 0.02  # concentration, width of the sigmoid that stands for the step at the edge
EPSILON = 1e-7  # as Keras clips probabilities


def absolute_error(true, pred):
    """|true - pred|, the shape of both."""
    return tf.abs(true - pred)


def squared_error(true, pred):
    """(true - pred)^2, the shape of both."""
    return tf.square(true - pred)


def cross_entropy(true, pred):
    """Binary cross-entropy of fractions, the shape of both; its floor is the entropy of `true`."""
    pred = tf.clip_by_value(pred, EPSILON, 1 - EPSILON)
    return -true * tf.math.log(pred) - (1 - true) * tf.math.log(1 - pred)


def contest_error(true, pred):
    """Absolute error plus what a cell at the ice edge is worth in the contest's MAE / F1.

    At an F1 of 0.8 and with about as many hits as there is summed error (in fractions; both hold
    for NSIDC-0051), a missed ice cell in the band 5 to 50 % costs as much as an absolute error of
    0.6, a false one 0.4: the derivatives of log F1. The steps at 15 % are softened to sigmoids.
    """
    says_ice = tf.sigmoid((pred - EDGE) / EDGE_SOFTNESS)
    missed = tf.where((true >= EDGE) & (true < 0.5), 0.6 * (1 - says_ice), 0.0)
    false = tf.where((true > 0.05) & (true < EDGE), 0.4 * says_ice, 0.0)
    return tf.abs(true - pred) + missed + false


LOSSES = {
    "absolute_error": absolute_error,
    "squared_error": squared_error,
    "contest_error": contest_error,
}
