"""The default network: a probability distribution over classes of concentration in each cell.

The network has the features of a single cell as input (features.py), from any month on. With some
twenty years of training data a network that has the whole map as input recognises the year and
overfits.
"""

from collections.abc import Mapping

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
    layer = CellForecast(network, calibration, name="cell_forecast")
    return forecast(layer, rows, columns, pole_hole_fill=pole_hole_fill, south=south)


def forecast(
    layer: CellForecast,
    rows: int | None,
    columns: int | None,
    *,
    anomaly_maps: keras.layers.Layer | None = None,
    found: keras.layers.Layer | None = None,
    pole_hole_fill: PoleHoleFill,
    south: bool,
) -> keras.Model:
    """Build the forecast of `serving_model` from that of cells.

    Args:
        layer: the forecast of cells, "cell_forecast".
        rows, columns: size of the grid; None for a side that may vary.
        anomaly_maps, found: further features, if any: history -> anomaly maps, and (anomaly maps,
            northern season (B,), indices of cells (n, 3)) -> (n, k). The layers have these names.
        pole_hole_fill: "neighbours" or "image_median", see `counts.fill_hole`.
        south: the grid is of the southern hemisphere, whose seasons are six months later.
    """
    layers = [
        NorthernSeason(south, name="northern_season"),
        IceFeatures(pole_hole_fill, name="ice_features"),
        PossibleCells(name="possible_cells"),
        Maps(name="maps"),
        layer,
        *(each for each in (anomaly_maps, found) if each),
    ]
    history = keras.Input((None, rows, columns), dtype="uint8", name="history")
    month = keras.Input((), dtype="int32", name="month")
    outputs = _connected({each.name: each for each in layers}, history, month)
    del outputs["quantiles"]
    return keras.Model([history, month], outputs, name="forecast")


def with_quantiles(served: keras.Model) -> keras.Model:
    """Build the same forecast with its quantiles, by the same layers.

    Args:
        served: of `forecast`.

    Returns:
        A functional model from `history`, `month` and `levels`, (L,) float32 probabilities in
        (0, 1), to the maps of `serving_model` and `quantiles`, (B, L, 12, rows, columns) fractions.
    """
    history, month = (keras.Input(x.shape[1:], dtype=x.dtype, name=x.name) for x in served.inputs)
    levels = keras.Input((), name="levels")
    outputs = _connected({each.name: each for each in served.layers}, history, month, levels=levels)
    return keras.Model([history, month, levels], outputs, name="quantiles")


def _connected(layers: Mapping[str, keras.layers.Layer], history, month, **more) -> dict:
    """Outputs of the layers of `forecast`, by name; `more` are further arguments of the cells'."""
    season = layers["northern_season"](month)
    features, possible, places, extent = layers["ice_features"](history, season)
    cells, where = layers["possible_cells"](possible, places)
    if "found" in layers:
        more["found"] = layers["found"](layers["anomaly_maps"](history), season, where)
    values = layers["cell_forecast"](features, cells, extent, month, **more)
    return layers["maps"](values, where, history)


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
        rows = tf.pad(tf.transpose(values["quantiles"]) / FULL_ICE, [[0, 0], [1, 0]])
        quantiles = tf.transpose(tf.gather(rows, back, axis=1), [1, 0, 2, 3, 4])
        return result | {"quantiles": quantiles}

    def compute_output_shape(self, values_shape, where_shape, history_shape):
        names = ("concentration", "probability", "spread", "contest_decision")
        shapes = dict.fromkeys(names, (history_shape[0], 12, *history_shape[2:]))
        return shapes | {"quantiles": (history_shape[0], None, 12, *history_shape[2:])}
