import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seaice_tf.errors import InputError
from seaice_tf.transforms import crops
from seaice_tf.transforms.grid import NORTH


@st.composite
def tilings(draw):
    """(rows, columns, side, stride) that tile."""
    side = draw(st.integers(1, 9))
    stride = draw(st.integers(1, side))
    rows, columns = (side + stride * draw(st.integers(0, 5)) for _ in range(2))
    return rows, columns, side, stride


@given(tilings(), st.integers(0, 9))
def test_what_was_cropped_comes_back(tiling, seed):
    rows, columns, side, stride = tiling
    grids = np.random.default_rng(seed).random((2, rows, columns), np.float32)
    made = crops.crop(grids, side, stride)
    np.testing.assert_array_equal(crops.put_together(made, stride), grids)


@given(tilings())
def test_the_image_pad_counts_crops(tiling):
    rows, columns, side, stride = tiling
    slow = np.zeros((rows, columns), int)
    for top in range(0, rows - side + 1, stride):
        for left in range(0, columns - side + 1, stride):
            for i in range(side):
                for j in range(side):
                    slow[top + i, left + j] += 1
    np.testing.assert_array_equal(crops.image_pad(*tiling), slow)


def test_the_arctic_grid_holds_187_crops():
    grids = np.arange(NORTH.rows * NORTH.columns).reshape(NORTH.rows, NORTH.columns)
    made = crops.crop(grids)
    assert made.shape == (17, 11, 64, 64)
    np.testing.assert_array_equal(made[16, 10], grids[-64:, -64:])
    pad = crops.image_pad(NORTH.rows, NORTH.columns)
    assert (pad.min(), pad.max(), pad.sum()) == (1, 9, 187 * 64 * 64)


def test_overlaps_are_averaged_by_hand():
    made = np.array([[[[1.0, 2.0, 3.0]] * 3, [[5.0, 6.0, 7.0]] * 3]])  # two crops side by side
    np.testing.assert_array_equal(crops.put_together(made, 2), [[1, 2, 4, 6, 7]] * 3)


@pytest.mark.parametrize("tiling", [(447, 304), (448, 305), (60, 64), (10, 10, 4, 5), (9, 9, 4, 0)])
def test_sizes_that_do_not_tile_are_refused(tiling):
    rows, columns, *window = tiling
    with pytest.raises(InputError, match="crops: expected"):
        crops.crop(np.zeros((rows, columns)), *window)
    with pytest.raises(InputError, match="crops: expected"):
        crops.image_pad(rows, columns, *window)
