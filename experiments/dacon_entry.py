"""Settings, runs and tables of the Dacon contest entry that the forecast follows.

Shared by the forecast_*.py that train on real data only. Runs are written to
saved_models/forecast, 1.1 GB for an autoencoder; complete runs are reused, and interrupted ones
resumed.
"""

import dataclasses
import os
from pathlib import Path
from typing import Any

import numpy as np
from tensorflow import keras

from seaice_tf import settings as settings_file
from seaice_tf.errors import InputError
from seaice_tf.forecast.data.counts import FULL_ICE
from seaice_tf.forecast.examples import archive, filled_images, validation_months
from seaice_tf.forecast.settings import Settings
from seaice_tf.runs import artifact, evaluate, folder, train
from seaice_tf.settings import Training
from seaice_tf.tasks import TASKS

RUNS = Path("saved_models/forecast")
TASK = TASKS["forecast"]
EPOCHS = 100  # of each row of the entry's tables; the selected ones:
SELECTED = {"two_conv": 700, "lstm_2_norm": 400, "attention_8_skips": 200, "crops_conv_lstm": 40}
CROP_FRACTION = 0.02
MARGIN = 0.5 / FULL_ICE  # of simple forecasts, whose cross-entropy would be infinite
VALIDATION, TEST = ("2007-01", "2009-12"), ("2010-01", "2012-12")

AS_ENTERED = Settings(
    pole_hole_fill="image_median",
    train_years=15,
    training=Training(batch_size=32, schedule="constant", checkpoint_epochs=40),
)
SLOWLY = {"optimizer": "sgd", "learning_rate": 1e-3, "momentum": 0.999}  # LSTMs
ADAM = {"optimizer": "adam", "learning_rate": 1e-3}


def autoencoder(variant: str, epochs: int = EPOCHS) -> Path:
    rates = {"optimizer": "sgd", "learning_rate": 0.1, "momentum": 0.9}
    return run("autoencoder", variant, epochs, rates)


def sequence(
    variant: str, epochs: int = EPOCHS, codes_epochs: int = EPOCHS, **changes: Any
) -> Path:
    """A sequence model of the codes of `two_conv`, trained for `codes_epochs`."""
    codes = str(autoencoder("two_conv", codes_epochs))
    rates = ADAM if variant.startswith("attention") else SLOWLY
    return run("sequence", variant, epochs, rates, autoencoder=codes, **changes)


def crops(variant: str) -> Path:
    """A model of crops, trained on a few crops of every month."""
    return run("crops", variant, SELECTED["crops_conv_lstm"], ADAM, crop_fraction=CROP_FRACTION)


def selected(variant: str, **changes: Any) -> Path:
    """A network that the entry selected, trained for as many epochs as there."""
    epochs = SELECTED[variant]
    if variant == "two_conv":
        return autoencoder(variant, epochs)
    if variant == "crops_conv_lstm":
        return crops(variant)
    return sequence(variant, epochs, SELECTED["two_conv"], **changes)


def run(
    network: str, variant: str, epochs: int, rates: dict[str, Any], name: str = "", **changes: Any
) -> Path:
    """The complete run of a variant with the settings of the entry and `changes`."""
    training = dataclasses.replace(AS_ENTERED.training, epochs=epochs, **rates)
    chosen = settings_file.networks(Settings)[network](variant=variant)
    settings = dataclasses.replace(AS_ENTERED, network=chosen, training=training)
    settings = settings_file.with_values(settings, changes)
    return trained(RUNS / f"entry-{name or variant}-{epochs}", settings)


def begun_with(path: Path) -> Settings:
    """The settings that a complete run was started with, before any calibration."""
    manifest = path / folder.MANIFEST
    content = folder.read_json(manifest)["settings"]
    return settings_file.from_dict(content, Settings, str(manifest))


def trained(path: Path, settings: Settings) -> Path:
    """The run in a folder, trained unless it is complete.

    Raises:
        InputError: no real data, or a complete run with other settings.
    """
    if "SEAICE_TF_DATA" not in os.environ:
        raise InputError("SEAICE_TF_DATA: expected the folder of real data, got none; set it")
    if not (path / folder.MANIFEST).exists():
        keras.backend.clear_session()
        train.train(TASK, settings, path)
    elif begun_with(path) != settings:
        raise InputError(f"{path}: expected a run with these settings, got others; remove it")
    return path


def best_loss(path: Path) -> float:
    """The lowest validation loss of a run."""
    return min(entry["val_loss"] for entry in folder.read_json(path / "history.json"))


def score(path: Path, first: str, last: str) -> dict[str, float]:
    """The scores of a run on a period."""
    cases = TASK.data.cases(folder.open_run(path, TASK), TASK.verification.options(first, last))
    return evaluate.score(TASK, cases, artifact.predictor(path))


def simple(score: str, *periods: tuple[str, str]) -> dict[str, list[float]]:
    """One score of each simple baseline on some periods."""
    found: dict[str, list[float]] = {name: [] for name in TASK.verification.baselines}
    for period in periods:
        cases = TASK.data.cases(AS_ENTERED, TASK.verification.options(*period))
        for name, predictor in TASK.verification.baselines.items():
            found[name].append(evaluate.score(TASK, cases, predictor)[score])
    return found


def images() -> tuple[np.ndarray, np.ndarray]:
    """All months as fractions (months, rows, columns), and positions of the validation months."""
    data = archive(AS_ENTERED)
    months = filled_images(data, AS_ENTERED) / np.float32(FULL_ICE)
    return months, validation_months(data, AS_ENTERED, 0)


def cross_entropy(truth: np.ndarray, forecast: np.ndarray, margin: float = MARGIN) -> float:
    """Mean binary cross-entropy of forecasts, clipped to `margin` from 0 and 1."""
    p = np.clip(forecast, margin, 1 - margin, dtype=float)
    return float(np.mean(-truth * np.log(p) - (1 - truth) * np.log(1 - p)))


def show(rows: list[tuple]) -> None:
    """Print a table of (name, run, validation loss of the entry), and of simple forecasts."""
    months, at = images()
    floor = cross_entropy(months[at], months[at], margin=1e-7)
    print(f"binary cross-entropy, validation 2007-2009, whose own entropy is {floor:.4f}\n")
    print("| network | the entry's loss | ours | above the entropy |")
    print("|---|---:|---:|---:|")
    means = {"5-year climatology": range(1, 6), "seasonal persistence": range(1, 2)}
    losses = [(name, f"{theirs:.4f}", best_loss(path)) for name, path, theirs in rows]
    for name, years in means.items():
        forecast = np.mean([months[at - 12 * year] for year in years], axis=0)
        losses.append((name, "-", cross_entropy(months[at], forecast)))
    for name, theirs, ours in losses:
        print(f"| {name} | {theirs} | {ours:.4f} | {ours - floor:.4f} |")
