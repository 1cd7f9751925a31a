import numpy as np
import pytest
from tensorflow import keras

from seaice_tf.forecast.networks.autoencoder import autoencoder
from seaice_tf.forecast.networks.sequences import (
    ATTENTIONS,
    LSTMS,
    VARIANTS,
    attention,
    lstm,
    on_codes,
    on_images,
)

YEARS, CODE = 5, 256
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
def test_parameter_count_of_lstms(name, documented_parameters):
    by_hand = count_lstm(*UNITS[name])
    assert LSTMS[name](YEARS, CODE).count_params() == by_hand == documented_parameters[name]


@pytest.mark.parametrize("name", ATTENTIONS)
def test_parameter_count_of_attention(name, documented_parameters):
    by_hand = count_attention({"attention_4": 4, "attention_8_skips": 8}[name])
    assert ATTENTIONS[name](YEARS, CODE).count_params() == by_hand == documented_parameters[name]


@pytest.mark.parametrize("name", VARIANTS)
def test_a_code_comes_out(name):
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
