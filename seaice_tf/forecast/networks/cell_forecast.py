"""The forecast of cells, by a class network and its calibration.

The features and classes of all cells would take gigabytes, so the cells go through in chunks.
"""

from collections.abc import Callable, Collection
from dataclasses import asdict

import numpy as np
import tensorflow as tf
from tensorflow import keras

from seaice_tf.forecast.data.counts import FULL_ICE
from seaice_tf.forecast.networks.calibration import (
    CALIBRATED,
    Calibration,
    departures,
    late_summer_trend,
    log_odds_terms,
)
from seaice_tf.forecast.networks.cell_network import StandardiseFeatures
from seaice_tf.forecast.networks.classes import (
    CENTRES,
    FIRST_ICE,
    decision_terms,
    median,
    quantiles,
    sharpened,
    with_mean,
    with_probability_of_ice,
)
from seaice_tf.forecast.networks.extent import shifts
from seaice_tf.forecast.networks.feature_table import FEATURES, of_cells

CHUNK = 1 << 13  # cells whose features and classes are in memory at a time
OF_CELLS = ("concentration", "probability", "spread", "median", "terms")


@keras.utils.register_keras_serializable("seaice_tf")
class CellForecast(keras.layers.Layer):
    """The forecast of cells, by a class network and its calibration.

    Call with the features of `IceFeatures`, the first indices (n, 3) of `PossibleCells`, the extent
    (B, 3) of `IceFeatures`, the calendar month of lead 1 (B,) and, if wanted, `levels` (L,) of
    quantiles and further features `found` (n, k). Returns a dict:
        concentration, probability, spread: (n,) fractions.
        median: (n,) counts.
        terms: (n, 5) of `classes.decision_terms`.
        quantiles: (n, L) counts, if there are levels.

    Args:
        network: of `class_network`; its weights are shared.
        calibration: weights of the predictions by lead.
    """

    def __init__(self, network: keras.Model, calibration: Calibration, **kwargs):
        super().__init__(**kwargs)
        self.network, self.calibration = network, calibration

    def call(self, features, cells, extent, month, levels=None, found=None):
        if levels is not None:
            tf.debugging.Assert(
                tf.reduce_all((levels > 0) & (levels < 1)),
                ["levels: expected probabilities between 0 and 1, both excluded, got", levels],
                summarize=10,
            )
        standardise = [x for x in self.network.layers if isinstance(x, StandardiseFeatures)]
        names = {*standardise[0].names, *CALIBRATED} if standardise else FEATURES

        def distribution(rows):
            some = tf.gather(cells, rows)
            values = of_cells(features, some, names)
            if found is not None:
                values = tf.concat([values, tf.gather(found, rows)], axis=1)
            return some, *self._distribution(values, some[:, 1])

        shift = None
        if self.calibration.extent:  # of all of lead 1, which thus goes through twice
            first = tf.cast(tf.where(cells[:, 1] == 0)[:, 0], tf.int32)
            own = in_chunks(lambda rows: {"logit": distribution(rows)[-1]}, ("logit",), first)
            weights = tf.gather(tf.constant(self.calibration.extent, tf.float32), (month - 1) % 12)
            shift = shifts(own["logit"], tf.gather(cells[:, 0], first), extent, weights)

        def products(rows):
            some, concentration, probabilities, logit = distribution(rows)
            if shift is not None:
                logit += tf.where(some[:, 1] == 0, tf.gather(shift, some[:, 0]), 0.0)
            return _products(concentration, probabilities, logit, levels)

        kinds = OF_CELLS if levels is None else (*OF_CELLS, "quantiles")
        return in_chunks(products, kinds, tf.range(tf.shape(cells)[0]))

    def _distribution(self, features, lead):
        """Concentration (n,), class probabilities (n, 32) and logit of ice (n,), not joined."""
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
        return concentration, probabilities, logit

    def compute_output_shape(
        self,
        features_shape,
        cells_shape,
        extent_shape,
        month_shape,
        levels_shape=None,
        found_shape=None,
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


def in_chunks(function: Callable, names: Collection[str], rows) -> dict:
    """Values of `function`, rows (k,) -> dict of (k, ...) by name, for all rows (n,)."""
    number = tf.size(rows)

    def chunk(start):
        # The last row fills the last chunk: of one size, the graph of the network is small.
        places = tf.minimum(start + np.arange(CHUNK, dtype=np.int32), number - 1)
        return function(tf.gather(rows, places))

    # In a graph of its own: without one, every operation of every chunk is called from Python. As
    # a concrete function, for TensorFlow warns of a `tf.function` that is traced in each call.
    @tf.function(autograph=False)
    def of_chunks():
        kinds = dict.fromkeys(names, tf.float32)
        starts = tf.range(0, number, CHUNK)
        return tf.map_fn(chunk, starts, parallel_iterations=1, fn_output_signature=kinds)

    return {
        name: tf.reshape(value, tf.concat([[-1], tf.shape(value)[2:]], 0))[:number]
        for name, value in of_chunks.get_concrete_function()().items()
    }


def _products(concentration, probabilities, logit, levels) -> dict:
    """What is forecast of cells (n,), by one distribution with that mean and logit of ice."""
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
    return values if levels is None else values | {"quantiles": quantiles(probabilities, levels)}
