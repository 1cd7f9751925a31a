"""Forecasts of departures from codes of anomaly maps: damped codes, LSTM and attention.

A code holds the projections of an anomaly map on the leading empirical orthogonal functions of
the training years, the autoencoder with one linear layer that reconstructs them best. The sequence
models add to damped persistence of the last code. Each of several members leaves out blocks of
years; in training the head in each cell sees the departures that members predict of years which
they left out, so that it learns how far to trust them.
"""

from collections.abc import Callable

import numpy as np
import tensorflow as tf
from tensorflow import keras

from seaice_tf.forecast.data.counts import PoleHoleFill
from seaice_tf.forecast.networks import departures
from seaice_tf.forecast.networks.feature_table import FEATURES
from seaice_tf.forecast.networks.sequences import AddPositions

layers = keras.layers
LEADS = 12


def damped_codes(
    months: int, codes: int, *, noise: float = 0.0, name: str = "damped_codes"
) -> keras.Model:
    """Build an uncompiled damped persistence of codes, by lead and season.

    Args:
        months, codes: of the input.
        noise: standard deviation of the noise on the codes, in units of the leading one's.

    Returns:
        A functional model from codes (B, months, codes), the oldest first, and sine and cosine of
        the calendar month of lead 1, (B, 2), to codes (B, 12, codes); 0 at the start.
    """
    inputs, season, x = _inputs(months, codes, noise, name)
    last = LastMonth(name=f"{name}_last_month")(x)
    return keras.Model(
        [inputs, season], DampedCodes(LEADS, name=f"{name}_damping")([last, season]), name=name
    )


def linear_codes(
    months: int, codes: int, *, noise: float = 0.5, dropout: float = 0.6, name: str = "linear_codes"
) -> keras.Model:
    """Build an uncompiled linear forecast of codes from the last one, added to damped persistence.

    Args:
        months, codes, noise: as of `damped_codes`.
        dropout: half of it is that of the last code.

    Returns:
        A functional model like that of `damped_codes`.
    """
    inputs, season, x = _inputs(months, codes, noise, name)
    return _corrected(inputs, season, x, None, dropout, name)


def lstm(
    months: int,
    codes: int,
    *,
    units: int = 16,
    noise: float = 0.5,
    dropout: float = 0.6,
    name: str = "lstm_codes",
) -> keras.Model:
    """Build an uncompiled LSTM that corrects damped persistence of codes.

    Args:
        months, codes, noise: as of `damped_codes`.
        units: of the LSTM.
        dropout: of its output; half of it of the last code, which skips the LSTM.

    Returns:
        A functional model like that of `damped_codes`.
    """
    inputs, season, x = _inputs(months, codes, noise, name)
    y = _with_season(x, season, name)
    y = layers.LSTM(units, name=f"{name}_lstm")(y)
    return _corrected(inputs, season, x, y, dropout, name)


def attention(
    months: int,
    codes: int,
    *,
    width: int = 16,
    blocks: int = 2,
    heads: int = 4,
    noise: float = 0.5,
    dropout: float = 0.6,
    name: str = "attention_codes",
) -> keras.Model:
    """Build uncompiled blocks of self-attention with skips that correct damped persistence.

    Args:
        months, codes, noise: as of `damped_codes`.
        width: of the blocks, a multiple of `heads`.
        blocks: of layer norm, attention, layer norm and a dense layer, with skips around both.
        heads: of each attention.
        dropout: of the output; half of it of the last code, a fifth of attention's weights.

    Returns:
        A functional model like that of `damped_codes`.
    """
    inputs, season, x = _inputs(months, codes, noise, name)
    y = layers.Dense(width, name=f"{name}_embed")(_with_season(x, season, name))
    y = AddPositions(name=f"{name}_positions")(y)
    for i in range(1, blocks + 1):
        z = layers.LayerNormalization(name=f"{name}_block{i}_norm1")(y)
        attend = layers.MultiHeadAttention(
            heads, width // heads, dropout=dropout / 5, name=f"{name}_block{i}_attention"
        )
        y = layers.Add(name=f"{name}_block{i}_skip1")([y, attend(z, z)])
        z = layers.LayerNormalization(name=f"{name}_block{i}_norm2")(y)
        z = layers.Dense(width, activation="selu", name=f"{name}_block{i}_dense")(z)
        y = layers.Add(name=f"{name}_block{i}_skip2")([y, z])
    y = LastMonth(name=f"{name}_last_step")(y)
    return _corrected(inputs, season, x, y, dropout, name)


