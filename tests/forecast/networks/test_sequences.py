import numpy as np
import pytest
from tensorflow import keras

from seaice_tf.forecast.data import counts
from seaice_tf.forecast.networks import crops
from seaice_tf.forecast.networks.autoencoder import autoencoder
from seaice_tf.forecast.networks.sequences import (
    ATTENTIONS,
    LSTMS,
    VARIANTS,
    attention,
    lstm,
    on_codes,
    on_images,
    serving_model,
)

YEARS, CODE = 5, 256
PAST, ROWS, COLUMNS = 3, 12, 16  # of the forecasts of 12 months
UNITS = {  # units, batch norm, filters of the convolution
    "lstm_1": ((512,), False, 0),
    "lstm_2": ((512, 512), False, 0),
    "lstm_3": ((512, 512, 512), False, 0),
    "lstm_1_norm": ((512,), True, 0),
    "lstm_2_norm": ((512, 512), True, 0),
    "lstm_1_bigger": ((1024,), False, 0),
    "lstm_2_bigger": ((1024, 1024), False, 0),
    "lstm_1_smaller": ((128,), False, 0),
    "conv_lstm_1": ((512,), False, 2),
    "conv_lstm_2": ((512, 512), False, 2),
}


def dense(wide, out):
    return wide * out + out


def count_lstm(units, norm, conv_filters, code=CODE):
    """Parameters by hand: four gates each; batch norms of four; two dense layers."""
    total, wide = 0, code
    if conv_filters:
        total, wide = 9 * conv_filters + conv_filters, code * conv_filters
    for width in units:
        total += 4 * (wide * width + width * width + width) + norm * 4 * width
        wide = width
    return total + dense(wide, code) + dense(code, code)


def count_attention(blocks, code=CODE, years=YEARS):
    """Parameters by hand: query, key, value and output; a dense layer; two batch norms."""
    block = 4 * dense(code, code) + dense(code, code) + 2 * 4 * code
    return years * code + blocks * block + dense(years * code, code) + dense(code, code)


@pytest.mark.parametrize("name", LSTMS)
def test_parameter_count_of_lstms(name, documented_parameters, quick_weights):
    by_hand = count_lstm(*UNITS[name])
    assert LSTMS[name](YEARS, CODE).count_params() == by_hand == documented_parameters[name]


@pytest.mark.parametrize("name", ATTENTIONS)
def test_parameter_count_of_attention(name, documented_parameters):
    by_hand = count_attention({"attention_4": 4, "attention_8_skips": 8}[name])
    assert ATTENTIONS[name](YEARS, CODE).count_params() == by_hand == documented_parameters[name]


@pytest.mark.parametrize("name", VARIANTS)
def test_a_code_comes_out(name, quick_weights):
    model = VARIANTS[name](3, 8)
    code = model(np.random.default_rng(0).random((2, 3, 8), np.float32)).numpy()
    assert code.shape == (2, 8)
    assert code.min() >= 0
    assert code.max() <= 1


def test_attention_knows_the_order_of_years():
    codes = np.random.default_rng(0).random((1, 3, 8), np.float32)
    model = attention(3, 8, blocks=1, heads=2)
    pooled = keras.Model(model.input, model.get_layer("block1_skip2").output)
    positions = model.get_layer("positions")
    positions.set_weights([np.zeros((3, 8))])
    alike = pooled(codes), pooled(codes[:, ::-1])
    np.testing.assert_allclose(alike[0], alike[1][:, ::-1], atol=1e-6)
    positions.set_weights([np.eye(3, 8)])
    differ = pooled(codes), pooled(codes[:, ::-1])
    assert np.abs(differ[0] - differ[1][:, ::-1]).max() > 1e-3


def test_a_skip_lets_the_codes_through():
    model = attention(3, 8, blocks=2, heads=2)
    for layer in model.layers:
        if layer.name.endswith(("_attention", "_dense")) and layer.name.startswith("block"):
            layer.set_weights([np.zeros_like(w) for w in layer.get_weights()])
    body = keras.Model(model.input, model.get_layer("block2_skip2").output)
    codes = np.random.default_rng(0).random((2, 3, 8), np.float32)
    expected = codes + model.get_layer("positions").get_weights()[0]
    np.testing.assert_allclose(body(codes), expected, atol=1e-6)


@pytest.fixture
def parts():
    return lstm(3, 4, units=(5,)), autoencoder(8, 8, filters=(2,), code=4)


