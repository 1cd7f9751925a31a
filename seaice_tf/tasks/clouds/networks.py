"""The network of the cloud masks, how it is served and what a sweep varies of it."""

import dataclasses
from typing import Any

from tensorflow import keras

from seaice_tf.models import encoders
from seaice_tf.models.cloud_masks import masks_of_photos
from seaice_tf.models.optimizers import optimizer
from seaice_tf.models.segmentation_losses import LOSSES
from seaice_tf.models.unet import encoder_unet
from seaice_tf.tasks.clouds.settings import Settings
from seaice_tf.transforms.cloud_classes import CLASSES


def build(settings: Settings) -> keras.Model:
    heads = (len(CLASSES), "sigmoid")
    model = encoder_unet(
        (settings.rows, settings.columns, 3),
        {"masks": heads},
        encoder=settings.encoder,
        decoder_filters=settings.decoder_filters,
        pooled_heads={"chances": heads},
    )
    if settings.frozen:
        encoders.freeze(model)
    model.compile(
        optimizer(settings.training),
        loss={"masks": LOSSES[settings.loss], "chances": LOSSES["binary_crossentropy"]},
        loss_weights={"masks": 1.0, "chances": settings.chance_weight},
        jit_compile=False,
    )
    return model


def start(settings: Settings, model: keras.Model) -> None:
    """Give the encoder the weights that the settings name."""
    if settings.weights:
        encoders.load(model.get_layer("encoder"), settings.encoder, settings.weights)


def served(settings: Settings, model: keras.Model) -> keras.Model:
    return masks_of_photos(
        model, settings.rows, settings.columns, settings.decisions, settings.mirrored
    )


def space(hp: Any, settings: Settings) -> Settings:
    """What a sweep varies: optimisation, loss, width of the decoder and augmentation."""
    training = dataclasses.replace(
        settings.training,
        learning_rate=hp.Float("learning_rate", 1e-4, 1e-2, sampling="log"),
        batch_size=hp.Choice("batch_size", [4, 8, 16]),
    )
    width = hp.Choice("width", [16, 32, 48])
    return dataclasses.replace(
        settings,
        training=training,
        decoder_filters=tuple(width * (i + 1) for i in range(len(settings.decoder_filters))),
        loss=hp.Choice("loss", ["binary_crossentropy", "bce_dice", "focal"]),
        flips=hp.Boolean("flips", default=True),
        zoom=hp.Choice("zoom", [0.0, 0.2, 0.4]),
    )
