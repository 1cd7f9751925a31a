"""Networks from the codes of a calendar month in past years to its code in the next year.

What each variant is, and what of it is our choice: docs/forecast_models.md. Attention after
Vaswani et al. 2017 (arXiv:1706.03762) and Dosovitskiy et al. 2020 (arXiv:2010.11929).
"""

from collections.abc import Callable, Sequence
from functools import partial

from tensorflow import keras

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
    """
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
        blocks: how many times batch norm, attention, batch norm and a dense layer.
        skips: around the attention and around the dense layer of each block.
        heads: of each attention, code / heads wide.

    Returns:
        A functional model from codes (B, years, code) to the next, (B, code) in [0, 1].
    """
    inputs = keras.Input((years, code), name="codes")
    x = attention_body(inputs, blocks, skips, heads)
    return keras.Model(inputs, code_head(x, code), name=name)


def lstm_body(x, units: Sequence[int], norm: bool):
    """LSTMs, all but the last giving every year: (B, years, C) -> (B, units[-1])."""
    for i, width in enumerate(units, 1):
        x = layers.LSTM(width, return_sequences=i < len(units), name=f"lstm{i}")(x)
        if norm:
            x = layers.BatchNormalization(name=f"lstm{i}_norm")(x)
    return x


def attention_body(x, blocks: int, skips: bool, heads: int):
    """Learned positions, then blocks of self-attention: (B, years, C) -> (B, years * C)."""
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
    """The two dense layers that every sequence model ends in: (B, C) -> (B, code) in [0, 1]."""
    x = layers.Dense(code, activation="selu", name="next_dense")(x)
    return layers.Dense(code, activation="sigmoid", name="next_code")(x)


class AddPositions(keras.layers.Layer):
    """Add a learned vector to each year: (B, years, C) -> (B, years, C).

    Learned as in the vision transformer, since there are few positions and every history is as
    long; it starts near 0, where sines would outweigh codes in [0, 1].
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
    """Put the decoder behind a sequence model, so that the loss is on the image.

    Args:
        sequence: (B, years, code) -> (B, code).
        autoencoder: of models.autoencoder; its decoder is shared, not copied.
        freeze: train the sequence model alone. Sets `trainable` of the decoder itself. A tied
            decoder that learns changes the encoder, and with it the codes.

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
    """Put the encoder of each year before a sequence model and the decoder behind it.

    Shares the weights of `on_codes`: a frozen encoder need not see the same images each epoch.

    Args:
        sequence: (B, years, code) -> (B, code).
        autoencoder: of models.autoencoder; its encoder and decoder are shared, not copied.
        freeze: train the sequence model alone. Sets `trainable` of encoder and decoder themselves.

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
