"""Features of each cell before a forecast from any month, computed in the graph from raw counts.

Time series are kept for the N cells that can hold ice alone: a third of the grid, and of the time.
Means over windows are sums by doubling, whose cost does not depend on a tuned kernel, of one map
after another, which stay in the cache.
"""

import math
from collections.abc import Callable
from functools import lru_cache, partial

import tensorflow as tf
from tensorflow import keras

from seaice_tf.forecast.data.counts import COAST, EDGE, FULL_ICE, LAND, POLE_HOLE, PoleHoleFill
from seaice_tf.forecast.networks.by_lead import LEADS, by_lead
from seaice_tf.forecast.networks.extent import TERMS, extent_terms
from seaice_tf.forecast.networks.feature_table import (
    FEATURES,
    ONE_FOR_ALL_LEADS,
    SEASON,
    YEARS,
)
from seaice_tf.forecast.networks.history import fill_hole, require_counts
from seaice_tf.forecast.networks.long_features import MOST_YEARS, long_features
from seaice_tf.forecast.networks.window_sums import window_sum

RECENT = 4.0  # years: e-folding time of the weights of mean_recent
PRIOR = 0.004  # variance added to the denominator of a regression coefficient in 9 x 9 cells


@keras.utils.register_keras_serializable("seaice_tf")
class IceFeatures(keras.layers.Layer):
    """Features of the 12 months after any month, cell by cell.

    Args:
        pole_hole_fill: "neighbours" or "image_median", see `counts.fill_hole`.

    Call with counts (B, T, H, W) uint8, raw counts with flags of ten years or more that end with
    the init (whole years are used, at most twenty), and month (B,) int32, the calendar month (1 to
    12) of lead 1 in the northern season: six months later in the south. Returns, of the N cells
    that can hold ice in any month:
        features: dict of the FEATURES, fractions, not standardised; each (B, 12, N), with a side of
            1 where all leads or all cells have the same value; see `feature_table.of_cells`.
        possible (B, 12, N) bool: the cell or one within two cells had ice in ten years of that
            calendar month.
        places (N,) int32: index of each cell in the flattened grid.
        extent (B, 3): `extent.extent_terms`.
    """

    def __init__(self, pole_hole_fill: PoleHoleFill = "neighbours", **kwargs):
        super().__init__(**kwargs)
        self.pole_hole_fill: PoleHoleFill = pole_hole_fill

    def get_config(self):
        return super().get_config() | {"pole_hole_fill": self.pole_hole_fill}

    def call(self, counts, month):
        return _traced(self.pole_hole_fill)(counts, month)

    def compute_output_shape(self, counts_shape, month_shape):
        batch = counts_shape[0]
        leads = {name: 1 if name in ONE_FOR_ALL_LEADS else LEADS for name in FEATURES}
        cells = {name: 1 if name in SEASON else None for name in FEATURES}
        features = {name: (batch, leads[name], cells[name]) for name in FEATURES}
        return features, (batch, LEADS, None), (None,), (batch, TERMS)


@lru_cache
def _traced(pole_hole_fill: PoleHoleFill) -> Callable:
    """One graph for all models and endpoints, which are loaded faster and smaller with it."""
    history, month = tf.TensorSpec([None] * 4, tf.uint8), tf.TensorSpec([None], tf.int32)
    return tf.function(
        partial(_features, pole_hole_fill), input_signature=(history, month), autograph=False
    )


def _features(pole_hole_fill: PoleHoleFill, counts, month):
    tf.debugging.assert_greater_equal(
        tf.shape(counts)[1],
        12 * YEARS,
        f"history: expected at least {12 * YEARS} months, got fewer; give a longer record",
    )
    require_counts(counts)
    cells = _Cells(counts, pole_hole_fill)
    record = cells.years
    years = tf.ensure_shape(record[:, :YEARS], [None, YEARS, 12, None])
    maps = _levels(years) | long_features(record, cells.near)
    maps |= _surroundings(maps, cells)
    maps |= _damped(years, maps, cells) | _analogues(years, cells) | _season(month)
    possible = (maps["max_10"] > 0) | (maps["mean_10_near_5"] > 0.002)
    features = {name: maps[name] for name in FEATURES}
    return features, possible, cells.places, extent_terms(years)


