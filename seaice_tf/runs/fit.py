"""Train a compiled model so that it can be stopped at any step and go on to the same end."""

import math
import time
from pathlib import Path

import tensorflow as tf
from tensorflow import keras

from seaice_tf import pipeline
from seaice_tf.errors import InputError
from seaice_tf.models import weights
from seaice_tf.runs import checkpoint, folder
from seaice_tf.settings import Training
from seaice_tf.task import Splits
from seaice_tf.writers import atomic


def seed_everything(seed: int) -> None:
    """The same initial weights and the same sums on every start."""
    keras.utils.set_random_seed(seed)
    tf.config.experimental.enable_op_determinism()


def learning_rate(training: Training, progress: float) -> float:
    """The rate at a share of all steps: constant, or half a cosine down to a hundredth."""
    if training.schedule == "constant":
        return training.learning_rate
    return training.learning_rate * (0.01 + 0.99 * (1 + math.cos(math.pi * progress)) / 2)


def fit(
    model: keras.Model,
    splits: Splits,
    training: Training,
    path: Path,
    callbacks: list[keras.callbacks.Callback],
    until: int | None = None,
) -> checkpoint.State:
    """Train in the folder `path` from its checkpoint on; leaves the best epoch's weights.

    With `until` it ends after that many epochs, with the learning rates of a run to
    `training.epochs`, to which the same folder can go on later. The history's training loss of an
    epoch that was interrupted covers only its later steps; the weights do not depend on
    interruptions.
    """
    state = checkpoint.restore(path / folder.CHECKPOINT, model)
    batch_size = min(training.batch_size, splits.train.size)
    per_epoch = pipeline.steps_per_epoch(splits.train, batch_size)
    end = until or training.epochs
    keep = Keep(model, training, path, state, per_epoch, end)
    validation = pipeline.in_order(splits.validation, batch_size)
    while not keep.finished():
        epoch, done = divmod(state.step, per_epoch)
        model.fit(
            pipeline.training_stream(splits.train, batch_size, training.seed, state.step),
            initial_epoch=epoch,
            epochs=epoch + 1 if done else end,
            steps_per_epoch=per_epoch - done,
            validation_data=validation,
            callbacks=[keep, *callbacks],
            shuffle=False,
            verbose=2,
        )
    weights.load(path / folder.WEIGHTS, model)
    return state


class Keep(keras.callbacks.Callback):
    """Keeps the best weights, a checkpoint and the curves; stops when patience is over."""

    def __init__(self, model, training: Training, path: Path, state, per_epoch: int, end: int):
        super().__init__()
        self.network, self.training, self.path = model, training, path
        self.state, self.per_epoch, self.end = state, per_epoch, end
        self.curves = tf.summary.create_file_writer(str(path / folder.LOGS))
        self.started = time.monotonic() - state.seconds

    def finished(self) -> bool:
        history, patience = self.state.history, self.training.patience
        out_of_patience = patience and len(history) - 1 - self.state.best() >= patience
        return bool(history) and (out_of_patience or len(history) >= self.end)

    def rate(self) -> float:
        steps = self.training.epochs * self.per_epoch
        return learning_rate(self.training, self.state.step / steps)

    def on_train_batch_begin(self, batch, logs=None):
        self.network.optimizer.learning_rate.assign(self.rate())

    def on_train_batch_end(self, batch, logs=None):
        self.state.step += 1
        within = self.state.step % self.per_epoch
        if within and self.state.step % self.training.checkpoint_steps == 0:
            self.checkpoint()

    def on_epoch_end(self, epoch, logs=None):
        entry = {name: float(value) for name, value in logs.items() if name != "learning_rate"}
        if not all(map(math.isfinite, entry.values())):
            raise InputError(
                f"{self.path}: expected a finite loss, got {entry} in epoch {epoch + 1}; "
                "remove the folder and start with a lower --learning-rate"
            )
        self.state.history.append(entry)
        if self.training.keep == "last" or self.state.best() == epoch:
            with atomic.file(self.path / folder.WEIGHTS) as temporary:
                weights.save(temporary, self.network)
        with self.curves.as_default(step=epoch):
            for name, value in entry.items():
                tf.summary.scalar(f"epoch/{name}", value)
            tf.summary.scalar("epoch/learning_rate", self.rate())
        self.curves.flush()
        self.checkpoint()
        if self.finished():
            self.network.stop_training = True

    def checkpoint(self) -> None:
        self.state.seconds = time.monotonic() - self.started
        checkpoint.save(self.path / folder.CHECKPOINT, self.network, self.state)
