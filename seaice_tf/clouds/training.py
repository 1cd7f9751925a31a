"""The networks that `Settings.network` can name: what each trains on, and how it serves photos."""

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tensorflow import keras

from seaice_tf.clouds import examples as data
from seaice_tf.clouds.data.classes import CLASSES
from seaice_tf.clouds.data.photos import Photos
from seaice_tf.clouds.networks import texture
from seaice_tf.clouds.networks.losses import LOSSES
from seaice_tf.clouds.networks.masks import masks_of_photos
from seaice_tf.clouds.settings import Settings
from seaice_tf.errors import InputError
from seaice_tf.networks import encoders
from seaice_tf.networks.optimizers import optimizer, training_space
from seaice_tf.networks.unet import encoder_unet
from seaice_tf.pipeline import Examples


@dataclass(frozen=True)
class Network:
    """Attributes:
    build: settings -> the model that is trained, not compiled.
    loss: settings -> the loss of its masks.
    start: settings and that model; sets weights learnt elsewhere.
    whole: settings and that model -> the model from images to masks and chances.
    examples: photos to train on, to validate on, settings -> examples of both.
    space: hyperparameters and settings -> the settings of this network that a sweep varies.
    """

    build: Callable[[Settings], keras.Model]
    loss: Callable[[Settings], Any]
    start: Callable[[Settings, keras.Model], None]
    whole: Callable[[Settings, keras.Model], keras.Model]
    examples: Callable[[Photos, Photos, Settings], tuple[Examples, Examples]]
    space: Callable[[Any, Settings], dict[str, Any]]


def _unet(settings: Settings) -> keras.Model:
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
    return model


def _unet_start(settings: Settings, model: keras.Model) -> None:
    if settings.weights:
        encoders.load(model.get_layer("encoder"), settings.encoder, settings.weights)


def _unet_examples(train: Photos, validation: Photos, settings: Settings):
    shape = _unet(settings).get_layer("masks").output.shape[1:3]
    return (
        data.examples(train, settings, shape, training=True),
        data.examples(validation, settings, shape, training=False),
    )


def _unet_space(hp: Any, settings: Settings) -> dict[str, Any]:
    width = hp.Choice("width", [16, 32, 48])
    return {
        "decoder_filters": tuple(width * (i + 1) for i in range(len(settings.decoder_filters))),
        "loss": hp.Choice("loss", ["binary_crossentropy", "bce_dice", "focal"]),
        "flips": hp.Boolean("flips", default=True),
        "zoom": hp.Choice("zoom", [0.0, 0.2, 0.4]),
    }


def _texture(settings: Settings) -> keras.Model:
    """The frozen part, from images to features; built anew each time, so never random.

    Raises:
        InputError: no weights are named.
    """
    if not settings.weights:
        raise InputError(
            "weights: expected those that texture is seen by, got none; give --weights imagenet "
            "with --encoder efficientnet_lite0, or a file"
        )
    return texture.features(
        settings.rows,
        settings.columns,
        encoder=settings.encoder,
        weights=settings.weights,
        scales=settings.scales,
    )


def _ridge(settings: Settings) -> keras.Model:
    bare = texture.features(
        settings.rows, settings.columns, encoder=settings.encoder, scales=settings.scales
    )
    channels = bare.output_shape[-1]
    return texture.ridge(channels, len(CLASSES), penalty=settings.penalty)


def _ridge_whole(settings: Settings, model: keras.Model) -> keras.Model:
    seen = _texture(settings)
    return keras.Model(seen.input, model(seen.output), name="texture_masks")


def _ridge_examples(train: Photos, validation: Photos, settings: Settings):
    seen = _texture(settings)
    return data.features(train, seen), data.features(validation, seen)


def _ridge_space(hp: Any, settings: Settings) -> dict[str, Any]:
    return {"penalty": hp.Float("penalty", 0.003, 0.3, sampling="log")}


NETWORKS = {
    "unet": Network(
        build=_unet,
        loss=lambda settings: LOSSES[settings.loss],
        start=_unet_start,
        whole=lambda settings, model: model,
        examples=_unet_examples,
        space=_unet_space,
    ),
    "texture": Network(
        build=_ridge,
        loss=lambda settings: LOSSES["binary_crossentropy"],
        start=lambda settings, model: None,
        whole=_ridge_whole,
        examples=_ridge_examples,
        space=_ridge_space,
    ),
}


def build(settings: Settings) -> keras.Model:
    network = NETWORKS[settings.network]
    model = network.build(settings)
    model.compile(
        optimizer(settings.training),
        loss={"masks": network.loss(settings), "chances": LOSSES["binary_crossentropy"]},
        loss_weights={"masks": 1.0, "chances": settings.chance_weight},
        jit_compile=False,
    )
    return model


def start(settings: Settings, model: keras.Model) -> None:
    """Give an encoder that is trained the weights that the settings name."""
    NETWORKS[settings.network].start(settings, model)


def served(settings: Settings, model: keras.Model) -> keras.Model:
    whole = NETWORKS[settings.network].whole(settings, model)
    size = settings.rows, settings.columns
    return masks_of_photos(whole, *size, settings.decisions, settings.mirrored)


def space(hp: Any, settings: Settings) -> Settings:
    """What a sweep varies: optimisation, and what the network adds."""
    training = training_space(hp, settings.training, (1e-4, 1e-2), (4, 8, 16))
    varied = NETWORKS[settings.network].space(hp, settings)
    return dataclasses.replace(settings, training=training, **varied)
