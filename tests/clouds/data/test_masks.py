import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from scipy import ndimage
from skimage.morphology import convex_hull_image

from seaice_tf.clouds.data import masks, rle

MASKS = arrays(bool, array_shapes(min_dims=2, max_dims=2, max_side=9))
SHAPES = st.tuples(st.integers(1, 11), st.integers(1, 11))


def slow_coverage(mask, shape):
    """Each pixel cut into as many as the target has rows and columns, then averaged."""
    fine = mask.repeat(shape[0], axis=0).repeat(shape[1], axis=1)
    rows, columns = mask.shape
    return fine.reshape(shape[0], rows, shape[1], columns).mean(axis=(1, 3))


@given(MASKS, SHAPES)
def test_coverage_is_the_mean_over_each_cell(mask, shape):
    got = masks.coverage(*rle.runs_of(mask), mask.shape, shape)
    np.testing.assert_allclose(got, slow_coverage(mask, shape), atol=1e-9)


@given(MASKS, SHAPES)
def test_a_code_is_resized_as_its_mask_is(mask, shape):
    np.testing.assert_array_equal(
        masks.decode(rle.encode(mask), mask.shape, shape), masks.resize(mask, shape)
    )


@given(MASKS, SHAPES)
def test_empty_stays_empty_and_a_mask_stays_one(mask, shape):
    assert masks.resize(mask, shape).any() == mask.any()


@given(arrays(np.int8, (4, 5), elements=st.integers(0, 4)))
def test_no_threshold_comes_nearer_to_the_area(quarters):
    share = quarters / 4
    got = abs(masks.keep_area(share).sum() - share.sum())
    others = [(share >= level).sum() for level in np.unique(share[share > 0])]
    assert got == pytest.approx(min(abs(n - share.sum()) for n in others or [0]))


def test_four_by_four_blocks():
    mask = np.zeros((8, 12), bool)
    mask[:4, :6] = True  # one block and half of the next
    share = masks.coverage(*rle.runs_of(mask), mask.shape, (2, 3))
    np.testing.assert_array_equal(share, [[1, 0.5, 0], [0, 0, 0]])
    np.testing.assert_array_equal(masks.resize(mask, (8, 12)), mask)


def test_small_parts_are_dropped_and_corners_connect():
    mask = np.array([[1, 0, 0, 1], [0, 1, 0, 0], [0, 0, 0, 0]], bool)
    np.testing.assert_array_equal(
        masks.drop_small(mask, 2), [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 0, 0]]
    )
    np.testing.assert_array_equal(masks.drop_small(mask, 0), mask)


def test_shapes_around_two_parts():
    mask = np.array([[1, 0, 0, 0], [1, 1, 0, 0], [0, 0, 0, 0], [0, 0, 0, 1]], bool)
    boxes = np.array([[1, 1, 0, 0], [1, 1, 0, 0], [0, 0, 0, 0], [0, 0, 0, 1]], bool)
    np.testing.assert_array_equal(masks.fit(mask, "none"), mask)
    np.testing.assert_array_equal(masks.fit(mask, "box"), boxes)
    np.testing.assert_array_equal(masks.fit(mask, "hull"), mask)
    assert masks.fit(mask, "one_box").all()
    one = [[1, 0, 0, 0], [1, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]
    np.testing.assert_array_equal(masks.fit(mask, "one_hull"), one)


@pytest.mark.parametrize("shape", masks.SHAPES)
@given(mask=MASKS)
def test_a_shape_holds_its_mask_and_gives_itself(shape, mask):
    got = masks.fit(mask, shape)
    assert (got >= mask).all()
    if shape.startswith("one_"):
        np.testing.assert_array_equal(masks.fit(got, shape), got)


def test_hull_equals_that_of_scikit_image():
    rng = np.random.default_rng(0)
    for _ in range(20):
        mask = ndimage.gaussian_filter(rng.standard_normal((20, 30)), 2) > 0.15
        np.testing.assert_array_equal(
            masks.hull(mask), convex_hull_image(mask, offset_coordinates=False)
        )
