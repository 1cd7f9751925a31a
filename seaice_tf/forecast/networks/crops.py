"""Networks on crops of 64 cells, and what makes a forecast of the whole grid of them.

What each variant is, and what of it is our choice: docs/forecast_models.md. ConvLSTM after Shi et
al. 2015 (arXiv:1506.04214).
"""

from collections.abc import Callable, Sequence
from functools import partial

import tensorflow as tf
from tensorflow import keras

from seaice_tf.forecast.networks import crop_windows
from seaice_tf.forecast.networks.crop_windows import SIDE, STRIDE
from seaice_tf.forecast.networks.sequences import attention_body, lstm_body

layers = keras.layers


def conv_lstm(
    years: int = 5,
    side: int = SIDE,
    *,
    filters: Sequence[int] = (8, 8),
    kernel: int = 3,
    name: str = "crops_conv_lstm",
) -> keras.Model:
    """Build an uncompiled stack of convolutional LSTMs with batch norm.

    Args:
        years, side: size of a sequence of crops.
        filters: width per layer before the last, which has one filter.
        kernel: side of all convolutions.

    Returns:
        A functional model from fractions (B, years, side, side), the oldest first, to those of the
        next year, (B, side, side) in [0, 1]. Its dense layer mixes the columns of a row.
    """
    inputs = keras.Input((years, side, side), name="crops")
    x = layers.Reshape((years, side, side, 1), name="crops_channel")(inputs)
    widths = (*filters, 1)
    for i, width in enumerate(widths, 1):
        x = layers.ConvLSTM2D(
            width,
            kernel,
            padding="same",
            recurrent_activation="sigmoid",  # the default differs between Keras flavours
            return_sequences=i < len(widths),
            name=f"conv_lstm{i}",
        )(x)
        x = layers.BatchNormalization(name=f"conv_lstm{i}_norm")(x)
    x = layers.Reshape((side, side), name="squeeze")(x)
    x = layers.Dense(side, activation="sigmoid", name="next_crop")(x)
    return keras.Model(inputs, x, name=name)


def lstm(
    years: int = 5,
    side: int = SIDE,
    *,
    units: Sequence[int] = (512, 512),
    width: int = 256,
    name: str = "crops_lstm",
) -> keras.Model:
    """Build an uncompiled stack of LSTMs with batch norm on flattened crops.

    Args:
        years, side: size of a sequence of crops.
        units: width per LSTM, first to last.
        width: of the dense layer before the last.

    Returns:
        A functional model like that of `conv_lstm`.
    """
    inputs = keras.Input((years, side, side), name="crops")
    x = layers.Reshape((years, side * side), name="crops_flatten")(inputs)
    x = lstm_body(x, units, norm=True)
    return keras.Model(inputs, crop_head(x, side, width), name=name)


def attention(
    years: int = 5,
    side: int = SIDE,
    *,
    blocks: int = 8,
    skips: bool = True,
    heads: int = 8,
    width: int = 256,
    name: str = "crops_attention",
) -> keras.Model:
    """Build an uncompiled stack of self-attention over the years on flattened crops.

    Args:
        years, side: size of a sequence of crops.
        blocks, skips, heads: as in models.sequences.attention.
        width: to which a linear layer brings each crop; a multiple of `heads`.

    Returns:
        A functional model like that of `conv_lstm`.
    """
    inputs = keras.Input((years, side, side), name="crops")
    x = layers.Reshape((years, side * side), name="crops_flatten")(inputs)
    x = layers.Dense(width, name="crops_embed")(x)
    x = attention_body(x, blocks, skips, heads)
    return keras.Model(inputs, crop_head(x, side, width), name=name)


def crop_head(x, side: int, width: int):
    """The two dense layers of the models on flattened crops: (B, C) -> (B, side, side)."""
    x = layers.Dense(width, activation="selu", name="next_dense")(x)
    x = layers.Dense(side * side, activation="sigmoid", name="next_crop")(x)
    return layers.Reshape((side, side), name="next_image")(x)


