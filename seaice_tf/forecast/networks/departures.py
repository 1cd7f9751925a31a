"""What the networks that forecast departures from the five-year climatology have in common.

A network reads the anomalies of the last months, as codes of whole maps (`anomaly_codes`) or on
crops (`anomaly_crops`). A small head in each cell joins what it found with the cell's climatology.
The last layers start at zero, so that training starts from the climatology.
"""

import numpy as np
import tensorflow as tf
from tensorflow import keras

from seaice_tf.forecast.data.counts import MISSING, PoleHoleFill
from seaice_tf.forecast.networks import distribution
from seaice_tf.forecast.networks.calibration import PLAIN
from seaice_tf.forecast.networks.cell_forecast import CellForecast
from seaice_tf.forecast.networks.cell_network import cell_members
from seaice_tf.forecast.networks.feature_table import FEATURES, INDEX, TEN_YEARS
from seaice_tf.forecast.networks.history import fill_hole, fraction

layers = keras.layers
BASE_YEARS = 5  # of the climatology that is departed from
DEPARTURE_SCALE = 20.0  # to which departures found, of some 0.05, are scaled for the head
FEW = (  # of the last five years and of the init; without trends
    *("mean_5", "median_5", "ice_frequency_5", "min_5", "max_5", "std_10", "year_1", "last"),
    *("anomaly_last_near_5", "anomaly_season_near_9", "anomaly_same_month_near_9"),
    *("damped_increment_33", "target_sine", "target_cosine", "lead"),
)
CELL_FEATURES: dict[str, tuple[str, ...]] = {"few": FEW, "all": TEN_YEARS}


def departure_head(
    found: int,
    *,
    members: int = 4,
    width: int = 32,
    dropout: float = 0.0,
    adds: bool = False,
    cell_features: str = "few",
    name: str = "departure_head",
) -> keras.Model:
    """Build an uncompiled ensemble of small dense networks of single cells.

    Args:
        found: values that the network before it found for a cell, after the cell's features.
        members: networks with different initial weights; their predictions are averaged.
        width: units of both hidden layers.
        dropout: of the values found.
        adds: whether the first value found is a departure from the five-year climatology that the
            head's own is added to.
        cell_features: of `CELL_FEATURES`, the features that the head uses.

    Returns:
        A functional model from features and found values (B, n, features + found) to a dict:
            classes: (B, n, members, 32), logits of `distribution`'s classes.
            departure: (B, n, members), of the concentration from the ten-year climatology, as
                `class_network` has it; that of the five-year one at the start.
    """
    inputs = keras.Input((None, len(FEATURES) + found), name="features")
    x, base, values = SplitFeatures(cell_features, adds, name="split_features")(inputs)
    if dropout:
        values = layers.Dropout(dropout, name="found_dropout")(values)
    x = layers.Concatenate(name="joined")([x, values])
    return keras.Model(inputs, cell_members(x, members, width, base), name=name)


@keras.utils.register_keras_serializable("seaice_tf")
class SplitFeatures(keras.layers.Layer):
    """Standardised features of the head, the base's departure and the values found.

    Args:
        cell_features: of `CELL_FEATURES`.
        adds: whether the base holds the first value found.

    Call with (B, n, features + found); returns (B, n, chosen), (B, n, 1), the departure from the
    ten-year climatology that the head's own is added to, and (B, n, found).
    """

    def __init__(self, cell_features: str = "few", adds: bool = False, **kwargs):
        super().__init__(**kwargs)
        self.cell_features, self.adds = cell_features, adds

    def call(self, x):
        names = CELL_FEATURES[self.cell_features]
        chosen = [INDEX[name] for name in names]
        mean, deviation = np.array([FEATURES[name] for name in names], np.float32).T
        features, found = x[..., : len(FEATURES)], x[..., len(FEATURES) :]
        own = (tf.gather(features, chosen, axis=-1) - mean) / deviation
        base = features[..., INDEX["mean_5"]] - features[..., INDEX["mean_10"]]
        if self.adds:
            base += found[..., 0]
            found = tf.concat([found[..., :1] * DEPARTURE_SCALE, found[..., 1:]], axis=-1)
        return tf.clip_by_value(own, -6.0, 6.0), base[..., None], found

    def compute_output_shape(self, shape):
        start = tuple(shape[:-1])
        return (
            (*start, len(CELL_FEATURES[self.cell_features])),
            (*start, 1),
            (*start, shape[-1] - len(FEATURES)),
        )

    def get_config(self):
        own = {"cell_features": self.cell_features, "adds": self.adds}
        return super().get_config() | own


@keras.utils.register_keras_serializable("seaice_tf")
class AnomalyMaps(keras.layers.Layer):
    """Anomalies of the last months from the mean of their calendar month over five years.

    Args:
        months: how many, at most 60.
        pole_hole_fill: "neighbours" or "image_median", see `counts.fill_hole`.

    Call with counts (B, T, H, W) uint8, raw counts with flags of ten years or more; returns
    (B, months, H, W), fractions, the oldest first: the same as `anomaly_examples.anomalies`.
    """

    def __init__(self, months: int, pole_hole_fill: PoleHoleFill = "neighbours", **kwargs):
        super().__init__(**kwargs)
        self.months = months
        self.pole_hole_fill: PoleHoleFill = pole_hole_fill

    def call(self, counts):
        number = self.months + 12 * (BASE_YEARS - 1)
        before = counts[:, -number - 12 :]
        ice = fraction(fill_hole(before, self.pole_hole_fill))
        year_before = tf.concat([ice[:, 12:24], ice[:, :-12]], axis=1)
        ice = tf.where(before == MISSING, year_before, ice)[:, -number:]
        last = [number - 12 * year for year in range(BASE_YEARS)]
        years = tf.stack([ice[:, end - self.months : end] for end in last])
        anomalies = years[0] - tf.reduce_mean(years, axis=0)
        return tf.ensure_shape(anomalies, [None, self.months, None, None])

    def compute_output_shape(self, shape):
        return (shape[0], self.months, *shape[2:])

    def get_config(self):
        own = {"months": self.months, "pole_hole_fill": self.pole_hole_fill}
        return super().get_config() | own


def forecast(
    head: keras.Model,
    found: keras.layers.Layer,
    rows: int,
    columns: int,
    *,
    months: int,
    pole_hole_fill: PoleHoleFill = "neighbours",
    south: bool = False,
) -> keras.Model:
    """Build the forecast of the 12 months after any month.

    Args:
        head: of `departure_head`; its weights are shared.
        found: (anomaly maps (B, months, H, W), northern season (B,), indices of cells (n, 3)) ->
            the values found for the cells, (n, found); its name is "found".
        rows, columns: size of the grid.
        months: of the anomaly maps.
        pole_hole_fill: "neighbours" or "image_median", see `counts.fill_hole`.
        south: the grid is of the southern hemisphere, whose seasons are six months later.

    Returns:
        A functional model with the inputs and outputs of `distribution.serving_model`.
    """
    return distribution.forecast(
        CellForecast(head, PLAIN, name="cell_forecast"),
        rows,
        columns,
        anomaly_maps=AnomalyMaps(months, pole_hole_fill, name="anomaly_maps"),
        found=found,
        pole_hole_fill=pole_hole_fill,
        south=south,
    )


def season_of(month):
    """Sine and cosine of the calendar month of lead 1: (B,) -> (B, 2)."""
    angle = tf.cast(month, tf.float32) * np.float32(np.pi / 6)
    return tf.stack([tf.sin(angle), tf.cos(angle)], axis=-1)
