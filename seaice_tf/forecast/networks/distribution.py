"""The default network: a probability distribution over classes of concentration in each cell.

The network has the features of a single cell as input (features.py), from any month on. With some
twenty years of training data a network that has the whole map as input recognises the year and
overfits.
"""

from collections.abc import Callable

import tensorflow as tf
from tensorflow import keras

from seaice_tf.forecast.data.counts import FULL_ICE, PoleHoleFill
from seaice_tf.forecast.networks.calibration import PLAIN, Calibration
from seaice_tf.forecast.networks.cell_forecast import CellForecast
from seaice_tf.forecast.networks.classes import decide
from seaice_tf.forecast.networks.features import IceFeatures


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
    layer: CellForecast,
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
    ice_features = IceFeatures(pole_hole_fill, name="ice_features")
    features, possible, places, extent = ice_features(history, season)
    cells, where = PossibleCells(name="possible_cells")(possible, places)
    more = {"levels": levels, "found": found and found(season, where)}
    given = {name: value for name, value in more.items() if value is not None}
    return Maps(name="maps")(layer(features, cells, extent, month, **given), where, history)


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
