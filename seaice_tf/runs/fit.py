"""Train a compiled model so that it can be stopped at any step and go on to the same end."""

import math
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import tensorflow as tf
from tensorflow import keras

from seaice_tf import compat, pipeline
from seaice_tf.errors import InputError
from seaice_tf.files import atomic
from seaice_tf.networks import weights
from seaice_tf.runs import checkpoint, folder, strategy
from seaice_tf.runs.average import Average
from seaice_tf.runs.finite import Finite
from seaice_tf.settings import Training
from seaice_tf.task import Splits, Task

LEAST_RATE = 0.01  # of the rate, at the end of a cosine and the beginning of a warm-up
TRANSFER_RATE = 0.5  # of the rate, for weights that another run has learnt already


def seed_everything(seed: int) -> None:
    """The same initial weights and the same sums on every start."""
    keras.utils.set_random_seed(seed)
    tf.config.experimental.enable_op_determinism()


def network(task: Task, settings: Any, path: Path) -> keras.Model:
    """The task's network to be fitted in the folder `path`, started if nothing of it is there."""
    with compat.precision(settings.training.precision):
        model = task.training.build(settings)
    if not (path / folder.CHECKPOINT).exists():
        task.training.start(settings, model)
        if settings.training.transfer:
            _transfer(Path(settings.training.transfer) / folder.WEIGHTS, model, path)
    return model


def _transfer(source: Path, model: keras.Model, path: Path) -> None:
    """Take weights from another run; what was taken and what was not is printed and kept."""
    report = weights.transfer(source, model)
    folder.write_json(path / folder.TRANSFER, {"from": str(source), **report})
    counts = ", ".join(f"{kind} {len(names)}" for kind, names in report.items())
    print(f"weights from {source}: {counts}; their names are in {folder.TRANSFER}")


def learning_rate(training: Training, progress: float, losses: Sequence[float] = ()) -> float:
    """The rate at a share of all steps, after epochs with these validation losses.

    Constant; half a cosine down to a hundredth, once or again and again; from a hundredth up and
    down in straight lines (Smith 2017, arXiv:1506.01186); or halved on every plateau. During the
    warm-up a rising share of that.
    """
    epoch, share = progress * training.epochs, 1.0
    if training.schedule == "plateau":
        share = 0.5 ** plateaus(losses, training.plateau_epochs)
    elif training.schedule == "cosine":
        share = _cosine(progress)
    elif training.schedule == "cosine_restarts":
        share = _cosine(epoch / training.restart_epochs % 1)
    elif training.schedule == "cyclical":
        share = 1 - (1 - LEAST_RATE) * abs(2 * (progress * training.cycles % 1) - 1)
    if epoch < training.warm_up_epochs:
        share *= max(epoch / training.warm_up_epochs, LEAST_RATE)
    if training.transfer:
        share *= TRANSFER_RATE
    return training.learning_rate * share


def _cosine(progress: float) -> float:
    return LEAST_RATE + (1 - LEAST_RATE) * (1 + math.cos(math.pi * progress)) / 2


