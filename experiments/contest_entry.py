"""The contest entry that the forecast follows: its settings, its runs, its tables.

Shared by the forecast_*.py that train on real data alone. Runs stay in
saved_models/forecast, an autoencoder's takes 1.1 GB; one that is complete is read again, one that
was stopped goes on.
"""

import dataclasses
import os
from pathlib import Path
from typing import Any

import numpy as np
from tensorflow import keras

from seaice_tf.errors import InputError
from seaice_tf.forecast.examples import archive
from seaice_tf.forecast.month_examples import filled, validation_months
from seaice_tf.forecast.settings import Settings
from seaice_tf.grids.counts import FULL_ICE
from seaice_tf.runs import artifact, evaluate, folder, train
from seaice_tf.settings import Training
from seaice_tf.tasks import TASKS

RUNS = Path("saved_models/forecast")
TASK = TASKS["forecast"]
EPOCHS = 100  # of each row of the entry's tables; of those that it chose:
CHOSEN = {"two_conv": 700, "lstm_2_norm": 400, "attention_8_skips": 200, "crops_conv_lstm": 40}
CROP_SHARE = 0.02
MARGIN = 0.5 / FULL_ICE  # of simple forecasts, which would be certain and now and then wrong
VALIDATION, TEST = ("2007-01", "2009-12"), ("2010-01", "2012-12")

AS_ENTERED = Settings(
    hole="median",
    last_years=15,
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
    """On the codes of `two_conv` as trained for so many epochs."""
    codes = str(autoencoder("two_conv", codes_epochs))
    rates = ADAM if variant.startswith("attention") else SLOWLY
    return run("sequence", variant, epochs, rates, autoencoder=codes, **changes)


def crops(variant: str) -> Path:
    """Each epoch on a few crops of every month."""
    return run("crops", variant, CHOSEN["crops_conv_lstm"], ADAM, crop_share=CROP_SHARE)


def chosen(variant: str, **changes: Any) -> Path:
    """A network that the entry chose, trained for as long as the entry trained it."""
    epochs = CHOSEN[variant]
    if variant == "two_conv":
        return autoencoder(variant, epochs)
    if variant == "crops_conv_lstm":
        return crops(variant)
    return sequence(variant, epochs, CHOSEN["two_conv"], **changes)


def run(
    network: Any, variant: str, epochs: int, rates: dict[str, Any], name: str = "", **changes: Any
) -> Path:
    """The complete run of a variant as entered, but for `changes`; trains it if need be."""
    training = dataclasses.replace(AS_ENTERED.training, epochs=epochs, **rates)
    settings = dataclasses.replace(
        AS_ENTERED, network=network, variant=variant, training=training, **changes
    )
    return trained(RUNS / f"entry-{name or variant}-{epochs}", settings)


def trained(path: Path, settings: Settings) -> Path:
    """The run, trained if it is not there yet; only one of the same settings is taken."""
    if "SEAICE_TF_DATA" not in os.environ:
        raise InputError("SEAICE_TF_DATA: expected the folder of real data, got none; set it")
    if not (path / folder.MANIFEST).exists():
        keras.backend.clear_session()
        train.train(TASK, settings, path)
    elif folder.open_run(path, TASK) != settings:
        raise InputError(f"{path}: expected a run of today's settings, got another; remove it")
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
    """All months as fractions (months, rows, columns), and the positions of those that validate."""
    data = archive(AS_ENTERED)
    months = filled(data, AS_ENTERED) / np.float32(FULL_ICE)
    return months, validation_months(data, AS_ENTERED, 0)


def cross_entropy(truth: np.ndarray, forecast: np.ndarray, margin: float = MARGIN) -> float:
    """Mean binary cross-entropy of forecasts that are kept off 0 and 1 by a margin."""
    p = np.clip(forecast, margin, 1 - margin, dtype=float)
    return float(np.mean(-truth * np.log(p) - (1 - truth) * np.log(1 - p)))


def show(rows: list[tuple]) -> None:
    """Print a row per (name, run, the entry's validation loss) as a table, and simple forecasts."""
    months, at = images()
    floor = cross_entropy(months[at], months[at], margin=1e-7)
    print(f"binary cross-entropy, validation 2007-2009, whose own entropy is {floor:.4f}\n")
    print("| network | the entry's loss | ours | above the entropy |")
    print("|---|---:|---:|---:|")
    means = {"mean of 5 years": range(1, 6), "last year": range(1, 2)}
    losses = [(name, f"{theirs:.4f}", best_loss(path)) for name, path, theirs in rows]
    for name, years in means.items():
        forecast = np.mean([months[at - 12 * year] for year in years], axis=0)
        losses.append((name, "-", cross_entropy(months[at], forecast)))
    for name, theirs, ours in losses:
        print(f"| {name} | {theirs} | {ours:.4f} | {ours - floor:.4f} |")
