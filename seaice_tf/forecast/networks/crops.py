"""Square crops of 64 cells: how a grid is cut into them, networks on them, and whole grids again.

Crops of 64 cells at a stride of 24 tile the 448 x 304 grid exactly: 17 x 11 = 187. On other grids
the last crop of an axis lies at its end and overlaps more. The architectures are listed in
docs/forecast_models.md; ConvLSTM follows Shi et al. 2015 (arXiv:1506.04214).
"""

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
import tensorflow as tf
from tensorflow import keras

from seaice_tf.errors import InputError
from seaice_tf.forecast.networks.sequences import attention_body, lstm_body
from seaice_tf.networks.arguments import require_multiple, require_sizes

layers = keras.layers
SIDE, STRIDE = 64, 24  # cells


def starts(length: int, side: int = SIDE, stride: int = STRIDE) -> np.ndarray:
    """First cell of each crop along an axis of `length` cells.

    Raises:
        InputError: the axis is shorter than a crop, or the stride leaves cells out.

    >>> starts(160), starts(170)
    (array([ 0, 24, 48, 72, 96]), array([  0,  24,  48,  72,  96, 106]))
    """
    if not 1 <= stride <= side <= length:
        raise InputError(
            f"crops: expected at least {side} cells along each axis and a stride of 1 to {side}, "
            f"got {length} cells and a stride of {stride}; use a larger grid"
        )
    whole = np.arange(0, length - side + 1, stride)
    return np.union1d(whole, length - side)


def crop(grids: np.ndarray, side: int = SIDE, stride: int = STRIDE) -> np.ndarray:
    """Copies of all crops: (..., rows, columns) -> (..., down, across, side, side)."""
    rows, columns = (starts(length, side, stride) for length in grids.shape[-2:])
    windows = np.lib.stride_tricks.sliding_window_view(grids, (side, side), axis=(-2, -1))
    return windows[..., rows[:, None], columns, :, :]


def join(crops: np.ndarray, rows: int, columns: int, stride: int = STRIDE) -> np.ndarray:
    """Mean of the crops over each cell: (..., down, across, side, side) -> (..., rows, columns).

    In float64, where the sum of up to 2**29 equal float32 values is exact: joining the crops of an
    image gives the image itself.
    """
    side = crops.shape[-1]
    total = np.zeros((*crops.shape[:-4], rows, columns))
    for i, top in enumerate(starts(rows, side, stride)):
        for j, left in enumerate(starts(columns, side, stride)):
            total[..., top : top + side, left : left + side] += crops[..., i, j, :, :]
    return total / coverage(rows, columns, side, stride)


def coverage(rows: int, columns: int, side: int = SIDE, stride: int = STRIDE) -> np.ndarray:
    """Number of crops that cover each cell: (rows, columns) int64, at least 1."""
    down, across = (np.bincount(cells(n, side, stride).ravel()) for n in (rows, columns))
    return np.outer(down, across)


def cells(length: int, side: int = SIDE, stride: int = STRIDE) -> np.ndarray:
    """Positions of the cells of each crop along an axis: (crops, side)."""
    return starts(length, side, stride)[:, None] + np.arange(side)


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

    Raises:
        InputError: an argument is out of its range.
    """
    require_sizes("conv_lstm", years=years, side=side, kernel=kernel, filters=(*filters, 1))
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
    require_sizes("lstm", years=years, side=side, width=width)
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
        blocks, skips, heads: as of `sequences.attention`.
        width: to which a linear layer brings each crop; a multiple of `heads`.

    Returns:
        A functional model like that of `conv_lstm`.
    """
    require_sizes("attention", years=years, side=side)
    require_multiple("attention", "width", width, heads, "heads")
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
    """Build the forecast of whole grids from a model of crops: cut, forecast, average.

    Args:
        crop_model: (B, years, side, side) -> (B, side, side); its weights are shared.
        rows, columns: size of the grid.
        stride: cells from one crop to the next.

    Returns:
        An uncompiled functional model from fractions (B, years, rows, columns) to (B, rows,
        columns), the mean of the crops that cover a cell.

    Raises:
        InputError: the grid is smaller than a crop.
    """
    _, years, side, _ = crop_model.input_shape
    for length in (rows, columns):
        starts(length, side, stride)  # checks it; inside a layer Keras 2 would wrap the error
    images = keras.Input((years, rows, columns), name="year_images")
    x = CutCrops(side, stride, name="cut")(images)
    x = OneByOne(crop_model, name="one_by_one")(x)
    x = JoinCrops(rows, columns, stride, name="join")(x)
    return keras.Model(images, x, name="on_grid")


@keras.utils.register_keras_serializable("seaice_tf")
class CutCrops(keras.layers.Layer):
    """`crop` as a layer: (B, years, H, W) -> (B, crops, years, side, side)."""

    def __init__(self, side: int, stride: int, **kwargs):
        super().__init__(**kwargs)
        self.side, self.stride = side, stride

    def call(self, x):
        rows, columns = (cells(n, self.side, self.stride) for n in x.shape[2:])
        x = tf.gather(tf.gather(x, columns, axis=3), rows, axis=2)
        x = tf.transpose(x, [0, 2, 4, 1, 3, 5])  # (B, down, across, years, side, side)
        return tf.reshape(x, [-1, len(rows) * len(columns), *x.shape[3:]])

    def compute_output_shape(self, shape):
        down, across = (starts(n, self.side, self.stride) for n in shape[2:])
        return (shape[0], len(down) * len(across), shape[1], self.side, self.side)

    def get_config(self):
        return super().get_config() | {"side": self.side, "stride": self.stride}


@keras.utils.register_keras_serializable("seaice_tf")
class OneByOne(keras.layers.Wrapper):
    """A model applied to one example at a time, axis 1 as the batch: (B, N, ...) -> (B, N, ...).

    This bounds the memory: 187 crops of 12 leads at once take several GB in a ConvLSTM.
    """

    def call(self, x):
        like = tf.TensorSpec((x.shape[1], *self.layer.output_shape[1:]), self.compute_dtype)
        return tf.map_fn(self.layer, x, parallel_iterations=1, fn_output_signature=like)

    def compute_output_shape(self, shape):
        return (*shape[:2], *self.layer.output_shape[1:])


@keras.utils.register_keras_serializable("seaice_tf")
class JoinCrops(keras.layers.Layer):
    """`join` as a layer: (B, crops, side, side) -> (B, H, W)."""

    def __init__(self, rows: int, columns: int, stride: int, **kwargs):
        super().__init__(**kwargs)
        self.rows, self.columns, self.stride = rows, columns, stride

    def call(self, x):
        side = x.shape[-1]
        rows, columns = (cells(n, side, self.stride) for n in (self.rows, self.columns))
        cell = rows[:, None, :, None] * self.columns + columns[None, :, None, :]
        values = tf.transpose(tf.reshape(x, [-1, cell.size]))
        total = tf.math.unsorted_segment_sum(values, cell.ravel(), self.rows * self.columns)
        pad = coverage(self.rows, self.columns, side, self.stride)
        return tf.reshape(tf.transpose(total), [-1, *pad.shape]) / tf.cast(pad, x.dtype)

    def compute_output_shape(self, shape):
        return (shape[0], self.rows, self.columns)

    def get_config(self):
        return super().get_config() | {
            "rows": self.rows,
            "columns": self.columns,
            "stride": self.stride,
        }


VARIANTS: dict[str, Callable[..., keras.Model]] = {
    "crops_conv_lstm": conv_lstm,
    "crops_lstm_2_norm": lstm,
    "crops_attention_8_skips": partial(attention, blocks=8, skips=True),
}