def _inputs(months: int, codes: int, noise: float, name: str):
    inputs = keras.Input((months, codes), name=f"{name}_codes")
    season = keras.Input((2,), name=f"{name}_season")
    x = layers.GaussianNoise(noise, name=f"{name}_noise")(inputs) if noise else inputs
    return inputs, season, x


def _with_season(x, season, name: str):
    each = layers.RepeatVector(x.shape[1], name=f"{name}_season_of_each")(season)
    return layers.Concatenate(name=f"{name}_codes_and_season")([x, each])


def _corrected(inputs, season, x, found, dropout: float, name: str) -> keras.Model:
    """Damped persistence plus a linear layer of zeros on the last code and on what was found.

    Args:
        inputs, x: codes without and with noise.
        season: of lead 1.
        found: (B, C) from all months, or None.
        dropout: of `found`; half of it of the last code.
        name: of the model.
    """
    codes = inputs.shape[-1]
    damped = DampedCodes(LEADS, name=f"{name}_damping")(
        [LastMonth(name=f"{name}_last_month")(inputs), season]
    )
    last = LastMonth(name=f"{name}_last_noisy")(x)
    y = TimesSeason(name=f"{name}_last_by_season")([last, season])
    y = layers.Dropout(dropout / 2, name=f"{name}_last_dropout")(y)
    if found is not None:
        found = layers.Dropout(dropout, name=f"{name}_dropout")(found)
        y = layers.Concatenate(name=f"{name}_last_and_found")([y, found])
    linear = layers.Dense(
        LEADS * codes, kernel_initializer="zeros", use_bias=False, name=f"{name}_correction"
    )
    y = layers.Reshape((LEADS, codes), name=f"{name}_correction_by_lead")(linear(y))
    outputs = layers.Add(name=f"{name}_next_codes")([damped, y])
    return keras.Model([inputs, season], outputs, name=name)


@keras.utils.register_keras_serializable("seaice_tf")
class LastMonth(keras.layers.Layer):
    """The last of a sequence: (B, months, C) -> (B, C)."""

    def call(self, x):
        return x[:, -1]

    def compute_output_shape(self, shape):
        return (shape[0], shape[-1])


@keras.utils.register_keras_serializable("seaice_tf")
class TimesSeason(keras.layers.Layer):
    """Codes, and codes times sine and cosine of the season: (B, C), (B, 2) -> (B, 3 C)."""

    def call(self, inputs):
        codes, season = inputs
        return tf.concat([codes, codes * season[:, :1], codes * season[:, 1:]], axis=1)

    def compute_output_shape(self, shapes):
        return (shapes[0][0], 3 * shapes[0][1])


@keras.utils.register_keras_serializable("seaice_tf")
class DampedCodes(keras.layers.Layer):
    """Codes times factors by lead that follow the season: (B, C), (B, 2) -> (B, leads, C).

    The factors are a constant plus an annual cycle, and start at zero.
    """

    def __init__(self, leads: int, **kwargs):
        super().__init__(**kwargs)
        self.leads = leads

    def build(self, input_shape):
        shape = (3, self.leads, input_shape[0][-1])
        self.damping = self.add_weight(name="damping", shape=shape, initializer="zeros")
        super().build(input_shape)

    def call(self, inputs):
        codes, season = inputs
        cycle = tf.concat([tf.ones_like(season[:, :1]), season], axis=1)
        return tf.einsum("bs,slc->blc", cycle, self.damping) * codes[:, None]

    def compute_output_shape(self, shapes):
        codes_shape, _ = shapes
        return (codes_shape[0], self.leads, codes_shape[-1])

    def get_config(self):
        return super().get_config() | {"leads": self.leads}


