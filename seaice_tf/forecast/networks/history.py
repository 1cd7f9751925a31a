"""Preprocessing layers, from raw monthly counts to the inputs of a forecast network.

With them a SavedModel takes the counts of the files. The functions repeat those of `data.counts`
in TensorFlow; the tests compare the two.
"""

import tensorflow as tf
from tensorflow import keras

from seaice_tf.forecast.data.counts import (
    COAST,
    FULL_ICE,
    LAND,
    MISSING,
    POLE_HOLE,
    RING,
    PoleHoleFill,
    require_pole_hole_fill,
)

CHANNELS = 11  # of IceHistory's features


@keras.utils.register_keras_serializable("seaice_tf")
class IceHistory(keras.layers.Layer):
    """Summary maps of a history for each lead, from raw counts (B, 12 * years, H, W) uint8.

    Args:
        years: length of the history; the months end with the last one observed.
        base_years: years of the climatology that is returned as `base`.
        pole_hole_fill: "neighbours" or "image_median", see `counts.fill_hole`.

    Returns three tensors:
        features (B, 12, H, W, 11): last year; means of 3, 5 and all years; standard deviation and
            slope over the years; anomalies of the last month and of the last 3; land; sine and
            cosine of the lead.
        base (B, 12, H, W): mean of the last `base_years`, as a fraction.
        sea (B, 12, H, W): 1 where the last year holds no land or coast.
    """

    def __init__(self, years: int, base_years: int, pole_hole_fill: PoleHoleFill, **kwargs):
        super().__init__(**kwargs)
        self.years, self.base_years = years, base_years
        self.pole_hole_fill: PoleHoleFill = pole_hole_fill

    def call(self, counts):
        shape = tf.shape(counts)
        by_year = tf.reshape(counts, [shape[0], self.years, 12, shape[2], shape[3]])
        filled = tf.reshape(fill_hole(counts, self.pole_hole_fill), tf.shape(by_year))
        valid = tf.cast(by_year <= FULL_ICE, tf.float32)
        ice = fraction(filled)
        climate = valid_mean(ice, valid)
        last = tf.where(filled[:, -1] <= FULL_ICE, ice[:, -1], climate)
        spread = tf.sqrt(valid_mean((ice - climate[:, None]) ** 2, valid))
        anomaly = self.recent_anomalies(ice, climate, valid)
        land = tf.cast((by_year[:, -1] == LAND) | (by_year[:, -1] == COAST), tf.float32)
        means = {n: valid_mean(ice[:, -n:], valid[:, -n:]) for n in (3, 5, self.base_years)}
        maps = [last, means[3], means[5], climate]
        maps += [spread, slope(ice, climate, valid), *anomaly, land, *lead_angles(land)]
        return tf.stack(maps, axis=-1), means[self.base_years], 1 - land

    def recent_anomalies(self, ice, climate, valid):
        """Anomaly of the last month and mean anomaly of the last three, the same for each lead."""
        anomaly = (ice[:, -1] - climate) * valid[:, -1]
        recent = (anomaly[:, -1:], tf.reduce_mean(anomaly[:, -3:], axis=1, keepdims=True))
        return [tf.broadcast_to(a, tf.shape(climate)) for a in recent]

    def compute_output_shape(self, shape):
        maps = (shape[0], 12, shape[2], shape[3])
        return (*maps, CHANNELS), maps, maps

    def get_config(self):
        return super().get_config() | {
            "years": self.years,
            "base_years": self.base_years,
            "pole_hole_fill": self.pole_hole_fill,
        }


@keras.utils.register_keras_serializable("seaice_tf")
class SameMonths(keras.layers.Layer):
    """Past years of each lead's calendar month, from raw counts (B, 12 * years, H, W) uint8.

    Args:
        years: length of the history; the months end with the last one observed.
        pole_hole_fill: "neighbours" or "image_median", see `counts.fill_hole`.

    Returns two tensors:
        months (B, 12, years, H, W): fractions; the last year lies 12 months before the lead. A
            missing cell has the value of the year before, in the first year that of the year
            after. Other flags are 0, and so are missing cells if `years` is 1.
        sea (B, 12, H, W): 1 where the last year holds no land or coast.
    """

    def __init__(self, years: int, pole_hole_fill: PoleHoleFill, **kwargs):
        super().__init__(**kwargs)
        self.years = years
        self.pole_hole_fill: PoleHoleFill = pole_hole_fill

    def call(self, counts):
        shape = tf.shape(counts)
        by_year = [shape[0], self.years, 12, shape[2], shape[3]]
        ice = tf.reshape(fraction(fill_hole(counts, self.pole_hole_fill)), by_year)
        if self.years > 1:
            other = tf.concat([ice[:, 1:2], ice[:, :-1]], axis=1)
            ice = tf.where(tf.reshape(counts, by_year) == MISSING, other, ice)
        last = counts[:, -12:]
        land = tf.cast((last == LAND) | (last == COAST), tf.float32)
        months = tf.transpose(ice, [0, 2, 1, 3, 4])
        return tf.ensure_shape(months, [None, 12, self.years, *counts.shape[2:]]), 1 - land

    def compute_output_shape(self, shape):
        return (shape[0], 12, self.years, *shape[2:]), (shape[0], 12, *shape[2:])

    def get_config(self):
        return super().get_config() | {"years": self.years, "pole_hole_fill": self.pole_hole_fill}


