"""Predictors of each cell for the distribution network, computed from raw counts in TensorFlow."""

import math

import tensorflow as tf
from tensorflow import keras

from seaice_tf.forecast.networks.history import fill_hole, fraction, valid_mean
from seaice_tf.grids.counts import COAST, EDGE, FULL_ICE, LAND, PoleHoleFill

YEARS = 10
# Feature -> (mean, standard deviation) over the cells that can hold ice, 1989 to 2006 of NSIDC-0051
# north. `_near_N` is a mean over the sea in a window of N x N cells, other numbers count years.
FEATURES: dict[str, tuple[float, float]] = {
    "year_1": (0.431, 0.437),
    "year_2": (0.430, 0.435),
    "year_3": (0.435, 0.436),
    "mean_3": (0.432, 0.429),
    "mean_5": (0.433, 0.427),
    "mean_10": (0.437, 0.425),
    "median_5": (0.434, 0.436),
    "median_10": (0.437, 0.436),
    "min_5": (0.367, 0.417),
    "max_5": (0.498, 0.445),
    "min_10": (0.347, 0.408),
    "max_10": (0.525, 0.444),
    "mean_5_month_before": (0.432, 0.427),
    "mean_5_month_after": (0.432, 0.427),
    "std_10": (0.056, 0.078),
    "trend_increment": (-0.008, 0.070),
    "ice_frequency_5": (0.521, 0.475),
    "ice_frequency_10": (0.526, 0.470),
    "anomaly_same_month": (-0.004, 0.114),
    "anomaly_december": (0.001, 0.098),
    "anomaly_november": (-0.003, 0.101),
    "anomaly_september": (-0.002, 0.128),
    "anomaly_autumn": (-0.001, 0.088),
    "anomaly_year": (-0.003, 0.058),
    "last_december": (0.488, 0.453),
    "year_1_near_5": (0.430, 0.434),
    "mean_5_near_5": (0.432, 0.425),
    "mean_10_near_5": (0.436, 0.423),
    "std_10_near_5": (0.056, 0.076),
    "trend_increment_near_9": (-0.008, 0.062),
    "anomaly_same_month_near_9": (-0.003, 0.100),
    "anomaly_december_near_9": (0.001, 0.088),
    "anomaly_september_near_9": (-0.002, 0.115),
    "anomaly_autumn_near_9": (-0.001, 0.082),
    "anomaly_year_near_9": (-0.003, 0.054),
    "mean_5_near_17": (0.431, 0.415),
    "season_sine": (0.179, 0.680),
    "season_cosine": (0.082, 0.706),
    "lead": (0.496, 0.305),
}


class IceFeatures(keras.layers.Layer):
    """Features of each cell and lead, from raw counts (B, 120, H, W) uint8.

    The last month is the one in which the forecast is initialised. The names of the features and
    their season assume that it is a December.

    Args:
        pole_hole_fill: "neighbours" or "image_median", see `grids.counts.fill_hole`.

    Returns two tensors:
        features (B, 12, H, W, len(FEATURES)): fractions, not standardised.
        possible (B, 12, H, W) bool: sea cells that had ice in ten years, or a neighbour of which
            had.
    """

    def __init__(self, pole_hole_fill: PoleHoleFill, **kwargs):
        super().__init__(**kwargs)
        self.pole_hole_fill: PoleHoleFill = pole_hole_fill

    def call(self, counts):
        shape = tf.shape(counts)
        last = counts[:, -1]
        sea = tf.cast((last != LAND) & (last != COAST), tf.float32)
        filled = fill_hole(counts, self.pole_hole_fill)
        parts = [shape[0], YEARS, 12, shape[2], shape[3]]
        known = tf.reshape(tf.cast(filled <= FULL_ICE, tf.float32), parts)
        years = tf.reshape(fraction(filled), parts)
        # A flagged cell has the mean of its other years; land, flagged in all, stays 0.
        years = tf.where(known > 0, years, valid_mean(years, known)[:, None])[:, ::-1]
        maps = {**_levels(years), **_spreads(years), **_anomalies(years)}
        maps |= _surroundings(maps, sea) | _season()
        everywhere = tf.shape(years[:, 0])
        stacked = [tf.broadcast_to(maps[name], everywhere) for name in FEATURES]
        possible = (maps["max_10"] > 0) | (maps["mean_10_near_5"] > 0)
        return tf.stack(stacked, axis=-1), possible & (sea > 0)[:, None]

    def compute_output_shape(self, shape):
        maps = (shape[0], 12, shape[2], shape[3])
        return (*maps, len(FEATURES)), maps