def code_network(
    months: int,
    codes: int,
    cells: int,
    *,
    sequence: Callable[..., keras.Model] = lstm,
    members: int = 4,
    width: int = 32,
    cell_features: str = "few",
) -> keras.Model:
    """Build the uncompiled network that is trained: sequence models, decoder and head.

    Args:
        months, codes: of the history.
        cells: of the flattened grid.
        sequence: factory of the sequence model, one of `VARIANTS`.
        members: of sequence models and of the head.
        width, cell_features: of the head.

    Returns:
        A functional model from a dict of
            codes: (B, months, codes), in units of the leading one's standard deviation.
            season: (B, 2).
            held_out: (B, 12, members), weights of the members whose codes the head sees.
            features: (B, n, features) of n cells.
            lead, place: (B, n) int, from 0, of the cells.
        to a dict of `codes`, (B, 12, codes, members), departures of the codes from their
        five-year climatology, and the outputs of `departures.departure_head`.
    """
    history = keras.Input((months, codes), name="codes")
    season = keras.Input((2,), name="season")
    held_out = keras.Input((LEADS, members), name="held_out")
    features = keras.Input((None, len(FEATURES)), name="features")
    lead = keras.Input((None,), dtype="int32", name="lead")
    place = keras.Input((None,), dtype="int32", name="place")
    each = [
        sequence(months, codes, name=f"sequence{member}")([history, season])
        for member in range(members)
    ]
    predicted = StackMembers(name="stack_members")(each)
    mean = MeanOfHeldOut(name="mean_of_held_out")([predicted, held_out])
    functions = OrthogonalFunctions(cells, codes, name="functions")
    departure = functions([mean, lead, place])
    x = layers.Concatenate(name="features_and_found")([features, departure])
    head = departures.departure_head(
        1, members=members, width=width, adds=True, cell_features=cell_features
    )
    outputs = {"codes": predicted} | head(x)
    inputs = {
        "codes": history,
        "season": season,
        "held_out": held_out,
        "features": features,
        "lead": lead,
        "place": place,
    }
    return keras.Model(inputs, outputs, name="code_network")


@keras.utils.register_keras_serializable("seaice_tf")
class StackMembers(keras.layers.Layer):
    """Predictions of several members side by side: a list of (B, 12, C) -> (B, 12, C, members)."""

    def call(self, predictions):
        return tf.stack(predictions, axis=-1)

    def compute_output_shape(self, shapes):
        return (*shapes[0], len(shapes))


@keras.utils.register_keras_serializable("seaice_tf")
class MeanOfHeldOut(keras.layers.Layer):
    """Weighted mean of the members without a gradient: (B, 12, C, M), (B, 12, M) -> (B, 12, C).

    Without a gradient each member learns the codes alone, from the years that it does not leave
    out.
    """

    def call(self, inputs):
        predicted, weight = inputs
        weight = weight[:, :, None]
        total = tf.reduce_sum(predicted * weight, axis=-1)
        return tf.stop_gradient(total / tf.maximum(tf.reduce_sum(weight, axis=-1), 1e-6))

    def compute_output_shape(self, shapes):
        return shapes[0][:-1]


