"""The networks that `Settings.network` can name: what each trains on, and how it serves a year."""

from typing import Any

from tensorflow import keras

from seaice_tf.forecast import examples, month_networks
from seaice_tf.forecast.data.archive import Archive
from seaice_tf.forecast.network import Network
from seaice_tf.forecast.networks.distribution import class_error, class_network, year_from_classes
from seaice_tf.forecast.networks.unet import correction_unet
from seaice_tf.forecast.settings import Settings
from seaice_tf.networks.losses import LOSSES
from seaice_tf.networks.optimizers import optimizer
from seaice_tf.pipeline import Examples


def _unet(settings: Settings) -> keras.Model:
    model = correction_unet(
        None,
        None,
        years=settings.years,
        base_years=settings.base_years,
        filters=settings.filters,
        hole=settings.hole,
    )
    loss = {"concentration": LOSSES[settings.loss]}
    model.compile(optimizer(settings.training), loss=loss, jit_compile=False)
    return model


def _unet_examples(data: Archive, settings: Settings) -> tuple[Examples, Examples]:
    december = settings.origins == "december"
    return (
        examples.windows(data, examples.training_starts(data, settings, december), settings, True),
        examples.windows(data, examples.validation_starts(data, settings), settings, False),
    )


def _unet_space(hp: Any, settings: Settings) -> dict[str, Any]:
    """The settings' own history is the longest that is tried, so that the record is enough."""
    width, depth = hp.Choice("width", [4, 8, 16]), hp.Int("depth", 1, 4)
    shorter = [years for years in (1, 3, 5, 10) if years < settings.years]
    years = hp.Choice("years", [*shorter, settings.years])
    return {
        "filters": (width, *[2 * width] * (depth - 1)),
        "years": years,
        "base_years": min(years, hp.Choice("base_years", [*shorter, settings.years])),
        "crop": hp.Choice("crop", [32, 64, 128]),
        "flip": hp.Boolean("flip"),
    }


def _distribution(settings: Settings) -> keras.Model:
    model = class_network(settings.members, settings.width)
    loss = {"classes": class_error}
    model.compile(optimizer(settings.training), loss=loss, jit_compile=False)
    return model


def _distribution_examples(data: Archive, settings: Settings) -> tuple[Examples, Examples]:
    return (
        examples.cell_blocks(data, examples.training_starts(data, settings, True), settings),
        examples.cell_blocks(data, examples.validation_starts(data, settings), settings),
    )


def _distribution_served(settings: Settings, model: keras.Model) -> keras.Model:
    return year_from_classes(model, None, None, settings.hole)


def _distribution_space(hp: Any, settings: Settings) -> dict[str, Any]:
    return {"width": hp.Choice("width", [16, 32, 64, 128])}


NETWORKS = {
    **month_networks.NETWORKS,
    "unet": Network(_unet, lambda settings, model: model, _unet_examples, _unet_space),
    "distribution": Network(
        _distribution, _distribution_served, _distribution_examples, _distribution_space
    ),
}
