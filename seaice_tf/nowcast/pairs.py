"""Pairs of frames whose flow is known: the second is the first, moved by a flow drawn by chance.

A flow that is learnt from real pairs, from how well one frame moved by it matches the next, is one
of many that match: along an edge nothing tells how far it moved. It forecasts hardly better than no
motion does. Drawn flows tell all of it. What they do not have is how clouds change as they move.
"""

import numpy as np
import tensorflow as tf

from seaice_tf.nowcast.data.layout import SIDE
from seaice_tf.nowcast.networks.warp import grid, warp
from seaice_tf.pipeline import Examples

FASTEST = 6.0  # pixels a frame, of the motion that a whole window shares
BENDING = 1.5  # pixels a frame, largest deviation of what each part of it adds
PARTS = 5  # along an axis, between which that is interpolated
VALIDATION = -1  # in the place of a seed


def pairs(examples: Examples) -> Examples:
    """The last frame of each window, and that frame moved: (2, side, side), {"flow": ...}."""
    size, drawn = examples.size, examples.draw

    def pair(window, seed, number):
        return _moved(window[0][-1], tf.stack([seed, number]))

    return Examples(
        size,
        lambda i: pair(examples.fetch(i), VALIDATION * tf.ones_like(i), i),
        draw=drawn and (lambda seed, e, i: pair(drawn(seed, e, i), seed, e * size + i)),
    )


def flow(key):
    """A smooth flow drawn by the key: (2,) int64 -> (side, side, 2), as in `models.warp`."""
    first, second = tf.unstack(tf.random.experimental.stateless_split(key, 2))
    fast, turned, bent = tf.unstack(tf.random.stateless_uniform((3,), first))
    parts = tf.random.stateless_normal((PARTS, PARTS, 2), second)
    parts = tf.image.resize(parts, (SIDE, SIDE), "bicubic")
    angle = 2 * np.pi * turned
    return FASTEST * fast * tf.stack([tf.sin(angle), tf.cos(angle)]) + BENDING * bent * parts


def _moved(frame, key):
    """A pair, its flow, and which of its pixels came from inside."""
    motion = flow(key)
    # Both frames lie between pixels, for what is interpolated is smoother.
    shift = tf.random.stateless_uniform((2,), key)
    first, later = _warped(frame, shift + 0 * motion), _warped(frame, shift + motion)
    rows, columns = grid(SIDE, SIDE)
    came = tf.stack([rows[0], columns[0]], axis=-1) - shift - motion
    inside = tf.reduce_all((came >= 0) & (came <= SIDE - 1), axis=-1)
    return tf.stack([first, later]), {"flow": motion}, {"flow": tf.cast(inside, tf.float32)}


def _warped(frame, motion):
    return warp(frame[None, ..., None], motion[None])[0, ..., 0]
