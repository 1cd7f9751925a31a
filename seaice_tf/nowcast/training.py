"""The networks that `Settings.network` can name: how each is built, trained and exported."""

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from tensorflow import keras

from seaice_tf.networks import encoders
from seaice_tf.networks.optimizers import optimizer, training_space
from seaice_tf.nowcast import examples as data
from seaice_tf.nowcast.data.layout import FRAMES_OUT
from seaice_tf.nowcast.networks import cnns, images, serving
from seaice_tf.nowcast.networks.losses import FrameLoss
from seaice_tf.nowcast.networks.per_lead_unet import per_lead_unet
from seaice_tf.nowcast.networks.perceiver import (
    FLOW_SOURCES,
    endpoint_error,
    flow_perceiver,
    flow_training_model,
)
from seaice_tf.nowcast.settings import Settings
from seaice_tf.pipeline import Examples
from seaice_tf.settings import with_values


@dataclass(frozen=True)
class Network:
    """How a network is built, trained and exported.

    Attributes:
        build: settings of the network -> the model that is trained, not compiled.
        space: hyperparameters -> values of its settings in a sweep.
        forecast: (settings of the network, trained model) -> model from the past to all frames.
        flipped: the same for test-time augmentation by flips, None for the mean over four models.
        image_endpoints: (settings of the network, trained model, whether by flips) -> endpoints
            for images of any size.
        examples: (settings of the network, windows) -> examples that it trains on.
        start: (settings of the network, model) -> None; sets weights trained elsewhere.
    """

    build: Callable[[Any], keras.Model]
    space: Callable[[Any], dict[str, Any]] = lambda hp: {}
    forecast: Callable[[Any, keras.Model], keras.Model] = lambda network, model: model
    flipped: Callable[[Any, keras.Model], keras.Model] | None = None
    image_endpoints: Callable[[Any, keras.Model, bool], dict[str, keras.Model]] = (
        lambda network, model, flips: {}
    )
    examples: Callable[[Any, Examples], Examples] = lambda network, windows: windows
    start: Callable[[Any, keras.Model], None] = lambda network, model: None


def _per_lead_unet(network: Any, **changes: Any) -> keras.Model:
    own = {"filters": network.filters, "margin": network.margin, "leads": network.trained_leads}
    return per_lead_unet(**own | changes)


def _per_lead_unet_of_all_leads(
    network: Any, model: keras.Model, flips: bool = False
) -> keras.Model:
    whole = _per_lead_unet(network, leads=FRAMES_OUT, flips=flips, damping=network.detail_damping)
    whole.set_weights(model.get_weights())
    return whole


def _per_lead_unet_of_images(network: Any, model: keras.Model, flips: bool) -> dict:
    return images.endpoints(model, flips, network.detail_damping)


def _per_lead_unet_space(hp: Any) -> dict[str, Any]:
    width = hp.Choice("width", [8, 12, 16, 24])
    return {"filters": (width, 2 * width, 3 * width)}


def _flow_unet(network: Any) -> keras.Model:
    return cnns.flow_unet(
        filters=network.filters,
        recent=network.recent,
        margin=network.margin,
        residual_to=network.residual_to,
        blur=network.blur,
        flow_network=FLOW_SOURCES[network.flow_source](),
    )


