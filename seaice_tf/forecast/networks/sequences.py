"""Sequence models of one calendar month: from the codes of past years to the code of the next.

`serving_model` turns a model of single months into a forecast of 12 months. The architectures are
listed in docs/forecast_models.md; attention follows Vaswani et al. 2017 (arXiv:1706.03762) and
Dosovitskiy et al. 2020 (arXiv:2010.11929).
"""

from collections.abc import Callable, Sequence
from functools import partial

from tensorflow import keras

from seaice_tf.forecast.networks.history import PoleHoleFill, SameMonths
from seaice_tf.networks.arguments import require_multiple, require_sizes
from seaice_tf.networks.blocks import Fold, Unfold

layers = keras.layers


def lstm(
    years: int,
    code: int,
    *,
    units: Sequence[int] = (512, 512),
    norm: bool = False,
    conv_filters: int = 0,
    name: str = "lstm_sequence",
) -> keras.Model:
    """Build an uncompiled stack of LSTMs.

    Args:
        years, code: number of codes, oldest first, and their length.
        units: width per LSTM, first to last.
        norm: batch norm after each LSTM.
        conv_filters: width of a 3x3 convolution over the codes as an image of one channel, before
            the LSTMs; 0 for none.

    Returns:
        A functional model from codes (B, years, code) to the next, (B, code) in [0, 1].

    Raises:
        InputError: an argument is out of its range.
    """
    require_sizes("lstm", years=years, code=code)
    if conv_filters:
        require_sizes("lstm", conv_filters=conv_filters)
    inputs = x = keras.Input((years, code), name="codes")
    if conv_filters:
        x = layers.Reshape((years, code, 1), name="codes_channel")(x)
        conv = layers.Conv2D(conv_filters, 3, padding="same", activation="selu", name="codes_conv")
        x = layers.Reshape((years, code * conv_filters), name="codes_flatten")(conv(x))
    x = lstm_body(x, units, norm)
    return keras.Model(inputs, code_head(x, code), name=name)


def attention(
    years: int,
    code: int,
    *,
    blocks: int = 8,
    skips: bool = True,
    heads: int = 8,
    name: str = "attention_sequence",
) -> keras.Model:
    """Build an uncompiled stack of self-attention over the years.

    Args:
        years, code: number of codes, oldest first, and their length, a multiple of `heads`.
        blocks: number of blocks of batch norm, attention, batch norm and a dense layer.
        skips: whether skip connections go around the attention and the dense layer of each block.
        heads: of each attention, each code / heads wide.

    Returns:
        A functional model from codes (B, years, code) to the next, (B, code) in [0, 1].

    Raises:
        InputError: an argument is out of its range, or `code` is no multiple of `heads`.
    """
    require_sizes("attention", years=years, code=code)
    require_multiple("attention", "code", code, heads, "heads")
    inputs = keras.Input((years, code), name="codes")
    x = attention_body(inputs, blocks, skips, heads)
    return keras.Model(inputs, code_head(x, code), name=name)


def lstm_body(x, units: Sequence[int], norm: bool):
    """LSTMs; all but the last return sequences: (B, years, C) -> (B, units[-1])."""
    require_sizes("lstm", units=units)
    for i, width in enumerate(units, 1):
        x = layers.LSTM(width, return_sequences=i < len(units), name=f"lstm{i}")(x)
        if norm:
            x = layers.BatchNormalization(name=f"lstm{i}_norm")(x)
    return x


