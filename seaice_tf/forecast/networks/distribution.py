"""The default network: a probability distribution over classes of concentration in each cell.

The network has the features of a single cell as input (features.py), from any month on. With some
twenty years of training data a network that has the whole map as input recognises the year and
overfits.
"""

import math
from dataclasses import asdict, dataclass

import numpy as np
import tensorflow as tf
from tensorflow import keras

from seaice_tf.forecast.data.counts import FULL_ICE, PoleHoleFill
from seaice_tf.forecast.networks.classes import (
    CENTRES,
    CLASSES,
    FIRST_ICE,
    decide,
    median,
    quantile_of_sums,
    with_probability_of_ice,
)
from seaice_tf.forecast.networks.features import FEATURES, TEN_YEARS, YEARS, IceFeatures
from seaice_tf.forecast.networks.long_features import MOST_YEARS
from seaice_tf.networks.arguments import require_choice, require_sizes

layers = keras.layers

CHUNK = 1 << 16  # cells that the network has in memory at a time

TREND = "trend_increment_near_9"
INDEX = {name: i for i, name in enumerate(FEATURES)}
Table = tuple[tuple[float, ...], ...]


@dataclass(frozen=True)
class Calibration:
    """How far each prediction is trusted, by lead: rows of weights for leads 1 to 12.

    Attributes:
        concentration: of the departures from the ten-year climatology of the distribution's mean,
            of the regression head, of damped anomaly persistence from ten years and from all, and
            of the climatology of all years; and of the trend's increment.
        log_odds: of the log odds of ice of the network and of the frequency of ice in ten years and
            in all, of 1, and of the trend's increment.
        late_summer: further weights of the trend's increment in the concentration and in the log
            odds, in September; half of them in August.
    """

    concentration: Table
    log_odds: Table
    late_summer: tuple[float, float] = (0.0, 0.0)


PLAIN = Calibration(((0.5, 0.5, 0.0, 0.0, 0.0, 0.0),) * 12, ((1.0, 0.0, 0.0, 0.0, 0.0),) * 12)


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


def serving_model(
    network: keras.Model,
    rows: int | None,
    columns: int | None,
    pole_hole_fill: PoleHoleFill = "neighbours",
    *,
    south: bool = False,
    calibration: Calibration = PLAIN,
) -> keras.Model:
    """Build the forecast of the 12 months after any month from a class network.

    Args:
        network: of `class_network`; its weights are shared.
        rows, columns: size of the grid; None for a side that may vary.
        pole_hole_fill: "neighbours" or "image_median", see `counts.fill_hole`.
        south: the grid is of the southern hemisphere, whose seasons are six months later.
        calibration: weights of the predictions by lead.

    Returns:
        A functional model from raw counts with flags of ten years or more that end with the init,
        `history` (B, T, rows, columns) uint8, and the calendar month of lead 1, `month` (B,)
        int32, to maps (B, 12, rows, columns) of leads 1 to 12:
            concentration: fraction, the expected concentration.
            probability: of ice at 15 % or more.
            spread: standard deviation, fraction.
            contest_decision: fraction with the lowest expected Dacon score; no estimate of the
                concentration.
    """
    history, month, cells = _inputs(network, rows, columns, pole_hole_fill, south, calibration)
    outputs = Maps(name="maps")(*cells, history)
    return keras.Model([history, month], outputs, name="distribution_forecast")


def quantile_model(
    network: keras.Model,
    rows: int | None,
    columns: int | None,
    pole_hole_fill: PoleHoleFill = "neighbours",
    *,
    south: bool = False,
    calibration: Calibration = PLAIN,
) -> keras.Model:
    """Build the same forecast with its quantiles.

    Returns:
        A functional model from `history`, `month` and `levels`, (L,) float32 probabilities in
        (0, 1), to the maps of `serving_model` and `quantiles`, (B, L, 12, rows, columns) fractions.
    """
    history, month, cells = _inputs(network, rows, columns, pole_hole_fill, south, calibration)
    levels = keras.Input((), name="levels")
    probabilities, _, where = cells
    quantiles = Quantiles(name="quantiles")(probabilities, where, history, levels)
    outputs = Maps(name="maps")(*cells, history) | {"quantiles": quantiles}
    return keras.Model([history, month, levels], outputs, name="quantiles")


def class_network_of(served: keras.Model) -> keras.Model:
    """The class network inside a `serving_model`."""
    return served.get_layer("cell_forecast").network


