"""Gaussian means and means of squares, of images of any size.

Both cost the same on every processor: they are matrix products and running sums, no convolutions
with kernels of hundreds of pixels.
"""

from collections.abc import Sequence

import numpy as np
import tensorflow as tf

LARGEST = 256  # pixels; larger sides are filtered in blocks
TRUNCATE = 4.5  # sigmas
REACH = 90  # pixels, of the kernel of images of unknown size


def gaussian_mean(x, sigmas: Sequence[float]):
    """Means in Gaussian windows, one sigma for each part of the batch: (N, H, W, C) -> same.

    Windows are cut off at the edges. Images of unknown size take one sigma, a number or a tensor,
    of at most 20 pixels.
    """
    if None in x.shape[1:3] or max(x.shape[1:3]) > LARGEST:
        (sigma,) = sigmas
        return blocked_mean(x, sigma)
    height, width, channels = x.shape[1:]
    down, across = (
        tf.constant(np.stack([_window_matrix(side, sigma) for sigma in sigmas]))
        for side in (height, width)
    )
    parts = tf.reshape(x, [len(sigmas), -1, height, width, channels])
    means = tf.einsum("nlk,nbikc->nbilc", across, tf.einsum("nij,nbjkc->nbikc", down, parts))
    return tf.reshape(means, [-1, height, width, channels])


def _window_matrix(side: int, sigma: float) -> np.ndarray:
    """Means along an axis in a Gaussian window cut off at the edges: (side, side) float32."""
    place = np.arange(side)
    weight = np.exp(-((place[:, None] - place) ** 2) / (2 * sigma**2))
    return (weight / weight.sum(axis=1, keepdims=True)).astype(np.float32)


def blocked_mean(x, sigma, reach: int = REACH):
    """Means in Gaussian windows of `reach` pixels to each side: (N, H, W, C) -> same.

    Each block of rows, then of columns, is the product of a band matrix with those it touches.
    """
    x = _down(x, sigma, reach)
    return tf.transpose(_down(tf.transpose(x, [0, 2, 1, 3]), sigma, reach), [0, 2, 1, 3])


def _down(x, sigma, reach: int):
    block = 2 * reach
    kernel = tf.exp(-tf.square(tf.range(-reach, reach + 1.0)) / (2 * sigma**2))
    # Row i of the band matrix has the kernel from column i on.
    band = tf.tile(tf.pad(kernel, [[0, block]]), [block])
    band = tf.reshape(band[: block * (block + 2 * reach)], [block, block + 2 * reach])
    sums, weights = (_products(band, each, block) for each in (x, tf.ones_like(x[:1, :, :1, :1])))
    return sums / weights


def _products(band, x, block: int):
    """Products of a band matrix with the rows of each block: (N, H, W, C) -> the same."""
    batch, height, width, channels = tf.unstack(tf.shape(x))
    touched = band.shape[1]
    blocks = (height + block - 1) // block
    before = (touched - block) // 2
    padded = tf.pad(x, [[0, 0], [before, blocks * block - height + before], [0, 0], [0, 0]])
    rows = block * tf.range(blocks)[:, None] + tf.range(touched)
    flat = tf.reshape(tf.gather(padded, rows, axis=1), [batch, blocks, touched, width * channels])
    means = tf.reshape(tf.matmul(band, flat), [batch, blocks * block, width, channels])
    return tf.ensure_shape(means[:, :height], x.shape)


def local_mean(x, side: int):
    """Means of squares of `side` pixels around each pixel, moved to lie inside the image.

    Of an image that is no larger it is the mean of all: (B, H, W, C) -> the same, or
    (B, 1, 1, C).
    """
    if None not in x.shape[1:3] and max(x.shape[1:3]) <= side:
        return tf.reduce_mean(x, axis=(1, 2), keepdims=True)
    for axis in (1, 2):
        x = _running_mean(x, side, axis)
    return x


def _running_mean(x, side: int, axis: int):
    length = tf.shape(x)[axis]
    width = tf.minimum(side, length)
    sums = tf.cumsum(x, axis=axis)
    sums = tf.concat([tf.zeros_like(tf.gather(sums, [0], axis=axis)), sums], axis=axis)
    first = tf.clip_by_value(tf.range(length) - side // 2, 0, length - width)
    total = tf.gather(sums, first + width, axis=axis) - tf.gather(sums, first, axis=axis)
    return total / tf.cast(width, x.dtype)