def attention_body(x, blocks: int, skips: bool, heads: int):
    """Learned positions and blocks of self-attention: (B, years, C) -> (B, years * C)."""
    require_sizes("attention", blocks=blocks)
    width = x.shape[-1]
    x = AddPositions(name="positions")(x)
    for i in range(1, blocks + 1):
        before = x
        x = layers.BatchNormalization(name=f"block{i}_norm1")(x)
        attend = layers.MultiHeadAttention(heads, width // heads, name=f"block{i}_attention")
        x = attend(x, x)
        if skips:
            x = layers.Add(name=f"block{i}_skip1")([before, x])
        before = x
        x = layers.BatchNormalization(name=f"block{i}_norm2")(x)
        x = layers.Dense(width, activation="selu", name=f"block{i}_dense")(x)
        if skips:
            x = layers.Add(name=f"block{i}_skip2")([before, x])
    return layers.Flatten(name="years_flatten")(x)


def code_head(x, code: int):
    """The two last dense layers of every sequence model: (B, C) -> (B, code) in [0, 1]."""
    x = layers.Dense(code, activation="selu", name="next_dense")(x)
    return layers.Dense(code, activation="sigmoid", name="next_code")(x)


@keras.utils.register_keras_serializable("seaice_tf")
class AddPositions(keras.layers.Layer):
    """Add a learned vector to each year: (B, years, C) -> (B, years, C).

    Learned as in the vision transformer, since there are few positions and all histories have one
    length. They start near 0: sines would outweigh codes in [0, 1].
    """

    def build(self, input_shape):
        self.positions = self.add_weight(
            name="positions",
            shape=tuple(input_shape[1:]),
            initializer=keras.initializers.RandomNormal(stddev=0.02),
        )
        super().build(input_shape)

    def call(self, x):
        return x + self.positions

    def compute_output_shape(self, shape):
        return shape


def on_codes(
    sequence: keras.Model, autoencoder: keras.Model, *, freeze: bool = True
) -> keras.Model:
    """Join a sequence model and the decoder, so that the loss is that of the image.

    Args:
        sequence: (B, years, code) -> (B, code).
        autoencoder: of `autoencoder.autoencoder`; the weights of its decoder are shared.
        freeze: whether only the sequence model is trained; sets `trainable` of the decoder itself.
            Training a tied decoder changes the encoder, and with it the codes.

    Returns:
        An uncompiled functional model from codes (B, years, code) to the fractions (B, H, W).
    """
    decoder = autoencoder.get_layer("decoder")
    decoder.trainable = not freeze
    codes = keras.Input(sequence.input_shape[1:], name="year_codes")
    return keras.Model(codes, decoder(sequence(codes)), name="on_codes")


def on_images(
    sequence: keras.Model, autoencoder: keras.Model, *, freeze: bool = True
) -> keras.Model:
    """Join the encoder of each year, a sequence model and the decoder.

    The weights are those of `on_codes`, which saves encoding the same images in each epoch if the
    encoder is frozen.

    Args:
        sequence: (B, years, code) -> (B, code).
        autoencoder: of `autoencoder.autoencoder`; the weights of its halves are shared.
        freeze: whether only the sequence model is trained; sets `trainable` of both halves.

    Returns:
        An uncompiled functional model from the fractions of past years, (B, years, H, W) with the
        oldest first, to those of the next, (B, H, W).
    """
    encoder, decoder = (autoencoder.get_layer(half) for half in ("encoder", "decoder"))
    encoder.trainable = decoder.trainable = not freeze
    years = sequence.input_shape[1]
    images = keras.Input((years, *encoder.input_shape[1:]), name="year_images")
    x = encoder(Fold(name="fold_years")(images))
    x = sequence(Unfold(years, name="unfold_years")(x))
    return keras.Model(images, decoder(x), name="on_images")


def serving_model(
    month_model: keras.Model,
    rows: int,
    columns: int,
    *,
    years: int = 5,
    pole_hole_fill: PoleHoleFill = "image_median",
) -> keras.Model:
    """Build the forecast of 12 months from a model of one calendar month.

    Args:
        month_model: from the same month of past years, (B, years, rows, columns) with the oldest
            first, to that of the next year, (B, rows, columns), as fractions: `on_images`,
            `crops.on_grid` or `autoencoder.last_year_through_code`. Its weights are shared.
        rows, columns: size of the grid.
        years: length of the history.
        pole_hole_fill: "neighbours" or "image_median", see `counts.fill_hole`.

    Returns:
        A functional model from raw counts with flags, (B, 12 * years, rows, columns) uint8, to
        {"concentration": (B, 12, rows, columns)}, the fractions of the next 12 months.
    """
    history = keras.Input((12 * years, rows, columns), dtype="uint8", name="history")
    same_months, sea = SameMonths(years, pole_hole_fill, name="same_months")(history)
    x = month_model(Fold(name="fold_leads")(same_months))
    x = Unfold(12, name="unfold_leads")(x)
    concentration = layers.Multiply(name="concentration")([x, sea])
    return keras.Model(history, {"concentration": concentration}, name="months_forecast")


LSTMS = {
    "lstm_1": partial(lstm, units=(512,)),
    "lstm_2": partial(lstm, units=(512, 512)),
    "lstm_3": partial(lstm, units=(512, 512, 512)),
    "lstm_1_norm": partial(lstm, units=(512,), norm=True),
    "lstm_2_norm": partial(lstm, units=(512, 512), norm=True),
    "lstm_1_bigger": partial(lstm, units=(1024,)),
    "lstm_2_bigger": partial(lstm, units=(1024, 1024)),
    "lstm_1_smaller": partial(lstm, units=(128,)),
    "conv_lstm_1": partial(lstm, units=(512,), conv_filters=2),
    "conv_lstm_2": partial(lstm, units=(512, 512), conv_filters=2),
}
ATTENTIONS = {
    "attention_4": partial(attention, blocks=4, skips=False),
    "attention_8_skips": partial(attention, blocks=8, skips=True),
}
VARIANTS: dict[str, Callable[..., keras.Model]] = {**LSTMS, **ATTENTIONS}
