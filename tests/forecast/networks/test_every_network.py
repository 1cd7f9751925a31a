"""Every network of the forecast trains, has weights that transfer by name, and is exported."""

import numpy as np
import pytest
import tensorflow as tf
from tensorflow import keras

from seaice_tf import compat
from seaice_tf.forecast.networks import crops, sequences
from seaice_tf.forecast.networks.autoencoder import autoencoder
from seaice_tf.networks import weights

YEARS, ROWS, COLUMNS, CODE = 3, 12, 16, 4


def small(tied=False):
    return autoencoder(ROWS, COLUMNS, filters=(2, 3), code=CODE, tied=tied)


def lstm(**options):
    return sequences.lstm(YEARS, CODE, units=(5, 3), norm=True, **options)


def attention(**options):
    return sequences.attention(YEARS, CODE, blocks=2, heads=2, **options)


def conv_lstm():
    return crops.conv_lstm(YEARS, 8, filters=(2,))


def year(sequence_model):
    return sequences.serving_model(sequence_model, ROWS, COLUMNS, years=YEARS)


TRAINED = {
    "autoencoder": small,
    "tied": lambda: small(tied=True),
    "lstm_on_codes": lambda: sequences.on_codes(lstm(), small()),
    "lstm": lambda: sequences.on_images(lstm(), small()),
    "lstm_tied": lambda: sequences.on_images(lstm(), small(tied=True), freeze=False),
    "conv_then_lstm": lambda: sequences.on_images(lstm(conv_filters=2), small()),
    "attention": lambda: sequences.on_images(attention(), small()),
    "attention_no_skips": lambda: sequences.on_images(attention(skips=False), small()),
    "crops_conv_lstm": conv_lstm,
    "crops_lstm": lambda: crops.lstm(YEARS, 8, units=(5, 3), width=6),
    "crops_attention": lambda: crops.attention(YEARS, 8, blocks=2, heads=2, width=6),
    "year_of_lstm": lambda: year(sequences.on_images(lstm(), small(), freeze=False)),
}
SERVED = {
    "tied": TRAINED["tied"],
    "lstm_tied": TRAINED["lstm_tied"],
    "conv_then_lstm": TRAINED["conv_then_lstm"],
    "crops_lstm": TRAINED["crops_lstm"],
    "crops_attention": TRAINED["crops_attention"],
    "year_of_attention": lambda: year(sequences.on_images(attention(), small())),
    "year_of_crops": lambda: year(crops.on_grid(conv_lstm(), ROWS, COLUMNS, stride=4)),
}
NAMES = {  # the same in every Keras flavour
    "tied": """
        encoder_conv1/kernel encoder_conv1/bias encoder_conv2/kernel encoder_conv2/bias
        encoder_code/kernel encoder_code/bias decoder_dense/bias
        decoder_conv2/kernel decoder_conv2/bias decoder_conv1/kernel decoder_conv1/bias""",
    "conv_then_lstm": """
        encoder_conv1/kernel encoder_conv1/bias encoder_conv2/kernel encoder_conv2/bias
        encoder_code/kernel encoder_code/bias codes_conv/kernel codes_conv/bias
        lstm1/kernel lstm1/recurrent_kernel lstm1/bias
        lstm1_norm/gamma lstm1_norm/beta lstm1_norm/moving_mean lstm1_norm/moving_variance
        lstm2/kernel lstm2/recurrent_kernel lstm2/bias
        lstm2_norm/gamma lstm2_norm/beta lstm2_norm/moving_mean lstm2_norm/moving_variance
        next_dense/kernel next_dense/bias next_code/kernel next_code/bias
        decoder_dense/kernel decoder_dense/bias
        decoder_conv2/kernel decoder_conv2/bias decoder_conv1/kernel decoder_conv1/bias""",
    "crops_attention": "crops_embed/kernel crops_embed/bias positions/positions "
    + "".join(
        f"""
        block{i}_norm1/gamma block{i}_norm1/beta
        block{i}_norm1/moving_mean block{i}_norm1/moving_variance
        block{i}_attention/query/kernel block{i}_attention/query/bias
        block{i}_attention/key/kernel block{i}_attention/key/bias
        block{i}_attention/value/kernel block{i}_attention/value/bias
        block{i}_attention/attention_output/kernel block{i}_attention/attention_output/bias
        block{i}_norm2/gamma block{i}_norm2/beta
        block{i}_norm2/moving_mean block{i}_norm2/moving_variance
        block{i}_dense/kernel block{i}_dense/bias"""
        for i in (1, 2)
    )
    + " next_dense/kernel next_dense/bias next_crop/kernel next_crop/bias",
    "year_of_crops": """
        conv_lstm1/kernel conv_lstm1/recurrent_kernel conv_lstm1/bias
        conv_lstm1_norm/gamma conv_lstm1_norm/beta
        conv_lstm1_norm/moving_mean conv_lstm1_norm/moving_variance
        conv_lstm2/kernel conv_lstm2/recurrent_kernel conv_lstm2/bias
        conv_lstm2_norm/gamma conv_lstm2_norm/beta
        conv_lstm2_norm/moving_mean conv_lstm2_norm/moving_variance
        next_crop/kernel next_crop/bias""",
}