def plateaus(losses: Sequence[float], epochs: int) -> int:
    """How often `epochs` in a row passed without a loss below all before.

    >>> plateaus([3.0, 2.0, 2.0, 2.5, 1.0, 1.5, 1.5, 1.5, 1.5], epochs=2)
    3
    """
    best, waited, found = math.inf, 0, 0
    for loss in losses:
        waited = 0 if loss < best else waited + 1
        best = min(best, loss)
        if waited == epochs:
            waited, found = 0, found + 1
    return found


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
    interruptions. Ctrl-C and SIGTERM leave a checkpoint of the last step.

    Raises:
        InputError: the loss or a weight is not finite; what was kept before stays.
        KeyboardInterrupt: after Ctrl-C or SIGTERM.
    """
    together = model.distribute_strategy
    strategy.synchronise(model)
    average = Average(model, training)
    with together.scope():
        state = checkpoint.restore(path / folder.CHECKPOINT, model, average.values)
    strategy.agree(
        together, step=state.step, examples=splits.train.size, cases=splits.validation.size
    )
    batch_size = min(training.batch_size, splits.train.size)
    per_epoch = pipeline.steps_per_epoch(splits.train, batch_size)
    end = until or training.epochs
    finite = Finite(splits.train, training, path, state)
    validation = strategy.validation(together, splits.validation, batch_size)
    with strategy.stop_noted(training) as asked:
        keep = Keep(model, training, path, state, per_epoch, average, end, asked)
        while not keep.finished():
            epoch, done = divmod(state.step, per_epoch)
            model.fit(
                strategy.training_stream(together, splits.train, batch_size, training, state.step),
                initial_epoch=epoch,
                epochs=epoch + 1 if done else end,
                steps_per_epoch=per_epoch - done,
                # Keep comes last: the others still see the averaged weights at the end of an epoch.
                callbacks=[finite, *callbacks, keep],
                shuffle=False,
                verbose=2,
                **validation,
            )
        keep.curves.close()
    weights.load(path / folder.WEIGHTS, model)
    return state


class Keep(keras.callbacks.Callback):
    """Keeps the best weights, a checkpoint and the curves; stops when patience is over.

    From validation to the end of an epoch the averaged weights are in the model.
    """

    def __init__(
        self,
        model: keras.Model,
        training: Training,
        path: Path,
        state: checkpoint.State,
        per_epoch: int,
        average: Average,
        end: int,
        asked_to_stop: Callable[[], bool],
    ):
        super().__init__()
        self.network, self.training, self.path = model, training, path
        self.state, self.per_epoch, self.average = state, per_epoch, average
        self.end, self.asked_to_stop = end, asked_to_stop
        self.curves = tf.summary.create_file_writer(str(path / folder.LOGS))
        self.started = time.monotonic() - state.seconds

    def finished(self) -> bool:
        history, patience = self.state.history, self.training.patience
        out_of_patience = patience and len(history) - 1 - self.state.best() >= patience
        return bool(history) and (out_of_patience or len(history) >= self.end)

    def rate(self) -> float:
        steps = self.training.epochs * self.per_epoch
        losses = [entry["val_loss"] for entry in self.state.history]
        return learning_rate(self.training, self.state.step / steps, losses)

    def on_train_batch_begin(self, batch, logs=None):
        self.network.optimizer.learning_rate.assign(self.rate())

    def on_train_batch_end(self, batch, logs=None):
        self.state.step += 1
        self.average.update(self.state.step)
        if self.state.step % self.per_epoch == 0:
            return
        if self.asked_to_stop() or self.state.step % self.training.checkpoint_steps == 0:
            self.checkpoint()
        self.stop_if_asked()

    def on_test_begin(self, logs=None):
        self.average.swap()

    def on_epoch_end(self, epoch, logs=None):
        entry = {name: float(value) for name, value in logs.items() if name != "learning_rate"}
        if not all(map(math.isfinite, entry.values())):
            raise InputError(
                f"{self.path}: expected a finite loss, got {entry} in epoch {epoch + 1}; "
                "start another run with a lower --learning-rate"
            )
        self.state.history.append(entry)
        if self.training.keep == "last" or self.state.best() == epoch:
            with atomic.file(self.path / folder.WEIGHTS) as temporary:
                weights.save(temporary, self.network)
        self.average.swap()
        with self.curves.as_default(step=epoch):
            for name, value in entry.items():
                tf.summary.scalar(f"epoch/{name}", value)
            tf.summary.scalar("epoch/learning_rate", self.rate())
        self.curves.flush()
        atomic.require_room(self.path)  # TensorBoard's writer does not tell of a full disk
        due = len(self.state.history) % self.training.checkpoint_epochs == 0
        if due or self.finished() or self.asked_to_stop():
            self.checkpoint()
        self.stop_if_asked()
        if self.finished():
            self.network.stop_training = True

    def stop_if_asked(self) -> None:
        """An epoch that was validated has to end first, so that its losses are kept."""
        if self.asked_to_stop():
            raise KeyboardInterrupt

    def checkpoint(self) -> None:
        self.state.seconds = time.monotonic() - self.started
        checkpoint.save(
            self.path / folder.CHECKPOINT, self.network, self.state, self.average.values
        )
