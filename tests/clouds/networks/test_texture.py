import numpy as np
import pytest
from scipy import ndimage
from tensorflow import keras

from seaice_tf.clouds.networks import texture


def test_context_equals_that_of_scipy():
    maps = np.random.default_rng(0).normal(size=(2, *texture.GRID, 3)).astype("float32")
    mean = maps.mean(axis=(1, 2))
    context = texture.Context((1.0, 3.0))(maps, mean).numpy()
    assert context.shape == (2, *texture.GRID, 3 * 3 + 6)
    for i, width in enumerate((1.0, 3.0)):
        smooth = ndimage.gaussian_filter(maps, (0, width, width, 0), mode="nearest")
        np.testing.assert_allclose(context[..., 3 * i : 3 * i + 3], smooth, atol=1e-5)
    np.testing.assert_allclose(context[0, 5, 7, 6:9], mean[0], rtol=1e-6)
    y, x = 2 * 5 / 7 - 1, 2 * 7 / 11 - 1
    np.testing.assert_allclose(context[1, 5, 7, 9:], [y, x, y**2, x**2, y**4, x**4], rtol=1e-5)


def test_features_have_every_scale_and_are_frozen():
    model = texture.features(64, 96, encoder="small", scales=(1, 2))
    images = np.random.default_rng(0).uniform(0, 255, (1, 64, 96, 3)).astype("float32")
    found = model(images).numpy()
    one = texture.features(64, 96, encoder="small", scales=(1,))
    assert found.shape == (1, *texture.GRID, 2 * one.output_shape[-1])
    assert not model.trainable_weights


def test_a_ridge_fits_separable_data_and_shrinks_with_its_penalty():
    rng = np.random.default_rng(0)
    features = rng.normal(size=(48, *texture.GRID, 2)).astype("float32")
    features += rng.normal(size=(48, 1, 1, 2)).astype("float32")
    present = (features.mean(axis=(1, 2)) > 0).astype("float32")  # a channel for each class
    masks = (ndimage.gaussian_filter(features, (0, 1, 1, 0)) > 0).astype("float32")
    sizes = []
    for penalty in (0.003, 3.0):
        keras.utils.set_random_seed(0)
        model = texture.ridge(2, 2, penalty=penalty)
        model.compile(
            keras.optimizers.Adam(0.2),
            {"masks": "binary_crossentropy", "class_probabilities": "binary_crossentropy"},
            run_eagerly=True,  # tracing takes longer than twenty steps
        )
        model.fit(features, {"masks": masks, "class_probabilities": present}, 64, 20, verbose=0)
        sizes.append(np.abs(model.get_layer("class_probabilities").get_weights()[0]).sum())
        if penalty < 1:
            found = {head: value.numpy() for head, value in model(features).items()}
            assert ((found["class_probabilities"] > 0.5) == present).mean() > 0.95
            assert ((found["masks"] > 0.5) == masks).mean() > 0.9
    assert sizes[1] < sizes[0] / 4


@pytest.mark.parametrize("width", [0.5, 4.0])
def test_smoothing_keeps_a_constant(width):
    np.testing.assert_allclose(texture._gaussian(5, width).sum(axis=1), 1, rtol=1e-6)
