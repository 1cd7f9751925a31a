"""A small Perceiver IO that estimates the flow between two frames.

After Jaegle et al. 2021 (arXiv:2107.14795), section 4.2: the input of each pixel are the 3 x 3
patches of both frames around it and its position; a few latent vectors attend to all pixels, then
to one another; each pixel attends to the latent vectors for its flow. Patches are also taken of
coarser frames, so that they span motions of several pixels, and each is standardised: motion does
not depend on brightness, and without that the network learns several times slower.
"""

from collections.abc import Callable, Sequence

import numpy as np
import tensorflow as tf
from tensorflow import keras

from seaice_tf.networks.arguments import require_multiple, require_sizes
from seaice_tf.nowcast.choices import FlowSource
from seaice_tf.nowcast.data.layout import SIDE
from seaice_tf.nowcast.networks.local_means import gaussian_mean
from seaice_tf.nowcast.networks.motion import solve

layers = keras.layers
MIN_WEIGHT = 1e-2  # of each pixel in all directions, as a fraction of the mean weight
WINDOW = 8.0  # pixels, sigma of the window over which the flow is averaged
NOISE = 1.0  # counts, standard deviation of a patch without texture


def flow_perceiver(
    side: int = SIDE,
    *,
    scales: Sequence[int] = (1, 2, 4),
    cell: int = 4,
    latents: int = 32,
    width: int = 64,
    blocks: int = 2,
    heads: int = 4,
    bands: int = 8,
    name: str = "flow_perceiver",
) -> keras.Model:
    """Build an uncompiled flow network.

    Args:
        side: of the frames in pixels, a multiple of `cell`.
        scales: spacing in pixels of the values of a patch, which are means of as many pixels along
            each axis.
        cell: side in pixels of the squares whose means the latent vectors attend to.
        latents, width: number and length of the latent vectors.
        blocks: of self-attention between the latent vectors.
        heads: of each attention, width / heads wide.
        bands: frequencies of the position encoding, with a sine and a cosine each per axis.

    Returns:
        A functional model from two frames of counts, (B, 2, side, side) with the earlier first, to
        the flow between them, (B, side, side, 2), as in `motion`.
    """
    require_multiple(name, "side", side, cell, "cell")
    require_multiple(name, "width", width, heads, "heads")
    require_sizes(name, scales=scales, latents=latents, blocks=blocks, bands=bands)
    pair = keras.Input((2, side, side), name="pair")
    x = Patches(scales, bands, name="patches")(pair)
    x = layers.Dense(2 * width, activation="gelu", name="embed1")(x)
    pixels = layers.Dense(width, name="embed2")(x)
    cells = layers.AveragePooling2D(cell, name="cells")(pixels)
    cells = layers.Reshape((-1, width), name="cells_flat")(cells)
    x = Latents(latents, width, name="latents")(cells)
    x = attention_block(x, cells, heads, "encode")
    for i in range(1, blocks + 1):
        x = attention_block(x, x, heads, f"block{i}")
    pixels = layers.Reshape((-1, width), name="pixels_flat")(pixels)
    x = attention_block(pixels, x, heads, "decode")
    x = layers.LayerNormalization(name="flow_norm")(x)
    # A network that starts from hardly any flow starts from the score of persistence.
    small = keras.initializers.RandomNormal(stddev=1e-3)
    x = layers.Dense(5, kernel_initializer=small, name="head")(x)
    x = layers.Reshape((side, side, 5), name="head_map")(x)
    return keras.Model(pair, WeightedWindowFlow(WINDOW, name="flow")(x), name=name)


# Functions that build the flow network, None for Lucas-Kanade.
FLOW_SOURCES: dict[FlowSource, Callable[[], keras.Model | None]] = {
    "lucas_kanade": lambda: None,
    "perceiver": flow_perceiver,
}


def flow_training_model(network: keras.Model) -> keras.Model:
    """Build the model that trains a flow network: (B, 2, H, W) -> {"flow": (B, H, W, 2)}.

    It shares the network's weights.
    """
    pair = keras.Input(network.input_shape[1:], name="pairs")
    return keras.Model(pair, {"flow": network(pair)}, name="flow_training_model")


@keras.utils.register_keras_serializable("seaice_tf")
def endpoint_error(true, pred):
    """Endpoint error of a flow in pixels, smooth at 0: two (..., 2) -> (...)."""
    off = tf.cast(true, pred.dtype) - pred
    return tf.sqrt(tf.reduce_sum(tf.square(off), axis=-1) + 1e-4)


