import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seaice_tf.geopose.data import rectify, synthetic, synthetic_city
from seaice_tf.geopose.data.pose import Pose, flow


def by_hand(image, agl, pose):
    """Reference implementation, pixel by pixel: the tallest, the last of equals."""
    moved, heights = np.zeros_like(image), np.full(agl.shape, np.nan, np.float32)
    vectors = flow(np.fmax(agl, 0), pose)
    tallest = np.full(agl.shape, -1.0)
    for i, j in np.ndindex(agl.shape):
        row = i + int(np.floor(vectors[i, j, 1] + 0.5))
        column = j + int(np.floor(vectors[i, j, 0] + 0.5))
        if not (0 <= row < agl.shape[0] and 0 <= column < agl.shape[1]):
            continue
        height = np.fmax(agl[i, j], 0)
        if height >= tallest[row, column]:
            tallest[row, column] = height
            moved[row, column], heights[row, column] = image[i, j], agl[i, j]
    return moved, heights, tallest >= 0


def close_by_hand(image, agl, visible, holes):
    """Reference implementation of the hole filling, four passes."""
    for _ in range(rectify.PASSES):
        before, rows, columns = (image.copy(), agl.copy(), visible.copy()), *visible.shape
        for i, j in zip(*np.nonzero(holes)):
            around = [
                (k, m)
                for k in range(max(i - 2, 0), min(i + 3, rows))
                for m in range(max(j - 2, 0), min(j + 3, columns))
                if before[2][k, m]
            ]
            known = [place for place in around if not np.isnan(before[1][place])]
            ranked = sorted(known, key=lambda place: max(before[1][place], 0))
            if around:
                chosen = ranked[(len(ranked) - 1) // 2] if ranked else around[0]
                image[i, j], agl[i, j], visible[i, j] = before[0][chosen], before[1][chosen], True
                holes[i, j] = False


@pytest.mark.parametrize("angle", [0.3, 1.9, 3.6, 5.5])
def test_closed_holes_equal_a_loop_over_pixels(angle):
    rng = np.random.default_rng(5)
    image = rng.integers(1, 256, (40, 36, 3), np.uint8)
    agl = (rng.random((40, 36)) * 6).astype(np.float32)
    agl[rng.random(agl.shape) < 0.2] = np.nan
    pose = Pose(0.5, angle)
    moved, heights, visible = by_hand(image, agl, pose)
    holes = ~visible & ~rectify.hidden(~visible)
    assert holes.sum() > 50
    close_by_hand(moved, heights, visible, holes)
    found = rectify.rectify(image, agl, pose)
    np.testing.assert_array_equal(found.visible, visible)
    np.testing.assert_array_equal(found.agl, heights)
    np.testing.assert_array_equal(found.image, moved)


@pytest.mark.parametrize("angle", [0.3, 1.9, 3.6, 5.5])
def test_scatter_equals_a_loop_over_pixels(angle):
    rng = np.random.default_rng(3)
    image = rng.integers(1, 256, (30, 41, 3), np.uint8)
    agl = rng.choice(np.float32([0, -0.0, -2, 3, 8.5, 12]), (30, 41))
    agl[rng.random(agl.shape) < 0.1] = np.nan
    pose = Pose(0.7, angle)
    moved, heights, visible = by_hand(image, agl, pose)
    source = rectify.sources(agl, pose)
    np.testing.assert_array_equal(source >= 0, visible)
    np.testing.assert_array_equal(image.reshape(-1, 3)[source[visible]], moved[visible])
    np.testing.assert_array_equal(agl.reshape(-1)[source[visible]], heights[visible])
    full = rectify.rectify(image, agl, pose)
    np.testing.assert_array_equal(full.image[visible], moved[visible])
    np.testing.assert_array_equal(full.agl[visible], heights[visible])


def test_the_median_filter_of_hidden_pixels_equals_a_loop():
    missed = np.random.default_rng(1).random((14, 11)) < 0.5
    expected = missed
    for _ in range(rectify.PASSES):
        padded = np.pad(expected, 2, mode="edge")
        expected = np.array(
            [[np.median(padded[i : i + 5, j : j + 5]) for j in range(11)] for i in range(14)]
        )
    np.testing.assert_array_equal(rectify.hidden(missed), expected.astype(bool))


def test_a_hole_takes_the_median_height_and_hidden_ground_stays_hidden():
    """A wall of 8 m on the right leans left: its base is visible, the ground behind it is not."""
    agl = np.zeros((20, 30), np.float32)
    agl[:, 12:20] = 8
    image = np.repeat((10 + agl)[..., None], 3, -1).astype(np.uint8)
    result = rectify.rectify(image, agl, Pose(1.0, np.pi / 2))
    assert (result.agl[:, 20:28] == 8).all()
    assert not result.visible[:, 14:19].any()
    assert np.isnan(result.agl[~result.visible]).all()
    assert (result.image[~result.visible] == 0).all()
    flat = np.zeros((9, 9), np.float32)
    flat[4, 4] = 3  # moves and leaves a hole of one pixel
    closed = rectify.rectify(np.full((9, 9, 3), 7, np.uint8), flat, Pose(1.0, 0.0))
    assert closed.visible.all()
    assert closed.agl[4, 4] == 0
    assert (closed.image == 7).all()


def test_a_rectified_city_equals_its_ground_plan():
    """Flat roofs are moved back to their cells with their height."""
    pose = Pose(0.9, 2.2)
    ground = synthetic_city.scene("OMA", 5, (90, 100), 0.5, 70)
    view = synthetic.render(ground, pose)
    result = rectify.rectify(view.image, view.agl, pose)
    plan = ground.height[70:-70, 70:-70]
    near = np.abs(result.agl - plan) < 0.6
    assert near[result.visible].mean() > 0.9


def test_nothing_moves_without_flow():
    agl = np.random.default_rng(0).random((6, 7)).astype(np.float32)
    np.testing.assert_array_equal(rectify.sources(agl, Pose(0, 1)).ravel(), np.arange(42))


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 9999), st.floats(0, 1e6), st.floats(0, 6.28), st.floats(0, 1e3))
def test_each_pixel_has_one_target_or_leaves_the_image(seed, tallest, angle, scale):
    agl = tallest * np.random.default_rng(seed).random((6, 7)).astype(np.float32)
    agl[0, 0] = np.nan
    source = rectify.sources(agl, Pose(scale, angle))
    valid = source[source >= 0]
    assert np.unique(valid).size == valid.size
    assert valid.size == 0 or valid.max() < agl.size
    still = np.nan_to_num(agl) * scale < 0.4
    assert (source[still] >= 0).all()  # its own pixel, or a taller one
