"""A small Perceiver that tells the flow between two frames.

After Jaegle et al. 2021 (arXiv:2107.14795), section 4.2: each pixel is the 3 x 3 patches of both
frames around it and where it lies; a few latent vectors attend to all, then to one another; each
pixel asks them for its flow. Patches are also taken of coarser frames, so that they hold motions of
several pixels, and each is brought to one contrast: how far something moved has nothing to do with
how bright it is, and without that it learns several times slower.
"""

from collections.abc import Sequence

import numpy as np
import tensorflow as tf
from tensorflow import keras

from seaice_tf.nowcast.data.layout import SIDE
from seaice_tf.nowcast.networks.lucas_kanade import solved, window_mean

layers = keras.layers
LEAST = 1e-2  # share of the mean weight that each pixel has in all directions
WINDOW = 8.0  # pixels, sigma of the window whose pixels agree on a flow
NOISE = 1.0  # counts, deviation of a patch that holds nothing to see


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
        side: of the frames, a multiple of `cell`.
        scales: pixels between those of a patch, which are means of as many along each axis.
        cell: side of the squares of pixels that the latent vectors read the mean of.
        latents, width: number and length of the latent vectors.
        blocks: of self-attention between them.
        heads: of each attention, width / heads wide.
        bands: frequencies of the position encoding, of a sine and a cosine each per axis.

    Returns:
        A functional model from two frames of counts, (B, 2, side, side) with the earlier first, to
        the flow between them, (B, side, side, 2), as in `models.warp`.
    """
    pair = keras.Input((2, side, side), name="pair")
    x = Patches(scales, bands, name="patches")(pair)
    x = layers.Dense(2 * width, activation="gelu", name="embed1")(x)
    pixels = layers.Dense(width, name="embed2")(x)
    cells = layers.AveragePooling2D(cell, name="cells")(pixels)
    cells = layers.Reshape((-1, width), name="cells_flat")(cells)
    x = Latents(latents, width, name="latents")(cells)
    x = attention_block(x, cells, heads, "read")
    for i in range(1, blocks + 1):
        x = attention_block(x, x, heads, f"block{i}")
    pixels = layers.Reshape((-1, width), name="pixels_flat")(pixels)
    x = attention_block(pixels, x, heads, "ask")
    x = layers.LayerNormalization(name="flow_norm")(x)
    # A network that starts from no flow starts from what persistence gives.
    small = keras.initializers.RandomNormal(stddev=1e-3)
    x = layers.Dense(5, kernel_initializer=small, name="told")(x)
    x = layers.Reshape((side, side, 5), name="told_of_pixels")(x)
    return keras.Model(pair, Agreed(WINDOW, name="flow")(x), name=name)


def told_flow(network: keras.Model) -> keras.Model:
    """What a flow network is trained as: (B, 2, H, W) -> {"flow": (B, H, W, 2)}; shares weights."""
    pair = keras.Input(network.input_shape[1:], name="pairs")
    return keras.Model(pair, {"flow": network(pair)}, name="told_flow")


def endpoint_error(true, pred):
    """Length of what a flow is off by, in pixels, smooth at 0: (..., 2) -> (...)."""
    off = tf.cast(true, pred.dtype) - pred
    return tf.sqrt(tf.reduce_sum(tf.square(off), axis=-1) + 1e-4)


def attention_block(x, seen, heads: int, name: str):
    """Attention of x to what is seen and two dense layers, with skips: -> the shape of x."""
    width = x.shape[-1]
    attend = layers.MultiHeadAttention(heads, width // heads, name=f"{name}_attention")
    asked = layers.LayerNormalization(name=f"{name}_norm1")(x)
    known = asked if seen is x else layers.LayerNormalization(name=f"{name}_norm_seen")(seen)
    x = layers.Add(name=f"{name}_skip1")([x, attend(asked, known)])
    y = layers.LayerNormalization(name=f"{name}_norm2")(x)
    y = layers.Dense(2 * width, activation="gelu", name=f"{name}_dense1")(y)
    y = layers.Dense(width, name=f"{name}_dense2")(y)
    return layers.Add(name=f"{name}_skip2")([x, y])


class Agreed(keras.layers.Layer):
    """The flow that the pixels of a window agree on: (B, H, W, 5) -> (B, H, W, 2).

    Each tells a flow and a, b, c: how sure it is of that is the matrix L L' with L = [[1 + a, 0],
    [b, 1 + c]], so that all count alike as long as nothing is told, and one at an edge may be sure
    of the motion across it alone. The flow is the mean weighted by these matrices, which is how
    Lucas and Kanade solve for the flow of a window.
    """

    def __init__(self, window: float, **kwargs):
        super().__init__(**kwargs)
        self.window = window

    def call(self, told):
        down, across, a, b, c = tf.unstack(told, axis=-1)
        aa, ab, bb = (1 + a) ** 2, (1 + a) * b, b * b + (1 + c) ** 2
        least = LEAST * tf.reduce_mean(aa + bb, axis=(1, 2), keepdims=True) + 1e-6
        aa, bb = aa + least, bb + least
        sums = tf.stack([aa, ab, bb, aa * down + ab * across, ab * down + bb * across], axis=-1)
        return solved(*tf.unstack(window_mean(sums, self.window), axis=-1))

    def compute_output_shape(self, shape):
        return (*shape[:-1], 2)


class Patches(keras.layers.Layer):
    """What is known of each pixel: (B, 2, H, W) counts -> (B, H, W, 18 scales + 2 + 4 bands).

    The 3 x 3 patches of both frames around it at each scale, standardised together, then its place
    in -1 to 1 and sines and cosines of it.
    """

    def __init__(self, scales: Sequence[int], bands: int, **kwargs):
        super().__init__(**kwargs)
        self.scales, self.bands = tuple(scales), bands

    def call(self, pair):
        frames = tf.transpose(pair, [0, 2, 3, 1])
        known = [_patches(frames, scale) for scale in self.scales]
        height, width = frames.shape[1:3]
        place = positions(height, width, self.bands).reshape(1, height, width, -1)
        place = tf.constant(place, frames.dtype)
        return tf.concat([*known, tf.repeat(place, tf.shape(pair)[0], axis=0)], axis=-1)

    def compute_output_shape(self, shape):
        return (shape[0], *shape[2:], 18 * len(self.scales) + 2 + 4 * self.bands)


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
    """Place of each cell and its Fourier features: (down * across, 2 + 4 bands)."""
    axes = np.meshgrid(*(np.linspace(-1, 1, n) for n in (down, across)), indexing="ij")
    place = np.stack(axes, axis=-1).reshape(-1, 2)
    frequency = np.linspace(1, max(down, across) / 2, bands)  # up to that of Nyquist
    angle = np.pi * (place[:, :, None] * frequency).reshape(len(place), -1)
    return np.concatenate([place, np.sin(angle), np.cos(angle)], axis=1)


class Latents(keras.layers.Layer):
    """Learned vectors, the same for every example: (B, ...) -> (B, number, width)."""

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