def _inputs(network, rows, columns, pole_hole_fill, south, calibration):
    """Inputs, and class probabilities, concentration and indices of the possible cells."""
    history = keras.Input((None, rows, columns), dtype="uint8", name="history")
    month = keras.Input((), dtype="int32", name="month")
    season = NorthernSeason(south, name="northern_season")(month)
    maps, possible, places = IceFeatures(pole_hole_fill, name="ice_features")(history, season)
    features, where = Gather(name="possible_cells")(maps, possible, places)
    forecast = CellForecast(network, calibration, name="cell_forecast")
    probabilities, concentration = forecast(features, where)
    return history, month, (probabilities, concentration, where)


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


@keras.utils.register_keras_serializable("seaice_tf")
class NorthernSeason(keras.layers.Layer):
    """The calendar month with the same season in the northern hemisphere: (B,) int32."""

    def __init__(self, south: bool, **kwargs):
        super().__init__(**kwargs)
        self.south = south

    def call(self, month):
        return month + 6 if self.south else month

    def compute_output_shape(self, shape):
        return shape

    def get_config(self):
        return super().get_config() | {"south": self.south}


@keras.utils.register_keras_serializable("seaice_tf")
class Gather(keras.layers.Layer):
    """Features (B, 12, N, C) of the possible cells, (n, C), and their example, lead and place.

    The indices, (n, 3) int64, are of the batch, the lead from 0, and the flattened grid.
    """

    def call(self, features, possible, places):
        index = tf.where(possible)
        place = tf.gather(tf.cast(places, tf.int64), index[:, 2])
        where = tf.concat([index[:, :2], place[:, None]], axis=1)
        return tf.boolean_mask(features, possible), where

    def compute_output_shape(self, features_shape, possible_shape, places_shape):
        return (None, features_shape[-1]), (None, 3)


