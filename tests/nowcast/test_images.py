"""Forecasts of whole images by small untrained networks."""

import numpy as np
import pytest
from scipy import ndimage

from seaice_tf.errors import InputError
from seaice_tf.nowcast import images
from seaice_tf.nowcast.data.fill import filled
from seaice_tf.nowcast.networks.images import endpoints
from seaice_tf.nowcast.networks.per_lead_unet import per_lead_unet
from seaice_tf.nowcast.networks.serving import serving_model

MOTION = (0.8, -1.3)  # pixels per frame


@pytest.fixture(scope="module")
def moving():
    """A texture that moves: (12, 170, 150) counts."""
    noise = np.random.default_rng(0).normal(size=(230, 230))
    smooth = ndimage.gaussian_filter(noise, 3)
    scene = 400 + 120 * smooth / smooth.std()
    rows, columns = np.mgrid[:170, :150] + 30.0
    frames = [
        ndimage.map_coordinates(scene, (rows - k * MOTION[0], columns - k * MOTION[1]), order=1)
        for k in range(12)
    ]
    return np.array(frames, np.float32)


@pytest.fixture(scope="module")
def network():
    model = per_lead_unet(filters=(2, 3, 3), leads=24, damping=0.3)
    head, rng = model.get_layer("unet_head").get_layer("head"), np.random.default_rng(1)
    head.set_weights([rng.normal(scale=0.2, size=w.shape) for w in head.get_weights()])
    return model


@pytest.fixture(scope="module")
def serve(network):
    """The endpoints of the network as functions of arrays."""
    models = {"serve": serving_model(network), **endpoints(network, flips=False, damping=0.3)}

    def call(inputs, endpoint="serve"):
        outputs = models[endpoint](list(inputs) if isinstance(inputs, tuple) else inputs)
        return {name: np.asarray(value) for name, value in outputs.items()}

    return call


@pytest.fixture(scope="module")
def whole(moving, serve):
    return images.forecast(moving, serve)


def test_an_image_of_the_size_of_a_window_has_its_forecast_in_the_middle(moving, serve):
    window = moving[:, 10:138, 20:148]
    found = images.forecast(window, serve)
    served = serve(window[None])
    assert found["frames"].shape == (24, 128, 128)
    np.testing.assert_allclose(found["flow"], served["flow"][0], atol=1e-3)
    middle = found["frames"][:, 48:80, 48:80]
    np.testing.assert_allclose(middle, served["frames"][0][:, 16:48, 16:48], atol=0.5)


def test_tiles_have_no_seams(moving, serve, whole, monkeypatch):
    monkeypatch.setattr(images, "FRAMES_OUT", 2)
    tiles = images.forecast(moving, serve, max_pixels=(64 + 2 * images.HALO) ** 2)
    np.testing.assert_allclose(tiles["frames"], whole["frames"][:2], atol=0.05)
    np.testing.assert_array_equal(tiles["known"], whole["known"][:2])


def test_what_comes_from_outside_is_not_known(whole):
    """Air moves down and to the left: the upper and the right edge show what was outside."""
    known = whole["known"][11]
    assert known.shape == (170, 150)
    middle = whole["flow"][40:-40, 40:-40]
    np.testing.assert_allclose(middle.mean(axis=(0, 1)), MOTION, atol=0.1)
    assert known[:7].max() == 0
    assert known[:, -13:].max() == 0
    assert known[20:, :-25].min() == 1


def test_unknown_pixels_are_carried_along(moving, serve, monkeypatch):
    monkeypatch.setattr(images, "FRAMES_OUT", 6)
    frames = moving[5:].copy()
    frames[:, 60:80, 60:80] = np.nan
    found = images.forecast(frames, serve)
    assert np.isfinite(found["frames"]).all()
    hole = np.argwhere(found["known"][5][20:-20, 20:-20] < 0.5).mean(axis=0) + 20
    np.testing.assert_allclose(hole, 69.5 + 6 * np.array(MOTION), atol=2.5)


@pytest.mark.parametrize("shape", [(40, 60), (129, 131)])
def test_images_of_any_size(moving, serve, shape, monkeypatch):
    monkeypatch.setattr(images, "FRAMES_OUT", 1)
    found = images.forecast(moving[-4:, : shape[0], : shape[1]], serve)
    assert found["frames"].shape == (1, *shape)
    assert np.isfinite(found["frames"]).all()
    with pytest.raises(InputError, match="expected at least 4 without a gap, got 3"):
        images.forecast(moving[-3:], serve)


def test_models_of_windows_are_blended(moving):
    """A model that repeats the last frame gives the image again, from any of its windows."""

    def serve(batch, endpoint="serve"):
        if endpoint != "serve":
            raise InputError("no such endpoint") from AttributeError()
        return {"frames": np.repeat(batch[:, -1:, 32:96, 32:96], 24, axis=1)}

    found = images.forecast(moving, serve)
    np.testing.assert_allclose(found["frames"][7], moving[-1], rtol=1e-5)
    assert found["known"][0].mean() > 0.95
    with pytest.raises(InputError, match="expected 12 without a gap for this model, got 9"):
        images.forecast(moving[:9], serve)


def test_unknown_pixels_are_filled_with_the_nearest():
    frames = np.array([[[1, np.nan, np.nan, 4]], [[np.nan] * 4]], np.float32)
    np.testing.assert_array_equal(filled(frames)[0, 0, [0, 1, 3]], [1, 1, 4])
    np.testing.assert_array_equal(filled(frames)[1], filled(frames)[0])
