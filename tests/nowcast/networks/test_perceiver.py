import numpy as np
import pytest
from scipy import ndimage
from tensorflow import keras

from seaice_tf import compat
from seaice_tf.networks.weights import named_weights
from seaice_tf.nowcast.networks.motion import GaussianBlur
from seaice_tf.nowcast.networks.perceiver import (
    Patches,
    WeightedWindowFlow,
    endpoint_error,
    flow_perceiver,
    flow_training_model,
    positions,
)


@pytest.fixture(scope="module")
def network():
    return flow_perceiver(32, latents=8, width=16, blocks=1, heads=2, bands=4)


def moved(number, seed):
    """Textures each moved by whole pixels of its own: pairs (N, 2, 32, 32) and motions (N, 2)."""
    rng = np.random.default_rng(seed)
    scenes = 300 + 300 * ndimage.gaussian_filter(rng.normal(size=(number, 48, 48)), (0, 3, 3))
    motions = rng.integers(-3, 4, size=(number, 2))
    later = [scene[8 - d : 40 - d, 8 - r : 40 - r] for scene, (d, r) in zip(scenes, motions)]
    return np.stack([scenes[:, 8:40, 8:40], later], axis=1).astype("float32"), motions


def test_positions_and_their_fourier_features():
    place = positions(3, 5, 2)
    assert place.shape == (15, 10)
    np.testing.assert_allclose(place[7], [0, 0, *[0] * 4, *[1] * 4], atol=1e-12)


def test_an_untrained_network_gives_hardly_any_flow(network):
    flow = network(moved(8, seed=0)[0]).numpy()
    assert flow.shape == (8, 32, 32, 2)
    assert np.abs(flow).max() < 0.5
    assert len(named_weights(network)) == len(network.weights)


@pytest.mark.slow
def test_training_generalises_to_unseen_motions():
    keras.utils.set_random_seed(0)
    network = flow_perceiver(16, latents=4, width=16, blocks=1, heads=2, bands=4)
    model = flow_training_model(network)
    model.compile("adam", loss={"flow": endpoint_error}, jit_compile=False)
    model.optimizer.learning_rate.assign(1e-2)
    compat.optimizer_variables(model)  # else Keras traces the step twice
    pairs, motions = moved(1024, seed=0)
    known = np.broadcast_to(motions[:, None, None], (1024, 16, 16, 2))
    middle = np.s_[:, :, 8:24, 8:24]
    model.fit(pairs[middle], {"flow": known}, epochs=3, batch_size=16, verbose=0)
    unseen, motions = moved(64, seed=1)
    flow = network(unseen[middle]).numpy()[:, 4:12, 4:12].mean(axis=(1, 2))
    assert np.abs(flow - motions).mean() < 0.4 * np.abs(motions).mean()
    for pred, true in zip(flow.T, motions.T):
        assert np.corrcoef(pred, true)[0, 1] > 0.9
        assert (pred * np.sign(true))[np.abs(true) == 3].mean() > 2  # also of the largest motions


def test_weights_combine_the_motion_across_edges():
    """One half has weight for rows only, the other for columns only; all pixels get both."""
    head = np.zeros((1, 16, 16, 5), "float32")
    head[:, :, :8] = (2, 0, 0, 0, -1)  # weight of the rows, L = [[1, 0], [0, 0]]
    head[:, :, 8:] = (0, -3, -1, 0, 0)  # of the columns
    flow = WeightedWindowFlow(8.0)(head).numpy()
    np.testing.assert_allclose(flow[0], np.broadcast_to((2, -3), (16, 16, 2)), atol=0.3)


@pytest.mark.parametrize("size", [1, 10, 1000])
def test_one_edge_of_any_weight_can_be_solved(size):
    head = np.zeros((1, 8, 8, 5), "float32") + np.array((1, 2, size - 1, size, -1), "float32")
    flow = WeightedWindowFlow(3.0)(head).numpy()
    np.testing.assert_allclose(flow[0], np.broadcast_to((1, 2), (8, 8, 2)), atol=0.01)


def test_equal_weights_give_the_mean_of_the_window():
    head = np.random.default_rng(0).normal(size=(2, 16, 12, 5)).astype("float32")
    head[..., 2:] = 0
    mean = GaussianBlur((3.0, 3.0))(head[..., :2])
    np.testing.assert_allclose(WeightedWindowFlow(3.0)(head), mean, atol=1e-5)


def test_patches_do_not_depend_on_brightness_and_contrast():
    pairs = 10 * moved(4, seed=0)[0]
    known = Patches((1, 2, 4), bands=2)
    features = known(pairs).numpy()
    assert features.shape == (4, 32, 32, 3 * 18 + 2 + 8)
    assert np.abs(features[..., :54]).std() > 0.5
    np.testing.assert_allclose(known(100 + pairs / 2), features, atol=0.3)


def test_patches_are_the_pixels_around_of_both_frames():
    pairs, _ = moved(1, seed=0)
    features = Patches((1, 4), bands=1)(pairs).numpy()[0, 16, 12]
    near = pairs[0, :, 15:18, 11:14]
    blocks = [pairs[0, :, r : r + 4, c : c + 4] for r in (11, 15, 19) for c in (7, 11, 15)]
    far = np.stack([block.mean(axis=(1, 2)) for block in blocks], axis=1)
    for found, patch in ((features[:18], near), (features[18:36], far)):
        values = np.moveaxis(patch.reshape(2, 9), 0, -1).ravel()
        standard = (values - values.mean()) / np.sqrt(values.var() + 1)
        np.testing.assert_allclose(found, standard, atol=1e-3)
