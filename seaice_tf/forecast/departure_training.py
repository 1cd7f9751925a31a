"""How the networks that forecast departures from the climatology are built, swept and served."""

from collections.abc import Callable
from functools import partial
from typing import Any

from tensorflow import keras

from seaice_tf.forecast import anomaly_examples
from seaice_tf.forecast.examples import archive
from seaice_tf.forecast.networks import anomaly_codes, anomaly_crops
from seaice_tf.forecast.networks.losses import class_cross_entropy, departure_error
from seaice_tf.forecast.settings import AnomalyCodes, AnomalyCrops, Settings
from seaice_tf.networks.optimizers import optimizer

ERROR_WEIGHT = 20.0  # of squared errors of departures beside the cross-entropy of classes


def codes(network: AnomalyCodes, settings: Settings) -> keras.Model:
    """The compiled network of codes."""
    rows, columns = archive(settings).counts.shape[1:]
    model = anomaly_codes.code_network(
        network.months,
        network.codes,
        rows * columns,
        sequence=sequence_of(network),
        members=network.members,
        width=network.width,
        cell_features=network.cell_features,
    )
    return _compiled(model, settings, codes=departure_error)


def sequence_of(network: AnomalyCodes) -> Callable[..., keras.Model]:
    """The factory of the variant with the settings that it has."""
    factory = anomaly_codes.VARIANTS[network.variant]
    if network.variant == "damped_codes":
        return partial(factory, noise=network.noise)
    if network.variant == "linear_codes":
        return partial(factory, noise=network.noise, dropout=network.dropout)
    width = "units" if network.variant == "lstm_codes" else "width"
    options: dict[str, Any] = {width: network.units}
    return partial(factory, noise=network.noise, dropout=network.dropout, **options)


def start_codes(network: AnomalyCodes, settings: Settings, model: keras.Model) -> None:
    """Set the orthogonal functions of the training months."""
    found = anomaly_examples.functions(network, settings, archive(settings))
    model.get_layer("functions").set_weights([found])


def codes_serving(network: AnomalyCodes, settings: Settings, model) -> keras.Model:
    return anomaly_codes.serving_model(model, **_serving_options(settings))


def codes_space(hp: Any, network: AnomalyCodes) -> dict[str, Any]:
    return {
        "months": hp.Choice("months", [3, 6, 12, 24, 36]),
        "codes": hp.Choice("codes", [8, 16, 24, 48]),
        "units": hp.Choice("units", [8, 16, 32]),
        "noise": hp.Choice("noise", [0.2, 0.5, 1.0]),
        "dropout": hp.Choice("dropout", [0.2, 0.4, 0.6, 0.8]),
        "width": hp.Choice("width", [16, 32, 64]),
        "cell_features": hp.Choice("cell_features", ["few", "all"]),
    }


def crops(network: AnomalyCrops, settings: Settings) -> keras.Model:
    """The compiled network of crops."""
    model = anomaly_crops.crop_network(
        network.months,
        filters=network.filters,
        kernel=network.kernel,
        dropout=network.dropout,
        members=network.members,
        width=network.width,
        cell_features=network.cell_features,
    )
    return _compiled(model, settings)


def crops_serving(network: AnomalyCrops, settings: Settings, model) -> keras.Model:
    return anomaly_crops.serving_model(model, **_serving_options(settings))


def crops_space(hp: Any, network: AnomalyCrops) -> dict[str, Any]:
    return {
        "months": hp.Choice("months", [1, 2, 4, 6]),
        "filters": (hp.Choice("filters", [2, 4, 6, 8]),),
        "kernel": hp.Choice("kernel", [3, 5]),
        "dropout": hp.Choice("dropout", [0.0, 0.2, 0.5]),
        "width": hp.Choice("width", [16, 32, 64]),
        "cell_features": hp.Choice("cell_features", ["few", "all"]),
    }


def _compiled(model: keras.Model, settings: Settings, **losses: Callable) -> keras.Model:
    losses |= {"classes": class_cross_entropy, "departure": departure_error}
    weights = dict.fromkeys(losses, 1.0) | {"departure": ERROR_WEIGHT}
    model.compile(
        optimizer(settings.training), loss=losses, loss_weights=weights, jit_compile=False
    )
    return model


def _serving_options(settings: Settings) -> dict[str, Any]:
    rows, columns = archive(settings).counts.shape[1:]
    return {
        "rows": rows,
        "columns": columns,
        "pole_hole_fill": settings.pole_hole_fill,
        "south": settings.hemisphere == "south",
    }
