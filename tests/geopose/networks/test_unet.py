"""The network of heights and poses, how it is served, and its losses."""

import numpy as np
import pytest
import tensorflow as tf
from tensorflow import keras

from seaice_tf import compat
from seaice_tf.geopose.data.pose import one_hot
from seaice_tf.geopose.networks import unet
from seaice_tf.geopose.networks.losses import HEIGHT_LOSSES, KNEE
from seaice_tf.geopose.scores import baselines as baselines_geopose
from seaice_tf.networks import weights


def inputs(size=(40, 36), batch=2):
    rng = np.random.default_rng(0)
    image = rng.integers(0, 256, (batch, *size, 3)).astype(np.uint8)
    city = np.repeat(one_hot("JAX")[None], batch, axis=0)
    return image, city, np.full((batch, 1), 0.4, np.float32)


@pytest.fixture(scope="module")
def networks():
    """By how the scale is told; the second ends at stride 4 and is brought to full size."""
    keras.utils.set_random_seed(0)
    return {
        "head": unet.network(decoder_filters=(2, 3, 3, 4, 4)),
        "fit": unet.network(decoder_filters=(3, 3, 4), scale_by="fit", pose_from="bottleneck"),
    }


def test_heads_and_names(networks):
    image, city, gsd = inputs()
    image = image.astype(np.float32)
    shapes = {name: tuple(v.shape) for name, v in networks["head"]((image, city, gsd)).items()}
    assert shapes == {"agl": (2, 40, 36, 1), "angle": (2, 2), "scale": (2, 1)}
    assert set(networks["fit"]((image, city, gsd))) == {"agl", "angle", "magnitude"}
    names = set(weights.named_weights(networks["head"]))
    assert {"encoder1_conv1/kernel", "agl_units/bias", "scale/kernel", "angle/bias"} <= names


def test_city_and_distance_have_a_say(networks):
    image, city, gsd = inputs(batch=1)
    image = image.astype(np.float32)
    one = networks["head"]((image, city, gsd))
    for changed in ((image, city[:, ::-1], gsd), (image, city, 2 * gsd)):
        other = networks["head"](changed)
        for head in one:
            assert np.abs(one[head] - other[head]).max() > 0


@pytest.mark.parametrize("kind", ["head", "fit"])
def test_what_is_exported_gives_equal_numbers_of_any_size(kind, networks, tmp_path):
    served = unet.geopose_of_images(networks[kind])
    compat.export(served, tmp_path / "saved_model")
    artifact = tf.saved_model.load(str(tmp_path / "saved_model"))
    given = inputs((33, 47))
    expected, got = served(given), artifact.serve(*given)
    assert {name: tuple(value.shape) for name, value in got.items()} == {
        "agl": (2, 33, 47),
        **dict.fromkeys(("scale", "angle", "certainty"), (2,)),
    }
    for name, value in expected.items():
        np.testing.assert_allclose(got[name], value, rtol=1e-4, atol=1e-4)


def test_what_is_decided_by_hand():
    agl = tf.constant([-1.0, 2.0, 4.0, 0.0], shape=(1, 2, 2, 1))
    angle = tf.constant([[-0.6, 0.0]])
    found = unet.Decide(name="d")({"agl": agl, "scale": tf.constant([[-0.1]]), "angle": angle})
    np.testing.assert_array_equal(found["agl"][0], [[0, 2], [4, 0]])
    assert float(found["scale"][0]) == 0
    assert float(found["angle"][0]) == pytest.approx(1.5 * np.pi)
    assert float(found["certainty"][0]) == pytest.approx(0.6)


def test_the_scale_is_fitted_as_on_the_ground_floor():
    rng = np.random.default_rng(0)
    agl, magnitude = rng.random((2, 3, 5, 4)).astype(np.float32)
    agl[1] = 0
    expected = [baselines_geopose.fitted_scale(a, m) for a, m in zip(agl, magnitude)]
    found = unet.Decide(name="d")(
        {"agl": agl[..., None], "magnitude": magnitude[..., None], "angle": np.ones((3, 2), "f4")}
    )
    np.testing.assert_allclose(found["scale"], expected, rtol=1e-5)
    assert expected[1] == 0


def test_losses_by_hand():
    true = tf.constant([[0.0, 2.0, 10.0]])
    pred = tf.constant([[0.0, 1.0, 0.0]])
    by_hand = {
        "squared_error": [0, 1, 100],
        "huber": [0, 0.5, KNEE * (10 - KNEE / 2)],
        "log_squared_error": [0, np.log(3 / 2) ** 2, np.log(11) ** 2],
        "r2": [0, 1, 100],
    }
    assert set(by_hand) == set(HEIGHT_LOSSES)
    for name, expected in by_hand.items():
        np.testing.assert_allclose(HEIGHT_LOSSES[name](true, pred)[0], expected, rtol=1e-5)


@pytest.mark.parametrize("loss", HEIGHT_LOSSES.values())
def test_heights_below_ground_are_pulled_up(loss):
    pred = tf.Variable([-3.0])
    with tf.GradientTape() as tape:
        value = loss(tf.constant([0.0]), pred)
    assert float(tape.gradient(value, pred)[0]) < 0
