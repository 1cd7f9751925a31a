from functools import partial

import numpy as np
import pytest
from scipy import ndimage

from seaice_tf.errors import InputError
from seaice_tf.nowcast.data import advection, optical_flow

METHODS = [
    partial(optical_flow.lucas_kanade, radius=7),
    partial(optical_flow.tv_l1, attachment=15),
]


def texture(side=64):
    noise = np.random.default_rng(0).normal(size=(side + 32, side + 32))
    smooth = ndimage.gaussian_filter(noise, 3)
    return 400 + 100 * smooth / smooth.std()


def moving(rows, columns, number=2, side=48):
    """A texture that moves down and to the right, in pixels per frame."""
    wide = texture()
    return np.stack(
        [
            ndimage.shift(wide, (rows * i, columns * i), order=3)[16 : 16 + side, 16 : 16 + side]
            for i in range(number)
        ]
    ).astype(np.int16)


@pytest.mark.parametrize("method", METHODS)
def test_components_are_rows_and_columns_of_the_motion(method):
    """A reshape of (2, H, W) to (H, W, 2) instead of a transposition mixes them up."""
    earlier, later = moving(1.5, -0.5)
    flow = method(earlier, later)
    assert (flow.shape, flow.dtype) == ((48, 48, 2), np.float32)
    inside = flow[8:-8, 8:-8]
    np.testing.assert_allclose(inside[..., 0].mean(), 1.5, atol=0.15)
    np.testing.assert_allclose(inside[..., 1].mean(), -0.5, atol=0.15)
    assert inside.std(axis=(0, 1)).max() < 0.3


@pytest.mark.parametrize("method", METHODS)
def test_the_flow_warps_the_earlier_frame_onto_the_later_one(method):
    earlier, later = moving(-1.0, 2.0)
    inside = (slice(8, -8),) * 2
    off = np.abs(advection.warp(earlier, method(earlier, later)) - later)[inside].mean()
    assert off < 0.1 * np.abs(earlier.astype(float) - later)[inside].mean()


def test_pairs_of_any_step_give_the_same_speed():
    frames = moving(0.6, 0.4, number=5)
    for pairs, step in ((1, 1), (3, 1), (2, 3)):
        flow = optical_flow.mean_flow(frames, METHODS[0], pairs, step)
        np.testing.assert_allclose(flow[10:-10, 10:-10].mean(axis=(0, 1)), [0.6, 0.4], atol=0.1)


def test_the_mean_over_the_last_pairs():
    def difference(earlier, later):
        return np.stack([later - earlier, later], axis=-1)

    frames = np.array([9, 1, 3, 7, 8], np.float32)[:, None, None] * np.ones((2, 2), np.float32)
    flow = optical_flow.mean_flow(frames, difference, pairs=2, step=2)
    np.testing.assert_allclose(flow[0, 0], [(7 - 1 + 8 - 3) / 4, (7 + 8) / 4])
    with pytest.raises(InputError, match="at least 6 frames for 4 pairs with a step of 2, got 5"):
        optical_flow.mean_flow(frames, difference, pairs=4, step=2)


def test_frames_without_texture_have_no_flow():
    flat = np.full((32, 32), 300, np.int16)
    for method in METHODS:
        np.testing.assert_array_equal(method(flat, flat), 0)
