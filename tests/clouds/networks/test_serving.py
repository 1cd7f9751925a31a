import io

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image
from tensorflow import keras

from seaice_tf.clouds.data import postprocessing
from seaice_tf.clouds.data.postprocessing import RULES, Decisions, from_array, refine
from seaice_tf.clouds.networks.serving import (
    TTA,
    DecideMasks,
    DecodePhotos,
    expected_dice,
    tta_mean,
)


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
    same, averaged, jpeg = DecodePhotos(6, 9)(files).numpy()
    np.testing.assert_allclose(same, pixels)
    assert np.abs(averaged - pixels).mean() < 40  # the antialiasing filter reaches beyond a cell
    assert np.abs(jpeg - averaged).mean() < 8


def test_test_time_augmentation_flips_maps_back():
    image = keras.Input((4, 6, 2))
    rows = keras.layers.Cropping2D(((1, 0), (0, 0)))(image)  # not symmetric under flips
    model = keras.Model(image, {"map": rows, "vector": keras.layers.GlobalMaxPooling2D()(rows)})
    x = np.random.default_rng(0).normal(size=(2, 4, 6, 2)).astype("float32")
    for tta, copies in TTA.items():
        maps, vectors = [], []
        for axes in copies:
            outputs = model(np.flip(x, axes))
            maps.append(np.flip(outputs["map"].numpy(), axes))
            vectors.append(outputs["vector"].numpy())
        mean = tta_mean(model, tta)(x)
        np.testing.assert_allclose(mean["map"], np.mean(maps, axis=0), rtol=1e-6)
        np.testing.assert_allclose(mean["vector"], np.mean(vectors, axis=0), rtol=1e-6)


@pytest.mark.parametrize("rule", RULES)
def test_decisions_in_the_graph_equal_those_in_numpy(rule):
    rng = np.random.default_rng(1)
    probabilities = rng.random((8, 5, 7, 4), np.float32)
    class_probabilities = rng.random((8, 4), np.float32)
    probabilities[::2] *= class_probabilities[::2, None, None]  # some masks are empty
    decisions = Decisions(rule, (0.3, 0.5, 0.7, 0.9), (0.0, 0.4, 0.0, 0.05), (0.0, 0.0, 0.5, 0.2))
    masks, used = DecideMasks(decisions)(probabilities, class_probabilities)
    assert from_array(used.numpy()[0]) == decisions
    for i in range(8):
        expected = postprocessing.masks(probabilities[i], class_probabilities[i], decisions)
        np.testing.assert_array_equal(refine(masks.numpy()[i], decisions), expected)


@pytest.mark.parametrize("steps", [2, 5, 1 << 20])  # of the probabilities; few of them are ties
def test_the_threshold_of_the_largest_expected_dice_needs_no_sort(steps):
    rng = np.random.default_rng(steps)
    probabilities = rng.beta(0.3, 0.9, (6, 40, 50, 4)) * rng.random((6, 1, 1, 4))
    probabilities = (np.rint(probabilities * steps) / steps).astype(np.float32)
    class_probabilities = probabilities.max(axis=(1, 2)) * rng.choice([0.5, 1.0], (6, 4))
    found = expected_dice(probabilities, class_probabilities.astype(np.float32)).numpy()
    for masks, *case in zip(found, probabilities, class_probabilities):
        np.testing.assert_array_equal(masks, postprocessing.expected_dice(*case))