def attention_block(x, context, heads: int, name: str):
    """Attention of x to a context and two dense layers, with residual connections: shape of x."""
    width = x.shape[-1]
    attend = layers.MultiHeadAttention(heads, width // heads, name=f"{name}_attention")
    query = layers.LayerNormalization(name=f"{name}_norm1")(x)
    key = query
    if context is not x:
        key = layers.LayerNormalization(name=f"{name}_norm_context")(context)
    x = layers.Add(name=f"{name}_skip1")([x, attend(query, key)])
    y = layers.LayerNormalization(name=f"{name}_norm2")(x)
    y = layers.Dense(2 * width, activation="gelu", name=f"{name}_dense1")(y)
    y = layers.Dense(width, name=f"{name}_dense2")(y)
    return layers.Add(name=f"{name}_skip2")([x, y])


@keras.utils.register_keras_serializable("seaice_tf")
class WeightedWindowFlow(keras.layers.Layer):
    """Weighted mean of the flow estimates in Gaussian windows: (B, H, W, 5) -> (B, H, W, 2).

    The channels of a pixel are its flow and a, b, c of its weight, the 2 x 2 matrix L L' with
    L = [[1 + a, 0], [b, 1 + c]]: an untrained network weights all pixels alike, and a pixel at an
    edge can have a large weight for the motion across the edge alone. The mean is solved for as
    Lucas and Kanade solve for the flow of a window.
    """

    def __init__(self, window: float, **kwargs):
        super().__init__(**kwargs)
        self.window = window

    def call(self, head):
        down, across, a, b, c = tf.unstack(head, axis=-1)
        aa, ab, bb = (1 + a) ** 2, (1 + a) * b, b * b + (1 + c) ** 2
        minimum = MIN_WEIGHT * tf.reduce_mean(aa + bb, axis=(1, 2), keepdims=True) + 1e-6
        aa, bb = aa + minimum, bb + minimum
        sums = tf.stack([aa, ab, bb, aa * down + ab * across, ab * down + bb * across], axis=-1)
        return solve(*tf.unstack(gaussian_mean(sums, (self.window,)), axis=-1))

    def compute_output_shape(self, shape):
        return (*shape[:-1], 2)

    def get_config(self):
        return super().get_config() | {"window": self.window}


@keras.utils.register_keras_serializable("seaice_tf")
class Patches(keras.layers.Layer):
    """Input features of each pixel: (B, 2, H, W) counts -> (B, H, W, 18 scales + 2 + 4 bands).

    The 3 x 3 patches of both frames around it at each scale, standardised together, then its
    position in -1 to 1 and the position encoding.
    """

    def __init__(self, scales: Sequence[int], bands: int, **kwargs):
        super().__init__(**kwargs)
        self.scales, self.bands = tuple(scales), bands

    def call(self, pair):
        frames = tf.transpose(pair, [0, 2, 3, 1])
        patches = [_patches(frames, scale) for scale in self.scales]
        height, width = frames.shape[1:3]
        place = positions(height, width, self.bands).reshape(1, height, width, -1)
        place = tf.constant(place, frames.dtype)
        return tf.concat([*patches, tf.repeat(place, tf.shape(pair)[0], axis=0)], axis=-1)

    def compute_output_shape(self, shape):
        return (shape[0], *shape[2:], 18 * len(self.scales) + 2 + 4 * self.bands)

    def get_config(self):
        return super().get_config() | {"scales": self.scales, "bands": self.bands}


def _patches(frames, scale: int):
    """3 x 3 patches of means of scale x scale pixels, standardised: (B, H, W, 2) -> (B, H, W, 18).

    Edges are mirrored.
    """
    height, width = frames.shape[1:3]
    before = scale + (scale - 1) // 2
    around = [before, 3 * scale - 1 - before]
    frames = tf.pad(frames, [[0, 0], around, around, [0, 0]], "SYMMETRIC")
    frames = tf.nn.avg_pool2d(frames, scale, 1, "VALID")
    patches = tf.image.extract_patches(frames, [1, 3, 3, 1], [1] * 4, [1, scale, scale, 1], "VALID")
    mean, variance = tf.nn.moments(patches, axes=-1, keepdims=True)
    patches = (patches - mean) * tf.math.rsqrt(variance + NOISE**2)
    return tf.ensure_shape(patches, (None, height, width, 18))


def positions(down: int, across: int, bands: int) -> np.ndarray:
    """Position of each cell in -1 to 1 and its Fourier features: (down * across, 2 + 4 bands)."""
    axes = np.meshgrid(*(np.linspace(-1, 1, n) for n in (down, across)), indexing="ij")
    place = np.stack(axes, axis=-1).reshape(-1, 2)
    frequency = np.linspace(1, max(down, across) / 2, bands)  # up to the Nyquist frequency
    angle = np.pi * (place[:, :, None] * frequency).reshape(len(place), -1)
    return np.concatenate([place, np.sin(angle), np.cos(angle)], axis=1)


@keras.utils.register_keras_serializable("seaice_tf")
class Latents(keras.layers.Layer):
    """Trainable vectors, the same for every example: (B, ...) -> (B, number, width)."""

    def __init__(self, number: int, width: int, **kwargs):
        super().__init__(**kwargs)
        self.number, self.width = number, width

    def build(self, input_shape):
        self.vectors = self.add_weight(
            name="vectors",
            shape=(self.number, self.width),
            initializer=keras.initializers.RandomNormal(stddev=0.02),
        )
        super().build(input_shape)

    def call(self, x):
        return tf.tile(tf.convert_to_tensor(self.vectors)[None], [tf.shape(x)[0], 1, 1])

    def compute_output_shape(self, shape):
        return (shape[0], self.number, self.width)

    def get_config(self):
        return super().get_config() | {"number": self.number, "width": self.width}
