"""Optimizers by name, and the training settings that a sweep varies."""

import dataclasses
from collections.abc import Sequence
from typing import Any

from tensorflow import keras

from seaice_tf import compat
from seaice_tf.errors import InputError
from seaice_tf.settings import Training

CORE = ("adam", "adamw", "sgd")
AVERAGED = ("swa", "moving_average")  # the wrapped optimizer, with weights averaged in runs/fit.py
ADDONS = ("lamb", "rectified_adam", "lookahead")


def optimizer(training: Training) -> keras.optimizers.Optimizer:
    """Create the optimizer of the settings.

    Raises:
        InputError: it needs tensorflow-addons, which is not installed.
    """
    name = training.wrapped if training.optimizer in AVERAGED else training.optimizer
    if name in CORE:
        return _core(keras.optimizers, name, training)
    if not compat.has_addons():
        raise InputError(
            f"--optimizer {name}: expected tensorflow-addons, got none; "
            "install it with pip install 'seaice_tf[addons]' on Python 3.11"
        )
    import tensorflow_addons as tfa

    if name == "lookahead":
        inner = _core(compat.legacy_optimizers(), training.wrapped, training)
        return tfa.optimizers.Lookahead(inner)
    kind = {"lamb": tfa.optimizers.LAMB, "rectified_adam": tfa.optimizers.RectifiedAdam}[name]
    return kind(training.learning_rate)


def _core(module: Any, name: str, training: Training) -> keras.optimizers.Optimizer:
    """An optimizer of Keras, from the module of current or of legacy optimizers."""
    if name == "sgd":
        return module.SGD(training.learning_rate, momentum=training.momentum)
    kind = module.AdamW if name == "adamw" else module.Adam
    return kind(training.learning_rate)


def training_space(
    hp: Any, training: Training, rates: tuple[float, float], batch_sizes: Sequence[int]
) -> Training:
    """Draw what the sweeps of all tasks vary.

    Args:
        hp: Keras Tuner's hyperparameters.
        training: settings with the defaults.
        rates: lowest and highest learning rate.
        batch_sizes: to choose from.

    Returns:
        Settings with another learning rate, schedule, optimizer and batch size.
    """
    return dataclasses.replace(
        training,
        learning_rate=hp.Float("learning_rate", *rates, sampling="log"),
        schedule=hp.Choice("schedule", _first(training.schedule, ("cosine", "cyclical"))),
        optimizer=hp.Choice("optimizer", _first(training.optimizer, names(training))),
        batch_size=hp.Choice("batch_size", list(batch_sizes)),
    )


def names(training: Training) -> list[str]:
    """Optimisers available in this environment.

    Without moving_average if the settings average weights: it would be equal to adam.
    """
    averaged = [name for name in AVERAGED if name == "swa" or not training.average]
    return [*CORE, *averaged, *ADDONS * compat.has_addons()]


def _first(own: str, others: Sequence[str]) -> list[str]:
    """The value of the settings, which is the default of a sweep, before the others."""
    return list(dict.fromkeys([own, *others]))
