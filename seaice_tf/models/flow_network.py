"""A small Perceiver that tells the flow between two frames.

After Jaegle et al. 2021 (arXiv:2107.14795), section 4.2: each pixel is the 3 x 3 patches of both
frames around it and where it lies; a few latent vectors attend to all, then to one another; each
pixel asks them for its flow. What the latent vectors read are coarser cells, whose patches hold
motions of several pixels. It learns without known flows, from how well the first frame moved by its
flow matches the second.
"""

import numpy as np
import tensorflow as tf
from tensorflow import keras

from seaice_tf.models.warp import Warp
from seaice_tf.transforms.nowcast import SIDE

layers = keras.layers


def flow_perceiver(
    side: int = SIDE,
    *,
    coarser: int = 4,
    latents: int = 32,
    width: int = 64,
    blocks: int = 2,
    heads: int = 4,
    bands: int = 8,
    name: str = "flow_perceiver",
) -> keras.Model:
    """Build an uncompiled flow network.

    Args:
        side: of the frames, a multiple of `coarser`.
        coarser: pixels a cell that is read.
        latents, width: number and length of the latent vectors.
        blocks: of self-attention between them.
        heads: of each attention, width / heads wide.
        bands: frequencies of the position encoding, of a sine and a cosine each per axis.

    Returns:
        A functional model from two frames of counts, (B, 2, side, side) with the earlier first, to
        the flow between them, (B, side, side, 2), as in `models.warp`.
    """
    pair = keras.Input((2, side, side), name="pair")
    cells = Cells(coarser, bands, name="cells")(pair)
    cells = layers.Dense(width, name="cells_embed")(cells)
    x = Latents(latents, width, name="latents")(cells)
    x = attention_block(x, cells, heads, "read")
    for i in range(1, blocks + 1):
        x = attention_block(x, x, heads, f"block{i}")
    pixels = layers.Dense(width, name="pixels_embed")(Cells(1, bands, name="pixels")(pair))
    x = attention_block(pixels, x, heads, "ask")
    x = layers.LayerNormalization(name="flow_norm")(x)
    # A network that starts from no flow starts from what persistence gives.
    small = keras.initializers.RandomNormal(stddev=1e-3)
    x = layers.Dense(2, kernel_initializer=small, name="flow_of_pixels")(x)
    return keras.Model(pair, layers.Reshape((side, side, 2), name="flow")(x), name=name)


def by_warping(network: keras.Model) -> keras.Model:
    """What a flow network is trained by: (B, 2, H, W) -> {"frames": (B, 1, H, W)}.

    The first frame moved by the network's flow, to be compared with the second. Shares weights.
    """
    _, _, height, width = network.input_shape
    pair = keras.Input((2, height, width), name="pairs")
    first = layers.Cropping2D(((0, height), (0, 0)), name="first")(
        layers.Reshape((2 * height, width, 1), name="one_above_the_other")(pair)
    )
    moved = Warp(name="warp")(first, network(pair))
    frames = layers.Permute((3, 1, 2), name="frames")(moved)
    return keras.Model(pair, {"frames": frames}, name="by_warping")


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


class Cells(keras.layers.Layer):
    """What is known of each cell: (B, 2, H, W) counts -> (B, cells, 18 + 2 + 4 bands).

    The 3 x 3 patches of both frames on the coarser grid, standardised together, then its place in
    -1 to 1 and sines and cosines of it.
    """

    def __init__(self, coarser: int, bands: int, **kwargs):
        super().__init__(**kwargs)
        self.coarser, self.bands = coarser, bands

    def call(self, pair):
        x = tf.transpose(pair, [0, 2, 3, 1])
        x = tf.nn.avg_pool2d(x, self.coarser, self.coarser, "VALID")
        mean, variance = tf.nn.moments(x, axes=(1, 2, 3), keepdims=True)
        x = (x - mean) * tf.math.rsqrt(variance + 1.0)  # counts
        x = tf.pad(x, [[0, 0], [1, 1], [1, 1], [0, 0]], "SYMMETRIC")
        patches = tf.image.extract_patches(x, [1, 3, 3, 1], [1] * 4, [1] * 4, "VALID")
        down, across = patches.shape[1:3]
        patches = tf.reshape(patches, [-1, down * across, patches.shape[3]])
        place = tf.constant(positions(down, across, self.bands), patches.dtype)
        place = tf.tile(place[None], [tf.shape(patches)[0], 1, 1])
        return tf.concat([patches, place], axis=-1)

    def compute_output_shape(self, shape):
        cells = (shape[2] // self.coarser) * (shape[3] // self.coarser)
        return (shape[0], cells, 18 + 2 + 4 * self.bands)


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
