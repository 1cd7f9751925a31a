"""The same photos as PNG and as JPEG: scores do not hang on how a photo was stored."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from seaice_tf.clouds.data.labels import SCORE_SHAPE
from seaice_tf.clouds.data.photos import read_labelled
from seaice_tf.clouds.products.choices import choices
from seaice_tf.clouds.scores import dice
from seaice_tf.clouds.verification import final_masks
from seaice_tf.runs import artifact
from seaice_tf.task import Case

RELEASED = Path(__file__).parents[2] / "saved_models" / "clouds" / "released"
STORED = {"PNG": {}, "JPEG": {"quality": 95}}


def encode(pixels, kind):
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, kind, **STORED[kind])
    return stream.getvalue()


def predictions(real_data, indices):
    """Truth, and the maps of the released model as PNG and as JPEG, of some photos."""
    photos = read_labelled(real_data / "clouds")
    predict = artifact.predictor(RELEASED)
    for i in indices(len(photos)):
        pixels = photos.image(i)
        maps = [predict(Case("", encode(pixels, kind), None)) for kind in STORED]
        yield photos.truth(i, SCORE_SHAPE), maps


def test_probabilities_of_a_photo_hardly_change(real_data):
    for _, (png, jpeg) in predictions(real_data, lambda n: range(0, n, n // 4)):
        for name in ("class_probabilities", "probabilities"):
            assert np.abs(png[name] - jpeg[name]).mean() < 0.03


@pytest.mark.soak
def test_dice_of_all_photos_is_the_same_and_what_changes_was_close(real_data):
    values, changed, warned = [], 0, 0
    for truth, maps in predictions(real_data, range):
        masks = [final_masks(fields) for fields in maps]
        values.append([dice.dice(truth, each).mean() for each in masks])
        found = choices(maps[0]["probabilities"], maps[0]["class_probabilities"], masks[0])
        for i, choice in enumerate(found):
            if masks[0][..., i].any() != masks[1][..., i].any():
                changed += 1
                warned += not choice.sure
    png, jpeg = np.mean(values, axis=0)
    assert abs(png - jpeg) < 0.005
    assert warned >= 0.9 * changed
