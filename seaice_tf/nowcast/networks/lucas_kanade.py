"""Optical flow by iterated Lucas-Kanade in the graph, so that a model carries its flow with it.

Lucas and Kanade 1981; coarse to fine with warping as in Bouguet 2001. Several pairs of frames share
one flow: their normal equations are summed, which is steadier than the flow of the last pair.
"""

import numpy as np
import tensorflow as tf
from tensorflow import keras

from seaice_tf.nowcast.networks.warp import warp

COARSEST = 16  # pixels, side below which the pyramid is not continued
LARGEST = 1.0  # pixels, most that one iteration may change


class LucasKanade(keras.layers.Layer):
    """Flow of the last frames: (B, T, H, W) -> (B, H, W, 2), as in `models.warp`.

    Args:
        pairs: of successive frames, the last ones, that share the flow.
        window: sigma in pixels of the Gaussian window in which a flow is constant.
        iterations: warps at each level of the pyramid.
        damping: of a flow where there is no texture, which keeps what coarser levels found; a
            share of the mean squared gradient.
    """

    def __init__(
        self,
        pairs: int = 6,
        window: float = 10.0,
        iterations: int = 2,
        damping: float = 0.01,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.pairs, self.window = pairs, window
        self.iterations, self.damping = iterations, damping

    def call(self, frames):
        frames = tf.transpose(tf.stop_gradient(frames)[:, -self.pairs - 1 :], [0, 2, 3, 1])
        levels = [frames]
        while min(levels[-1].shape[1:3]) >= 2 * COARSEST:
            levels.append(tf.nn.avg_pool2d(levels[-1], 2, 2, "SAME"))
        flow = tf.zeros_like(levels[-1][..., :2])
        for frames in reversed(levels):
            flow = finer(flow, frames.shape[1:3])
            flow = self._settled(frames, flow)
        return flow

    def _settled(self, frames, flow):
        """The flow after all iterations, as a loop, which keeps the graph small."""

        def step(i, flow):
            return i + 1, flow + self._change(frames, flow)

        return tf.while_loop(lambda i, flow: i < self.iterations, step, (0, flow))[1]

    def _change(self, frames, flow):
        """What to add to the flow: (B, H, W, T), (B, H, W, 2) -> (B, H, W, 2)."""
        moved, seen = warp(frames[..., :-1], flow), frames[..., 1:]
        down, across = _slope(moved, axis=1), _slope(moved, axis=2)
        missed = moved - seen  # what a step along the slope would have to make up for
        products = (down * down, down * across, across * across, down * missed, across * missed)
        sums = tf.stack([tf.reduce_sum(p, axis=-1) for p in products], axis=-1)
        aa, ab, bb, am, bm = tf.unstack(window_mean(sums, self.window), axis=-1)
        damping = self.damping * tf.reduce_mean(aa + bb, axis=(1, 2), keepdims=True) + 1e-12
        change = solved(aa + damping, ab, bb + damping, am, bm)
        return tf.clip_by_value(change, -LARGEST, LARGEST)

    def compute_output_shape(self, shape):
        return (shape[0], *shape[2:], 2)


def window_mean(x, sigma: float):
    """Means in a Gaussian window: (B, H, W, C) -> the same."""
    down, across = (tf.constant(window_matrix(side, sigma)) for side in x.shape[1:3])
    return tf.einsum("lk,bikc->bilc", across, tf.einsum("ij,bjkc->bikc", down, x))


def solved(aa, ab, bb, am, bm):
    """The flow (..., 2) of the normal equations [[aa, ab], [ab, bb]] flow = (am, bm)."""
    flow = tf.stack([bb * am - ab * bm, aa * bm - ab * am], axis=-1)
    return flow / (aa * bb - ab * ab)[..., None]


def window_matrix(side: int, sigma: float) -> np.ndarray:
    """Means along an axis in a Gaussian window, cut off at the edges: (side, side) float32."""
    place = np.arange(side)
    weight = np.exp(-((place[:, None] - place) ** 2) / (2 * sigma**2))
    return (weight / weight.sum(axis=1, keepdims=True)).astype(np.float32)


def finer(flow, shape):
    """A flow on another grid, in pixels of that."""
    if tuple(flow.shape[1:3]) == tuple(shape):
        return flow
    ratio = np.array(shape, np.float32) / np.array(flow.shape[1:3], np.float32)
    return tf.image.resize(flow, shape) * ratio


def _slope(x, axis: int):
    """Central differences, one-sided at the edges: the shape of x."""
    size = x.shape[axis]
    before = tf.gather(x, np.maximum(np.arange(size) - 1, 0), axis=axis)
    after = tf.gather(x, np.minimum(np.arange(size) + 1, size - 1), axis=axis)
    apart = np.minimum(np.arange(size) + 1, size - 1) - np.maximum(np.arange(size) - 1, 0)
    return (after - before) / apart.reshape([-1 if i == axis else 1 for i in range(4)])
