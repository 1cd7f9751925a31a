import numpy as np
import pytest
from scipy import ndimage
from skimage.registration import optical_flow_ilk

from seaice_tf.nowcast.networks.lucas_kanade import LucasKanade

SIDE = 64


@pytest.fixture(scope="module")
def scene():
    """A texture larger than the frames that are cut from it."""
    noise = np.random.default_rng(3).normal(size=(160, 160))
    smooth = ndimage.gaussian_filter(noise, 2) + 3 * ndimage.gaussian_filter(noise, 6)
    return 300 + 100 * smooth / smooth.std()


def seen(scene, motion, number):
    """Frames of a scene that moves by `motion` pixels a frame: (number, SIDE, SIDE) float32."""
    rows, columns = np.mgrid[:SIDE, :SIDE] + 48.0
    frames = [
        ndimage.map_coordinates(scene, (rows - k * motion[0], columns - k * motion[1]), order=3)
        for k in range(number)
    ]
    return np.array(frames, np.float32)


@pytest.mark.parametrize("motion", [(0.0, 0.0), (0.4, -0.7), (3.3, 2.1), (-5.0, 1.5)])
def test_the_flow_of_a_moved_texture(scene, motion):
    frames = seen(scene, motion, 3)
    flow = LucasKanade()(frames[None]).numpy()[0]
    error = np.hypot(*np.moveaxis(flow - motion, -1, 0))[8:-8, 8:-8]
    theirs = -np.moveaxis(optical_flow_ilk(frames[-1], frames[-2]), 0, -1)
    their_error = np.hypot(*np.moveaxis(theirs - motion, -1, 0))[8:-8, 8:-8]
    assert error.mean() < 0.05
    assert error.mean() < their_error.mean() + 0.02


def test_a_flow_may_differ_from_place_to_place(scene):
    rows, columns = np.mgrid[:SIDE, :SIDE] + 48.0
    turn = np.stack([columns - 80, 80 - rows], axis=-1) * 0.05  # up to 1.6 pixels
    first = ndimage.map_coordinates(scene, (rows, columns), order=3)
    second = ndimage.map_coordinates(scene, (rows - turn[..., 0], columns - turn[..., 1]), order=3)
    flow = LucasKanade(window=4.0, iterations=4)(np.stack([first, second])[None].astype("float32"))
    error = np.abs(flow.numpy()[0] - turn)[8:-8, 8:-8]
    assert error.mean() < 0.15


def test_without_texture_nothing_moves():
    flow = LucasKanade()(np.full((1, 3, 32, 32), 500, np.float32))
    np.testing.assert_array_equal(flow, 0)


def test_more_pairs_are_steadier_in_noise(scene):
    frames = seen(scene, (1.0, -2.0), 7)
    frames += np.random.default_rng(0).normal(scale=40, size=frames.shape)
    errors = [
        np.abs(LucasKanade(pairs=pairs)(frames[None].astype("float32")) - (1.0, -2.0)).mean()
        for pairs in (1, 6)
    ]
    assert errors[1] < errors[0]