class _Cells:
    """Histories of the sea cells that had ice in any month there or near, and their places.

    Attributes:
        years: (B, Y, 12, N) fractions, the last year first; flagged cells have the other years'
            mean.
        places: (N,) int32, index in the flattened grid.
    """

    def __init__(self, counts, pole_hole_fill: PoleHoleFill):
        number = tf.minimum(tf.shape(counts)[1] // 12, MOST_YEARS)
        counts = counts[:, -12 * number :]
        shape = tf.shape(counts)
        rows, columns = shape[2], shape[3]
        sea, recent = (counts[:, -1] != LAND) & (counts[:, -1] != COAST), counts[:, -12 * YEARS :]
        ice = tf.reduce_any((recent > 0) & (recent <= POLE_HOLE), axis=1)
        reach = tf.nn.max_pool2d(tf.cast(ice & sea, tf.float32)[..., None], 5, 1, "SAME")[..., 0]
        wanted = tf.reduce_any((reach > 0) & sea, axis=0)
        self.places = tf.cast(tf.where(tf.reshape(wanted, [-1]))[:, 0], tf.int32)
        number = tf.size(self.places)
        # Index of each cell of the grid among the N, from 1; 0 for all others.
        back = tf.scatter_nd(self.places[:, None], tf.range(1, number + 1), [rows * columns])
        self.back = tf.reshape(back, [rows, columns])
        has_hole = tf.reduce_any(counts == POLE_HOLE)
        filled = tf.cond(has_hole, lambda: fill_hole(counts, pole_hole_fill), lambda: counts)
        parts = [shape[0], shape[1] // 12, 12, number]
        series = tf.reshape(_gathered(filled, self.places), parts)[:, ::-1]  # the last year first
        self.years = _fractions(series)
        chosen = tf.ones([shape[0], 1, number])
        self.number = {cells: self.total(chosen, cells) for cells in (5, 9, 17, 33)}

    def near(self, values, cells: int):
        """Mean of (B, K, N) over the cells that can hold ice in a square window."""
        return self.total(values, cells) / tf.maximum(self.number[cells], 1.0)

    def total(self, values, cells: int):
        """Sum of (B, K, N) over a square window."""
        return _totals(cells)(values, self.places, self.back)


@lru_cache
def _totals(cells: int) -> Callable:
    """Sums over windows: values (B, K, N), places (N,) and back (H, W) -> (B, K, N).

    Some twenty sums over windows of four sizes share four graphs.
    """

    def totals(values, places, back):
        def total(one):  # (B, N)
            padded = tf.pad(one[:, None], [[0, 0], [0, 0], [1, 0]])
            return _gathered(window_sum(tf.gather(padded, back, axis=2), cells), places)[:, 0]

        sums = tf.map_fn(total, tf.transpose(values, [1, 0, 2]), parallel_iterations=1)
        return tf.transpose(sums, [1, 0, 2])

    signature = [([None] * 3, tf.float32), ([None], tf.int32), ([None] * 2, tf.int32)]
    specs = [tf.TensorSpec(shape, dtype) for shape, dtype in signature]
    return tf.function(totals, input_signature=specs, autograph=False)


def _gathered(maps, places):
    """Maps (B, K, H, W) to cells (B, K, N)."""
    shape = tf.shape(maps)
    return tf.gather(tf.reshape(maps, [shape[0], shape[1], -1]), places, axis=2)


def _fractions(series):
    """Counts (B, Y, 12, N) as fractions; what is flagged, as the mean of the other years."""
    valid = series <= FULL_ICE
    fraction = tf.where(valid, tf.cast(series, tf.float32) / FULL_ICE, 0.0)
    number = tf.reduce_sum(tf.cast(valid, tf.float32), axis=1, keepdims=True)
    mean = tf.reduce_sum(fraction, axis=1, keepdims=True) / tf.maximum(number, 1.0)
    return tf.where(valid, fraction, mean)


def _levels(years) -> dict:
    """Levels of the target's calendar month, from years (B, 10, 12, N), the last year first.

    With them the anomalies of the last year from the nine before, and those that are one for all
    leads.
    """
    maps = by_lead(_levels_of_lead, LEVELS, years)
    mean_10, anomaly = maps["mean_10"], maps["anomaly_same_month"]
    return maps | {
        "mean_10_month_before": tf.roll(mean_10, 1, axis=1),
        "mean_10_month_after": tf.roll(mean_10, -1, axis=1),
        "last": years[:, 0, 11:],
        "last_mean_10": mean_10[:, 11:],
        "anomaly_last": anomaly[:, 11:],
        "anomaly_2": anomaly[:, 10:11],
        "anomaly_3": anomaly[:, 9:10],
        "anomaly_season": tf.reduce_mean(anomaly[:, 9:], axis=1, keepdims=True),
        "anomaly_year": tf.reduce_mean(anomaly, axis=1, keepdims=True),
    }


LEVELS = (
    *("year_1", "year_2", "year_3", "mean_3", "mean_5", "mean_10", "mean_recent"),
    *("median_5", "median_10", "min_5", "max_5", "min_10", "max_10", "std_10"),
    *("trend_increment", "ice_frequency_5", "ice_frequency_10", "anomaly_same_month"),
)


def _levels_of_lead(years) -> dict:
    series = tf.unstack(years, axis=1)
    five, ten = _ordered(series[:5]), _ordered(series)
    distance = tf.reshape(tf.range(YEARS - 1, -1, -1, dtype=tf.float32) - 4.5, [1, YEARS, 1, 1])
    slope = tf.reduce_sum(years * distance, axis=1) / tf.reduce_sum(distance**2)
    weight = tf.exp(-tf.range(YEARS, dtype=tf.float32) / RECENT)
    weight = tf.reshape(weight / tf.reduce_sum(weight), [1, YEARS, 1, 1])
    icy = tf.cast(years >= EDGE, tf.float32)
    return {
        "year_1": series[0],
        "year_2": series[1],
        "year_3": series[2],
        "mean_3": tf.reduce_mean(years[:, :3], axis=1),
        "mean_5": tf.reduce_mean(years[:, :5], axis=1),
        "mean_10": tf.reduce_mean(years, axis=1),
        "mean_recent": tf.reduce_sum(years * weight, axis=1),
        "median_5": five[2],
        "median_10": (ten[4] + ten[5]) / 2,
        "min_5": five[0],
        "max_5": five[4],
        "min_10": ten[0],
        "max_10": ten[9],
        "std_10": tf.math.reduce_std(years, axis=1),
        "trend_increment": slope * (YEARS + 1) / 2,
        "ice_frequency_5": tf.reduce_mean(icy[:, :5], axis=1),
        "ice_frequency_10": tf.reduce_mean(icy, axis=1),
        "anomaly_same_month": series[0] - tf.reduce_mean(years[:, 1:], axis=1),
    }


def _ordered(values: list) -> list:
    """Maps in rising order, cell by cell: odd-even transposition, faster than a sort of rows."""
    values = list(values)
    for start in range(len(values)):
        for i in range(start % 2, len(values) - 1, 2):
            low, high = values[i], values[i + 1]
            values[i], values[i + 1] = tf.minimum(low, high), tf.maximum(low, high)
    return values


NEAR = {
    5: ("mean_10", "mean_long", "year_1", "std_10", "last", "anomaly_last"),
    9: (
        *("ice_frequency_10", "trend_increment", "anomaly_same_month", "anomaly_last", "anomaly_2"),
        *("anomaly_3", "anomaly_season", "anomaly_year"),
    ),
    17: ("mean_10", "last", "anomaly_last"),
    33: ("trend_increment", "anomaly_same_month", "anomaly_last", "anomaly_season", "anomaly_year"),
}


def _surroundings(maps: dict, cells: _Cells) -> dict:
    """Means over square windows: fixed smoothing, which cannot recognise a year."""
    result: dict = {}
    for size, names in NEAR.items():
        near = cells.near(tf.concat([maps[name] for name in names], axis=1), size)
        parts = tf.split(near, [maps[name].shape[1] for name in names], axis=1)
        result |= {f"{name}_near_{size}": part for name, part in zip(names, parts)}
    return result


def _damped(years, maps: dict, cells: _Cells) -> dict:
    """Damped anomaly persistence from ten years.

    Regression of the target's anomaly on that of the init, smoothed over 5 x 5 cells: nine pairs of
    years a cell, pooled in a window so that the coefficient is not dominated by noise.
    """
    result = {}
    steps = {"": years[:, :, 11], "season_": tf.reduce_mean(years[:, :, 9:], axis=2)}
    for name, past in steps.items():
        past = cells.near(past - tf.reduce_mean(past, axis=1, keepdims=True), 5)
        now, before = past[:, :1], past[:, 1:]
        square = tf.reduce_sum(before**2, axis=1, keepdims=True)

        def product(years, before=before):
            target = years - tf.reduce_mean(years, axis=1, keepdims=True)
            return {"": tf.reduce_sum(before[:, :, None] * target[:, :-1], axis=1)}

        products = by_lead(product, ("",), years)[""]
        for size in (9,) if name else (9, 33):
            prior = PRIOR if size == 9 else PRIOR / 4
            coefficient = cells.near(products, size) / (cells.near(square, size) + prior)
            result[f"coefficient_{name}{size}"] = coefficient
            result[f"damped_increment_{name}{size}"] = coefficient * now
    damped = maps["mean_10"] + result["damped_increment_9"]
    return result | {"damped_9": tf.clip_by_value(damped, 0.0, 1.0)}


def _analogues(years, cells: _Cells) -> dict:
    """Mean of the target month over nine years, weighted by how alike their last months were.

    The distance is the mean square difference of the init and of the last three months in a window
    of 17 cells, in units of its mean over the years.
    """
    recent = tf.concat([years[:, :, 11:], tf.reduce_mean(years[:, :, 9:], 2, keepdims=True)], 2)
    distance = tf.reduce_sum((recent[:, 1:] - recent[:, :1]) ** 2, axis=2)
    distance = cells.near(distance, 17)
    usual = tf.reduce_mean(distance, axis=1, keepdims=True) + 1e-4
    weight = tf.nn.softmax(-2.0 * distance / usual, axis=1)[:, :, None]

    def expected(years):
        after = years[:, :-1]
        icy = tf.cast(after >= EDGE, tf.float32)
        return {
            "analogue_increment": tf.reduce_sum(weight * after, axis=1)
            - tf.reduce_mean(after, axis=1),
            "analogue_frequency": tf.reduce_sum(weight * icy, axis=1),
        }

    return by_lead(expected, ("analogue_increment", "analogue_frequency"), years)


def _season(month) -> dict:
    lead = tf.reshape(tf.range(1.0, 13.0), [1, LEADS, 1])
    first = tf.reshape(tf.cast(month, tf.float32), [-1, 1, 1])
    radians = 2 * math.pi / 12  # a month
    target, init = (first - 1 + lead) * radians, (first - 1) * radians
    return {
        "target_sine": tf.sin(target),
        "target_cosine": tf.cos(target),
        "init_sine": tf.sin(init),
        "init_cosine": tf.cos(init),
        "lead": lead / 12 + tf.zeros_like(first),
    }
