"""SENet-154 by its count of parameters, and a small one of its kind as an encoder."""

import numpy as np

from seaice_tf.networks import senet, weights
from seaice_tf.networks.encoders import ENCODERS, encoder

WITH_CLASSIFIER = 115_088_984  # as published, of 1000 classes; without statistics of batch norms
TINY = {"blocks": (1, 2, 1, 1), "width": 8, "groups": 4}


def test_it_has_as_many_parameters_as_published():
    trainable = sum(
        int(np.prod(w.shape)) for w in encoder("senet154", (None, None, 3)).trainable_weights
    )
    assert trainable + 2048 * 1000 + 1000 == WITH_CLASSIFIER


def test_features_at_every_stride():
    tiny = senet.senet154((None, None, 3), **TINY)
    image = np.random.default_rng(0).integers(0, 256, (2, 64, 96, 3)).astype(np.float32)
    for stride, features in zip((2, 4, 8, 16, 32), tiny(image), strict=True):
        assert features.shape[1:3] == (64 // stride, 96 // stride)
    names = list(weights.named_weights(tiny))
    assert len(names) == len(tiny.weights)
    assert "stem_conv1/kernel" in names
    assert "senet154" in ENCODERS
