"""The network, its slope directions, the exported model and the losses."""

import numpy as np
import pytest
import tensorflow as tf
from tensorflow import keras

from seaice_tf import compat
from seaice_tf.geopose.data import synthetic
from seaice_tf.geopose.data.pose import direction, one_hot
from seaice_tf.geopose.networks import unet
from seaice_tf.geopose.networks.losses import HEIGHT_LOSSES, KNEE
from seaice_tf.geopose.scores import baselines
from seaice_tf.networks import encoders, weights


def inputs(size=(40, 36), batch=2):
    rng = np.random.default_rng(0)
    image = rng.integers(0, 256, (batch, *size, 3)).astype(np.uint8)
    city = np.repeat(one_hot("JAX")[None], batch, axis=0)
    return image, city, np.full((batch, 1), 0.4, np.float32)


@pytest.fixture(scope="module")
def networks():
    """One network for each kind of scale; the second ends at stride 4 and is resized."""
    keras.utils.set_random_seed(0)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(encoders, "SMALL_FILTERS", (2, 2, 3, 3, 4))
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


def test_outputs_depend_on_city_and_ground_sample_distance(networks):
    image, city, gsd = inputs(batch=1)
    image = image.astype(np.float32)
    one = networks["head"]((image, city, gsd))
    for changed in ((image, city[:, ::-1], gsd), (image, city, 2 * gsd)):
        other = networks["head"](changed)
        for head in one:
            assert np.abs(one[head] - other[head]).max() > 0


def test_the_exported_model_gives_equal_outputs_for_any_size(networks, tmp_path):
    """Of a fitted scale; tests/test_every_task.py exports the one with a head."""
    given = inputs((33, 47))
    outputs = {kind: unet.serving_model(network)(given) for kind, network in networks.items()}
    for found in outputs.values():
        assert {name: tuple(value.shape) for name, value in found.items()} == {
            "agl": (2, 33, 47),
            **dict.fromkeys(("scale", "angle", "certainty"), (2,)),
        }
    compat.export(unet.serving_model(networks["fit"]), tmp_path / "saved_model")
    artifact = tf.saved_model.load(str(tmp_path / "saved_model"))
    got = artifact.serve(*given)
    for name, value in outputs["fit"].items():
        np.testing.assert_allclose(got[name], value, rtol=1e-4, atol=1e-4)


def test_outputs_of_the_served_model_by_hand():
    agl = tf.constant([-1.0, 2.0, 4.0, 0.0], shape=(1, 2, 2, 1))
    angle = tf.constant([[-0.6, 0.0]])
    found = unet.DecidePose(name="d")({"agl": agl, "scale": tf.constant([[-0.1]]), "angle": angle})
    np.testing.assert_array_equal(found["agl"][0], [[0, 2], [4, 0]])
    assert float(found["scale"][0]) == 0
    assert float(found["angle"][0]) == pytest.approx(1.5 * np.pi)
    assert float(found["certainty"][0]) == pytest.approx(0.6)


def test_the_scale_is_fitted_as_by_the_baseline():
    rng = np.random.default_rng(0)
    agl, magnitude = rng.random((2, 3, 5, 4)).astype(np.float32)
    agl[1] = 0
    expected = [baselines.fitted_scale(a, m) for a, m in zip(agl, magnitude)]
    found = unet.DecidePose(name="d")(
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
def test_gradients_raise_heights_below_ground(loss):
    pred = tf.Variable([-3.0])
    with tf.GradientTape() as tape:
        value = loss(tf.constant([0.0]), pred)
    assert float(tape.gradient(value, pred)[0]) < 0


@pytest.mark.parametrize("changes", [{"scale_by": "heads"}, {"pose_from": "all"}])
def test_unknown_choices_are_errors(changes):
    with pytest.raises(ValueError, match="expected one of"):
        unet.network(**changes)


slope_direction = unet.SlopeDirection()


def vectors(maps):
    """(B, 2 powers, 2), to the right and down, of maps with one channel."""
    return slope_direction(maps).numpy().reshape(len(maps), 2, 2)


def test_slope_directions_by_hand():
    """Rises by 4 at once and falls by 1 a pixel to the right: steep slopes win."""
    row = np.array([0, 0, 4, 3, 2, 1, 0, 0, 0], np.float32)
    maps = np.repeat(row[None, None, :, None], 5, axis=1)
    slopes = row[2:] - row[:-2]
    expected = [(abs(slopes) ** p * slopes).sum() / (abs(slopes) ** (p + 1)).sum() for p in (1, 2)]
    np.testing.assert_allclose(vectors(maps)[0], [[x, 0] for x in expected], atol=1e-4)


def test_slope_directions_rotate_with_the_image():
    maps = np.random.default_rng(0).random((1, 9, 9, 1)).astype(np.float32)
    rotated = np.rot90(maps, axes=(1, 2))  # to the right becomes up, down becomes to the right
    right, down = vectors(maps)[0].T
    np.testing.assert_allclose(vectors(rotated)[0].T, [down, -right], atol=1e-6)


def test_slope_directions_of_true_heights_give_the_angle():
    views = [synthetic.tile("JAX", seed, 0, (256, 256), 0.5) for seed in range(6)]
    heights = np.stack([np.nan_to_num(view.agl) for view in views])[..., None]
    found = vectors(heights)[:, 0]
    found /= np.linalg.norm(found, axis=1, keepdims=True)
    true = np.stack([direction(view.pose.angle) for view in views])
    assert (found * true).sum(axis=1).mean() > 0.8


@pytest.mark.parametrize("value", [0.0, 7.0])
def test_slope_directions_of_flat_maps_are_zero(value):
    maps = tf.Variable(tf.fill((1, 5, 5, 2), value))
    with tf.GradientTape() as tape:
        found = slope_direction(maps)
        gradient = tape.gradient(tf.reduce_sum(found), maps)
    np.testing.assert_array_equal(found, np.zeros((1, 8)))
    assert np.isfinite(gradient).all()
