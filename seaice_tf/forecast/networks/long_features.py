"""Features of a history longer than ten years: climate, and damped persistence with more pairs.

Where the climate does not drift, as around the Antarctic, twenty years tell the mean and the spread
better than ten, and a regression from ten years is mostly noise.
"""

import tensorflow as tf

from seaice_tf.forecast.data.counts import EDGE
from seaice_tf.forecast.networks.by_lead import by_lead

MOST_YEARS = 20  # of a history; those before are not used
BASE_YEARS = 10  # of the climatology that an anomaly is taken from
FEWEST_YEARS = 3  # before a year that its anomaly is taken from
PRIOR = 0.02  # added to the denominator of a regression coefficient


def long_features(years, near) -> dict:
    """Features of all the years given, by name.

    Args:
        years: (B, Y, 12, N) fractions, the last year first; Y at least 10.
        near: (maps (B, K, N), cells a side) -> means over windows.

    Returns:
        Maps (B, 12, N), or (B, 1, N) where all leads have the same.
    """
    number = tf.cast(tf.shape(years)[1], tf.float32)
    maps = by_lead(_climate, ("mean_long", "std_long", "ice_frequency_long"), years)
    same = tf.fill(tf.shape(maps["mean_long"][:, :1]), number / MOST_YEARS)
    return maps | {"years_long": same} | _damped(years, near)


def _climate(years) -> dict:
    return {
        "mean_long": tf.reduce_mean(years, axis=1),
        "std_long": tf.math.reduce_std(years, axis=1),
        "ice_frequency_long": tf.reduce_mean(tf.cast(years >= EDGE, tf.float32), axis=1),
    }


def anomalies(years):
    """Anomalies from the mean of up to ten years before: (B, Y, 12, N) -> (B, Y - 3, 12, N)."""
    number = tf.shape(years)[1]
    since = tf.cumsum(years, axis=1, reverse=True)  # sums of each year and all before it
    kept = number - FEWEST_YEARS
    padded = tf.pad(since, [[0, 0], [0, BASE_YEARS], [0, 0], [0, 0]])
    before = padded[:, 1 : kept + 1] - padded[:, BASE_YEARS + 1 : BASE_YEARS + 1 + kept]
    length = tf.minimum(tf.range(number - 1, FEWEST_YEARS - 1, -1), BASE_YEARS)
    length = tf.cast(tf.reshape(length, [1, -1, 1, 1]), years.dtype)
    return years[:, :kept] - before / length


def _damped(years, near) -> dict:
    """Regression of the target's anomaly on that of the init, pooled over 5 or 17 cells.

    The spread is the standard deviation of what the regression leaves.
    """
    past = near(anomalies(years[:, :, 11:])[:, :, 0], 5)
    now, before = past[:, :1], past[:, 1:]

    def sums_of_lead(years):
        target = anomalies(years)[:, :-1]
        return {
            "product": tf.reduce_sum(before[:, :, None] * target, axis=1),
            "total": tf.reduce_sum(target**2, axis=1),
        }

    own = by_lead(sums_of_lead, ("product", "total"), years)
    square = tf.reduce_sum(before**2, axis=1, keepdims=True)
    sums = tf.concat([square, own["product"], own["total"]], axis=1)
    pairs = tf.cast(tf.shape(before)[1], sums.dtype)
    square, product, total = tf.split(near(sums, 5), [1, 12, 12], axis=1)
    coefficient = product / (square + PRIOR)
    wide_square, wide_product = tf.split(near(sums[:, :13], 17), [1, 12], axis=1)
    left = tf.maximum(total - coefficient * product, 0.0) / pairs
    return {
        "coefficient_long_5": coefficient,
        "damped_increment_long_5": coefficient * now,
        "damped_increment_long_17": wide_product / (wide_square + PRIOR) * now,
        "damped_spread_long_5": tf.sqrt(left),
    }
