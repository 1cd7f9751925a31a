"""From the bytes of photos to masks of cloud organisation, decisions and all, in one model."""

import numpy as np
import tensorflow as tf
from tensorflow import keras

from seaice_tf.models.photos import Decode, Resize, mirrored_mean
from seaice_tf.transforms.cloud_classes import SCORE_SHAPE
from seaice_tf.transforms.mask_decisions import Decisions, table


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
        bool by threshold, gate and smallest area of all; "probabilities" (B, 350, 525, 4);
        "chances" (B, 4); "decisions" (B, 4, 4), mask_decisions.table, for what is done to masks
        outside: parts that are too small, and shapes.
    """
    photos = keras.Input((), dtype="string", name="photo")
    found = mirrored_mean(network, mirrored)(Decode(rows, columns, name="decode")(photos))
    probabilities = Resize(*SCORE_SHAPE, name="probabilities")(found["masks"])
    masks, used = Decide(decisions, name="decide")(probabilities, found["chances"])
    return keras.Model(
        photos,
        {
            "masks": masks,
            "probabilities": probabilities,
            "chances": found["chances"],
            "decisions": used,
        },
        name="masks_of_photos",
    )


class Decide(keras.layers.Layer):
    """Thresholds, gates and smallest areas of `transforms.mask_decisions.decide`, in the graph.

    From probabilities (B, H, W, 4) and chances (B, 4) to masks (B, H, W, 4) bool and the decisions
    used (B, 4, 4). A mask smaller than the smallest part that is kept holds no such part.
    """

    def __init__(self, decisions: Decisions, **kwargs):
        super().__init__(**kwargs)
        self.table = table(decisions).astype(np.float32)

    def call(self, probabilities, chances):
        thresholds, min_areas, gates = (tf.constant(row) for row in self.table[:3])
        raw = probabilities >= thresholds
        area = tf.reduce_mean(tf.cast(raw, tf.float32), axis=(1, 2))
        kept = (chances >= gates) & (area >= min_areas)
        used = tf.tile(tf.constant(self.table)[None], [tf.shape(chances)[0], 1, 1])
        return raw & kept[:, None, None], used