@keras.utils.register_keras_serializable("seaice_tf")
class OrthogonalFunctions(keras.layers.Layer):
    """Departures of cells from codes, by functions that training keeps fixed.

    Call with codes (B, 12, C), and lead from 0 and place of cells, (B, n) int each; returns
    (B, n, 1), fractions.
    """

    def __init__(self, cells: int, codes: int, **kwargs):
        super().__init__(**kwargs)
        self.cells, self.codes = cells, codes

    def build(self, input_shape):
        fixed = {"initializer": "zeros", "trainable": False}
        self.functions = self.add_weight(name="functions", shape=(self.cells, self.codes), **fixed)
        super().build(input_shape)

    def call(self, inputs):
        codes, lead, place = inputs
        code = tf.gather(codes, lead, batch_dims=1)
        function = tf.gather(tf.convert_to_tensor(self.functions), place)
        return tf.reduce_sum(code * function, axis=-1, keepdims=True)

    def encode(self, anomalies):
        """Codes of anomaly maps: (B, months, H, W) -> (B, months, C)."""
        shape = tf.shape(anomalies)
        functions = tf.convert_to_tensor(self.functions)
        square = tf.reduce_sum(functions**2, axis=0)
        flat = tf.reshape(anomalies, [shape[0], shape[1], self.cells])
        return tf.einsum("btn,nc->btc", flat, functions) / tf.maximum(square, 1e-12)

    def compute_output_shape(self, shapes):
        return (*shapes[2], 1)

    def get_config(self):
        return super().get_config() | {"cells": self.cells, "codes": self.codes}


@keras.utils.register_keras_serializable("seaice_tf")
class FoundByCodes(keras.layers.Layer):
    """The departure that the members of a trained `code_network` find for cells.

    Call with anomaly maps (B, months, H, W), northern season (B,) and indices (n, 3) of batch, lead
    and place; returns (n, 1), fractions.
    """

    def __init__(self, network: keras.Model, **kwargs):
        super().__init__(**kwargs)
        self.functions = network.get_layer("functions")
        self.sequences = [
            layer for layer in network.layers if layer.name.removeprefix("sequence").isdigit()
        ]
        # A function, so that Keras does not track the layers of the network that are not used here.
        self.network_config = lambda: keras.utils.serialize_keras_object(network)

    def call(self, anomalies, month, where):
        codes, season = self.functions.encode(anomalies), departures.season_of(month)
        predicted = [sequence([codes, season], training=False) for sequence in self.sequences]
        code = tf.gather_nd(tf.add_n(predicted) / len(predicted), where[:, :2])
        function = tf.gather(tf.convert_to_tensor(self.functions.functions), where[:, 2])
        return tf.reduce_sum(code * function, axis=-1, keepdims=True)

    def compute_output_shape(self, anomalies_shape, month_shape, where_shape):
        return (None, 1)

    def get_config(self):
        return super().get_config() | {"network": self.network_config()}

    @classmethod
    def from_config(cls, config):
        network = keras.utils.deserialize_keras_object(config.pop("network"))
        return cls(network, **config)


def serving_model(
    network: keras.Model,
    rows: int,
    columns: int,
    *,
    pole_hole_fill: PoleHoleFill = "neighbours",
    south: bool = False,
) -> keras.Model:
    """Build the forecast of a trained `code_network`, see `departures.forecast`."""
    months = network.get_layer("codes").output.shape[1]
    return departures.forecast(
        network.get_layer("departure_head"),
        FoundByCodes(network, name="found"),
        rows,
        columns,
        months=months,
        pole_hole_fill=pole_hole_fill,
        south=south,
    )


def leading_functions(anomalies: np.ndarray, codes: int) -> np.ndarray:
    """Leading empirical orthogonal functions, times the leading one's standard deviation.

    Args:
        anomalies: (months, cells), fractions.
        codes: how many, at most as many as months.

    Returns:
        (cells, codes) float32; maps divided by their squares' sum are codes of about unit size.
    """
    values, vectors = np.linalg.eigh(anomalies @ anomalies.T)
    order = np.argsort(-values)[:codes]
    values = np.maximum(values[order], 1e-9)
    functions = anomalies.T @ (vectors[:, order] / np.sqrt(values))
    # The sign of an eigenvector is arbitrary: that of the largest cell is positive.
    functions *= np.sign(functions[np.abs(functions).argmax(axis=0), np.arange(len(order))])
    return (functions * np.sqrt(values[0] / len(anomalies))).astype(np.float32)


VARIANTS: dict[str, Callable[..., keras.Model]] = {
    "damped_codes": damped_codes,
    "linear_codes": linear_codes,
    "lstm_codes": lstm,
    "attention_codes": attention,
}