def _levels(years) -> dict:
    """Levels of the same calendar month in past years, (B, 10, 12, H, W), the last year first."""
    five, ten = tf.sort(years[:, :5], axis=1), tf.sort(years, axis=1)
    mean_5 = tf.reduce_mean(years[:, :5], axis=1)
    return {
        "year_1": years[:, 0],
        "year_2": years[:, 1],
        "year_3": years[:, 2],
        "mean_3": tf.reduce_mean(years[:, :3], axis=1),
        "mean_5": mean_5,
        "mean_10": tf.reduce_mean(years, axis=1),
        "median_5": five[:, 2],
        "median_10": (ten[:, 4] + ten[:, 5]) / 2,
        "min_5": five[:, 0],
        "max_5": five[:, 4],
        "min_10": ten[:, 0],
        "max_10": ten[:, 9],
        "mean_5_month_before": tf.roll(mean_5, 1, axis=1),
        "mean_5_month_after": tf.roll(mean_5, -1, axis=1),
    }


def _spreads(years) -> dict:
    """Standard deviation, increment of the trend to the year ahead, and frequency of ice."""
    distance = tf.reshape(tf.range(YEARS - 1, -1, -1, dtype=tf.float32) - 4.5, [1, YEARS, 1, 1, 1])
    slope = tf.reduce_sum(years * distance, axis=1) / tf.reduce_sum(distance**2)
    icy = tf.cast(years >= EDGE, tf.float32)
    return {
        "std_10": tf.math.reduce_std(years, axis=1),
        "trend_increment": slope * (YEARS + 1) / 2,
        "ice_frequency_5": tf.reduce_mean(icy[:, :5], axis=1),
        "ice_frequency_10": tf.reduce_mean(icy, axis=1),
    }


def _anomalies(years) -> dict:
    """Anomalies of the last year from the five years before; most are one map for all leads."""
    anomaly = years[:, 0] - tf.reduce_mean(years[:, 1:6], axis=1)
    return {
        "anomaly_same_month": anomaly,
        "anomaly_december": anomaly[:, 11:],
        "anomaly_november": anomaly[:, 10:11],
        "anomaly_september": anomaly[:, 8:9],
        "anomaly_autumn": tf.reduce_mean(anomaly[:, 8:11], axis=1, keepdims=True),
        "anomaly_year": tf.reduce_mean(anomaly, axis=1, keepdims=True),
        "last_december": years[:, 0, 11:],
    }


NEAR = {
    5: ("year_1", "mean_5", "mean_10", "std_10"),
    9: (
        *("trend_increment", "anomaly_same_month", "anomaly_december"),
        *("anomaly_september", "anomaly_autumn", "anomaly_year"),
    ),
    17: ("mean_5",),
}


def _surroundings(maps: dict, sea) -> dict:
    """Means over the sea in square windows: fixed smoothing, which cannot memorise a year."""
    result = {}
    for cells, names in NEAR.items():
        sea_months = [sea[:, None], *(maps[name] * sea[:, None] for name in names)]
        # All maps in one call: a graph of a third of the size.
        sums = window_sum(tf.concat(sea_months, axis=1), cells)
        number, *totals = tf.split(sums, [each.shape[1] for each in sea_months], axis=1)
        for name, total in zip(names, totals):
            result[f"{name}_near_{cells}"] = total / tf.maximum(number, 1.0)
    return result


def window_sum(x, cells: int):
    """Sums over centred square windows, zero beyond the grid: (B, T, H, W) -> (B, T, H, W).

    Args:
        x: maps.
        cells: side of the window, odd.
    """
    margin = cells // 2
    x = tf.pad(x, [[0, 0], [0, 0], [margin, margin], [margin, margin]])
    return run_sum(run_sum(x, cells, 2), cells, 3)


def run_sum(x, cells: int, axis: int):
    """Sums of `cells` consecutive values along an axis, which becomes `cells` - 1 shorter.

    Sums of 1, 2, 4, ... values are combined: about log2(cells) additions of whole maps, which no
    processor needs a special kernel for. Unlike differences of cumulative sums they keep the
    precision of float32.
    """
    size = tf.shape(x)[axis] - cells + 1

    def part(run, start: int, length):
        return run[(slice(None),) * axis + (slice(start, start + length),)]

    total, reached, run, length = None, 0, x, 1
    while True:
        if cells & length:
            piece = part(run, reached, size)
            total = piece if total is None else total + piece
            reached += length
        if 2 * length > cells:
            return total
        left = tf.shape(run)[axis] - length
        run = part(run, 0, left) + part(run, length, left)
        length *= 2


def _season() -> dict:
    lead = tf.reshape(tf.range(1.0, 13.0), [1, 12, 1, 1])
    angle = lead * (2 * math.pi / 12)
    return {"season_sine": tf.sin(angle), "season_cosine": tf.cos(angle), "lead": lead / 12}
