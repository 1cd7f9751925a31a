from typing import get_args

import numpy as np
import pytest
import tensorflow as tf

from seaice_tf.networks.weights import named_weights
from seaice_tf.nowcast.networks import cnns, perceiver, serving
from tests.nowcast.networks.conftest import FACTORIES


def test_every_choice_is_implemented():
    assert get_args(cnns.ResidualTo) == tuple(cnns.RESIDUALS)
    assert get_args(cnns.Blur) == tuple(cnns.BLURS)
    assert get_args(perceiver.FlowSource) == tuple(perceiver.FLOW_SOURCES)
    assert get_args(serving.Tta) == tuple(serving.TTA)


@pytest.mark.parametrize("name", FACTORIES)
def test_frames_of_all_leads(networks, past, name):
    network = networks[name]
    frames = network(past)["frames"].numpy()
    assert frames.shape == (2, 2, 16, 16)
    assert np.isfinite(frames).all()
    names = [layer.name for layer in network.layers]
    assert not any(each.startswith(("conv2d", "batch_norm", "permute")) for each in names)
    assert len(named_weights(network)) == len(network.weights)


def test_a_residual_starts_from_what_it_is_added_to(build, networks, past):
    flow = networks["flow_alone"](past)["frames"]
    unet = build("flow_unet", blur="none")
    np.testing.assert_allclose(unet(past)["frames"], flow, atol=1e-3)
    last = build("cnn_cnn", residual_to="persistence")(past)["frames"].numpy()
    np.testing.assert_allclose(last, past[:, -1:, 8:-8, 8:-8].repeat(2, axis=1), atol=1e-3)


def test_each_lead_has_a_trainable_blur(build, past):
    network = build("cnn_cnn", blur="output", last_kernel=1)
    blur = network.get_layer("blur")
    assert blur.trainable_weights[0].shape == (2,)
    assert np.diff(blur.sigma.numpy()) > 0
    rough, smooth = (np.abs(np.diff(network(past)["frames"][:, i])).mean() for i in (0, 1))
    assert smooth < rough


def test_a_flow_network_can_be_trained_through_its_forecast(build, past):
    network = perceiver.flow_perceiver(32, latents=2, width=4, blocks=1, heads=1, bands=2)
    model = build("flow_alone", flow_network=network, blur=True)
    still = past[:, -1, 8:-8, 8:-8]
    assert np.abs(model(past)["frames"][:, 0] - still).mean() < 40  # hardly any flow, little blur
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(model(past)["frames"] ** 2)
    assert all(g is not None for g in tape.gradient(loss, network.trainable_weights))


def test_batch_statistics_are_those_of_the_batch(build, past):
    model = build("flow_unet")
    before = set(named_weights(model))
    conv = model.get_layer("leads")
    conv.set_weights([np.full_like(w, 0.1) for w in conv.get_weights()])
    trained = model(past, training=True)["frames"].numpy()
    alone = model(past)["frames"].numpy()
    cnns.use_batch_statistics(model)
    kept = [w.numpy() for w in model.weights]
    assert np.abs(alone - trained).max() > 1
    np.testing.assert_allclose(model(past)["frames"], trained, atol=0.05)
    model(past, training=True)
    for old, new in zip(kept, model.weights):
        np.testing.assert_array_equal(old, new)
    assert set(named_weights(model)) == before


@pytest.mark.parametrize("name", ["per_lead_unet", "cnn_cnn", "conv_lstm", "flow_unet"])
def test_every_network_can_be_trained(build, past, name):
    network = build(name)
    network.compile("sgd", loss={"frames": "mae"}, run_eagerly=True, jit_compile=False)
    loss = network.train_on_batch(past, {"frames": past[:, :2, 8:-8, 8:-8]})
    assert np.isfinite(loss).all()
