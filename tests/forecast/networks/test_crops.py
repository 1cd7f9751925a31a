import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st
from tensorflow import keras

from seaice_tf.errors import InputError
from seaice_tf.forecast.networks import crops
from seaice_tf.grids.polar import NORTH, SOUTH


def dense(wide, out):
    return wide * out + out


def count_conv_lstm(filters, side):
    """Parameters by hand: four gates of 3x3 kernels; batch norms of four; a dense layer."""
    total, channels = 0, 1
    for width in (*filters, 1):
        total += 4 * (9 * (channels + width) * width + width) + 4 * width
        channels = width
    return total + dense(side, side)


def count_lstm(units, side, width):
    total, wide = 0, side * side
    for unit in units:
        total += 4 * (wide * unit + unit * unit + unit) + 4 * unit
        wide = unit
    return total + dense(wide, width) + dense(width, side * side)


def count_attention(blocks, years, side, width):
    block = 5 * dense(width, width) + 2 * 4 * width
    body = dense(side * side, width) + years * width + blocks * block
    return body + dense(years * width, width) + dense(width, side * side)


COUNTS = {
    "crops_conv_lstm": count_conv_lstm((8, 8), 64),
    "crops_lstm_2_norm": count_lstm((512, 512), 64, 256),
    "crops_attention_8_skips": count_attention(8, 5, 64, 256),
}
TINY = {
    "crops_conv_lstm": {"filters": (2, 3)},
    "crops_lstm_2_norm": {"units": (4, 3), "width": 6},
    "crops_attention_8_skips": {"blocks": 2, "heads": 2, "width": 6},
}


@pytest.mark.parametrize("name", crops.VARIANTS)
def test_parameter_count(name, documented_parameters):
    assert crops.VARIANTS[name]().count_params() == COUNTS[name] == documented_parameters[name]


@pytest.mark.parametrize("name", crops.VARIANTS)
def test_a_crop_comes_out(name):
    model = crops.VARIANTS[name](3, 8, **TINY[name])
    crop = model(np.random.default_rng(0).random((2, 3, 8, 8), np.float32)).numpy()
    assert crop.shape == (2, 8, 8)
    assert crop.min() >= 0
    assert crop.max() <= 1


def test_the_graph_crops_as_numpy_does():
    images = np.random.default_rng(0).random((2, 3, 14, 11), np.float32)
    for stride in (3, 4):  # the second leaves cells over in both directions
        expected = crops.crop(images, 5, stride)  # (2, 3, 4, 3, 5, 5)
        got = crops.CutCrops(5, stride)(images)
        expected = np.moveaxis(expected, 1, 3).reshape(2, 12, 3, 5, 5)
        np.testing.assert_array_equal(got, expected)


def test_the_graph_joins_as_numpy_does():
    for rows, columns in ((14, 11), (13, 10)):
        made = np.random.default_rng(0).random((2, 12, 5, 5), np.float32)
        got = crops.JoinCrops(rows, columns, 3)(made)
        expected = crops.join(made.reshape(2, 4, 3, 5, 5), rows, columns, 3)
        np.testing.assert_allclose(got, expected, atol=1e-6)


def test_a_model_that_repeats_the_last_year_repeats_whole_grids():
    sequence = keras.Input((3, 5, 5))
    last = keras.layers.Reshape((5, 5))(
        keras.layers.Cropping3D(((2, 0), (0, 0), (0, 0)))(
            keras.layers.Reshape((3, 5, 5, 1))(sequence)
        )
    )
    model = crops.on_grid(keras.Model(sequence, last), 14, 11, stride=3)
    images = np.random.default_rng(0).random((2, 3, 14, 11), np.float32)
    np.testing.assert_allclose(model(images), images[:, -1], atol=1e-6)


def test_a_model_on_grids_smaller_than_a_crop_is_refused():
    with pytest.raises(InputError, match="crops: expected"):
        crops.on_grid(crops.conv_lstm(3, 8, filters=(2,)), 17, 7, stride=4)


def test_one_by_one_is_the_model_on_all_at_once():
    model = crops.conv_lstm(2, 4, filters=(2,))
    x = tf.random.stateless_uniform((3, 5, 2, 4, 4), (0, 1))
    expected = tf.reshape(model(tf.reshape(x, (15, 2, 4, 4))), (3, 5, 4, 4))
    np.testing.assert_allclose(crops.OneByOne(model)(x), expected, atol=1e-6)


@st.composite
def grids_and_crops(draw):
    """(rows, columns, side, stride); crops tile some of the grids."""
    side = draw(st.integers(1, 9))
    stride = draw(st.integers(1, side))
    rows, columns = (side + draw(st.integers(0, 20)) for _ in range(2))
    return rows, columns, side, stride


@given(grids_and_crops(), st.integers(0, 9))
def test_joining_the_crops_of_a_grid_gives_the_grid(sizes, seed):
    rows, columns, side, stride = sizes
    grids = np.random.default_rng(seed).random((2, rows, columns), np.float32)
    made = crops.crop(grids, side, stride)
    np.testing.assert_array_equal(crops.join(made, rows, columns, stride), grids)


def corners(length, side, stride):
    """Slowly: every stride-th cell as long as a crop fits, and the last place where one does."""
    found = [first for first in range(length - side + 1) if first % stride == 0]
    return found if found[-1] == length - side else [*found, length - side]


@given(grids_and_crops())
def test_coverage_counts_crops(sizes):
    rows, columns, side, stride = sizes
    slow = np.zeros((rows, columns), int)
    for top in corners(rows, side, stride):
        for left in corners(columns, side, stride):
            for i in range(side):
                for j in range(side):
                    slow[top + i, left + j] += 1
    np.testing.assert_array_equal(crops.coverage(*sizes), slow)
    assert slow.min() > 0


def test_the_arctic_grid_holds_187_crops():
    grids = np.arange(NORTH.rows * NORTH.columns).reshape(NORTH.rows, NORTH.columns)
    made = crops.crop(grids)
    assert made.shape == (17, 11, 64, 64)
    np.testing.assert_array_equal(made[16, 10], grids[-64:, -64:])
    pad = crops.coverage(NORTH.rows, NORTH.columns)
    assert (pad.min(), pad.max(), pad.sum()) == (1, 9, 187 * 64 * 64)


def test_overlaps_are_averaged_by_hand():
    made = np.array([[[[1.0, 2.0, 3.0]] * 3, [[5.0, 6.0, 7.0]] * 3]])  # two crops side by side
    np.testing.assert_array_equal(crops.join(made, 3, 5, 2), [[1, 2, 4, 6, 7]] * 3)


def test_the_antarctic_grid_is_covered_to_its_edges():
    grids = np.arange(SOUTH.rows * SOUTH.columns).reshape(SOUTH.rows, SOUTH.columns)
    made = crops.crop(grids)
    assert made.shape == (13, 12, 64, 64)
    np.testing.assert_array_equal(made[-1, -1], grids[-64:, -64:])
    np.testing.assert_array_equal(made[-2, -2], grids[264 : 264 + 64, 240 : 240 + 64])


@pytest.mark.parametrize("sizes", [(60, 64), (10, 10, 4, 5), (9, 9, 4, 0)])
def test_grids_smaller_than_a_crop_and_strides_that_skip_cells_are_refused(sizes):
    rows, columns, *window = sizes
    with pytest.raises(InputError, match="crops: expected"):
        crops.crop(np.zeros((rows, columns)), *window)
    with pytest.raises(InputError, match="crops: expected"):
        crops.coverage(rows, columns, *window)
