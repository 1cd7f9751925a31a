"""Forecasts of departures from anomalies on crops: ConvLSTM2D and a head in each cell.

ConvLSTM follows Shi et al. 2015 (arXiv:1506.04214). Its last state is averaged over the crops that
cover a cell, and joined with the cell's climatology by `departures.departure_head`.
"""

from collections.abc import Sequence

import tensorflow as tf
from tensorflow import keras

from seaice_tf.forecast.data.counts import PoleHoleFill
from seaice_tf.forecast.networks import crops, departures
from seaice_tf.forecast.networks.feature_table import FEATURES

layers = keras.layers
SCALE = 5.0  # of anomalies, whose standard deviation is 0.1 to 0.2


def conv_lstm(
    months: int,
    side: int = crops.SIDE,
    *,
    filters: Sequence[int] = (6,),
    kernel: int = 3,
    dropout: float = 0.2,
    name: str = "anomaly_conv_lstm",
) -> keras.Model:
    """Build an uncompiled stack of convolutional LSTMs on anomalies.

    Args:
        months, side: size of a sequence of crops.
        filters: width per layer.
        kernel: side of all convolutions.
        dropout: of whole channels of the last state.

    Returns:
        A functional model from anomalies (B, months, side, side), fractions with the oldest first,
        to the last state, (B, filters[-1], side, side).
    """
    inputs = keras.Input((months, side, side), name="crop_anomalies")
    x = layers.Rescaling(SCALE, name="scaled")(inputs)
    x = layers.Reshape((months, side, side, 1), name="crops_channel")(x)
    for i, width in enumerate(filters, 1):
        x = layers.ConvLSTM2D(
            width,
            kernel,
            padding="same",
            recurrent_activation="sigmoid",  # the default differs between Keras flavours
            return_sequences=i < len(filters),
            name=f"conv_lstm{i}",
        )(x)
    x = layers.SpatialDropout2D(dropout, name="state_dropout")(x)
    x = layers.Permute((3, 1, 2), name="channels_first")(x)
    return keras.Model(inputs, x, name=name)


def crop_network(
    months: int,
    side: int = crops.SIDE,
    *,
    filters: Sequence[int] = (6,),
    kernel: int = 3,
    dropout: float = 0.2,
    members: int = 4,
    width: int = 32,
    cell_features: str = "few",
) -> keras.Model:
    """Build the uncompiled network that is trained: ConvLSTM of a crop and head of its cells.

    Args:
        months, side, filters, kernel, dropout: as of `conv_lstm`.
        members, width, cell_features: of the head.

    Returns:
        A functional model from a dict of
            anomalies: (B, months, side, side).
            features: (B, n, features) of n cells.
            cell: (B, n) int, of the cells in the flattened crop.
        to the outputs of `departures.departure_head`.
    """
    anomalies = keras.Input((months, side, side), name="anomalies")
    features = keras.Input((None, len(FEATURES)), name="features")
    cell = keras.Input((None,), dtype="int32", name="cell")
    body = conv_lstm(months, side, filters=filters, kernel=kernel, dropout=dropout)
    state = StateOfCells(name="state_of_cells")([body(anomalies), cell])
    x = layers.Concatenate(name="features_and_found")([features, state])
    head = departures.departure_head(
        filters[-1], members=members, width=width, cell_features=cell_features
    )
    inputs = {"anomalies": anomalies, "features": features, "cell": cell}
    return keras.Model(inputs, head(x), name="crop_network")


@keras.utils.register_keras_serializable("seaice_tf")
class StateOfCells(keras.layers.Layer):
    """The state in some cells: (B, C, side, side), (B, n) int -> (B, n, C)."""

    def call(self, inputs):
        state, cell = inputs
        shape = tf.shape(state)
        flat = tf.transpose(tf.reshape(state, [shape[0], shape[1], -1]), [0, 2, 1])
        return tf.gather(flat, cell, batch_dims=1)

    def compute_output_shape(self, shapes):
        return (*shapes[1], shapes[0][1])


@keras.utils.register_keras_serializable("seaice_tf")
class FoundOnCrops(keras.layers.Layer):
    """The state of a trained ConvLSTM in cells, averaged over the crops that cover each.

    Call with anomaly maps (B, months, H, W), months (B,), which are not used, and indices (n, 3) of
    batch, lead and place; returns (n, channels).
    """

    def __init__(self, body: keras.Model, rows: int, columns: int, stride: int, **kwargs):
        super().__init__(**kwargs)
        self.channels, side = body.output_shape[1:3]
        self.body = body
        self.cut = crops.CutCrops(side, stride, name="cut")
        self.one_by_one = crops.OneByOne(body, name="one_by_one")
        self.join = crops.JoinCrops(rows, columns, stride, name="join")
        self.rows, self.columns, self.stride = rows, columns, stride

    def build(self, *shapes):
        self.built = True  # the trained body is; Keras would trace the call with floats to see

    def call(self, anomalies, month, where):
        states = self.one_by_one(self.cut(anomalies))  # (B, crops, channels, side, side)
        states = tf.transpose(states, [0, 2, 1, 3, 4])
        states = tf.reshape(states, [-1, *states.shape[2:]])
        maps = tf.reshape(self.join(states), [-1, self.channels, self.rows * self.columns])
        return tf.gather_nd(tf.transpose(maps, [0, 2, 1]), tf.gather(where, [0, 2], axis=1))

    def compute_output_shape(self, anomalies_shape, month_shape, where_shape):
        return (None, self.channels)

    def get_config(self):
        body = keras.utils.serialize_keras_object(self.body)
        sizes = {"rows": self.rows, "columns": self.columns, "stride": self.stride}
        return super().get_config() | {"body": body, **sizes}

    @classmethod
    def from_config(cls, config):
        body = keras.utils.deserialize_keras_object(config.pop("body"))
        return cls(body, **config)


def serving_model(
    network: keras.Model,
    rows: int,
    columns: int,
    *,
    stride: int = crops.STRIDE,
    pole_hole_fill: PoleHoleFill = "neighbours",
    south: bool = False,
) -> keras.Model:
    """Build the forecast of a trained `crop_network`, see `departures.forecast`."""
    body = network.get_layer("anomaly_conv_lstm")
    return departures.forecast(
        network.get_layer("departure_head"),
        FoundOnCrops(body, rows, columns, stride, name="found"),
        rows,
        columns,
        months=body.input_shape[1],
        pole_hole_fill=pole_hole_fill,
        south=south,
    )