@keras.utils.register_keras_serializable("seaice_tf")
class CellForecast(keras.layers.Layer):
    """Class probabilities and concentration of cells, by a class network and its calibration.

    Call with features (n, C) and indices (n, 3); returns class probabilities (n, 32) and
    concentration (n,), a fraction. The logits of all members in all cells would take a gigabyte,
    so the cells go through the network in chunks.

    Args:
        network: of `class_network`; its weights are shared.
        calibration: weights of the predictions by lead.
    """

    def __init__(self, network: keras.Model, calibration: Calibration, **kwargs):
        super().__init__(**kwargs)
        self.network, self.calibration = network, calibration

    def call(self, features, where):
        number = tf.shape(features)[0]
        chunks = tf.maximum(-(-number // CHUNK), 1)
        size = -(-number // chunks)
        padding = chunks * size - number
        parts = (
            tf.reshape(
                tf.pad(features, [[0, padding], [0, 0]]), [chunks, size, features.shape[-1]]
            ),
            tf.reshape(tf.pad(where[:, 1], [[0, padding]]), [chunks, size]),
        )
        probabilities, concentration = tf.map_fn(
            self._chunk, parts, parallel_iterations=1, fn_output_signature=(tf.float32, tf.float32)
        )
        return (
            tf.reshape(probabilities, [-1, CLASSES])[:number],
            tf.reshape(concentration, [-1])[:number],
        )

    def _chunk(self, cells):
        features, lead = cells
        outputs = self.network(features[None])
        concentration_weights, log_odds_weights = (
            tf.gather(tf.constant(table, tf.float32), lead)
            for table in (self.calibration.concentration, self.calibration.log_odds)
        )
        probabilities = tf.reduce_mean(tf.nn.softmax(outputs["classes"][0]), axis=1)
        base, steps = departures(probabilities, outputs["departure"][0], features)
        of_concentration, of_log_odds = self.calibration.late_summer
        trend = late_summer_trend(features, lead)
        concentration = base + tf.reduce_sum(concentration_weights * steps, axis=1)
        concentration += of_concentration * trend
        terms = log_odds_terms(probabilities, features)
        odds = tf.reduce_sum(log_odds_weights * terms, axis=1) + of_log_odds * trend
        better = tf.sigmoid(odds)
        return with_probability_of_ice(probabilities, better), tf.clip_by_value(
            concentration, 0.0, 1.0
        )

    def compute_output_shape(self, features_shape, where_shape):
        return (None, CLASSES), (None,)

    def get_config(self):
        tables = asdict(self.calibration)
        network = keras.utils.serialize_keras_object(self.network)
        return super().get_config() | {"network": network, "calibration": tables}

    @classmethod
    def from_config(cls, config):
        network = keras.utils.deserialize_keras_object(config.pop("network"))
        return cls(network, Calibration(**config.pop("calibration")), **config)


def departures(probabilities, departure, features):
    """Climatology and the departures from it that a forecast is weighted from.

    Args:
        probabilities: (n, 32) of the classes.
        departure: (n, members).
        features: (n, C).

    Returns:
        The ten-year mean (n,), and (n, 6) as Calibration.concentration has them.
    """
    names = ("mean_10", "damped_9", "damped_increment_long_5", "mean_long", TREND)
    base, damped, long_damped, long_mean, trend = (features[:, INDEX[name]] for name in names)
    mean = tf.linalg.matvec(probabilities, CENTRES / FULL_ICE)
    head = tf.reduce_mean(departure, axis=1)
    steps = [mean - base, head, damped - base, long_damped, long_mean - base, trend]
    return base, tf.stack(steps, axis=1)


def log_odds_terms(probabilities, features):
    """The terms (n, 5) of the log odds of ice, as Calibration.log_odds has them."""
    ice = log_odds(tf.reduce_sum(probabilities[:, FIRST_ICE:], axis=1))
    names = ("ice_frequency_10", "ice_frequency_10_near_9")
    frequency = tf.add_n([features[:, INDEX[name]] for name in names]) / 2
    number = MOST_YEARS * features[:, INDEX["years_long"]]
    # As if half a year more with ice and half a year without had been seen.
    climatology = log_odds((10 * frequency + 0.5) / 11)
    long_climatology = log_odds(
        (number * features[:, INDEX["ice_frequency_long"]] + 0.5) / (number + 1)
    )
    terms = [ice, climatology, long_climatology, tf.ones_like(ice), features[:, INDEX[TREND]]]
    return tf.stack(terms, axis=1)


def late_summer_trend(features, lead):
    """The trend's increment (n,) in September, half in August, half of that at lead 1; else 0.

    Args:
        features: (n, C).
        lead: (n,) from 0.
    """
    sine, cosine = (features[:, INDEX[f"target_{name}"]] for name in ("sine", "cosine"))
    month = tf.round(tf.atan2(sine, cosine) * (6 / math.pi)) % 12
    season = tf.where(month == 9, 1.0, tf.where(month == 8, 0.5, 0.0))
    return features[:, INDEX[TREND]] * season * tf.where(lead == 0, 0.5, 1.0)


def log_odds(probability):
    probability = tf.clip_by_value(probability, 1e-4, 1 - 1e-4)
    return tf.math.log(probability) - tf.math.log1p(-probability)


@keras.utils.register_keras_serializable("seaice_tf")
class Maps(keras.layers.Layer):
    """Maps (B, 12, H, W) of the forecast from its cells; 0 in all others.

    Call with class probabilities (n, 32), concentration (n,), indices (n, 3) and the history.
    """

    def call(self, probabilities, concentration, where, history):
        mean = tf.linalg.matvec(probabilities, CENTRES)
        variance = tf.reduce_sum(probabilities * (CENTRES - mean[:, None]) ** 2, axis=1)
        middle = median(probabilities)
        values = {
            "concentration": concentration,
            "probability": tf.reduce_sum(probabilities[:, FIRST_ICE:], axis=1),
            "spread": tf.sqrt(tf.maximum(variance, 0.0)) / FULL_ICE,
            "contest_decision": decide(probabilities, middle, where[:, 0]) / FULL_ICE,
        }
        return {name: scattered(value, where, history) for name, value in values.items()}

    def compute_output_shape(
        self, probabilities_shape, concentration_shape, where_shape, history_shape
    ):
        names = ("concentration", "probability", "spread", "contest_decision")
        return dict.fromkeys(names, (history_shape[0], 12, *history_shape[2:]))


def scattered(values, where, history):
    """Values (n,) of cells as maps (B, 12, H, W), 0 elsewhere."""
    shape = tf.shape(history, out_type=tf.int64)
    row, column = where[:, 2] // shape[3], where[:, 2] % shape[3]
    index = tf.stack([where[:, 0], where[:, 1], row, column], axis=1)
    return tf.scatter_nd(index, values, tf.stack([shape[0], 12, shape[2], shape[3]]))


@keras.utils.register_keras_serializable("seaice_tf")
class Quantiles(keras.layers.Layer):
    """Quantiles (B, L, 12, H, W) as fractions, straight within a class; 0 in the lowest."""

    def call(self, probabilities, where, history, levels):
        reached = tf.cumsum(probabilities, axis=1)
        maps = tf.map_fn(
            lambda level: scattered(quantile_of_sums(reached, level) / FULL_ICE, where, history),
            levels,
            parallel_iterations=1,
        )
        return tf.transpose(maps, [1, 0, 2, 3, 4])

    def compute_output_shape(self, probabilities_shape, where_shape, history_shape, levels_shape):
        return (history_shape[0], None, 12, *history_shape[2:])
