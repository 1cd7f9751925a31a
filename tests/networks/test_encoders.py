import numpy as np
import pytest
import tensorflow as tf
from tensorflow import keras

from seaice_tf.errors import InputError
from seaice_tf.networks import encoders, weights
from seaice_tf.networks.encoders import ENCODERS, encoder
from seaice_tf.networks.unet import encoder_unet

STRIDES = (2, 4, 8, 16, 32)


def photo(height, width, channels=3, seed=0):
    rng = np.random.default_rng(seed)
    return rng.integers(0, 256, (2, height, width, channels)).astype(np.float32)


def tiny_application(include_top, weights, input_shape):
    """Stands for a ResNet50 of keras.applications: the same first and last layers, little between.

    It has the layers of the table, and so costs the tests no seconds.
    """
    if weights == "imagenet":
        raise Exception("URL fetch failure on https://example.org: None")
    layers, row = keras.layers, encoders.APPLICATIONS["resnet50"]
    x = image = keras.Input(input_shape)
    x = layers.ZeroPadding2D(3, name=row.first)(x)
    x = layers.Conv2D(4, 7, 2, name=row.first_conv)(x)
    for i, name in enumerate(row.strides):
        if i:
            x = layers.Conv2D(4, 3, 2, padding="same", name=f"{name}_conv")(x)
        x = layers.Activation("relu", name=name)(x)
    return keras.Model(image, x, name="resnet50")


@pytest.fixture
def tiny_resnet50(monkeypatch):
    monkeypatch.setattr(keras.applications, "ResNet50", tiny_application, raising=False)


@pytest.mark.soak
@pytest.mark.parametrize("number", [6, 7])
def test_large_ones_have_the_parameters_of_the_library(number):
    library = getattr(keras.applications, f"EfficientNetB{number}")
    whole = library(include_top=False, weights=None).count_params()
    assert (
        encoder(f"efficientnet_b{number}", (None, None, 3)).count_params() == whole - 7
    )  # scaling


@pytest.mark.parametrize("kind", ["small", "efficientnet_b0"])
def test_features_of_any_size_at_every_stride(kind):
    model = encoder(kind, (None, None, 3))
    for size in ((64, 96), (71, 45)):
        for stride, features in zip(STRIDES, model(photo(*size)), strict=True):
            for got, side in zip(features.shape[1:3], size):
                assert abs(got - side / stride) <= 1
    names = [layer.name for layer in weights.flat_layers(model)]
    assert len(names) == len(set(names))


def test_the_table_of_layers():
    for row in encoders.APPLICATIONS.values():
        assert hasattr(keras.applications, row.name)
        assert len(row.strides) == len(set(row.strides)) == len(STRIDES)
    ends = encoders.APPLICATIONS["resnet152"].strides
    assert ends[1:] == (
        "conv2_block3_out",
        "conv3_block8_out",
        "conv4_block36_out",
        "conv5_block3_out",
    )
    assert {"resnet50", "small", *(f"efficientnet_b{i}" for i in range(8))} <= set(ENCODERS)


def test_an_application_is_given_the_image_that_it_was_trained_on(tiny_resnet50, tmp_path):
    whole = tiny_application(False, None, (None, None, 3))
    whole.save_weights(str(tmp_path / "resnet50.weights.h5"))
    expected = whole(keras.applications.resnet50.preprocess_input(photo(64, 64).copy()))
    model = encoder("resnet50", (None, None, 3), weights=tmp_path / "resnet50.weights.h5")
    np.testing.assert_allclose(model(photo(64, 64))[-1], expected, rtol=1e-4, atol=1e-3)


def test_efficientnet_is_given_the_image_that_it_was_trained_on():
    row = encoders.APPLICATIONS["efficientnet_b0"]
    image = photo(8, 8)
    expected = (image / 255 - (0.485, 0.456, 0.406)) / (0.229, 0.224, 0.225)
    scaled = encoders.Standardise(row.mean, row.std, name="s")(image)
    np.testing.assert_allclose(scaled, expected, atol=1e-5)


