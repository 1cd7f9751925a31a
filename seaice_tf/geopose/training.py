"""How the network is built, initialised, served and tuned."""

import dataclasses
from typing import Any

from tensorflow import keras

from seaice_tf.geopose.data.augment import AUGMENTATIONS
from seaice_tf.geopose.networks import unet
from seaice_tf.geopose.networks.losses import HEIGHT_LOSSES, squared_error
from seaice_tf.geopose.networks.unet import AGL, ANGLE, MAGNITUDE, SCALE
from seaice_tf.geopose.settings import Settings
from seaice_tf.networks import encoders
from seaice_tf.networks.optimizers import optimizer, training_space


def build(settings: Settings) -> keras.Model:
    """The compiled model that is trained."""
    model = unet.network(
        encoder=settings.encoder,
        decoder_filters=settings.decoder_filters,
        pose_from=settings.pose_from,
        scale_by=settings.scale_by,
    )
    losses = {AGL: HEIGHT_LOSSES[settings.loss], ANGLE: squared_error}
    weights = {AGL: settings.height_weight, ANGLE: settings.angle_weight}
    if settings.scale_by == "fit":
        losses[MAGNITUDE], weights[MAGNITUDE] = squared_error, settings.height_weight
    else:
        losses[SCALE], weights[SCALE] = squared_error, settings.scale_weight
    model.compile(
        optimizer(settings.training), loss=losses, loss_weights=weights, jit_compile=False
    )
    return model


def start(settings: Settings, model: keras.Model) -> None:
    """Load the pretrained weights of the settings into the encoder."""
    if settings.weights:
        encoders.load(model.get_layer("encoder"), settings.encoder, settings.weights)


def serving_model(settings: Settings, model: keras.Model) -> keras.Model:
    """The model that is exported of a trained one, see `unet.serving_model`."""
    return unet.serving_model(model)


def space(hp: Any, settings: Settings) -> Settings:
    """Settings of a trial of a sweep: optimisation, width and augmentation."""
    training = training_space(hp, settings.training, (1e-4, 1e-2), (4, 8, 16))
    width = hp.Choice("width", [0.5, 1.0, 2.0])
    return dataclasses.replace(
        settings,
        training=training,
        decoder_filters=tuple(max(round(width * each), 1) for each in settings.decoder_filters),
        augment=hp.Choice("augment", list(AUGMENTATIONS)),
    )
