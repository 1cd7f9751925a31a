"""How each network of the forecast is built, trained on an archive, swept and served.

`NETWORKS` lists them by the names of `Settings.network`. To add a network: its settings class in
settings.py, its layers in networks/, and an entry here. To add a loss: networks/losses.py.
"""

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from tensorflow import keras

from seaice_tf import settings as settings_file
from seaice_tf.errors import InputError
from seaice_tf.forecast import (
    anomaly_examples,
    calibration,
    cell_examples,
    departure_training,
    examples,
)
from seaice_tf.forecast.data.archive import Archive
from seaice_tf.forecast.examples import SingleMonths, archive
from seaice_tf.forecast.networks import autoencoder, crops, distribution, sequences
from seaice_tf.forecast.networks.cell_network import class_network
from seaice_tf.forecast.networks.losses import (
    LOSSES,
    class_cross_entropy,
    departure_error,
    image_cross_entropy,
)
from seaice_tf.forecast.networks.unet import correction_unet
from seaice_tf.forecast.settings import (
    Autoencoder,
    Crops,
    Distribution,
    Sequence,
    Settings,
    UNet,
)
from seaice_tf.networks import weights
from seaice_tf.networks.optimizers import optimizer, training_space
from seaice_tf.pipeline import Examples


@dataclass(frozen=True)
class Network:
    """What the task needs of a network; `network` is its own settings, as UNet or Crops.

    Attributes:
        build: (network, settings) -> the compiled model that is trained.
        serving_model: (network, settings, trained model) -> the forecast of 12 months.
        examples: (network, settings, archive) -> training and validation examples.
        space: (hyperparameters, network) -> values of a trial, by names of the network's settings.
        rates: the lowest and the highest learning rate of a sweep.
        batch_sizes: batch sizes of a sweep.
        start: (network, settings, model) -> None; sets weights before training.
    """

    build: Callable[[Any, Settings], keras.Model]
    serving_model: Callable[[Any, Settings, keras.Model], keras.Model]
    examples: Callable[[Any, Settings, Archive], tuple[Examples, Examples]]
    space: Callable[[Any, Any], dict[str, Any]]
    rates: tuple[float, float] = (3e-4, 1e-2)
    batch_sizes: tuple[int, ...] = (1, 2)
    start: Callable[[Any, Settings, keras.Model], None] | None = None


def _distribution(network: Distribution, settings: Settings) -> keras.Model:
    model = class_network(network.members, network.width, years=network.longest_history_years)
    loss = {"classes": class_cross_entropy, "departure": departure_error}
    weights_of_losses = {"classes": 1.0, "departure": network.error_weight}
    model.compile(
        optimizer(settings.training),
        loss=loss,
        loss_weights=weights_of_losses,
        jit_compile=False,
    )
    return model


def _distribution_serving(network: Distribution, settings: Settings, model) -> keras.Model:
    south = settings.hemisphere == "south"
    return distribution.serving_model(
        model,
        None,
        None,
        pole_hole_fill=settings.pole_hole_fill,
        south=south,
        calibration=calibration.of_settings(network, south),
    )


def _distribution_space(hp: Any, network: Distribution) -> dict[str, Any]:
    return {"width": hp.Choice("width", [16, 32, 64, 128])}


def _unet(network: UNet, settings: Settings) -> keras.Model:
    model = correction_unet(
        None,
        None,
        years=network.history_years,
        base_years=network.base_years,
        filters=network.filters,
        pole_hole_fill=settings.pole_hole_fill,
    )
    loss = {"concentration": LOSSES[network.loss]}
    model.compile(optimizer(settings.training), loss=loss, jit_compile=False)
    return model


def _unet_examples(network: UNet, settings: Settings, data: Archive):
    train = examples.training_starts(data, settings, network.init_months)
    validation = examples.validation_starts(data, settings)
    return (
        examples.map_windows(data, train, settings, network, training=True),
        examples.map_windows(data, validation, settings, network, training=False),
    )


def _unet_space(hp: Any, network: UNet) -> dict[str, Any]:
    """The history of the settings is the longest of a sweep, so that the record is long enough."""
    width, depth = hp.Choice("width", [4, 8, 16]), hp.Int("depth", 1, 4)
    longest = network.history_years
    shorter = [years for years in (1, 3, 5, 10) if years < longest]
    years = hp.Choice("history_years", [*shorter, longest])
    return {
        "filters": (width, *[2 * width] * (depth - 1)),
        "history_years": years,
        "base_years": min(years, hp.Choice("base_years", [*shorter, longest])),
        "crop": hp.Choice("crop", [32, 64, 128]),
        "flip": hp.Boolean("flip"),
    }


