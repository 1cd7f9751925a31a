"""Optimisers by name, and what a sweep varies of training."""

import dataclasses
from collections.abc import Sequence
from typing import Any

from tensorflow import keras

from seaice_tf import compat
from seaice_tf.errors import InputError
from seaice_tf.settings import Training

CORE = ("adam", "adamw", "sgd")
AVERAGED = ("swa", "moving_average")  # the rule is the one that they wrap; runs/average.py averages
ADDONS = ("lamb", "rectified_adam", "lookahead")


def optimizer(training: Training) -> keras.optimizers.Optimizer:
    """The optimiser that the settings name.

    Raises:
        InputError: one of tensorflow-addons, where that is not installed.
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


def _core(room: Any, name: str, training: Training) -> keras.optimizers.Optimizer:
    """One that comes with Keras, from its present or its legacy optimisers."""
    if name == "sgd":
        return room.SGD(training.learning_rate, momentum=training.momentum)
    kind = room.AdamW if name == "adamw" else room.Adam
    return kind(training.learning_rate)


def training_space(
    hp: Any, training: Training, rates: tuple[float, float], batch_sizes: Sequence[int]
) -> Training:
    """What the sweeps of all tasks vary: learning rate, its schedule, optimiser and batch size."""
    return dataclasses.replace(
        training,
        learning_rate=hp.Float("learning_rate", *rates, sampling="log"),
        schedule=hp.Choice("schedule", _first(training.schedule, ("cosine", "cyclical"))),
        optimizer=hp.Choice("optimizer", _first(training.optimizer, names(training))),
        batch_size=hp.Choice("batch_size", list(batch_sizes)),
    )


def names(training: Training) -> list[str]:
    """Optimisers available in this environment.

    Where weights are averaged anyway, moving_average is not among them: it would be adam.
    """
    averaged = [name for name in AVERAGED if name == "swa" or not training.average]
    return [*CORE, *averaged, *ADDONS * compat.has_addons()]


def _first(own: str, others: Sequence[str]) -> list[str]:
    """What the settings say, which is a sweep's default, before the others."""
    return list(dict.fromkeys([own, *others]))