@keras.utils.register_keras_serializable("seaice_tf")
class Correct(keras.layers.Layer):
    """Base plus a correction in [-1, 1], clipped to [0, 1] and 0 on land: (B, 12, H, W)."""

    def call(self, correction, base, sea):
        change = tf.tanh(tf.reshape(correction, tf.shape(base)))
        return clip_with_gradient(base + change) * sea

    def compute_output_shape(self, correction_shape, base_shape, sea_shape):
        return base_shape


@tf.custom_gradient
def clip_with_gradient(x):
    """Clip to [0, 1] with a gradient of 1, so that a clipped cell can still be corrected."""
    return tf.clip_by_value(x, 0.0, 1.0), lambda upstream: upstream


def require_counts(counts):
    """Refuse raw counts (B, T, H, W) uint8 in which fractions have become 0 and 1."""

    def ice(months):  # 2 to 250; below 2 the subtraction wraps around
        return tf.reduce_any(months - 2 <= FULL_ICE - 2, axis=[1, 2, 3])

    recent = ice(counts[:, -12:])  # a year tells it, as a rule, at a tenth of the cost
    known = tf.cond(tf.reduce_all(recent), lambda: recent, lambda: ice(counts))
    tf.debugging.Assert(
        tf.reduce_all(known),
        ["history: expected raw counts 0 to 250, got fractions, or no ice; 250 is 100 %"],
    )


def fraction(counts):
    """Counts to concentration, float32; flags become 0."""
    return tf.where(counts <= FULL_ICE, tf.cast(counts, tf.float32) / FULL_ICE, 0.0)


def valid_mean(values, valid):
    """Mean over axis 1 of the values where `valid` is 1; of all values where it is 0 throughout."""
    number = tf.reduce_sum(valid, axis=1)
    mean = tf.reduce_sum(values * valid, axis=1) / tf.maximum(number, 1.0)
    return tf.where(number > 0, mean, tf.reduce_mean(values, axis=1))


def slope(ice, climate, valid):
    """Least-squares slope over the years, fraction per year: (B, Y, 12, H, W) -> (B, 12, H, W)."""
    years = ice.shape[1]
    year = tf.reshape(tf.range(years, dtype=tf.float32), [1, years, 1, 1, 1])
    centred = year - valid_mean(year * tf.ones_like(ice), valid)[:, None]
    rise = tf.reduce_sum(centred * (ice - climate[:, None]) * valid, axis=1)
    return tf.math.divide_no_nan(rise, tf.reduce_sum(centred**2 * valid, axis=1))


def lead_angles(like):
    """Sine and cosine of the lead as maps of the shape of `like`, (B, 12, H, W)."""
    angle = tf.reshape(tf.range(1.0, 13.0) * (2 * 3.14159265 / 12), [1, 12, 1, 1])
    return [tf.broadcast_to(f(angle), tf.shape(like)) for f in (tf.sin, tf.cos)]


def fill_hole(counts, how: PoleHoleFill):
    """`counts.fill_hole` of each month: (B, T, H, W) uint8; InputError for another `how`."""
    require_pole_hole_fill(how)
    shape = tf.shape(counts)
    months = tf.reshape(counts, [-1, shape[2], shape[3]])
    if how == "neighbours":
        near = crop_around_hole(months)
        source = dilate(near == POLE_HOLE) & (near <= FULL_ICE)
    else:
        near, source = months, months <= FULL_ICE
    median = masked_median(near, source)[:, None, None]
    return tf.reshape(tf.where(months == POLE_HOLE, median, months), shape)


def crop_around_hole(months):
    """The smallest window that holds the hole and its ring in all months."""
    hole = tf.reduce_any(months == POLE_HOLE, axis=0)
    rows, columns = (bounds(tf.reduce_any(hole, axis=axis)) for axis in (1, 0))
    return months[:, rows[0] : rows[1], columns[0] : columns[1]]


def bounds(touched):
    """First and one past the last True, widened by the ring; the whole axis if there is none."""
    size = tf.size(touched, out_type=tf.int64)
    first, behind = tf.argmax(touched), tf.argmax(touched[::-1])
    return tf.maximum(first - RING, 0), tf.minimum(size - behind + RING, size)


def dilate(mask):
    """`counts.square_dilation` by the ring, for (N, H, W)."""
    side = 2 * RING + 1
    return tf.nn.max_pool2d(tf.cast(mask, tf.float32)[..., None], side, 1, "SAME")[..., 0] > 0


def masked_median(counts, mask):
    """Lower median of the counts under the mask, from a histogram: (N, H, W) -> (N,) uint8."""
    values = tf.where(mask, tf.cast(counts, tf.int32), FULL_ICE + 1)
    flat = tf.reshape(values, [tf.shape(values)[0], -1])
    histogram = tf.math.bincount(flat, minlength=FULL_ICE + 2, maxlength=FULL_ICE + 2, axis=-1)
    below = tf.cumsum(histogram[:, : FULL_ICE + 1], axis=-1)
    middle = tf.cast(2 * below < below[:, -1:], tf.int32)
    return tf.cast(tf.minimum(tf.reduce_sum(middle, axis=-1), FULL_ICE), tf.uint8)
