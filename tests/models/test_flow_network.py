import numpy as np
import pytest
from scipy import ndimage
from tensorflow import keras

from seaice_tf.models.flow_network import by_warping, flow_perceiver, positions
from seaice_tf.models.losses import absolute_error
from seaice_tf.models.weights import named_weights


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


def test_positions_are_a_place_and_waves_of_it():
    place = positions(3, 5, 2)
    assert place.shape == (15, 10)
    np.testing.assert_allclose(place[7], [0, 0, *[0] * 4, *[1] * 4], atol=1e-12)


def test_it_starts_from_hardly_any_flow(network):
    flow = network(moved(8, seed=0)[0]).numpy()
    assert flow.shape == (8, 32, 32, 2)
    assert np.abs(flow).max() < 0.5
    assert len(named_weights(network)) == len(network.weights)


def test_it_learns_from_warped_frames_to_tell_motions_that_it_was_not_shown():
    keras.utils.set_random_seed(0)
    network = flow_perceiver(32, latents=8, width=32, blocks=1, heads=2, bands=4)
    model = by_warping(network)
    model.compile("adam", loss={"frames": absolute_error}, jit_compile=False)
    model.optimizer.learning_rate.assign(3e-3)
    pairs, _ = moved(1024, seed=0)
    model.fit(pairs, {"frames": pairs[:, 1:]}, epochs=2, batch_size=16, verbose=0)
    unseen, motions = moved(64, seed=1)
    assert model(unseen)["frames"].shape == (64, 1, 32, 32)
    flow = network(unseen).numpy()[:, 8:24, 8:24].mean(axis=(1, 2))
    assert np.abs(flow - motions).mean() < 0.6 * np.abs(motions).mean()
    for told, true in zip(flow.T, motions.T):
        assert np.corrcoef(told, true)[0, 1] > 0.8