MEANS = {  # of the outputs with `numbered` weights, the same in every Keras flavour
    "tied": (0.630685, 0.076684),
    "conv_then_lstm": (0.575687, 0.064406),
    "crops_attention": (0.418568, 0.348154),
    "year_of_crops": (0.644212, 0.120782),
}


def numbered(model):
    """Weights by name order from one stream, so that no initializer has a say."""
    rng = np.random.default_rng(0)
    for _, weight in sorted(weights.named_weights(model).items()):
        weight.assign(rng.uniform(0.1, 0.9, weight.shape) - (0.5 if len(weight.shape) > 1 else 0))
    return model


def inputs_of(model, batch=4):
    rng = np.random.default_rng(0)
    shape = (batch, *model.input_shape[1:])
    if model.inputs[0].dtype in ("uint8", tf.uint8):
        return rng.integers(0, 256, shape).astype(np.uint8)
    return rng.random(shape, np.float32)


def scrambled(model, seed):
    """Other weights, of both signs in matrices so that no output is saturated."""
    rng = np.random.default_rng(seed)
    model.set_weights(
        [rng.uniform(0.1, 0.9, w.shape) - (0.5 if w.ndim > 1 else 0) for w in model.get_weights()]
    )
    return model


def concentration(outputs):
    """Of the forecasts of a year, or the only output."""
    return np.asarray(outputs["concentration"] if isinstance(outputs, dict) else outputs)


@pytest.mark.parametrize("kind", TRAINED)
def test_a_step_lowers_the_loss(kind):
    keras.utils.set_random_seed(0)
    model = TRAINED[kind]()
    x = inputs_of(model)
    true = np.random.default_rng(1).random(concentration(model(x)).shape, np.float32) ** 2
    if kind == "year_of_lstm":
        true = {"concentration": true}
    model.compile(keras.optimizers.SGD(0.05), "binary_crossentropy", jit_compile=False)
    first, second = (np.ravel(model.train_on_batch(x, true))[0] for _ in range(2))
    assert second < first


@pytest.mark.parametrize("kind", SERVED)
def test_weights_transfer_and_the_export_gives_equal_fractions(kind, tmp_path):
    source, target = scrambled(SERVED[kind](), 0), scrambled(SERVED[kind](), 1)
    weights.save(tmp_path / "w.npz", source)
    weights.load(tmp_path / "w.npz", target)
    assert len(weights.named_weights(source)) == len(source.weights)
    for a, b in zip(source.get_weights(), target.get_weights()):
        np.testing.assert_array_equal(a, b)
    compat.export(target, tmp_path / "saved_model")
    artifact = tf.saved_model.load(str(tmp_path / "saved_model"))
    for batch in (1, 3):
        x = inputs_of(source, batch)
        outputs = concentration(source(x))
        np.testing.assert_allclose(concentration(artifact.serve(x)), outputs, atol=1e-5)
        assert outputs.shape[-2:] == ((8, 8) if kind.startswith("crops") else (ROWS, COLUMNS))
        assert outputs.min() >= 0
        assert outputs.max() <= 1


@pytest.mark.parametrize("kind", NAMES)
def test_weights_have_the_same_names_everywhere(kind):
    lstm()  # what was built before leaves no trace in names
    assert sorted(weights.named_weights(SERVED[kind]())) == sorted(NAMES[kind].split())


@pytest.mark.parametrize("kind", MEANS)
def test_weights_mean_the_same_everywhere(kind):
    model = numbered(SERVED[kind]())
    outputs = concentration(model(inputs_of(model)))
    assert (outputs.mean(), outputs.std()) == pytest.approx(MEANS[kind], abs=2e-5)
