"""The network of the ice charts, how it is served and what a sweep varies of it."""

import dataclasses
from typing import Any

from tensorflow import keras

from seaice_tf.icechart.networks import unet
from seaice_tf.icechart.networks.losses import SIC_LOSSES, binary_cross_entropy, cross_entropy
from seaice_tf.icechart.networks.unet import WATER
from seaice_tf.icechart.settings import Settings
from seaice_tf.networks.optimizers import optimizer, training_space


def build(settings: Settings) -> keras.Model:
    model = unet.network(
        len(settings.channels),
        settings.sic,
        filters=settings.filters,
        gates=settings.gates,
        attention_heads=settings.attention_heads,
        agree=settings.agree,
    )
    losses = {"SIC": SIC_LOSSES[settings.sic], "SOD": cross_entropy, "FLOE": cross_entropy}
    weights = {
        "SIC": settings.sic_weight,
        "SOD": settings.sod_weight,
        "FLOE": settings.floe_weight,
    }
    if settings.agree:
        losses[WATER], weights[WATER] = binary_cross_entropy, settings.water_weight
    model.compile(
        optimizer(settings.training), loss=losses, loss_weights=weights, jit_compile=False
    )
    return model


def served(settings: Settings, model: keras.Model) -> keras.Model:
    return unet.charts_of_scenes(
        model,
        settings.sic,
        agree=settings.agree,
        uncertainty=settings.uncertainty,
        temperatures=settings.temperatures,
    )


def also_served(settings: Settings, served: keras.Model) -> dict[str, keras.Model]:
    return {"serve_raw": unet.of_raw_channels(served, settings.channels)}


def space(hp: Any, settings: Settings) -> Settings:
    """What a sweep varies: optimisation, depth, attention, the head of SIC and augmentation."""
    training = training_space(hp, settings.training, (1e-4, 1e-2), (4, 8, 16))
    deeper = hp.Choice("more_levels", [0, 2])
    return dataclasses.replace(
        settings,
        training=training,
        filters=(*settings.filters, *deeper * settings.filters[-1:]),
        gates=hp.Boolean("gates"),
        sic=hp.Choice("sic", list(SIC_LOSSES)),
        cutmix=hp.Choice("cutmix", [0.0, 0.5]),
    )
