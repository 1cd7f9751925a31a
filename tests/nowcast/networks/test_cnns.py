import numpy as np
import pytest
import tensorflow as tf
from scipy import ndimage
from tensorflow import keras

from seaice_tf import compat
from seaice_tf.networks.weights import named_weights
from seaice_tf.nowcast.networks import cnns
from seaice_tf.nowcast.networks.batch_statistics import use_batch_statistics
from seaice_tf.nowcast.networks.lucas_kanade import LucasKanade
from seaice_tf.nowcast.networks.per_lead_unet import CORRECTION, FLOWS, Agreement
from seaice_tf.nowcast.networks.perceiver import flow_perceiver
from seaice_tf.nowcast.networks.serving import counts_to_counts, mean_of_views

SIZE = {"frames": 3, "leads": 2, "side": 32, "target": 16}
SMALL = {
    "lead_unet": {"filters": (3, 4), "ages": (1,), "margin": 4},
    "cnn_cnn": {"shared_filters": 2, "decoder_filters": (4, 6)},
    "conv_lstm": {"filters": (2, 4)},
    "flow_unet": {"filters": (3, 4), "recent": 2, "margin": 4},
    "flow_alone": {},
}


def build(name, **options):
    return cnns.NETWORKS[name](**SMALL[name], **SIZE, **options)


@pytest.fixture(scope="module")
def past():
    return np.random.default_rng(0).uniform(0, 1023, (2, 3, 32, 32)).astype("float32")


@pytest.fixture(scope="module")
def networks():
    return {name: build(name) for name in cnns.NETWORKS}


@pytest.mark.parametrize("name", cnns.NETWORKS)
def test_frames_of_all_leads(networks, past, name):
    network = networks[name]
    frames = network(past)["frames"].numpy()
    assert frames.shape == (2, 2, 16, 16)
    assert np.isfinite(frames).all()
    names = [layer.name for layer in network.layers]
    assert not any(each.startswith(("conv2d", "batch_norm", "permute")) for each in names)
    assert len(named_weights(network)) == len(network.weights)


def test_all_networks_have_tests():
    assert set(SMALL) == set(cnns.NETWORKS)


def test_a_difference_starts_from_what_it_is_added_to(networks, past):
    flow = networks["flow_alone"](past)["frames"]
    unet = build("flow_unet", blur="none")
    np.testing.assert_allclose(unet(past)["frames"], flow, atol=1e-3)
    last = build("cnn_cnn", difference="last")(past)["frames"].numpy()
    np.testing.assert_allclose(last, past[:, -1:, 8:-8, 8:-8].repeat(2, axis=1), atol=1e-3)


def test_what_is_told_of_a_lead_is_the_same_however_many_there_are(past):
    few, more = (build_leads(leads) for leads in (2, 3))
    kernel, bias = few.get_layer("told").get_weights()
    few.get_layer("told").set_weights([np.full_like(kernel, 0.1), bias])
    more.set_weights(few.get_weights())
    np.testing.assert_allclose(
        more(past)["frames"][:, :2], few(past)["frames"], rtol=1e-4, atol=1e-2
    )


def test_without_a_correction_frames_go_straight_on_and_blur_as_leads_grow():
    drops = np.zeros((1, 5, 32, 32), "float32")
    rng = np.random.default_rng(1)
    texture = ndimage.gaussian_filter(rng.normal(size=(32, 64)), 2, mode="wrap") * 2000 + 500
    for i in range(5):
        drops[0, i] = np.roll(texture, i, axis=1)[:, :32]
    network = build_leads(4, frames=4)
    leads = network(drops[:, :4])["frames"].numpy()[0]
    error = np.abs(leads[0] - drops[0, 4, 8:-8, 8:-8]).mean()
    assert error < 0.3 * np.abs(drops[0, 3] - drops[0, 4])[8:-8, 8:-8].mean()
    rough = np.abs(np.diff(leads)).mean(axis=(1, 2))
    assert (np.diff(rough) < 0).all()


def test_flows_that_agree_change_nothing_and_others_are_averaged():
    one, other = np.random.default_rng(0).random((2, 1, 3, 4, 4, 2), np.float32)
    mean, apart = Agreement()([one, one])
    np.testing.assert_array_equal(mean, one[..., 0])
    assert float(tf.reduce_max(apart)) < 2e-3
    mean, apart = Agreement()([one, other])
    np.testing.assert_allclose(mean, (one + other)[..., 0] / 2, rtol=1e-6)
    np.testing.assert_allclose(apart, np.abs(one - other)[..., 0] / 2, atol=1e-3)


@pytest.mark.parametrize("choice", [0, 1, 2, len(FLOWS) + 1])
def test_a_vote_for_one_choice_gives_it_and_a_correction_is_added(past, choice):
    network = build_leads(2)
    kernel, bias = network.get_layer("told").get_weights()
    bias[:2] = 0.5, 0  # the correction, and the blurred mean
    bias[1 + choice] += 60
    network.get_layer("told").set_weights([kernel, bias])
    choices = keras.Model(network.input, network.get_layer("choices").output)(past).numpy()
    assert choices.shape[-1] == len(FLOWS) + 2
    frames = network(past)["frames"].numpy() - 0.5 * CORRECTION
    inner = (choices.shape[2] - frames.shape[2]) // 2
    expected = choices[:, :, inner:-inner, inner:-inner, choice]
    np.testing.assert_allclose(frames, expected, rtol=1e-4, atol=1e-2)
    if choice == 1:
        edge = (past.shape[2] - frames.shape[2]) // 2
        still = past[:, -1:, edge:-edge, edge:-edge]
        np.testing.assert_allclose(frames, np.repeat(still, 2, axis=1), rtol=1e-4, atol=1e-2)