def on_grid(
    crop_model: keras.Model, rows: int, columns: int, *, stride: int = STRIDE
) -> keras.Model:
    """Crop whole grids, forecast every crop and put them together: for prediction.

    Args:
        crop_model: (B, years, side, side) -> (B, side, side); shared, not copied.
        rows, columns: size of the grid.
        stride: cells from one crop to the next.

    Returns:
        An uncompiled functional model from fractions (B, years, rows, columns) to (B, rows,
        columns), the mean of the crops that hold a cell.

    Raises:
        InputError: the grid is smaller than a crop.
    """
    _, years, side, _ = crop_model.input_shape
    images = keras.Input((years, rows, columns), name="year_images")
    x = Crop(side, stride, name="crop")(images)
    x = EachInTurn(crop_model, name="each_in_turn")(x)
    x = PutTogether(rows, columns, stride, name="put_together")(x)
    return keras.Model(images, x, name="on_grid")


class Crop(keras.layers.Layer):
    """`transforms.crops.crop` in the graph: (B, years, H, W) -> (B, crops, years, side, side)."""

    def __init__(self, side: int, stride: int, **kwargs):
        super().__init__(**kwargs)
        self.side, self.stride = side, stride

    def call(self, x):
        rows, columns = (crop_windows.cells(n, self.side, self.stride) for n in x.shape[2:])
        x = tf.gather(tf.gather(x, columns, axis=3), rows, axis=2)
        x = tf.transpose(x, [0, 2, 4, 1, 3, 5])  # (B, down, across, years, side, side)
        return tf.reshape(x, [-1, len(rows) * len(columns), *x.shape[3:]])

    def compute_output_shape(self, shape):
        down, across = (crop_windows.starts(n, self.side, self.stride) for n in shape[2:])
        return (shape[0], len(down) * len(across), shape[1], self.side, self.side)


class EachInTurn(keras.layers.Wrapper):
    """A model on one example after the other, its axis 1 as the batch: (B, N, ...) -> (B, N, ...).

    Bounds the memory: the 187 crops of 12 leads at once would need several GB in a ConvLSTM.
    """

    def call(self, x):
        like = tf.TensorSpec((x.shape[1], *self.layer.output_shape[1:]), self.compute_dtype)
        return tf.map_fn(self.layer, x, parallel_iterations=1, fn_output_signature=like)

    def compute_output_shape(self, shape):
        return (*shape[:2], *self.layer.output_shape[1:])


class PutTogether(keras.layers.Layer):
    """`transforms.crops.put_together` in the graph: (B, crops, side, side) -> (B, H, W)."""

    def __init__(self, rows: int, columns: int, stride: int, **kwargs):
        super().__init__(**kwargs)
        self.rows, self.columns, self.stride = rows, columns, stride

    def call(self, x):
        side = x.shape[-1]
        rows, columns = (
            crop_windows.cells(n, side, self.stride) for n in (self.rows, self.columns)
        )
        cell = rows[:, None, :, None] * self.columns + columns[None, :, None, :]
        values = tf.transpose(tf.reshape(x, [-1, cell.size]))
        total = tf.math.unsorted_segment_sum(values, cell.ravel(), self.rows * self.columns)
        pad = crop_windows.image_pad(self.rows, self.columns, side, self.stride)
        return tf.reshape(tf.transpose(total), [-1, *pad.shape]) / tf.cast(pad, x.dtype)

    def compute_output_shape(self, shape):
        return (shape[0], self.rows, self.columns)


VARIANTS: dict[str, Callable[..., keras.Model]] = {
    "crops_conv_lstm": conv_lstm,
    "crops_lstm_2_norm": lstm,
    "crops_attention_8_skips": partial(attention, blocks=8, skips=True),
}