@pytest.mark.parametrize("kind", ["small", "resnet50"])
@pytest.mark.parametrize("channels", [1, 6])
def test_an_image_with_its_channels_repeated_gives_the_same(
    kind, channels, tiny_resnet50, tmp_path
):
    source = encoder(kind, (None, None, 3))
    weights.save(tmp_path / "w.npz", source)
    other = encoder(kind, (None, None, channels), weights=tmp_path / "w.npz")
    image = photo(64, 64, min(channels, 3))
    grey = np.repeat(image, 3 // image.shape[-1], axis=-1)
    repeated = np.tile(image, (1, 1, 1, channels // image.shape[-1]))
    for a, b in zip(source(grey), other(repeated)):
        np.testing.assert_allclose(a, b, rtol=1e-3, atol=2e-3)


def test_the_encoder_of_one_model_goes_into_another(tmp_path):
    source = encoder_unet((32, 32, 3), {"mask": (4, "sigmoid")})
    weights.save(tmp_path / "w.npz", source)
    target = encoder("small", (32, 32, 3), weights=str(tmp_path / "w.npz"))
    for a, b in zip(source.get_layer("encoder").get_weights(), target.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_weights_that_are_none_are_one_clear_line(tiny_resnet50, tmp_path):
    np.savez(tmp_path / "other.npz", **{"dense/kernel": np.ones(2)})
    (tmp_path / "w.npz").write_bytes(b"none")
    (tmp_path / "w.h5").write_bytes(b"none")
    cases = {
        ("resnet50", "imagenet"): "expected Keras to download its ImageNet weights, got URL",
        ("resnet50", tmp_path / "w.h5"): "expected weights of keras.applications.ResNet50",
        ("small", "imagenet"): "expected weights of ImageNet, got none",
        ("small", tmp_path / "absent.npz"): "expected a file with weights for small, got none",
        ("small", tmp_path / "other.npz"): "got other layers: no encoder1_conv1/kernel",
        ("small", tmp_path / "w.npz"): "expected an npz file",
        ("small", tmp_path / "w.h5"): "expected weights for small in .npz, got .h5",
        ("smal", None): "expected one of small, .* got 'smal'",
    }
    for (kind, source), message in cases.items():
        with pytest.raises(InputError, match=message):
            encoder(kind, (None, None, 3), weights=source)


def test_a_frozen_encoder_stays_as_it_is():
    model = encoder_unet((32, 32, 3), {"mask": (2, "sigmoid")}, decoder_filters=(2,) * 5)
    x, true = photo(32, 32), {"mask": np.ones((2, 32, 32, 2), np.float32)}
    changed = []
    for change in (lambda model: None, encoders.freeze):
        change(model)
        model.compile(keras.optimizers.SGD(0.1), "mse", run_eagerly=True)
        before = model.get_weights()
        inside = {id(weight) for weight in model.get_layer("encoder").weights}
        model.train_on_batch(x, true)
        moved = [bool((a != b).any()) for a, b in zip(before, model.get_weights())]
        changed.append({(id(w) in inside) for w, moves in zip(model.weights, moved) if moves})
    assert changed == [{False, True}, {False}]


def test_channels_of_another_number_share_the_first_kernel():
    kernel = np.random.default_rng(0).random((3, 3, 3, 2))
    for channels in (1, 2, 3, 4, 7):
        got = encoders.inflate(kernel, channels)
        assert got.shape == (3, 3, channels, 2)
        np.testing.assert_allclose(got.sum(axis=2), kernel.sum(axis=2))
    np.testing.assert_array_equal(encoders.inflate(kernel, 3), kernel)


def test_standardise_takes_means_and_channels_in_turn():
    layer = encoders.Standardise((1.0, 2.0, 3.0), (1.0, 2.0, 4.0), name="s")
    np.testing.assert_allclose(layer(tf.constant([[5.0, 6, 7, 8]])), [[4, 2, 1, 7]])
    np.testing.assert_allclose(layer(tf.constant([[9.0]])), [[8, 3.5, 1.5]])
    assert layer.compute_output_shape((None, 1)) == (None, 3)
