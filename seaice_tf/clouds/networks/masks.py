"""From the bytes of photos to masks of cloud organisation, decisions and all, in one model."""

import numpy as np
import tensorflow as tf
from tensorflow import keras

from seaice_tf.clouds.data.classes import SCORE_SHAPE
from seaice_tf.clouds.data.decisions import Decisions, table
from seaice_tf.clouds.networks.photos import Decode, Resize, mirrored_mean


def masks_of_photos(
    network: keras.Model, rows: int, columns: int, decisions: Decisions, mirrored: int = 1
) -> keras.Model:
    """Build what is exported of a trained network.

    Args:
        network: (B, rows, columns, 3) in 0 to 255 to {"masks": (B, h, w, 4), "chances": (B, 4)},
            probabilities of pixels and of images; shared.
        rows, columns: size that photos are brought to.
        decisions: per class.
        mirrored: images that are averaged, as in photos.mirrored_mean.

    Returns:
        A functional model from JPEG or PNG files, (B,) strings, to a dict: "masks" (B, 350, 525, 4)
        bool by rule, threshold, gate and smallest area; "probabilities" (B, 350, 525, 4);
        "chances" (B, 4), the mean of the network's and of its likeliest pixel's; "decisions"
        (B, 5, 4), mask_decisions.table, for what is done to masks outside: parts that are too
        small, and shapes.
    """
    photos = keras.Input((), dtype="string", name="photo")
    found = mirrored_mean(network, mirrored)(Decode(rows, columns, name="decode")(photos))
    probabilities = Resize(*SCORE_SHAPE, name="probabilities")(found["masks"])
    chances = ChanceOfAnyPixel(name="chances")(found["chances"], found["masks"])
    masks, used = Decide(decisions, name="decide")(probabilities, chances)
    return keras.Model(
        photos,
        {
            "masks": masks,
            "probabilities": probabilities,
            "chances": chances,
            "decisions": used,
        },
        name="masks_of_photos",
    )


class ChanceOfAnyPixel(keras.layers.Layer):
    """The mean of an image's chances (B, 4) and those of its likeliest pixels (B, H, W, 4): (B, 4).

    Two estimates of the same, by the picture and by its parts.
    """

    def call(self, chances, pixels):
        return (chances + tf.reduce_max(pixels, axis=(1, 2))) / 2

    def compute_output_shape(self, chances_shape, pixels_shape):
        return chances_shape


class Decide(keras.layers.Layer):
    """Rule, gates and smallest areas of `transforms.mask_decisions.decide`, in the graph.

    From probabilities (B, H, W, 4) and chances (B, 4) to masks (B, H, W, 4) bool and the decisions
    used (B, 5, 4). A mask smaller than the smallest part that is kept holds no such part.
    """

    def __init__(self, decisions: Decisions, **kwargs):
        super().__init__(**kwargs)
        self.rule, self.table = decisions.rule, table(decisions).astype(np.float32)

    def call(self, probabilities, chances):
        thresholds, min_areas, gates = (tf.constant(row) for row in self.table[1:4])
        if self.rule == "expected_dice":
            raw = expected_dice(probabilities, chances)
        else:
            raw = (probabilities >= thresholds) & (chances >= gates)[:, None, None]
        area = tf.reduce_mean(tf.cast(raw, tf.float32), axis=(1, 2))
        used = tf.tile(tf.constant(self.table)[None], [tf.shape(chances)[0], 1, 1])
        return raw & (area >= min_areas)[:, None, None], used


def expected_dice(probabilities, chances):
    """`transforms.mask_decisions.expected_dice` of a batch: (B, H, W, 4) -> bool."""
    given = tf.math.divide_no_nan(probabilities, chances[:, None, None])
    given = tf.minimum(given, 1.0)
    flat = tf.reshape(given, [-1, given.shape[1] * given.shape[2], given.shape[3]])
    ranked = tf.sort(tf.transpose(flat, [0, 2, 1]), direction="DESCENDING")  # (B, 4, pixels)
    pixels = tf.range(1.0, ranked.shape[2] + 1)
    in_both = tf.cumsum(ranked, axis=2)
    value = chances[..., None] * 2 * in_both / (pixels + in_both[..., -1:])
    lowest = tf.gather(ranked, tf.argmax(value, axis=2), batch_dims=2)
    drawn = tf.reduce_max(value, axis=2) > 1 - chances
    return (given >= lowest[:, None, None]) & drawn[:, None, None]
