import dataclasses

import numpy as np
import pytest
import tensorflow as tf
from scipy import ndimage
from tensorflow import keras

from seaice_tf.nowcast import training
from seaice_tf.nowcast.networks.per_lead_unet import (
    CORRECTION,
    DETAIL_REACH,
    DETAIL_SIGMA,
    FLOWS,
    DampedDetail,
    FlowMeanAndStd,
)
from seaice_tf.nowcast.networks.serving import mean_over_flips, serving_model


def test_weights_give_the_same_frames_for_any_number_of_leads(build, past):
    few, more = (build("per_lead_unet", leads=leads) for leads in (2, 3))
    head = few.get_layer("unet_head").get_layer("head")
    kernel, bias = head.get_weights()
    head.set_weights([np.full_like(kernel, 0.1), bias])
    more.set_weights(few.get_weights())
    np.testing.assert_allclose(
        more(past)["frames"][:, :2], few(past)["frames"], rtol=1e-4, atol=1e-2
    )


def test_an_untrained_network_extrapolates_and_blurs_with_the_lead(build):
    drops = np.zeros((1, 5, 32, 32), "float32")
    rng = np.random.default_rng(1)
    texture = ndimage.gaussian_filter(rng.normal(size=(32, 64)), 2, mode="wrap") * 2000 + 500
    for i in range(5):
        drops[0, i] = np.roll(texture, i, axis=1)[:, :32]
    network = build("per_lead_unet", leads=4, frames=4)
    leads = network(drops[:, :4])["frames"].numpy()[0]
    error = np.abs(leads[0] - drops[0, 4, 8:-8, 8:-8]).mean()
    assert error < 0.3 * np.abs(drops[0, 3] - drops[0, 4])[8:-8, 8:-8].mean()
    rough = np.abs(np.diff(leads)).mean(axis=(1, 2))
    assert (np.diff(rough) < 0).all()


def test_equal_flows_have_no_deviation_and_others_are_averaged():
    one, other = np.random.default_rng(0).random((2, 1, 3, 4, 4), np.float32)
    mean, std = FlowMeanAndStd(2)(np.stack([one, one, other], axis=-1))
    np.testing.assert_array_equal(mean, one)
    assert float(tf.reduce_max(std)) < 2e-3
    mean, std = FlowMeanAndStd(2)(np.stack([one, other, one], axis=-1))
    np.testing.assert_allclose(mean, (one + other) / 2, rtol=1e-6)
    np.testing.assert_allclose(std, np.abs(one - other) / 2, atol=1e-3)


@pytest.mark.parametrize("candidate", [0, 1, 2, FLOWS + 1])
def test_a_weight_of_one_gives_the_candidate_plus_the_correction(networks, past, candidate):
    network = networks["per_lead_unet"]
    head = network.get_layer("unet_head").get_layer("head")
    before = head.get_weights()
    bias = np.zeros_like(before[1])
    bias[:2] = 0.5, 0  # the correction, and the blurred mean
    bias[1 + candidate] += 60
    head.set_weights([np.zeros_like(before[0]), bias])
    outputs = [network.get_layer("candidates").output, network.output["frames"]]
    candidates, frames = (x.numpy() for x in keras.Model(network.input, outputs)(past))
    head.set_weights(before)
    assert candidates.shape[-1] == FLOWS + 2
    frames = frames - 0.5 * CORRECTION
    inner = (candidates.shape[2] - frames.shape[2]) // 2
    expected = candidates[:, :, inner:-inner, inner:-inner, candidate]
    np.testing.assert_allclose(frames, expected, rtol=1e-4, atol=1e-2)
    if candidate == 1:
        edge = (past.shape[2] - frames.shape[2]) // 2
        still = past[:, -1:, edge:-edge, edge:-edge]
        np.testing.assert_allclose(frames, np.repeat(still, 2, axis=1), rtol=1e-4, atol=1e-2)


def test_flips_are_the_mean_over_mirror_images_of_the_window(build, past):
    plain, flipped = build("per_lead_unet"), build("per_lead_unet", flips=True)
    head, rng = plain.get_layer("unet_head").get_layer("head"), np.random.default_rng(0)
    head.set_weights([rng.normal(size=w.shape) for w in head.get_weights()])
    flipped.set_weights(plain.get_weights())
    slow = mean_over_flips(serving_model(plain))(past)["frames"]
    np.testing.assert_allclose(flipped(past)["frames"], slow, rtol=1e-3, atol=0.1)
    assert np.abs(slow - np.clip(plain(past)["frames"], 0, 1023)).max() > 1


def test_detail_is_damped_towards_the_gaussian_mean_with_the_lead():
    frames = np.random.default_rng(0).uniform(0, 1000, (1, 14, 24, 20)).astype(np.float32)
    found = DampedDetail(0.3)(frames).numpy()
    sigma, reach = (0, 0, DETAIL_SIGMA, DETAIL_SIGMA), (0, 0, DETAIL_REACH, DETAIL_REACH)
    sums, weights = (
        ndimage.gaussian_filter(x, sigma, mode="constant", radius=reach)
        for x in (frames.astype(float), np.ones(frames.shape))
    )
    share = 0.3 * np.minimum(np.arange(1, 15) / 12, 1).reshape(1, -1, 1, 1)
    np.testing.assert_allclose(found, frames + share * (sums / weights - frames), atol=1e-2)
    even = np.full((1, 3, 24, 20), 700, np.float32)
    np.testing.assert_allclose(DampedDetail(0.3)(even), even, atol=1e-3)


def test_the_exported_forecast_alone_is_damped(frame_settings):
    trained = training.build(frame_settings)
    assert "damped_detail" not in {layer.name for layer in trained.layers}
    head = trained.get_layer("unet_head").get_layer("head")
    head.set_weights([np.full_like(w, 0.1) for w in head.get_weights()])
    past = np.random.default_rng(0).uniform(0, 1000, (1, 12, 128, 128)).astype(np.float32)

    def first_frames(damping):
        network = dataclasses.replace(frame_settings.network, detail_damping=damping)
        settings = dataclasses.replace(frame_settings, network=network, advection_weight=0.0)
        return training.serving_model(settings, trained)(past)["frames"][:, :3].numpy()

    plain = trained(past)["frames"]
    for damping, frames in ((0.0, plain), (0.3, DampedDetail(0.3)(plain))):
        np.testing.assert_allclose(first_frames(damping), np.clip(frames, 0, 1023), atol=1e-2)