def test_every_year_is_encoded_and_the_image_decoded(parts):
    sequence, halves = parts
    images = np.random.default_rng(0).random((2, 3, 8, 8), np.float32)
    encoder = halves.get_layer("encoder")
    codes = np.stack([encoder(images[:, year]) for year in range(3)], axis=1)
    expected = halves.get_layer("decoder")(sequence(codes))
    np.testing.assert_allclose(on_images(sequence, halves)(images), expected, atol=1e-6)
    np.testing.assert_allclose(on_codes(sequence, halves)(codes), expected, atol=1e-6)


@pytest.mark.parametrize("freeze", [True, False])
@pytest.mark.parametrize(
    ("put", "tied"), [(on_codes, False), (on_images, False), (on_images, True)]
)
def test_a_frozen_decoder_stays_as_it_was(freeze, put, tied):
    sequence, halves = lstm(3, 4, units=(5,)), autoencoder(8, 8, filters=(2,), code=4, tied=tied)
    model = put(sequence, halves, freeze=freeze)
    model.compile(keras.optimizers.SGD(0.5), "binary_crossentropy", jit_compile=False)
    rng = np.random.default_rng(0)
    inputs = rng.random((4, *model.input_shape[1:]), np.float32)
    before = [part.get_weights() for part in (sequence, halves.get_layer("decoder"))]
    model.train_on_batch(inputs, rng.random((4, 8, 8), np.float32))
    after = [part.get_weights() for part in (sequence, halves.get_layer("decoder"))]
    for old, new, moves in zip(before, after, (True, not freeze)):
        assert any((a != b).any() for a, b in zip(old, new)) == moves


@pytest.fixture
def history():
    """(2, 36, 12, 16): random ice, land, coast, a pole hole and a missing cell."""
    rng = np.random.default_rng(0)
    grids = rng.integers(0, 251, (2, 12 * PAST, ROWS, COLUMNS)).astype(np.uint8)
    grids[..., :2, :], grids[..., 2, :] = counts.LAND, counts.COAST
    grids[..., 6:8, 6:8] = counts.POLE_HOLE
    grids[0, 5, 9, 3] = counts.MISSING
    return grids


def year_of_the_past(year, **options):
    """A forecast that repeats the same month of one of the past years."""
    inputs = keras.Input((PAST, ROWS, COLUMNS))
    cut = keras.layers.Cropping1D((year, PAST - 1 - year))
    flat = keras.layers.Reshape((PAST, ROWS * COLUMNS))(inputs)
    sequence = keras.Model(inputs, keras.layers.Reshape((ROWS, COLUMNS))(cut(flat)))
    return serving_model(sequence, ROWS, COLUMNS, years=PAST, **options)


@pytest.mark.parametrize("year", range(PAST))
@pytest.mark.parametrize("fill", ["image_median", "neighbours"])
def test_each_lead_sees_its_calendar_month_filled_and_without_land(history, year, fill):
    got = year_of_the_past(year, pole_hole_fill=fill)(history)["concentration"]
    holes = np.stack([[counts.fill_hole(month, fill) for month in past] for past in history])
    years = [counts.fill_missing(past.reshape(PAST, 12, ROWS, COLUMNS))[year] for past in holes]
    filled = np.stack(years)
    expected = np.where(filled <= counts.FULL_ICE, filled / counts.FULL_ICE, 0)
    np.testing.assert_allclose(got, expected, atol=1e-6)


def test_land_is_zero_whatever_the_network_says(history):
    inputs = keras.Input((PAST, ROWS, COLUMNS))
    ones = keras.layers.Dense(COLUMNS, kernel_initializer="zeros", bias_initializer="ones")
    flat = keras.layers.Reshape((ROWS, COLUMNS * PAST))(inputs)
    model = serving_model(keras.Model(inputs, ones(flat)), ROWS, COLUMNS, years=PAST)
    got = model(history)["concentration"]
    np.testing.assert_array_equal(got, 1.0 - counts.land(history[:, -12:]))


def test_a_year_from_crops_has_the_whole_grid(history):
    crop_model = crops.conv_lstm(PAST, 8, filters=(2,))
    on_grid = crops.on_grid(crop_model, ROWS, COLUMNS, stride=4)
    model = serving_model(on_grid, ROWS, COLUMNS, years=PAST)
    assert model.count_params() == crop_model.count_params()
    got = model(history)["concentration"].numpy()
    assert got.shape == (2, 12, ROWS, COLUMNS)
    assert got.min() >= 0
    assert got.max() <= 1
