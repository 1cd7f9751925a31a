"""The default network: a probability distribution over classes of concentration in each cell.

The network has the features of a single cell as input (features.py), from any month on. With some
twenty years of training data a network that has the whole map as input recognises the year and
overfits.
"""

from collections.abc import Callable
from dataclasses import asdict

import numpy as np
import tensorflow as tf
from tensorflow import keras

from seaice_tf.forecast.data.counts import FULL_ICE, PoleHoleFill
from seaice_tf.forecast.networks.calibration import (
    CALIBRATED,
    PLAIN,
    Calibration,
    departures,
    late_summer_trend,
    log_odds_terms,
)
from seaice_tf.forecast.networks.classes import (
    CENTRES,
    CLASSES,
    FIRST_ICE,
    decide,
    decision_terms,
    median,
    quantiles,
    sharpened,
    with_mean,
    with_probability_of_ice,
)
from seaice_tf.forecast.networks.feature_table import FEATURES, INDEX, TEN_YEARS, YEARS, of_cells
from seaice_tf.forecast.networks.features import IceFeatures
from seaice_tf.forecast.networks.long_features import MOST_YEARS
from seaice_tf.networks.arguments import require_choice, require_sizes

layers = keras.layers

CHUNK = 1 << 13  # cells whose features and classes are in memory at a time

OF_CELLS = ("concentration", "probability", "spread", "median", "terms")


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
    history, month = _inputs(rows, columns)
    layer = CellForecast(network, calibration, name="cell_forecast")
    outputs = forecast(history, month, layer, pole_hole_fill=pole_hole_fill, south=south)
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
    history, month = _inputs(rows, columns)
    levels = keras.Input((), name="levels")
    layer = CellForecast(network, calibration, name="cell_forecast")
    outputs = forecast(history, month, layer, levels, pole_hole_fill=pole_hole_fill, south=south)
    return keras.Model([history, month, levels], outputs, name="quantiles")


def class_network_of(served: keras.Model) -> keras.Model:
    """The class network inside a `serving_model`."""
    return served.get_layer("cell_forecast").network


def _inputs(rows: int | None, columns: int | None) -> tuple:
    history = keras.Input((None, rows, columns), dtype="uint8", name="history")
    return history, keras.Input((), dtype="int32", name="month")


def forecast(
    history,
    month,
    layer: "CellForecast",
    levels=None,
    found: Callable | None = None,
    *,
    pole_hole_fill: PoleHoleFill,
    south: bool,
) -> dict:
    """Maps of a forecast, with `quantiles` if there are levels.

    Args:
        history, month, levels: inputs of `serving_model` and `quantile_model`.
        layer: the forecast of cells.
        found: (northern season (B,), indices of cells (n, 3)) -> further features (n, k).
        pole_hole_fill: "neighbours" or "image_median", see `counts.fill_hole`.
        south: the grid is of the southern hemisphere, whose seasons are six months later.
    """
    season = NorthernSeason(south, name="northern_season")(month)
    features, possible, places = IceFeatures(pole_hole_fill, name="ice_features")(history, season)
    cells, where = PossibleCells(name="possible_cells")(possible, places)
    more = {"levels": levels, "found": found and found(season, where)}
    given = {name: value for name, value in more.items() if value is not None}
    return Maps(name="maps")(layer(features, cells, **given), where, history)


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
        tf.debugging.Assert(
            tf.reduce_all((month >= 1) & (month <= 12)),
            ["month: expected 1 to 12, the calendar month of lead 1, got", month],
        )
        return month + 6 if self.south else month

    def compute_output_shape(self, shape):
        return shape

    def get_config(self):
        return super().get_config() | {"south": self.south}


@keras.utils.register_keras_serializable("seaice_tf")
class PossibleCells(keras.layers.Layer):
    """Indices of the possible cells, two (n, 3) int32: of example, lead from 0, and cell.

    The cells of the first are numbers among the N of `IceFeatures`, of the second those in the
    flattened grid.
    """

    def call(self, possible, places):
        cells = tf.cast(tf.where(possible), tf.int32)
        place = tf.gather(places, cells[:, 2])
        return cells, tf.concat([cells[:, :2], place[:, None]], axis=1)

    def compute_output_shape(self, possible_shape, places_shape):
        return (None, 3), (None, 3)