def _flow_unet_space(hp: Any) -> dict[str, Any]:
    width = hp.Choice("width", [16, 32, 48])
    return {
        "filters": (width, width * 3 // 2, width * 2, width * 3),
        "recent": hp.Choice("recent", [2, 4, 12]),
        "margin": hp.Choice("margin", [0, 16, 32]),
    }


def _cnn_cnn(network: Any) -> keras.Model:
    return cnns.cnn_cnn(
        encoder=network.encoder,
        decoder_filters=network.decoder_filters,
        last_kernel=network.last_kernel,
        residual_to=network.residual_to,
        blur=network.blur,
    )


def _cnn_cnn_space(hp: Any) -> dict[str, Any]:
    width = hp.Choice("width", [24, 48])
    return {
        "decoder_filters": (width, width, 2 * width, 2 * width),
        "last_kernel": hp.Choice("last_kernel", [1, 3]),
    }


def _cnn_cnn_start(network: Any, model: keras.Model) -> None:
    if network.weights:
        encoders.load(model.get_layer("encoder"), network.encoder, network.weights)


def _conv_lstm(network: Any) -> keras.Model:
    return cnns.conv_lstm(
        filters=network.filters, residual_to=network.residual_to, blur=network.blur
    )


def _conv_lstm_space(hp: Any) -> dict[str, Any]:
    width = hp.Choice("width", [8, 16, 24])
    return {"filters": (width, 2 * width)}


NETWORKS = {
    "per_lead_unet": Network(
        _per_lead_unet,
        _per_lead_unet_space,
        forecast=_per_lead_unet_of_all_leads,
        flipped=partial(_per_lead_unet_of_all_leads, flips=True),
        image_endpoints=_per_lead_unet_of_images,
        examples=lambda network, windows: data.first_leads(windows, network.trained_leads),
    ),
    "flow_unet": Network(_flow_unet, _flow_unet_space),
    "cnn_cnn": Network(_cnn_cnn, _cnn_cnn_space, start=_cnn_cnn_start),
    "conv_lstm": Network(_conv_lstm, _conv_lstm_space),
    "flow": Network(lambda network: cnns.flow_alone(blur=True)),
    "perceiver": Network(
        lambda network: flow_training_model(flow_perceiver()),
        forecast=lambda network, model: cnns.flow_alone(model.get_layer("flow_perceiver")),
        examples=lambda network, windows: data.flow_pairs(windows),
    ),
}


def build(settings: Settings) -> keras.Model:
    """Build the compiled model that is trained."""
    model = NETWORKS[settings.network.name].build(settings.network)
    if getattr(settings.network, "batch_statistics", False):
        cnns.use_batch_statistics(model)
    losses = {"frames": FrameLoss(settings.mae_weight), "flow": endpoint_error}
    model.compile(
        optimizer(settings.training),
        loss={name: losses[name] for name in model.output},
        jit_compile=False,
    )
    return model


def start(settings: Settings, model: keras.Model) -> None:
    """Set the initial weights that the settings name."""
    NETWORKS[settings.network.name].start(settings.network, model)


def serving_model(settings: Settings, model: keras.Model) -> keras.Model:
    """Build the model that is exported: from 12 frames of counts to 24, and the flow."""
    network = NETWORKS[settings.network.name]
    if settings.tta == "flips" and network.flipped:
        forecast = network.flipped(settings.network, model)
        return serving.serving_model(forecast, settings.advection_weight)
    forecast = network.forecast(settings.network, model)
    return serving.TTA[settings.tta](serving.serving_model(forecast, settings.advection_weight))


def calibrate(settings: Settings, model: keras.Model) -> Settings:
    """The settings with the value range that was learnt from the data."""
    return data.with_value_range(settings)


def extra_endpoints(settings: Settings, served: keras.Model) -> dict[str, keras.Model]:
    """The endpoints for images of any size, none if the network has none."""
    if settings.advection_weight:
        return {}
    network = NETWORKS[settings.network.name]
    return network.image_endpoints(settings.network, served, settings.tta == "flips")


def space(hp: Any, settings: Settings) -> Settings:
    """Settings of a trial: the optimisation, the loss and the network's own."""
    training = training_space(hp, settings.training, (3e-4, 1e-2), (4, 8, 16))
    mae_weight = hp.Choice("mae_weight", [0.1, 0.25, 0.5])
    settings = dataclasses.replace(settings, training=training, mae_weight=mae_weight)
    return with_values(settings, NETWORKS[settings.network.name].space(hp))
