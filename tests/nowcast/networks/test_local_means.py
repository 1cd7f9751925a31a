import numpy as np
import pytest
import tensorflow as tf

from seaice_tf.nowcast.networks import local_means


@pytest.mark.parametrize("shape", [(70, 33), (210, 41)])
def test_blocks_give_the_means_of_whole_matrices(shape):
    x = np.random.default_rng(0).normal(size=(2, *shape, 3)).astype("float32")
    for sigma, reach in ((2.0, 12), (20.0, 90)):
        down, across = (local_means._window_matrix(side, sigma) for side in shape)
        slow = np.moveaxis(np.moveaxis(x, 1, 3) @ down.T, 3, 1)
        slow = np.moveaxis(np.moveaxis(slow, 2, 3) @ across.T, 3, 2)
        found = local_means.blocked_mean(tf.constant(x), sigma, reach)
        np.testing.assert_allclose(found, slow, atol=2e-4)


def test_local_means_are_those_of_squares_moved_inside():
    x = np.random.default_rng(0).normal(size=(1, 11, 7, 1)).astype("float32")
    found = local_means.local_mean(tf.constant(x), 4).numpy()
    for row in range(11):
        for column in range(7):
            top, left = min(max(row - 2, 0), 7), min(max(column - 2, 0), 3)
            square = x[0, top : top + 4, left : left + 4, 0]
            np.testing.assert_allclose(found[0, row, column, 0], square.mean(), atol=1e-5)
    whole = local_means.local_mean(tf.constant(x), 16)
    np.testing.assert_allclose(np.broadcast_to(whole, x.shape), x.mean(), atol=1e-6)