@keras.utils.register_keras_serializable("seaice_tf")
class CellForecast(keras.layers.Layer):
    """The forecast of cells, by a class network and its calibration.

    Call with the features of `IceFeatures`, the first indices (n, 3) of `PossibleCells` and, if
    wanted, `levels` (L,) of quantiles and further features `found` (n, k). Returns a dict:
        concentration, probability, spread: (n,) fractions.
        median: (n,) counts.
        terms: (n, 5) of `classes.decision_terms`.
        quantiles: (n, L) counts, if there are levels.

    The features and classes of all cells would take gigabytes, so the cells go through in chunks.

    Args:
        network: of `class_network`; its weights are shared.
        calibration: weights of the predictions by lead.
    """

    def __init__(self, network: keras.Model, calibration: Calibration, **kwargs):
        super().__init__(**kwargs)
        self.network, self.calibration = network, calibration

    def call(self, features, cells, levels=None, found=None):
        if levels is not None:
            tf.debugging.Assert(
                tf.reduce_all((levels > 0) & (levels < 1)),
                ["levels: expected probabilities between 0 and 1, both excluded, got", levels],
                summarize=10,
            )
        number = tf.shape(cells)[0]
        standardise = [x for x in self.network.layers if isinstance(x, StandardiseFeatures)]
        names = {*standardise[0].names, *CALIBRATED} if standardise else FEATURES

        def chunk(start):
            # The last cell fills the last chunk: of one size, the graph of the network is small.
            rows = tf.minimum(start + np.arange(CHUNK, dtype=np.int32), number - 1)
            some = tf.gather(cells, rows)
            values = of_cells(features, some, names)
            if found is not None:
                values = tf.concat([values, tf.gather(found, rows)], axis=1)
            return self._forecast(values, some[:, 1], levels)

        kinds = dict.fromkeys(OF_CELLS if levels is None else (*OF_CELLS, "quantiles"), tf.float32)
        values = tf.map_fn(
            chunk, tf.range(0, number, CHUNK), parallel_iterations=1, fn_output_signature=kinds
        )
        return {
            name: tf.reshape(value, tf.concat([[-1], tf.shape(value)[2:]], 0))[:number]
            for name, value in values.items()
        }

    def _forecast(self, features, lead, levels):
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
        concentration = tf.clip_by_value(concentration + of_concentration * trend, 0.0, 1.0)
        probabilities = sharpened(probabilities, lead)
        terms = log_odds_terms(probabilities, features)
        logit = tf.reduce_sum(log_odds_weights * terms, axis=1) + of_log_odds * trend
        probabilities = with_mean(probabilities, concentration)
        probabilities = with_probability_of_ice(probabilities, tf.sigmoid(logit))
        mean = tf.linalg.matvec(probabilities, CENTRES)
        variance = tf.reduce_sum(probabilities * (CENTRES - mean[:, None]) ** 2, axis=1)
        middle = median(probabilities)
        values = {
            "concentration": concentration,
            "probability": tf.reduce_sum(probabilities[:, FIRST_ICE:], axis=1),
            "spread": tf.sqrt(tf.maximum(variance, 0.0)) / FULL_ICE,
            "median": middle,
            "terms": decision_terms(probabilities, middle),
        }
        return (
            values if levels is None else values | {"quantiles": quantiles(probabilities, levels)}
        )

    def compute_output_shape(
        self, features_shape, cells_shape, levels_shape=None, found_shape=None
    ):
        shapes = {name: (None, 5) if name == "terms" else (None,) for name in OF_CELLS}
        return shapes if levels_shape is None else shapes | {"quantiles": (None, None)}

    def get_config(self):
        tables = asdict(self.calibration)
        network = keras.utils.serialize_keras_object(self.network)
        return super().get_config() | {"network": network, "calibration": tables}

    @classmethod
    def from_config(cls, config):
        network = keras.utils.deserialize_keras_object(config.pop("network"))
        return cls(network, Calibration(**config.pop("calibration")), **config)


@keras.utils.register_keras_serializable("seaice_tf")
class Maps(keras.layers.Layer):
    """Maps of the forecast from its cells; 0 in all others.

    Call with the values of `CellForecast`, the second indices (n, 3) of `PossibleCells` and the
    history; returns maps (B, 12, H, W), and `quantiles` (B, L, 12, H, W), as fractions.
    """

    def call(self, values, where, history):
        shape = tf.shape(history)
        # Number of the cell in each place, from 1; 0, which is padded, for all others.
        back = tf.scatter_nd(
            where, tf.range(1, tf.shape(where)[0] + 1), [shape[0], 12, shape[2] * shape[3]]
        )
        back = tf.reshape(back, [shape[0], 12, shape[2], shape[3]])
        maps = {name: values[name] for name in ("concentration", "probability", "spread")}
        maps["contest_decision"] = decide(values["terms"], values["median"], where[:, 0]) / FULL_ICE
        result = {name: tf.gather(tf.pad(own, [[1, 0]]), back) for name, own in maps.items()}
        if "quantiles" in values:
            rows = tf.pad(tf.transpose(values["quantiles"]) / FULL_ICE, [[0, 0], [1, 0]])
            result["quantiles"] = tf.transpose(tf.gather(rows, back, axis=1), [1, 0, 2, 3, 4])
        return result

    def compute_output_shape(self, values_shape, where_shape, history_shape):
        names = ("concentration", "probability", "spread", "contest_decision")
        result = dict.fromkeys(names, (history_shape[0], 12, *history_shape[2:]))
        if "quantiles" in values_shape:
            result["quantiles"] = (history_shape[0], None, 12, *history_shape[2:])
        return result
