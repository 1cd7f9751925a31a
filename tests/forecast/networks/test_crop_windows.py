import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seaice_tf.errors import InputError
from seaice_tf.forecast.networks import crop_windows
from seaice_tf.grids.polar import NORTH, SOUTH


@st.composite
def grids_and_crops(draw):
    """(rows, columns, side, stride); crops tile some of the grids."""
    side = draw(st.integers(1, 9))
    stride = draw(st.integers(1, side))
    rows, columns = (side + draw(st.integers(0, 20)) for _ in range(2))
    return rows, columns, side, stride


@given(grids_and_crops(), st.integers(0, 9))
def test_what_was_cropped_comes_back(sizes, seed):
    rows, columns, side, stride = sizes
    grids = np.random.default_rng(seed).random((2, rows, columns), np.float32)
    made = crop_windows.crop(grids, side, stride)
    np.testing.assert_array_equal(crop_windows.put_together(made, rows, columns, stride), grids)


def corners(length, side, stride):
    """Slowly: every stride-th cell as long as a crop fits, and the last place where one does."""
    found = [first for first in range(length - side + 1) if first % stride == 0]
    return found if found[-1] == length - side else [*found, length - side]


@given(grids_and_crops())
def test_the_image_pad_counts_crops(sizes):
    rows, columns, side, stride = sizes
    slow = np.zeros((rows, columns), int)
    for top in corners(rows, side, stride):
        for left in corners(columns, side, stride):
            for i in range(side):
                for j in range(side):
                    slow[top + i, left + j] += 1
    np.testing.assert_array_equal(crop_windows.image_pad(*sizes), slow)
    assert slow.min() > 0


def test_the_arctic_grid_holds_187_crops():
    grids = np.arange(NORTH.rows * NORTH.columns).reshape(NORTH.rows, NORTH.columns)
    made = crop_windows.crop(grids)
    assert made.shape == (17, 11, 64, 64)
    np.testing.assert_array_equal(made[16, 10], grids[-64:, -64:])
    pad = crop_windows.image_pad(NORTH.rows, NORTH.columns)
    assert (pad.min(), pad.max(), pad.sum()) == (1, 9, 187 * 64 * 64)


def test_overlaps_are_averaged_by_hand():
    made = np.array([[[[1.0, 2.0, 3.0]] * 3, [[5.0, 6.0, 7.0]] * 3]])  # two crops side by side
    np.testing.assert_array_equal(crop_windows.put_together(made, 3, 5, 2), [[1, 2, 4, 6, 7]] * 3)


def test_the_antarctic_grid_is_covered_to_its_edges():
    grids = np.arange(SOUTH.rows * SOUTH.columns).reshape(SOUTH.rows, SOUTH.columns)
    made = crop_windows.crop(grids)
    assert made.shape == (13, 12, 64, 64)
    np.testing.assert_array_equal(made[-1, -1], grids[-64:, -64:])
    np.testing.assert_array_equal(made[-2, -2], grids[264 : 264 + 64, 240 : 240 + 64])


@pytest.mark.parametrize("sizes", [(60, 64), (10, 10, 4, 5), (9, 9, 4, 0)])
def test_grids_smaller_than_a_crop_and_strides_that_skip_cells_are_refused(sizes):
    rows, columns, *window = sizes
    with pytest.raises(InputError, match="crops: expected"):
        crop_windows.crop(np.zeros((rows, columns)), *window)
    with pytest.raises(InputError, match="crops: expected"):
        crop_windows.image_pad(rows, columns, *window)
