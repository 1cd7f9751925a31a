"""Pairs of frames whose flow is known: the second is the first, moved by a flow drawn by chance.

A flow that is learnt from real pairs, from how well one frame moved by it matches the next, is one
of many that match: along an edge nothing tells how far it moved. It forecasts hardly better than no
motion does. Drawn flows tell all of it.
"""

import tensorflow as tf

from seaice_tf.models.warp import warp
from seaice_tf.pipeline import Examples
from seaice_tf.transforms.nowcast import SIDE

SPEED = 2.5  # pixels a frame, a usual deviation of the motion that a whole window shares
BENDING = 1.0  # and of what each part of it adds
PARTS = 5  # along an axis, between which that is interpolated


def pairs(examples: Examples) -> Examples:
    """The last frame of each window, and that frame moved: (2, side, side), {"flow": ...}."""

    size, drawn = examples.size, examples.draw

    def pair(window, seed, number):
        return _moved(window[0][-1], tf.stack([seed, number]))

    return Examples(
        size,
        lambda i: pair(examples.fetch(i), tf.zeros_like(i), i),
        draw=drawn and (lambda seed, e, i: pair(drawn(seed, e, i), seed, 1 + e * size + i)),
    )


def flow(key):
    """A smooth flow drawn by the key: (2,) int64 -> (side, side, 2), as in `models.warp`."""
    drawn = tf.random.stateless_normal((2 + PARTS**2, 2), key)
    speed, bending = tf.unstack(tf.abs(drawn[0]) * (SPEED, BENDING))
    parts = tf.reshape(drawn[2:], (PARTS, PARTS, 2))
    return speed * drawn[1] + bending * tf.image.resize(parts, (SIDE, SIDE), "bicubic")


def _moved(frame, key):
    """A pair, its flow, and which of its pixels came from inside."""
    motion = flow(key)
    later = warp(frame[None, ..., None], motion[None])[0, ..., 0]
    place = tf.stack(tf.meshgrid(*[tf.range(float(SIDE))] * 2, indexing="ij"), axis=-1) - motion
    inside = tf.reduce_all((place >= 0) & (place <= SIDE - 1), axis=-1)
    return tf.stack([frame, later]), {"flow": motion}, {"flow": tf.cast(inside, tf.float32)}
