"""The networks that learn one calendar month at a time: autoencoders, sequences of codes, crops."""

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
from tensorflow import keras

from seaice_tf import settings as settings_file
from seaice_tf.errors import InputError
from seaice_tf.forecast.data.archive import Archive
from seaice_tf.forecast.examples import archive
from seaice_tf.forecast.month_examples import Months, training_months, validation_months
from seaice_tf.forecast.network import Network
from seaice_tf.forecast.networks import autoencoder, crops, sequences
from seaice_tf.forecast.networks.unet import year_from_sequences
from seaice_tf.forecast.settings import VARIANTS, Settings
from seaice_tf.networks import weights
from seaice_tf.networks.losses import cross_entropy
from seaice_tf.networks.optimizers import optimizer
from seaice_tf.pipeline import Examples

BEST = {"autoencoder": "two_conv", "sequence": "attention_8_skips", "crops": "crops_conv_lstm"}


def _grid(settings: Settings) -> tuple[int, int]:
    return archive(settings).counts.shape[1:]


def _factory(settings: Settings):
    return VARIANTS[settings.network][settings.variant or BEST[settings.network]]


def _compiled(settings: Settings, model: keras.Model) -> keras.Model:
    model = keras.Model(model.input, {"image": model.output}, name=model.name)
    model.compile(optimizer(settings.training), loss={"image": cross_entropy}, jit_compile=False)
    return model


def _year(settings: Settings, model: keras.Model) -> keras.Model:
    """A year of forecasts from a model of one month, (B, years, H, W) -> (B, H, W)."""
    rows, columns = model.input_shape[2:]
    years = settings.history // 12
    return year_from_sequences(model, rows, columns, years=years, hole=settings.hole)


def _image(model: keras.Model) -> keras.Model:
    """The model that `_compiled` wrapped: its output alone, not in a dictionary."""
    return keras.Model(model.input, model.output["image"], name=model.name)


def _pair(data: Archive, settings: Settings, history: int, make) -> tuple[Examples, Examples]:
    return (
        make(training_months(data, settings, history)),
        make(validation_months(data, settings, history)),
    )


def _autoencoder(settings: Settings) -> keras.Model:
    return _compiled(settings, _factory(settings)(*_grid(settings), code=settings.code))


def _autoencoder_served(settings: Settings, model: keras.Model) -> keras.Model:
    return _year(settings, autoencoder.from_last_year(_image(model)))


def _autoencoder_examples(data: Archive, settings: Settings) -> tuple[Examples, Examples]:
    return _pair(data, settings, 0, Months(data, settings).alone)


def autoencoder_run(settings: Settings) -> tuple[Path, Settings]:
    """Weights and settings of the run that is named; InputError if that is no autoencoder's."""
    run = Path(settings.autoencoder)
    if not settings.autoencoder or not (run / "weights.npz").exists():
        raise InputError(
            f"autoencoder: expected the folder of a trained autoencoder, got {str(run)!r}; make "
            "one with train forecast --network autoencoder, and name it with --autoencoder"
        )
    stored = settings_file.read(run / "settings.json", Settings)
    if stored.network != "autoencoder":
        raise InputError(f"{run}: expected an autoencoder, got a run of {stored.network}")
    return run / "weights.npz", stored


def _trained_autoencoder(settings: Settings) -> keras.Model:
    """The autoencoder of the run that the settings name; InputError if that is none."""
    path, stored = autoencoder_run(settings)
    if stored.train_last > settings.train_last or stored.hole != settings.hole:
        raise InputError(
            f"{path.parent}: expected an autoencoder trained to {settings.train_last} or earlier "
            f"with --hole {settings.hole}, got {stored.train_last} and {stored.hole}; use another"
        )
    here = {name: getattr(settings, name) for name in ("data", "minimum_days")}
    model = _autoencoder(dataclasses.replace(stored, **here))
    weights.load(path, model)
    return _image(model)


def _sequence(settings: Settings) -> keras.Model:
    trained = _trained_autoencoder(settings)
    code = trained.get_layer("encoder").output_shape[-1]
    sequence = _factory(settings)(settings.sequence_years, code)
    put_together = sequences.on_codes if settings.freeze else sequences.on_images
    return _compiled(settings, put_together(sequence, trained, freeze=settings.freeze))


def _sequence_served(settings: Settings, model: keras.Model) -> keras.Model:
    if settings.freeze:
        trained = _trained_autoencoder(settings)
        _require_same_decoder(settings, trained, model)
        sequence = next(layer for layer in model.layers if layer.name.endswith("_sequence"))
        return _year(settings, sequences.on_images(sequence, trained))
    return _year(settings, _image(model))


def _require_same_decoder(settings: Settings, trained: keras.Model, model: keras.Model) -> None:
    """InputError if the autoencoder is another one than the sequence was trained with."""
    theirs, ours = (each.get_layer("decoder").get_weights() for each in (trained, model))
    if not all(map(np.array_equal, theirs, ours)):
        raise InputError(
            f"{settings.autoencoder}: expected the autoencoder that this run was trained with, got "
            "one trained again since; put the old one back, or train the sequence again"
        )


def _sequence_examples(data: Archive, settings: Settings) -> tuple[Examples, Examples]:
    months, years = Months(data, settings), settings.sequence_years
    if not settings.freeze:
        return _pair(data, settings, settings.history, lambda at: months.in_years(at, years))
    encoder = _trained_autoencoder(settings).get_layer("encoder")
    codes = months.codes(encoder)
    return _pair(data, settings, settings.history, lambda at: months.as_codes(at, years, codes))


def _crops(settings: Settings) -> keras.Model:
    return _compiled(settings, _factory(settings)(settings.sequence_years))


def _crops_served(settings: Settings, model: keras.Model) -> keras.Model:
    return _year(settings, crops.on_grid(_image(model), *_grid(settings)))


def _crops_examples(data: Archive, settings: Settings) -> tuple[Examples, Examples]:
    months, seed = Months(data, settings), settings.training.seed
    years, share = settings.sequence_years, settings.crop_share
    return _pair(
        data, settings, settings.history, lambda at: months.cropped(at, years, share, seed)
    )


def _variant_space(hp: Any, settings: Settings) -> dict[str, Any]:
    return {"variant": hp.Choice("variant", list(VARIANTS[settings.network]))}


def _years_space(hp: Any, settings: Settings) -> dict[str, Any]:
    """The settings' own years are the most that are tried, so that the record is enough."""
    fewer = [years for years in (1, 3) if years < settings.sequence_years]
    years = hp.Choice("sequence_years", [*fewer, settings.sequence_years])
    return {**_variant_space(hp, settings), "sequence_years": years}


RATES, BATCH_SIZES = (1e-4, 0.3), (8, 16, 32)  # Adam's and, for autoencoders, those of SGD

NETWORKS = {
    "autoencoder": Network(
        _autoencoder,
        _autoencoder_served,
        _autoencoder_examples,
        _variant_space,
        RATES,
        BATCH_SIZES,
    ),
    "sequence": Network(
        _sequence, _sequence_served, _sequence_examples, _years_space, RATES, BATCH_SIZES
    ),
    "crops": Network(_crops, _crops_served, _crops_examples, _years_space, RATES, BATCH_SIZES),
}
