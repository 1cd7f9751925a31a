"""The direction of an oblique view from its heights."""

import numpy as np
import pytest
import tensorflow as tf

from seaice_tf.geopose.data import synthetic as synthetic_city
from seaice_tf.geopose.data.pose import direction
from seaice_tf.geopose.networks.slope_direction import Falls

falls = Falls()


def vectors(maps):
    """(B, 2 powers, 2), to the right and down, of maps with one channel."""
    return falls(maps).numpy().reshape(len(maps), 2, 2)


def test_by_hand():
    """Rises by 4 at once and falls by 1 a pixel to the right: steep slopes win."""
    row = np.array([0, 0, 4, 3, 2, 1, 0, 0, 0], np.float32)
    maps = np.repeat(row[None, None, :, None], 5, axis=1)
    slopes = row[2:] - row[:-2]
    expected = [(abs(slopes) ** p * slopes).sum() / (abs(slopes) ** (p + 1)).sum() for p in (1, 2)]
    np.testing.assert_allclose(vectors(maps)[0], [[x, 0] for x in expected], atol=1e-4)


def test_turns_with_the_picture():
    maps = np.random.default_rng(0).random((1, 9, 9, 1)).astype(np.float32)
    turned = np.rot90(maps, axes=(1, 2))  # to the right becomes up, down becomes to the right
    right, down = vectors(maps)[0].T
    np.testing.assert_allclose(vectors(turned)[0].T, [down, -right], atol=1e-6)


def test_tells_the_angle_of_true_heights():
    views = [synthetic_city.tile("JAX", seed, 0, (256, 256), 0.5) for seed in range(6)]
    heights = np.stack([np.nan_to_num(view.agl) for view in views])[..., None]
    found = vectors(heights)[:, 0]
    found /= np.linalg.norm(found, axis=1, keepdims=True)
    true = np.stack([direction(view.pose.angle) for view in views])
    assert (found * true).sum(axis=1).mean() > 0.8


@pytest.mark.parametrize("value", [0.0, 7.0])
def test_flat_maps_fall_nowhere(value):
    maps = tf.Variable(tf.fill((1, 5, 5, 2), value))
    with tf.GradientTape() as tape:
        found = falls(maps)
        gradient = tape.gradient(tf.reduce_sum(found), maps)
    np.testing.assert_array_equal(found, np.zeros((1, 8)))
    assert np.isfinite(gradient).all()
