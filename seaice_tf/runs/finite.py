"""Ends a run at the step whose loss is not finite, and says which examples it was shown."""

import math
from pathlib import Path

import numpy as np
import tensorflow as tf
from tensorflow import keras

from seaice_tf import pipeline
from seaice_tf.errors import InputError
from seaice_tf.pipeline import Examples
from seaice_tf.runs import folder
from seaice_tf.runs.checkpoint import State
from seaice_tf.settings import Training


class Finite(keras.callbacks.Callback):
    """Raises InputError at the first step without a finite loss, before anything is kept of it.

    Keras tells the mean of an epoch's losses so far, which one that is not finite spoils at once.
    """

    def __init__(self, examples: Examples, training: Training, path: Path, state: State):
        super().__init__()
        self.examples, self.training, self.path, self.state = examples, training, path, state

    def on_train_batch_end(self, batch, logs=None):
        if math.isfinite(logs["loss"]):
            return
        size, seed, step = self.training.batch_size, self.training.seed, self.state.step
        epoch, within = divmod(step, pipeline.steps_per_epoch(self.examples, size))
        raise InputError(
            f"{self.path}: expected a finite loss, got {logs['loss']} in epoch {epoch + 1}, step "
            f"{within + 1}, of {shown(self.examples, size, seed, step)}; {kept(self.path)}; start "
            f"another run with a lower --learning-rate"
        )


def shown(examples: Examples, batch_size: int, seed: int, step: int) -> str:
    """The examples of a step by name, and in which of them is a number that is not finite."""
    names = [examples.name(i) for i in pipeline.indices(examples, batch_size, seed, step)]
    batch = next(iter(pipeline.training_stream(examples, batch_size, seed, step)))
    bad = np.zeros(len(names), bool)
    for part in tf.nest.flatten(batch):
        if part.dtype.is_floating:
            values = part.numpy().reshape(len(names), -1)
            bad |= ~np.isfinite(values.astype(np.float32)).all(axis=1)
    spoilt = ", ".join(name for name, is_bad in zip(names, bad) if is_bad)
    verdict = f"not finite themselves: {spoilt}" if spoilt else "all of their numbers are finite"
    return f"the training examples {', '.join(names)} ({verdict})"


def kept(path: Path) -> str:
    """Which of a run's weights from before are there."""
    there = [name for name in (folder.WEIGHTS, folder.CHECKPOINT) if (path / name).exists()]
    return f"{' and '.join(there) or 'nothing'} of before that step kept"
