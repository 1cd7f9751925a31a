import numpy as np
import pytest

from seaice_tf.models.unet import unet


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
