import numpy as np
import pytest
import tensorflow as tf

from seaice_tf import compat
from seaice_tf.networks import weights
from seaice_tf.networks.unet import encoder_unet, unet


def count(inputs, filters, heads):
    """Parameters by hand: 3x3 convolutions without bias, batch norms of four, 1x1 heads."""

    def block(c_in, c_out):
        return 9 * c_in * c_out + 9 * c_out * c_out + 2 * 4 * c_out

    total, c = 0, inputs
    for width in filters:
        total, c = total + block(c, width), width
    for width in reversed(filters[:-1]):
        total, c = total + block(c + width, width), width
    return total + sum(c * head + head for head in heads)


@pytest.mark.parametrize("filters", [(4,), (4, 8), (16, 32, 32, 32)])
def test_parameter_count(filters):
    model = unet((32, 32, 5), {"sic": (11, None), "floe": (7, None)}, filters=filters)
    assert model.count_params() == count(5, filters, (11, 7))


@pytest.mark.parametrize("size", [(16, 16), (13, 21), (7, 5)])
def test_maps_have_the_size_of_the_image_and_scalars_one_value(size):
    model = unet((None, None, 3), {"height": (1, None)}, scalar_heads=("angle",), filters=(2, 3, 4))
    outputs = model(np.zeros((2, *size, 3), np.float32))
    assert outputs["height"].shape == (2, *size, 1)
    assert outputs["angle"].shape == (2, 1)


def test_every_layer_has_a_name_of_its_own():
    names = [layer.name for layer in unet((8, 8, 1), {"y": (1, None)}).layers]
    assert len(names) == len(set(names))
    assert not any(name.startswith(("conv2d", "batch_norm", "activation")) for name in names)


@pytest.fixture(scope="module")
def over_encoder():
    return encoder_unet(
        (None, None, 3),
        {"mask": (4, "sigmoid"), "height": (1, None)},
        pooled_heads={"present": (4, "sigmoid"), "angle": (1, None)},
        decoder_filters=(2, 3, 4, 5, 6),
    )


@pytest.mark.parametrize("size", [(32, 32), (45, 37)])
def test_maps_over_an_encoder_have_the_size_of_the_image(over_encoder, size):
    outputs = over_encoder(np.full((2, *size, 3), 255, np.float32))
    shapes = {head: tuple(value.shape) for head, value in outputs.items()}
    maps = {"mask": (2, *size, 4), "height": (2, *size, 1)}
    assert shapes == {**maps, "present": (2, 4), "angle": (2, 1)}
    assert 0 <= np.min(outputs["mask"]) <= np.max(outputs["mask"]) <= 1


def test_fewer_filters_of_the_decoder_give_coarser_maps():
    model = encoder_unet((64, 96, 3), {"mask": (4, "sigmoid")}, decoder_filters=(3, 2))
    assert model(np.zeros((1, 64, 96, 3), np.float32))["mask"].shape == (1, 8, 12, 4)
    assert "standardise_top" not in {layer.name for layer in model.layers}


def test_what_is_exported_over_an_encoder_gives_equal_numbers(over_encoder, tmp_path):
    compat.export(over_encoder, tmp_path / "saved_model")
    artifact = tf.saved_model.load(str(tmp_path / "saved_model"))
    image = np.random.default_rng(0).integers(0, 256, (1, 41, 35, 3)).astype(np.float32)
    served, expected = artifact.serve(image), over_encoder(image)
    for head, value in expected.items():
        np.testing.assert_allclose(served[head], value, atol=1e-5)


def test_weights_over_an_encoder_have_the_same_names_everywhere(over_encoder):
    names = set(weights.named_weights(over_encoder))
    assert len(names) == len(over_encoder.weights)
    assert {"encoder1_conv1/kernel", "encoder5_norm2/gamma", "up4_conv1/kernel"} <= names
    assert {"mask/bias", "height/kernel", "present/kernel", "angle/bias"} <= names
