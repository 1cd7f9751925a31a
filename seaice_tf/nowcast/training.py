"""The networks that `Settings.network` can name: what each trains on, and how it is served."""

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tensorflow import keras

from seaice_tf.networks import encoders
from seaice_tf.networks.optimizers import optimizer, training_space
from seaice_tf.nowcast import examples as data
from seaice_tf.nowcast.data.layout import FRAMES_OUT
from seaice_tf.nowcast.networks import cnns
from seaice_tf.nowcast.networks.batch_statistics import use_batch_statistics
from seaice_tf.nowcast.networks.losses import FrameLoss
from seaice_tf.nowcast.networks.perceiver import endpoint_error, flow_perceiver, told_flow
from seaice_tf.nowcast.networks.serving import counts_to_counts, mean_of_views
from seaice_tf.nowcast.pairs import pairs
from seaice_tf.nowcast.settings import Settings
from seaice_tf.pipeline import Examples


@dataclass(frozen=True)
class Network:
    """Attributes:
    build: settings -> the model that is trained, not compiled.
    space: hyperparameters -> the settings of this network that a sweep varies.
    whole: settings and that model -> the model from the past to frames.
    examples: settings and windows -> what it trains on.
    start: settings and that model; sets weights learnt elsewhere.
    """

    build: Callable[[Settings], keras.Model]
    space: Callable[[Any], dict[str, Any]]
    whole: Callable[[Settings, keras.Model], keras.Model] = lambda settings, model: model
    examples: Callable[[Settings, Examples], Examples] = lambda settings, examples: examples
    start: Callable[[Settings, keras.Model], None] = lambda settings, model: None


def _flow_unet(settings: Settings) -> keras.Model:
    return cnns.flow_unet(
        filters=settings.filters,
        recent=settings.recent,
        margin=settings.margin,
        difference=settings.difference,
        blur=settings.blur,
        flow_network=flow_perceiver() if settings.flow == "perceiver" else None,
    )


def _flow_unet_space(hp: Any) -> dict[str, Any]:
    width = hp.Choice("width", [16, 32, 48])
    return {
        "filters": (width, width * 3 // 2, width * 2, width * 3),
        "recent": hp.Choice("recent", [2, 4, 12]),
        "margin": hp.Choice("margin", [0, 16, 32]),
    }


def _lead_unet(settings: Settings, leads: int | None = None) -> keras.Model:
    return cnns.lead_unet(
        filters=settings.lead_filters,
        margin=settings.margin,
        leads=leads or settings.trained_leads,
    )


def _lead_unet_whole(settings: Settings, model: keras.Model) -> keras.Model:
    whole = _lead_unet(settings, FRAMES_OUT)
    whole.set_weights(model.get_weights())
    return whole


def _lead_unet_space(hp: Any) -> dict[str, Any]:
    width = hp.Choice("width", [8, 12, 16, 24])
    return {"lead_filters": (width, 2 * width, 3 * width)}


def _cnn_cnn(settings: Settings) -> keras.Model:
    return cnns.cnn_cnn(
        encoder=settings.encoder,
        decoder_filters=settings.decoder_filters,
        last_kernel=settings.last_kernel,
        difference=settings.difference,
        blur=settings.blur,
    )


def _cnn_cnn_space(hp: Any) -> dict[str, Any]:
    width = hp.Choice("width", [24, 48])
    return {
        "decoder_filters": (width, width, 2 * width, 2 * width),
        "last_kernel": hp.Choice("last_kernel", [1, 3]),
    }


def _cnn_cnn_start(settings: Settings, model: keras.Model) -> None:
    if settings.weights:
        encoders.load(model.get_layer("encoder"), settings.encoder, settings.weights)


def _conv_lstm(settings: Settings) -> keras.Model:
    return cnns.conv_lstm(
        filters=settings.filters, difference=settings.difference, blur=settings.blur
    )


def _conv_lstm_space(hp: Any) -> dict[str, Any]:
    width = hp.Choice("width", [8, 16, 24])
    return {"filters": (width, 2 * width)}


NETWORKS = {
    "lead_unet": Network(
        _lead_unet,
        _lead_unet_space,
        whole=_lead_unet_whole,
        examples=lambda settings, windows: data.first_leads(windows, settings.trained_leads),
    ),
    "flow_unet": Network(_flow_unet, _flow_unet_space),
    "cnn_cnn": Network(_cnn_cnn, _cnn_cnn_space, start=_cnn_cnn_start),
    "conv_lstm": Network(_conv_lstm, _conv_lstm_space),
    "flow": Network(lambda settings: cnns.flow_alone(blur=settings.blur), lambda hp: {}),
    "perceiver": Network(
        lambda settings: told_flow(flow_perceiver()),
        lambda hp: {},
        whole=lambda settings, model: cnns.flow_alone(model.get_layer("flow_perceiver")),
        examples=lambda settings, windows: pairs(windows),
    ),
}


def build(settings: Settings) -> keras.Model:
    model = NETWORKS[settings.network].build(settings)
    if settings.batch_statistics:
        use_batch_statistics(model)
    losses = {"frames": FrameLoss(settings.error_share), "flow": endpoint_error}
    model.compile(
        optimizer(settings.training),
        loss={name: losses[name] for name in model.output},
        jit_compile=False,
    )
    return model


def start(settings: Settings, model: keras.Model) -> None:
    """Give an encoder the weights that the settings name."""
    NETWORKS[settings.network].start(settings, model)


def served(settings: Settings, model: keras.Model) -> keras.Model:
    whole = NETWORKS[settings.network].whole(settings, model)
    model = counts_to_counts(whole, settings.flow_share)
    return mean_of_views(model) if settings.views == "mirrored" else model


def space(hp: Any, settings: Settings) -> Settings:
    """What a sweep varies: optimisation, loss, and what the network adds."""
    training = training_space(hp, settings.training, (3e-4, 1e-2), (4, 8, 16))
    return dataclasses.replace(
        settings,
        training=training,
        error_share=hp.Choice("error_share", [0.1, 0.25, 0.5]),
        **NETWORKS[settings.network].space(hp),
    )
