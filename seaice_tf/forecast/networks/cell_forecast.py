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
from seaice_tf.forecast.networks.extent import TERMS, shifts
from seaice_tf.forecast.networks.feature_table import FEATURES, of_cells

SIGNATURE = (
    {name: tf.TensorSpec([None] * 3, tf.float32) for name in FEATURES},
    tf.TensorSpec([None, 3], tf.int32),
    tf.TensorSpec([None, TERMS], tf.float32),
    tf.TensorSpec([None], tf.int32),
    tf.TensorSpec([None], tf.float32),
    tf.TensorSpec([None, None], tf.float32),
)
CHUNK = 1 << 13  # cells whose features or classes are in memory at a time
OF_DISTRIBUTION = ("concentration", "probabilities", "logit")
OF_CELLS = ("concentration", "probability", "spread", "median", "terms", "quantiles")


@keras.utils.register_keras_serializable("seaice_tf")
class CellForecast(keras.layers.Layer):
    """The forecast of cells, by a class network and its calibration.

    Call with the features of `IceFeatures`, the first indices (n, 3) of `PossibleCells`, the extent
    (B, 3) of `IceFeatures`, the calendar month of lead 1 (B,) and, if wanted, `levels` (L,) of
    quantiles and further features `found` (n, k). Returns a dict:
        concentration, probability, spread: (n,) fractions.
        median: (n,) counts.
        terms: (n, 5) of `classes.decision_terms`.
        quantiles: (n, L) counts.

    Args:
        network: of `class_network`; its weights are shared.
        calibration: weights of the predictions by lead.
    """

    def __init__(self, network: keras.Model, calibration: Calibration, **kwargs):
        super().__init__(**kwargs)
        self.network, self.calibration = network, calibration
        # One graph for all endpoints, which are loaded faster and smaller with it.
        self.traced = tf.function(self.forecast, input_signature=SIGNATURE, autograph=False)

    def call(self, features, cells, extent, month, levels=None, found=None):
        levels = tf.zeros([0]) if levels is None else levels
        found = tf.zeros([tf.shape(cells)[0], 0]) if found is None else found
        return self.traced(features, cells, extent, month, levels, found)

    def forecast(self, features, cells, extent, month, levels, found):
        """What `call` returns, of any number of levels and further features, also none."""
        tf.debugging.Assert(
            tf.reduce_all((levels > 0) & (levels < 1)),
            ["levels: expected probabilities between 0 and 1, both excluded, got", levels],
            summarize=10,
        )
        standardise = [x for x in self.network.layers if isinstance(x, StandardiseFeatures)]
        names = {*standardise[0].names, *CALIBRATED} if standardise else FEATURES
        number = tf.shape(cells)[0]

        def distribution(rows):
            some = tf.gather(cells, rows)
            values = [of_cells(features, some, names), tf.gather(found, rows)]
            return self._distribution(tf.concat(values, axis=1), some[:, 1])

        own = in_chunks(distribution, OF_DISTRIBUTION, number)
        if self.calibration.extent:
            weights = tf.gather(tf.constant(self.calibration.extent, tf.float32), (month - 1) % 12)
            own["logit"] += self._moved(own["logit"], cells, extent, weights)

        def products(rows):
            some = {name: tf.gather(own[name], rows) for name in OF_DISTRIBUTION}
            return _products(**some, levels=levels)

        # Of no chunk the number of quantiles would not be known.
        sizes = {"terms": [5], "quantiles": [tf.size(levels)]}
        none = {name: tf.zeros([0, *sizes.get(name, [])]) for name in OF_CELLS}
        return tf.cond(number > 0, lambda: in_chunks(products, OF_CELLS, number), lambda: none)

    def _moved(self, logit, cells, extent, weights):
        """Change of the logit of cells (n,) by the regression of the extent: of lead 1 alone."""
        first = tf.where(cells[:, 1] == 0)[:, 0]
        example = tf.gather(cells[:, 0], first)
        shift = tf.gather(shifts(tf.gather(logit, first), example, extent, weights), example)
        return tf.scatter_nd(first[:, None], shift, tf.shape(logit, out_type=first.dtype))

    def _distribution(self, features, lead):
        """Concentration (n,), class probabilities (n, 32) and logit of ice (n,), not joined."""
        features = tf.ensure_shape(features, [None, self.network.inputs[0].shape[-1]])
        # Said here, for the graph is traced once, whoever calls it first.
        outputs = self.network(features[None], training=False)
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
        return dict(zip(OF_DISTRIBUTION, (concentration, probabilities, logit)))

    def compute_output_shape(
        self,
        features_shape,
        cells_shape,
        extent_shape,
        month_shape,
        levels_shape=None,
        found_shape=None,
    ):
        sizes = {"terms": (5,), "quantiles": (None,)}
        return {name: (None, *sizes.get(name, ())) for name in OF_CELLS}

    def get_config(self):
        tables = asdict(self.calibration)
        network = keras.utils.serialize_keras_object(self.network)
        return super().get_config() | {"network": network, "calibration": tables}

    @classmethod
    def from_config(cls, config):
        network = keras.utils.deserialize_keras_object(config.pop("network"))
        return cls(network, Calibration(**config.pop("calibration")), **config)


def in_chunks(function: Callable, names: Collection[str], number) -> dict:
    """Values of `function`, rows (k,) -> dict of (k, ...) by name, for `number` rows."""

    def chunk(start):
        # The last row fills the last chunk: of one size, the graph of the network is small.
        return function(tf.minimum(start + np.arange(CHUNK, dtype=np.int32), number - 1))

    kinds, starts = dict.fromkeys(names, tf.float32), tf.range(0, number, CHUNK)
    found = tf.map_fn(chunk, starts, parallel_iterations=1, fn_output_signature=kinds)
    rows = [tf.size(starts) * CHUNK]
    return {
        name: tf.reshape(value, tf.concat([rows, tf.shape(value)[2:]], 0))[:number]
        for name, value in found.items()
    }


def _products(concentration, probabilities, logit, levels) -> dict:
    """What is forecast of cells (n,), by one distribution with that mean and logit of ice."""
    probabilities = with_mean(probabilities, concentration)
    probabilities = with_probability_of_ice(probabilities, tf.sigmoid(logit))
    mean = tf.linalg.matvec(probabilities, CENTRES)
    variance = tf.reduce_sum(probabilities * (CENTRES - mean[:, None]) ** 2, axis=1)
    middle = median(probabilities)
    return {
        "concentration": concentration,
        "probability": tf.reduce_sum(probabilities[:, FIRST_ICE:], axis=1),
        "spread": tf.sqrt(tf.maximum(variance, 0.0)) / FULL_ICE,
        "median": middle,
        "terms": decision_terms(probabilities, middle),
        "quantiles": quantiles(probabilities, levels),
    }