def test_a_served_model_has_no_flow_that_the_network_does_not_see():
    network = build_leads(2)
    served = counts_to_counts(network)
    found = [layer for layer in served.layers if isinstance(layer, LucasKanade)]
    assert len(found) == len(FLOWS)
    assert network.get_layer("flow") in found


def test_four_views_give_what_one_by_one_they_give_on_average(past):
    network = build_leads(2)
    kernel, _ = network.get_layer("told").get_weights()
    rng = np.random.default_rng(0)
    network.get_layer("told").set_weights([rng.normal(size=kernel.shape), rng.normal(size=9)])
    served = counts_to_counts(network)
    found = mean_of_views(served)(past)
    frames = []
    for down in (1, -1):
        for across in (1, -1):
            told = served(past[:, :, ::down, ::across])["frames"].numpy()
            frames.append(told[:, :, ::down, ::across])
    np.testing.assert_allclose(found["frames"], np.mean(frames, axis=0), rtol=1e-3, atol=0.1)
    assert np.std(frames, axis=0).max() > 1
    np.testing.assert_allclose(found["flow"], served(past)["flow"], atol=1e-4)


def build_leads(leads, **size):
    return cnns.lead_unet(**SMALL["lead_unet"], **{**SIZE, **size, "leads": leads})


def test_a_blur_is_learnt_for_each_lead(past):
    network = build("cnn_cnn", blur="output", last_kernel=1)
    blur = network.get_layer("blur")
    assert blur.trainable_weights[0].shape == (2,)
    assert np.diff(blur.sigma.numpy()) > 0
    rough, smooth = (np.abs(np.diff(network(past)["frames"][:, i])).mean() for i in (0, 1))
    assert smooth < rough


def test_a_flow_network_can_tell_the_flow(past):
    network = flow_perceiver(32, latents=2, width=4, blocks=1, heads=1, bands=2)
    model = build("flow_alone", flow_network=network, blur="output")
    still = past[:, -1, 8:-8, 8:-8]
    assert np.abs(model(past)["frames"][:, 0] - still).mean() < 40  # hardly any flow, little blur
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(model(past)["frames"] ** 2)
    assert all(g is not None for g in tape.gradient(loss, network.trainable_weights))


def test_the_flow_of_a_network_is_the_mean_over_the_last_pairs():
    past = np.random.default_rng(0).uniform(0, 1023, (3, 7, 32, 32)).astype("float32")
    network = flow_perceiver(32, latents=2, width=4, blocks=1, heads=1, bands=2)
    told = network.get_layer("told")
    told.set_weights([np.random.default_rng(1).normal(size=w.shape) for w in told.get_weights()])
    model = cnns.flow_alone(network, frames=7, leads=1, side=32, target=16)
    flow = counts_to_counts(model)(past)["flow"]
    pairs = [network(past[:, i : i + 2]) for i in range(2, 6)]
    assert np.std(pairs, axis=0).mean() > 0.01
    np.testing.assert_allclose(flow, np.mean(pairs, axis=0), atol=1e-4)


def test_batch_statistics_are_those_of_the_batch_at_hand(past):
    model = build("flow_unet")
    before = set(named_weights(model))
    conv = model.get_layer("leads")
    conv.set_weights([np.full_like(w, 0.1) for w in conv.get_weights()])
    trained = model(past, training=True)["frames"].numpy()
    alone = model(past)["frames"].numpy()
    use_batch_statistics(model)
    kept = [w.numpy() for w in model.weights]
    assert np.abs(alone - trained).max() > 1
    np.testing.assert_allclose(model(past)["frames"], trained, atol=0.05)
    model(past, training=True)
    for old, new in zip(kept, model.weights):
        np.testing.assert_array_equal(old, new)
    assert set(named_weights(model)) == before


def test_what_is_served_are_counts_and_the_flow(networks, past, tmp_path):
    network = networks["cnn_cnn"]
    frames = network(past)["frames"].numpy()
    moved = networks["flow_alone"](past)["frames"].numpy()
    served = counts_to_counts(network, flow_share=0.25)
    expected = np.clip(0.75 * frames + 0.25 * moved, 0, 1023)
    compat.export(served, tmp_path / "saved_model")
    artifact = tf.saved_model.load(str(tmp_path / "saved_model"))
    found = artifact.serve(past)
    np.testing.assert_allclose(found["frames"], expected, atol=0.01)
    np.testing.assert_allclose(found["flow"], LucasKanade()(past), atol=1e-3)
    assert (
        len(counts_to_counts(networks["flow_unet"]).layers) == len(networks["flow_unet"].layers) + 1
    )  # it has its flow already


@pytest.mark.parametrize("name", ["lead_unet", "cnn_cnn", "conv_lstm", "flow_unet"])
def test_every_network_can_be_trained(networks, past, name):
    network = networks[name]
    network.compile("sgd", loss={"frames": "mae"}, jit_compile=False)
    loss = network.train_on_batch(past, {"frames": past[:, :2, 8:-8, 8:-8]})
    assert np.isfinite(loss).all()
