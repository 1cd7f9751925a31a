import numpy as np
import pytest
from scipy import ndimage

from seaice_tf.models.flow_network import by_warping, flow_perceiver, positions
from seaice_tf.models.losses import absolute_error
from seaice_tf.models.weights import named_weights


@pytest.fixture(scope="module")
def network():
    return flow_perceiver(32, latents=8, width=16, blocks=1, heads=2, bands=4)


@pytest.fixture(scope="module")
def pairs():
    """Textures of which the second frame is the first moved one pixel down, three to the right."""
    noise = np.random.default_rng(0).normal(size=(8, 48, 48))
    scenes = 300 + 300 * ndimage.gaussian_filter(noise, (0, 3, 3))
    return np.stack([scenes[:, 8:40, 8:40], scenes[:, 7:39, 5:37]], axis=1).astype("float32")


def test_positions_are_a_place_and_waves_of_it():
    place = positions(3, 5, 2)
    assert place.shape == (15, 10)
    np.testing.assert_allclose(place[7], [0, 0, *[0] * 4, *[1] * 4], atol=1e-12)


def test_it_starts_from_hardly_any_flow(network, pairs):
    flow = network(pairs).numpy()
    assert flow.shape == (8, 32, 32, 2)
    assert np.abs(flow).max() < 0.5
    assert len(named_weights(network)) == len(network.weights)


def test_it_learns_from_warped_frames_without_known_flows(network, pairs):
    model = by_warping(network)
    model.compile("adam", loss={"frames": absolute_error}, jit_compile=False)
    model.optimizer.learning_rate.assign(1e-2)
    still = np.abs(pairs[:, 1] - pairs[:, 0]).mean()
    model.fit(pairs, {"frames": pairs[:, 1:]}, epochs=20, batch_size=8, verbose=0)
    moved = model(pairs)["frames"].numpy()
    assert moved.shape == (8, 1, 32, 32)
    assert np.abs(moved - pairs[:, 1:]).mean() < 0.6 * still
    assert network(pairs).numpy().mean(axis=(0, 1, 2)) == pytest.approx([1, 3], abs=1)
