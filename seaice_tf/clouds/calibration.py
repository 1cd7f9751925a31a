"""Decisions that only a trained network can tell, from the fold that it did not train on."""

import dataclasses

import numpy as np
import tensorflow as tf
from tensorflow import keras

from seaice_tf.clouds import examples
from seaice_tf.clouds.data.classes import SCORE_SHAPE
from seaice_tf.clouds.scores.mask_choice import choose
from seaice_tf.clouds.settings import Settings
from seaice_tf.clouds.training import served
from seaice_tf.grids import folds

STEP = 4  # decisions are chosen on every fourth row and column of the contest's grid
PARTS = 3  # that the photos are dealt into, to tell what choosing gains on others


def calibrate(settings: Settings, model: keras.Model) -> Settings:
    """The settings with the decisions of the best Dice on the validation fold; prints the gain."""
    if settings.choose == "nothing":
        return settings
    photos = examples.validation_photos(examples.labelled(settings), settings)
    network = served(settings, model)
    found = [network(tf.constant([path.read_bytes()])) for path in photos.paths]
    chosen = choose(
        np.stack([fields["probabilities"].numpy()[0, ::STEP, ::STEP] for fields in found]),
        np.concatenate([fields["chances"].numpy() for fields in found]),
        photos.truths(SCORE_SHAPE)[:, ::STEP, ::STEP],
        folds.stratified(photos.present(), PARTS),
        shared=settings.choose == "shared",
    )
    low, high = chosen.interval()
    print(
        f"decisions chosen on {len(photos)} photos gain {chosen.gain:+.3f} of Dice over thresholds "
        f"of one half on photos that had no say ({low:+.3f} to {high:+.3f}, 95 %)"
    )
    return dataclasses.replace(settings, decisions=chosen.decisions)
