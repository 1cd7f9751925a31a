import itertools

import numpy as np
import pytest
import tensorflow as tf

from seaice_tf.errors import InputError
from seaice_tf.forecast.networks.autoencoder import VARIANTS, autoencoder

FILTERS = {
    "one_conv": (16,),
    "two_conv": (16, 32),
    "two_conv_tied": (16, 32),
    "two_conv_small": (8, 16),
    "three_conv": (16, 32, 64),
}


def count(rows, columns, filters, code=256, tied=False):
    """Parameters by hand: 3x3 convolutions there and back, a dense layer each way."""
    channels = (1, *filters)
    there = sum(9 * a * b + b for a, b in itertools.pairwise(channels))
    back = sum(9 * a * b + a for a, b in itertools.pairwise(channels))
    cells = rows * columns // 4 ** len(filters) * filters[-1]
    return there + back + (cells * code + code) + (0 if tied else cells * code) + cells


@pytest.mark.parametrize("name", VARIANTS)
def test_parameter_count(name, documented_parameters):
    tied = name == "two_conv_tied"
    assert VARIANTS[name](16, 24).count_params() == count(16, 24, FILTERS[name], tied=tied)
    assert documented_parameters[name] == count(448, 304, FILTERS[name], tied=tied)


def test_the_published_parameter_count():
    model = autoencoder(448, 304)
    assert model.count_params() == count(448, 304, (16, 32)) == 139_742_817
    assert model.get_layer("decoder").get_layer("decoder_maps").output.shape[1:] == (112, 76, 32)


@pytest.mark.parametrize("name", VARIANTS)
def test_the_halves_fit_together(name):
    model = VARIANTS[name](8, 16, code=5)
    image = np.random.default_rng(0).random((3, 8, 16), np.float32)
    code = model.get_layer("encoder")(image)
    assert code.shape == (3, 5)
    decoded = model.get_layer("decoder")(code)
    assert decoded.shape == (3, 8, 16)
    np.testing.assert_allclose(model(image), decoded, atol=1e-6)
    assert decoded.numpy().min() >= 0
    assert decoded.numpy().max() <= 1


def test_tied_weights_are_one_variable_with_both_gradients():
    free, tied = (autoencoder(8, 8, filters=(2,), code=3, tied=t) for t in (False, True))
    assert free.count_params() - tied.count_params() == 4 * 4 * 2 * 3
    encoder, decoder = tied.get_layer("encoder"), tied.get_layer("decoder")
    kernel = encoder.get_layer("encoder_code").kernel
    assert decoder.get_layer("decoder_dense").kernel is kernel
    assert sum(w is kernel for w in tied.trainable_weights) == 1
    image = tf.random.stateless_uniform((2, 8, 8), (0, 1))
    code = encoder(image)
    with tf.GradientTape() as tape:  # through the decoder alone
        loss = tf.reduce_mean(decoder(code))
    assert np.abs(tape.gradient(loss, decoder.trainable_weights[0])).max() > 0
    before = tied(image).numpy()
    kernel.assign(tf.zeros_like(kernel))
    assert np.abs(tied(image) - before).max() > 0
    np.testing.assert_allclose(encoder(image), 0.5)


def test_a_tied_decoder_is_that_of_a_transposed_kernel():
    free, tied = (autoencoder(8, 8, filters=(2,), code=3, tied=t) for t in (False, True))
    for layer in free.get_layer("encoder").layers:
        layer.set_weights(tied.get_layer("encoder").get_layer(layer.name).get_weights())
    kernel = tied.get_layer("encoder").get_layer("encoder_code").kernel
    decoder = tied.get_layer("decoder")
    bias = np.linspace(-1, 1, 32).astype("float32")
    decoder.get_layer("decoder_dense").bias.assign(bias)
    free_decoder = free.get_layer("decoder")
    free_decoder.get_layer("decoder_dense").set_weights([np.transpose(kernel), bias])
    conv = decoder.get_layer("decoder_conv1").get_weights()
    free_decoder.get_layer("decoder_conv1").set_weights(conv)
    image = tf.random.stateless_uniform((2, 8, 8), (0, 1))
    np.testing.assert_allclose(tied(image), free(image), atol=1e-6)


def test_a_grid_that_cannot_be_halved_is_refused():
    with pytest.raises(InputError, match="expected a grid of multiples of 8, got 12 x 16"):
        VARIANTS["three_conv"](12, 16)
