import numpy as np
import pytest
import tensorflow as tf
from tensorflow import keras

from seaice_tf.errors import InputError
from seaice_tf.forecast.networks import crop_windows
from seaice_tf.forecast.networks import crops as models


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


@pytest.mark.parametrize("name", models.VARIANTS)
def test_parameter_count(name, documented_parameters):
    assert models.VARIANTS[name]().count_params() == COUNTS[name] == documented_parameters[name]


@pytest.mark.parametrize("name", models.VARIANTS)
def test_a_crop_comes_out(name):
    model = models.VARIANTS[name](3, 8, **TINY[name])
    crop = model(np.random.default_rng(0).random((2, 3, 8, 8), np.float32)).numpy()
    assert crop.shape == (2, 8, 8)
    assert crop.min() >= 0
    assert crop.max() <= 1


def test_the_graph_crops_as_numpy_does():
    images = np.random.default_rng(0).random((2, 3, 14, 11), np.float32)
    for stride in (3, 4):  # the second leaves cells over in both directions
        expected = crop_windows.crop(images, 5, stride)  # (2, 3, 4, 3, 5, 5)
        got = models.Crop(5, stride)(images)
        expected = np.moveaxis(expected, 1, 3).reshape(2, 12, 3, 5, 5)
        np.testing.assert_array_equal(got, expected)


def test_the_graph_puts_together_as_numpy_does():
    for rows, columns in ((14, 11), (13, 10)):
        made = np.random.default_rng(0).random((2, 12, 5, 5), np.float32)
        got = models.PutTogether(rows, columns, 3)(made)
        expected = crop_windows.put_together(made.reshape(2, 4, 3, 5, 5), rows, columns, 3)
        np.testing.assert_allclose(got, expected, atol=1e-6)


def test_a_model_that_repeats_the_last_year_repeats_whole_grids():
    sequence = keras.Input((3, 5, 5))
    last = keras.layers.Reshape((5, 5))(
        keras.layers.Cropping3D(((2, 0), (0, 0), (0, 0)))(
            keras.layers.Reshape((3, 5, 5, 1))(sequence)
        )
    )
    model = models.on_grid(keras.Model(sequence, last), 14, 11, stride=3)
    images = np.random.default_rng(0).random((2, 3, 14, 11), np.float32)
    np.testing.assert_allclose(model(images), images[:, -1], atol=1e-6)


def test_grids_smaller_than_a_crop_are_refused():
    with pytest.raises(InputError, match="crops: expected"):
        models.on_grid(models.conv_lstm(3, 8, filters=(2,)), 17, 7, stride=4)


def test_each_in_turn_is_the_model_on_all_at_once():
    model = models.conv_lstm(2, 4, filters=(2,))
    x = tf.random.stateless_uniform((3, 5, 2, 4, 4), (0, 1))
    expected = tf.reshape(model(tf.reshape(x, (15, 2, 4, 4))), (3, 5, 4, 4))
    np.testing.assert_allclose(models.EachInTurn(model)(x), expected, atol=1e-6)
