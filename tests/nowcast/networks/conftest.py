"""Small networks of every kind, built once."""

import numpy as np
import pytest

from seaice_tf.nowcast.networks import cnns
from seaice_tf.nowcast.networks.per_lead_unet import per_lead_unet

SIZE = {"frames": 3, "leads": 2, "side": 32, "target": 16}
FACTORIES = {
    "per_lead_unet": (per_lead_unet, {"filters": (3, 4), "earlier": (1,), "margin": 4}),
    "cnn_cnn": (cnns.cnn_cnn, {"shared_filters": 2, "decoder_filters": (4, 6)}),
    "conv_lstm": (cnns.conv_lstm, {"filters": (2, 4)}),
    "flow_unet": (cnns.flow_unet, {"filters": (3, 4), "recent": 2, "margin": 4}),
    "flow_alone": (cnns.flow_alone, {}),
}


@pytest.fixture(scope="session")
def build():
    """Builds a small network by name, with other options."""

    def small(name, **options):
        factory, own = FACTORIES[name]
        return factory(**{**own, **SIZE, **options})

    return small


@pytest.fixture(scope="session")
def networks(build):
    return {name: build(name) for name in FACTORIES}


@pytest.fixture(scope="session")
def past():
    return np.random.default_rng(0).uniform(0, 1023, (2, 3, 32, 32)).astype("float32")
