"""How the networks are built, initialised, calibrated, served and tuned."""

import dataclasses
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf
from tensorflow import keras

from seaice_tf.clouds import examples
from seaice_tf.clouds.data.labels import CLASSES, SCORE_SHAPE
from seaice_tf.clouds.data.photos import Photos
from seaice_tf.clouds.networks import serving, texture
from seaice_tf.clouds.networks.losses import LOSSES
from seaice_tf.clouds.scores.decision_search import search
from seaice_tf.clouds.settings import Settings, Texture, UNet
from seaice_tf.files.photos import encoded
from seaice_tf.networks import encoders
from seaice_tf.networks.optimizers import optimizer, training_space
from seaice_tf.networks.unet import encoder_unet
from seaice_tf.pipeline import Examples

log = logging.getLogger(__name__)

STEP = 4  # decisions are chosen on every fourth row and column of the scored grid
PARTS = 3  # folds of the validation photos, to estimate the gain of the chosen decisions


@dataclass(frozen=True)
class Network:
    """What differs between the networks.

    Attributes:
        build: (settings, network settings) -> the uncompiled model that is trained.
        loss: network settings -> the loss of the masks.
        start: (network settings, model) -> None; loads pretrained weights.
        complete: (settings, network settings, model) -> the model from images to masks and class
            probabilities.
        examples: (settings, network settings, training photos, validation photos) -> examples.
        space: (hyperparameters, network settings) -> the values that a sweep varies.
    """

    build: Callable[[Settings, Any], keras.Model]
    loss: Callable[[Any], Any]
    start: Callable[[Any, keras.Model], None]
    complete: Callable[[Settings, Any, keras.Model], keras.Model]
    examples: Callable[[Settings, Any, Photos, Photos], tuple[Examples, Examples]]
    space: Callable[[Any, Any], dict[str, Any]]


def _unet(settings: Settings, network: UNet) -> keras.Model:
    heads = (len(CLASSES), "sigmoid")
    model = encoder_unet(
        (settings.rows, settings.columns, 3),
        {"masks": heads},
        encoder=network.encoder,
        decoder_filters=network.decoder_filters,
        pooled_heads={"class_probabilities": heads},
    )
    if network.frozen:
        encoders.freeze(model)
    return model


def _unet_start(network: UNet, model: keras.Model) -> None:
    if network.weights:
        encoders.load(model.get_layer("encoder"), network.encoder, network.weights)


def _unet_examples(settings: Settings, network: UNet, train: Photos, validation: Photos):
    shape = _unet(settings, network).get_layer("masks").output.shape[1:3]
    return (
        examples.photo_examples(train, settings, shape, network),
        examples.photo_examples(validation, settings, shape),
    )


def _unet_space(hp: Any, network: UNet) -> dict[str, Any]:
    width = hp.Choice("width", [16, 32, 48])
    return {
        "decoder_filters": tuple(width * (i + 1) for i in range(len(network.decoder_filters))),
        "loss": hp.Choice("loss", ["binary_crossentropy", "bce_dice", "focal"]),
        "flips": hp.Boolean("flips", default=True),
        "zoom": hp.Choice("zoom", [0.0, 0.2, 0.4]),
    }


def _features(settings: Settings, network: Texture, weights: str | None) -> keras.Model:
    """The frozen feature extractor of the texture network."""
    return texture.features(
        settings.rows,
        settings.columns,
        encoder=network.encoder,
        weights=weights,
        scales=network.scales,
    )


def _texture(settings: Settings, network: Texture) -> keras.Model:
    channels = _features(settings, network, weights=None).output_shape[-1]
    return texture.ridge(channels, len(CLASSES), penalty=network.penalty)


def _texture_complete(settings: Settings, network: Texture, model: keras.Model) -> keras.Model:
    extractor = _features(settings, network, network.weights)
    return keras.Model(extractor.input, model(extractor.output), name="texture_masks")


def _texture_examples(settings: Settings, network: Texture, train: Photos, validation: Photos):
    extractor = _features(settings, network, network.weights)
    return (
        examples.feature_examples(train, extractor),
        examples.feature_examples(validation, extractor),
    )


def _texture_space(hp: Any, network: Texture) -> dict[str, Any]:
    return {"penalty": hp.Float("penalty", 0.003, 0.3, sampling="log")}


NETWORKS = {
    UNet.name: Network(
        build=_unet,
        loss=lambda network: LOSSES[network.loss],
        start=_unet_start,
        complete=lambda settings, network, model: model,
        examples=_unet_examples,
        space=_unet_space,
    ),
    Texture.name: Network(
        build=_texture,
        loss=lambda network: LOSSES["binary_crossentropy"],
        start=lambda network, model: None,
        complete=_texture_complete,
        examples=_texture_examples,
        space=_texture_space,
    ),
}


def build(settings: Settings) -> keras.Model:
    """The compiled model that is trained."""
    network = NETWORKS[settings.network.name]
    model = network.build(settings, settings.network)
    model.compile(
        optimizer(settings.training),
        loss={
            "masks": network.loss(settings.network),
            "class_probabilities": LOSSES["binary_crossentropy"],
        },
        loss_weights={"masks": 1.0, "class_probabilities": settings.class_loss_weight},
        jit_compile=False,
    )
    return model


def start(settings: Settings, model: keras.Model) -> None:
    """Load the pretrained weights of the settings into the encoder that is trained."""
    NETWORKS[settings.network.name].start(settings.network, model)


def serving_model(settings: Settings, model: keras.Model) -> keras.Model:
    """The model that is exported of a trained one, see `serving.serving_model`."""
    complete = NETWORKS[settings.network.name].complete(settings, settings.network, model)
    size = settings.rows, settings.columns
    return serving.serving_model(complete, *size, settings.decisions, settings.tta)


def space(hp: Any, settings: Settings) -> Settings:
    """Settings of a trial of a sweep: optimisation, and hyperparameters of the network."""
    varied = NETWORKS[settings.network.name].space(hp, settings.network)
    return dataclasses.replace(
        settings,
        training=training_space(hp, settings.training, (1e-4, 1e-2), (4, 8, 16)),
        network=dataclasses.replace(settings.network, **varied),
    )


def calibrate(settings: Settings, model: keras.Model) -> Settings:
    """The settings with the decisions of the largest Dice on the validation fold.

    Logs the gain over the default decisions on held-out photos, with its 95 % interval.
    """
    if settings.choose == "none":
        return settings
    photos = examples.validation_photos(examples.labelled(settings), settings)
    network = serving_model(settings, model)
    outputs = [network(tf.constant([encoded(path)])) for path in photos.paths]
    result = search(
        np.stack([fields["probabilities"].numpy()[0, ::STEP, ::STEP] for fields in outputs]),
        np.concatenate([fields["class_probabilities"].numpy() for fields in outputs]),
        photos.truths(SCORE_SHAPE)[:, ::STEP, ::STEP],
        examples.stratified_folds(photos, PARTS),
        shared=settings.choose == "shared",
    )
    low, high = result.interval()
    log.info(
        "decisions chosen on %d photos: %+.3f Dice on held-out photos against thresholds of 0.5 "
        "(95 %% interval %+.3f to %+.3f)",
        *(len(photos), result.gain, low, high),
    )
    return dataclasses.replace(settings, decisions=result.decisions)