VARIANTS: dict[str, Mapping[str, Callable[..., keras.Model]]] = {
    "autoencoder": autoencoder.VARIANTS,
    "sequence": sequences.VARIANTS,
    "crops": crops.VARIANTS,
}


def _factory(network: Autoencoder | Sequence | Crops) -> Callable[..., keras.Model]:
    return VARIANTS[network.name][network.variant]


def _compiled_image_model(settings: Settings, model: keras.Model) -> keras.Model:
    """The model with its output in a dictionary, {"image": output}, compiled for training."""
    model = keras.Model(model.input, {"image": model.output}, name=model.name)
    model.compile(
        optimizer(settings.training), loss={"image": image_cross_entropy}, jit_compile=False
    )
    return model


def _image_model(model: keras.Model) -> keras.Model:
    """The model that `_compiled_image_model` wrapped."""
    return keras.Model(model.input, model.output["image"], name=model.name)


def _months_forecast(settings: Settings, model: keras.Model) -> keras.Model:
    """A forecast of 12 months from a model of one, (B, years, H, W) -> (B, H, W)."""
    _, years, rows, columns = model.input_shape
    return sequences.serving_model(
        model, rows, columns, years=years, pole_hole_fill=settings.pole_hole_fill
    )


def _month_examples(
    data: Archive, settings: Settings, history: int, make: Callable[[np.ndarray], Examples]
) -> tuple[Examples, Examples]:
    return (
        make(examples.training_months(data, settings, history)),
        make(examples.validation_months(data, settings, history)),
    )


def _autoencoder(network: Autoencoder, settings: Settings) -> keras.Model:
    rows, columns = archive(settings).counts.shape[1:]
    return _compiled_image_model(settings, _factory(network)(rows, columns, code=network.code))


def _autoencoder_serving(network: Autoencoder, settings: Settings, model) -> keras.Model:
    return _months_forecast(settings, autoencoder.last_year_through_code(_image_model(model)))


def _autoencoder_examples(network: Autoencoder, settings: Settings, data: Archive):
    return _month_examples(data, settings, 0, SingleMonths(data, settings).images_alone)


def autoencoder_run(network: Sequence) -> tuple[Path, Settings]:
    """Weights and settings of the autoencoder's run.

    Raises:
        InputError: no such run, or a run of another network.
    """
    run = Path(network.autoencoder)
    if not network.autoencoder or not (run / "weights.npz").exists():
        raise InputError(
            f"autoencoder: expected the folder of a trained autoencoder, got {str(run)!r}; train "
            "one with train forecast --network autoencoder, and name it with --autoencoder"
        )
    stored = settings_file.read(run / "settings.json", Settings)
    if stored.network.name != "autoencoder":
        raise InputError(f"{run}: expected an autoencoder, got a run of {stored.network.name}")
    return run / "weights.npz", stored


def _trained_autoencoder(network: Sequence, settings: Settings) -> keras.Model:
    """The autoencoder of the run that the settings name.

    Raises:
        InputError: it was trained on later months or with another fill of the pole hole.
    """
    path, stored = autoencoder_run(network)
    fill = settings.pole_hole_fill
    if stored.train_end > settings.train_end or stored.pole_hole_fill != fill:
        raise InputError(
            f"{path.parent}: expected an autoencoder trained to {settings.train_end} or earlier "
            f"with --pole-hole-fill {fill}, got {stored.train_end} and {stored.pole_hole_fill}; "
            "use another"
        )
    here = {name: getattr(settings, name) for name in ("data", "minimum_days")}
    model = NETWORKS["autoencoder"].build(stored.network, dataclasses.replace(stored, **here))
    weights.load(path, model)
    return _image_model(model)


def _sequence(network: Sequence, settings: Settings) -> keras.Model:
    trained = _trained_autoencoder(network, settings)
    code = trained.get_layer("encoder").output_shape[-1]
    sequence = _factory(network)(network.history_years, code)
    join = sequences.on_codes if network.freeze else sequences.on_images
    return _compiled_image_model(settings, join(sequence, trained, freeze=network.freeze))


def _sequence_serving(network: Sequence, settings: Settings, model) -> keras.Model:
    if not network.freeze:
        return _months_forecast(settings, _image_model(model))
    trained = _trained_autoencoder(network, settings)
    _require_same_decoder(network, trained, model)
    sequence = next(layer for layer in model.layers if layer.name.endswith("_sequence"))
    return _months_forecast(settings, sequences.on_images(sequence, trained))


def _require_same_decoder(network: Sequence, trained: keras.Model, model: keras.Model) -> None:
    """InputError if the autoencoder is not the one that the sequence was trained with."""
    theirs, ours = (each.get_layer("decoder").get_weights() for each in (trained, model))
    if not all(map(np.array_equal, theirs, ours)):
        raise InputError(
            f"{network.autoencoder}: expected the autoencoder that this run was trained with, got "
            "other weights; restore it, or train the sequence again"
        )


