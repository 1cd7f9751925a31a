"""SENet-154 by its count of parameters, and a small one of its kind as an encoder."""

import numpy as np
import pytest

from seaice_tf.models import senet, weights
from seaice_tf.models.encoders import ENCODERS

WITH_CLASSIFIER = 115_088_984  # as published, of 1000 classes
TINY = {"blocks": (1, 2, 1, 1), "width": 8, "groups": 4}


def count(blocks, width, groups):
    """Parameters by hand: kernels without bias, batch norms of four, weighing with biases."""

    def conv(c_in, c_out, kernel, groups=1):
        return kernel**2 * c_in // groups * c_out + 4 * c_out

    total = conv(3, width, 3) + conv(width, width, 3) + conv(width, 2 * width, 3)
    channels = 2 * width
    for stage, number in enumerate(blocks):
        planes = width * 2**stage
        out = 4 * planes
        few = out // senet.REDUCTION
        for block in range(number):
            total += conv(channels, 2 * planes, 1) + conv(2 * planes, out, 3, groups)
            total += conv(out, out, 1) + out * few + few + few * out + out
            if block == 0:
                total += conv(channels, out, 3 if stage else 1)
            channels = out
    return total


@pytest.fixture(scope="module")
def tiny():
    return senet.senet154((None, None, 3), **TINY)


def moving(model):
    """Statistics of the batch norms, which the published count leaves out."""
    return sum(int(np.prod(w.shape)) for w in model.non_trainable_weights)


def test_parameters_are_counted_as_built_and_as_published(tiny):
    assert tiny.count_params() == count(**TINY)
    norms = {"blocks": (3, 8, 36, 3), "width": 64, "groups": 64}
    assert tuple(norms.values()) == (senet.BLOCKS, senet.WIDTH, senet.GROUPS)
    learnt = count(**norms) - 2 * channels_of_norms(**norms)
    assert moving(tiny) == 2 * channels_of_norms(**TINY)
    assert learnt + 2048 * 1000 + 1000 == WITH_CLASSIFIER


def channels_of_norms(blocks, width, groups):
    total = 4 * width
    for stage, number in enumerate(blocks):
        planes = width * 2**stage
        total += number * (2 * planes + 8 * planes) + 4 * planes
    return total


def test_features_at_every_stride(tiny):
    image = np.random.default_rng(0).integers(0, 256, (2, 64, 96, 3)).astype(np.float32)
    for stride, features in zip((2, 4, 8, 16, 32), tiny(image), strict=True):
        assert features.shape[1:3] == (64 // stride, 96 // stride)
    names = list(weights.named_weights(tiny))
    assert len(names) == len(tiny.weights)
    assert "stem_conv1/kernel" in names
    assert "senet154" in ENCODERS
