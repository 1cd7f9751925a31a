import io

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image
from tensorflow import keras

from seaice_tf.clouds.data.decisions import RULES, Decisions, decide, finish, from_table
from seaice_tf.clouds.networks.masks import Decide
from seaice_tf.clouds.networks.photos import MIRRORINGS, Decode, mirrored_mean


def photo(pixels, kind="PNG"):
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, kind)
    return buffer.getvalue()


@pytest.fixture
def pixels():
    return np.random.default_rng(0).integers(0, 256, (6, 9, 3), np.uint8)


def test_photos_of_any_size_become_one_batch(pixels):
    large = np.repeat(np.repeat(pixels, 4, axis=0), 4, axis=1)
    files = tf.constant([photo(pixels), photo(large), photo(large, "JPEG")])
    same, averaged, jpeg = Decode(6, 9)(files).numpy()
    np.testing.assert_allclose(same, pixels)
    assert np.abs(averaged - pixels).mean() < 40  # the antialiasing filter reaches beyond a cell
    assert np.abs(jpeg - averaged).mean() < 8


def test_the_mean_over_mirror_images_turns_each_back():
    image = keras.Input((4, 6, 2))
    rows = keras.layers.Cropping2D(((1, 0), (0, 0)))(image)  # sees where up is
    model = keras.Model(image, {"map": rows, "vector": keras.layers.GlobalMaxPooling2D()(rows)})
    x = np.random.default_rng(0).normal(size=(2, 4, 6, 2)).astype("float32")
    for number in (1, 2, 4):
        maps, vectors = [], []
        for axes in MIRRORINGS[:number]:
            found = model(np.flip(x, axes))
            maps.append(np.flip(found["map"].numpy(), axes))
            vectors.append(found["vector"].numpy())
        mean = mirrored_mean(model, number)(x)
        np.testing.assert_allclose(mean["map"], np.mean(maps, axis=0), rtol=1e-6)
        np.testing.assert_allclose(mean["vector"], np.mean(vectors, axis=0), rtol=1e-6)


@pytest.mark.parametrize("rule", RULES)
def test_decisions_in_the_graph_are_those_outside_it(rule):
    rng = np.random.default_rng(1)
    probabilities = rng.random((8, 5, 7, 4), np.float32)
    chances = rng.random((8, 4), np.float32)
    probabilities[::2] *= chances[::2, None, None]  # masks of some are empty
    decisions = Decisions(rule, (0.3, 0.5, 0.7, 0.9), (0.0, 0.4, 0.0, 0.05), (0.0, 0.0, 0.5, 0.2))
    masks, used = Decide(decisions)(probabilities, chances)
    assert from_table(used.numpy()[0]) == decisions
    for i in range(8):
        outside = decide(probabilities[i], chances[i], decisions)
        np.testing.assert_array_equal(finish(masks.numpy()[i], decisions), outside)