def _sequence_examples(network: Sequence, settings: Settings, data: Archive):
    single, years = SingleMonths(data, settings), network.history_years
    if not network.freeze:
        return _month_examples(
            data, settings, settings.history, lambda at: single.images_of_years(at, years)
        )
    codes = single.encoded(_trained_autoencoder(network, settings).get_layer("encoder"))
    return _month_examples(
        data, settings, settings.history, lambda at: single.codes_of_years(at, years, codes)
    )


def _crops(network: Crops, settings: Settings) -> keras.Model:
    return _compiled_image_model(settings, _factory(network)(network.history_years))


def _crops_serving(network: Crops, settings: Settings, model) -> keras.Model:
    rows, columns = archive(settings).counts.shape[1:]
    return _months_forecast(settings, crops.on_grid(_image_model(model), rows, columns))


def _crops_examples(network: Crops, settings: Settings, data: Archive):
    single, years = SingleMonths(data, settings), network.history_years
    fraction, seed = network.crop_fraction, settings.training.seed
    return _month_examples(
        data,
        settings,
        settings.history,
        lambda at: single.crops_of_years(at, years, fraction, seed),
    )


def _variant_space(hp: Any, network: Autoencoder | Sequence | Crops) -> dict[str, Any]:
    return {"variant": hp.Choice("variant", list(VARIANTS[network.name]))}


def _years_space(hp: Any, network: Sequence | Crops) -> dict[str, Any]:
    """The history of the settings is the longest of a sweep, so that the record is long enough."""
    shorter = [years for years in (1, 3) if years < network.history_years]
    years = hp.Choice("history_years", [*shorter, network.history_years])
    return {**_variant_space(hp, network), "history_years": years}


# Of the networks of single months: from the rates of Adam up to those of SGD.
RATES, BATCH_SIZES = (1e-4, 0.3), (8, 16, 32)

NETWORKS = {
    "distribution": Network(
        _distribution,
        _distribution_serving,
        cell_examples.examples,
        _distribution_space,
    ),
    "unet": Network(_unet, lambda network, settings, model: model, _unet_examples, _unet_space),
    "autoencoder": Network(
        _autoencoder,
        _autoencoder_serving,
        _autoencoder_examples,
        _variant_space,
        RATES,
        BATCH_SIZES,
    ),
    "sequence": Network(
        _sequence, _sequence_serving, _sequence_examples, _years_space, RATES, BATCH_SIZES
    ),
    "crops": Network(_crops, _crops_serving, _crops_examples, _years_space, RATES, BATCH_SIZES),
    "anomaly_codes": Network(
        departure_training.codes,
        departure_training.codes_serving,
        anomaly_examples.code_examples,
        departure_training.codes_space,
        start=departure_training.start_codes,
        batch_sizes=(2, 4, 8),
    ),
    "anomaly_crops": Network(
        departure_training.crops,
        departure_training.crops_serving,
        anomaly_examples.crop_examples,
        departure_training.crops_space,
        batch_sizes=(4, 8),
    ),
}


def build(settings: Settings) -> keras.Model:
    """The compiled model that is trained."""
    return NETWORKS[settings.network.name].build(settings.network, settings)


def serving_model(settings: Settings, model: keras.Model) -> keras.Model:
    """The model that is exported of a trained one."""
    return NETWORKS[settings.network.name].serving_model(settings.network, settings, model)


def calibrate(settings: Settings, model: keras.Model) -> Settings:
    """The settings with the algorithm of the data, and with the calibration of the network."""
    if isinstance(settings.network, Distribution):  # with the settings that made its cells
        settings = calibration.calibrated(settings.network, settings, model)
    return examples.described(settings)


def extra_endpoints(settings: Settings, served: keras.Model) -> Mapping[str, keras.Model]:
    """`quantiles` of the networks that forecast from any month, by `distribution.forecast`."""
    if not settings.network.takes_month:
        return {}
    return {"quantiles": distribution.with_quantiles(served)}


def start(settings: Settings, model: keras.Model) -> None:
    """Set weights that are computed from the data, before training."""
    if begin := NETWORKS[settings.network.name].start:
        begin(settings.network, settings, model)


def space(hp: Any, settings: Settings) -> Settings:
    """Settings of a trial: those of the training, and those that the network adds."""
    chosen = NETWORKS[settings.network.name]
    training = training_space(hp, settings.training, chosen.rates, chosen.batch_sizes)
    network = dataclasses.replace(settings.network, **chosen.space(hp, settings.network))
    return dataclasses.replace(settings, training=training, network=network)
