import numpy as np
import tensorflow as tf

from seaice_tf import compat
from seaice_tf.nowcast.networks.cnns import flow_alone
from seaice_tf.nowcast.networks.motion import LucasKanade
from seaice_tf.nowcast.networks.per_lead_unet import PAIRS
from seaice_tf.nowcast.networks.perceiver import flow_perceiver
from seaice_tf.nowcast.networks.serving import mean_over_flips, serving_model


def test_the_serving_model_adds_no_flow_to_one_that_the_network_has(networks):
    network = networks["per_lead_unet"]
    model = serving_model(network)
    found = [layer for layer in model.layers if isinstance(layer, LucasKanade)]
    assert len(found) == len(PAIRS)
    assert network.get_layer("flow") in model.layers
    unet = networks["flow_unet"]
    assert len(serving_model(unet).layers) == len(unet.layers) + 1


def test_tta_is_the_mean_over_mirror_images(build, past):
    network = build("per_lead_unet")
    head, rng = network.get_layer("unet_head").get_layer("head"), np.random.default_rng(0)
    head.set_weights([rng.normal(size=w.shape) for w in head.get_weights()])
    model = serving_model(network)
    found = mean_over_flips(model)(past)
    frames = []
    for down in (1, -1):
        for across in (1, -1):
            mirrored = model(past[:, :, ::down, ::across])["frames"].numpy()
            frames.append(mirrored[:, :, ::down, ::across])
    np.testing.assert_allclose(found["frames"], np.mean(frames, axis=0), rtol=1e-3, atol=0.1)
    assert np.std(frames, axis=0).max() > 1
    np.testing.assert_allclose(found["flow"], model(past)["flow"], atol=1e-4)


def test_the_flow_of_a_network_is_the_mean_over_the_last_pairs():
    past = np.random.default_rng(0).uniform(0, 1023, (3, 7, 32, 32)).astype("float32")
    network = flow_perceiver(32, latents=2, width=4, blocks=1, heads=1, bands=2)
    head, rng = network.get_layer("head"), np.random.default_rng(1)
    head.set_weights([rng.normal(size=w.shape) for w in head.get_weights()])
    model = flow_alone(network, frames=7, leads=1, side=32, target=16)
    flow = serving_model(model)(past)["flow"]
    pairs = [network(past[:, i : i + 2]) for i in range(2, 6)]
    assert np.std(pairs, axis=0).mean() > 0.01
    np.testing.assert_allclose(flow, np.mean(pairs, axis=0), atol=1e-4)


def test_the_exported_model_gives_counts_and_the_flow(networks, past, tmp_path):
    network = networks["cnn_cnn"]
    frames = network(past)["frames"].numpy()
    advected = networks["flow_alone"](past)["frames"].numpy()
    expected = np.clip(0.75 * frames + 0.25 * advected, 0, 1023)
    compat.export(serving_model(network, advection_weight=0.25), tmp_path / "saved_model")
    artifact = tf.saved_model.load(str(tmp_path / "saved_model"))
    found = artifact.serve(past)
    np.testing.assert_allclose(found["frames"], expected, atol=0.01)
    np.testing.assert_allclose(found["flow"], LucasKanade()(past), atol=1e-3)
