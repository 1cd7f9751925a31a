import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from seaice_tf.nowcast.data import advection

IMAGES = arrays(np.float32, (5, 6), elements=st.integers(0, 1023).map(float))
FLOWS = arrays(np.float32, (5, 6, 2), elements=st.integers(-28, 28).map(lambda n: n / 4))


def slow(image, flow):
    """Reference: a pixel at a time."""
    height, width = image.shape
    result = np.empty(image.shape)
    for i in range(height):
        for j in range(width):
            row = min(max(i - flow[i, j, 0], 0), height - 1)
            column = min(max(j - flow[i, j, 1], 0), width - 1)
            top, left = int(row), int(column)
            down, right = row - top, column - left
            bottom, east = min(top + 1, height - 1), min(left + 1, width - 1)
            upper = image[top, left] * (1 - right) + image[top, east] * right
            lower = image[bottom, left] * (1 - right) + image[bottom, east] * right
            result[i, j] = upper * (1 - down) + lower * down
    return result


@settings(max_examples=40, deadline=None)
@given(IMAGES, FLOWS)
def test_warp_is_bilinear_with_edges_repeated(image, flow):
    np.testing.assert_allclose(advection.warp(image, flow), slow(image, flow), atol=0.01)


def test_the_first_lead_is_advected_by_one_flow():
    """Steps counted from 0 would leave the first frame where the last one is."""
    image = np.zeros((9, 9))
    image[2, 6] = 1
    flow = np.broadcast_to([1.0, -2.0], (9, 9, 2))
    frames = advection.extrapolate(image, flow, 3)
    assert frames.shape == (3, 9, 9)
    for lead, frame in enumerate(frames, start=1):
        assert np.argwhere(frame == 1).tolist() == [[2 + lead, 6 - 2 * lead]]
        assert frame.sum() == 1


def test_one_step_of_a_constant_flow_is_a_warp():
    rng = np.random.default_rng(0)
    image, flow = rng.uniform(0, 1023, (12, 14)), np.full((12, 14, 2), 0.3)
    first = advection.extrapolate(image, flow, 1)[0]
    np.testing.assert_allclose(first, advection.warp(image, flow), rtol=1e-5)


def test_rotation_comes_back_after_a_full_turn():
    """In 24 steps; straight steps would move the image outwards."""
    rows, columns = np.indices((33, 33)) - 16.0
    angle = 2 * np.pi / 24
    flow = angle * np.stack([columns, -rows], axis=-1)
    image = 500 + 20 * rows + 300 * np.exp(-((rows - 4) ** 2 + (columns - 3) ** 2) / 40)
    frames = advection.extrapolate(image, flow, 24)
    near = rows**2 + columns**2 < 100
    assert np.abs(frames[23] - image)[near].max() < 40
    assert np.abs(frames[11] - image[::-1, ::-1])[near].max() < 40


def test_departure_points_begin_at_the_pixels():
    where = advection.departure_points(np.ones((3, 4, 2)), 2)
    np.testing.assert_array_equal(where[0], np.indices((3, 4)))
    np.testing.assert_array_equal(where[2], np.indices((3, 4)) - 2)


def test_blur_grows_with_the_lead_and_keeps_the_mean():
    frames = np.zeros((4, 41, 41), np.float32)
    frames[:, 20, 20] = 100
    blurred = advection.blur(frames, growth=1.0)
    away = np.arange(41) - 20.0
    widths = [(frame.sum(axis=1) * away**2).sum() / frame.sum() for frame in blurred]
    np.testing.assert_allclose(widths, [1, 4, 9, 16], rtol=0.05)
    np.testing.assert_allclose(blurred.sum(axis=(1, 2)), 100, rtol=1e-4)
    assert blurred.dtype == np.float32
