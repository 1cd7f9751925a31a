"""Fit a compiled model such that it can be interrupted at any step and resumed to the same end."""

import logging
import math
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from tensorflow import keras

from seaice_tf import compat, pipeline, progress
from seaice_tf import settings as settings_file
from seaice_tf.errors import InputError
from seaice_tf.files import atomic
from seaice_tf.networks import weights
from seaice_tf.pipeline import Examples
from seaice_tf.runs import checkpoint, folder, inputs, strategy
from seaice_tf.settings import Training
from seaice_tf.task import Splits, Task

log = logging.getLogger(__name__)
LOWEST_RATE = 0.01  # fraction of the learning rate, at the end of a cosine, the start of a warm-up
TRANSFER_RATE = 0.5  # fraction of the learning rate, for transferred weights
DEFAULT_DECAY = 0.99  # of the optimizer moving_average, if the settings have none


def seed_everything(seed: int) -> None:
    """Make initial weights and computations reproducible."""
    keras.utils.set_random_seed(seed)
    tf.config.experimental.enable_op_determinism()


def network(task: Task, settings: Any, path: Path, examples: Examples | None = None) -> keras.Model:
    """Build the network to fit in the folder `path`; without a checkpoint, set initial weights.

    Args:
        task: the system.
        settings: of the run.
        path: folder of the run.
        examples: validation examples, to compare with those of the run that weights are from.
    """
    with compat.precision(settings.training.precision):
        model = task.training.build(settings)
    if not (path / folder.CHECKPOINT).exists():
        task.training.start(settings, model)
        if settings.training.transfer:
            _transfer(task, settings, model, path, examples)
    return model


def _transfer(
    task: Task, settings: Any, model: keras.Model, path: Path, examples: Examples | None
) -> None:
    """Transfer weights from another run, write which were transferred, and warn of differences.

    Weights of input channels are those of the channels of the same name.
    """
    run = Path(settings.training.transfer)
    source = run / folder.WEIGHTS
    differences: list[str] = []
    if (run / folder.SETTINGS).exists():
        then = settings_file.read(run / folder.SETTINGS, task.settings)
        channels = (settings_file.flat(each).get("channels", ()) for each in (then, settings))
        report = weights.transfer(source, model, *channels)
        differences = _differences(task, run, then, settings, examples)
    else:
        log.warning("%s: no settings.json; its inputs may be others than those of this run", run)
        report = weights.transfer(source, model)
    folder.write_json(path / folder.TRANSFER, {"from": str(source), **report})
    counts = ", ".join(f"{kind} {len(names)}" for kind, names in report.items())
    log.info("weights from %s: %s; their names are in %s", source, counts, folder.TRANSFER)
    for difference in differences:
        log.warning("%s: weights of a run with %s", run, difference)


def _differences(
    task: Task, run: Path, then: Any, settings: Any, examples: Examples | None
) -> list[str]:
    """How the run that weights are from differs: its settings, and the values of its inputs."""
    facts = folder.read_json(run / folder.MANIFEST) if (run / folder.MANIFEST).exists() else {}
    found = inputs.other_units(task, then, task.data.described(settings))
    if examples is not None and (known := facts.get("inputs", {}).get("statistics")):
        found += inputs.other_statistics(known, inputs.statistics(settings, examples))
    if "settings" in facts:  # those of settings.json have what calibration added
        then = settings_file.from_dict(facts["settings"], task.settings, str(run / folder.MANIFEST))
    left_out = {"training", *task.data.settings, *task.data.units}
    one, other = (
        {k: v for k, v in settings_file.to_dict(each).items() if k not in left_out}
        for each in (then, settings)
    )
    if changed := settings_file.changes(one, other):
        found.append(f"other settings: {', '.join(changed)}")
    return found


def learning_rate(training: Training, progress: float, losses: Sequence[float] = ()) -> float:
    """The learning rate of a schedule.

    Args:
        training: settings. The schedule is constant; half a cosine down to LOWEST_RATE, once or
            with restarts; cyclical in straight lines (Smith 2017, arXiv:1506.01186); or halved on
            every plateau. It is multiplied by a linear warm-up.
        progress: fraction of all steps, 0 to 1.
        losses: validation losses of the epochs so far.
    """
    epoch = progress * training.epochs
    factor = SCHEDULES[training.schedule](training, progress, losses)
    if epoch < training.warm_up_epochs:
        factor *= max(epoch / training.warm_up_epochs, LOWEST_RATE)
    if training.transfer:
        factor *= TRANSFER_RATE
    return training.learning_rate * factor


def _cosine(progress: float) -> float:
    return LOWEST_RATE + (1 - LOWEST_RATE) * (1 + math.cos(math.pi * progress)) / 2


def _cosine_restarts(training: Training, progress: float, losses: Sequence[float]) -> float:
    return _cosine(progress * training.epochs / training.restart_epochs % 1)


def _cyclical(training: Training, progress: float, losses: Sequence[float]) -> float:
    return 1 - (1 - LOWEST_RATE) * abs(2 * (progress * training.cycles % 1) - 1)


SCHEDULES: dict[str, Callable[[Training, float, Sequence[float]], float]] = {
    "constant": lambda training, progress, losses: 1.0,
    "cosine": lambda training, progress, losses: _cosine(progress),
    "cosine_restarts": _cosine_restarts,
    "cyclical": _cyclical,
    "plateau": lambda training, progress, losses: 0.5 ** plateaus(losses, training.plateau_epochs),
}
"""Name -> (training, progress, losses) -> factor of the learning rate."""


def plateaus(losses: Sequence[float], epochs: int) -> int:
    """Count the plateaus: `epochs` in a row without a new lowest loss.

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
    """Fit a model in the folder `path`, from its checkpoint if there is one.

    Ctrl-C and SIGTERM write a checkpoint of the last step. The training loss in the history of an
    interrupted epoch covers the steps after the resumption only; weights do not depend on
    interruptions.

    Args:
        model: compiled; at the end it has the weights that are kept.
        splits: examples.
        training: settings.
        path: folder of checkpoint, weights and TensorBoard logs.
        callbacks: further callbacks.
        until: stop after this epoch, with the learning rates of a run of `training.epochs`, so that
            a later call can continue.

    Returns:
        The final state, with the history.

    Raises:
        InputError: a loss or weight is not finite; earlier files stay.
        KeyboardInterrupt: after Ctrl-C or SIGTERM.
    """
    replicas = model.distribute_strategy
    strategy.synchronize_batch_norm(model)
    average = Average(model, training)
    with replicas.scope():
        state = checkpoint.restore(path / folder.CHECKPOINT, model, average.values)
    strategy.require_agreement(
        replicas, step=state.step, examples=splits.train.size, cases=splits.validation.size
    )
    batch_size = min(training.batch_size, splits.train.size)
    per_epoch = pipeline.steps_per_epoch(splits.train, batch_size)
    end = until or training.epochs
    finite = RequireFiniteLoss(splits.train, training, path, state)
    validation = strategy.validation(replicas, splits.validation, batch_size)
    if training.strategy == "none":  # under a strategy, Keras does it itself
        compat.prepare_training(model, validation["validation_data"].element_spec)
    with (
        strategy.stop_requested(training) as stop_requested,
        progress.bar("training", end * per_epoch, state.step) as update,
    ):
        line = Line(model, state, per_epoch, end, update)
        keep = Keep(model, training, path, state, per_epoch, average, end, stop_requested)
        while not keep.finished():
            epoch, done = divmod(state.step, per_epoch)
            model.fit(
                strategy.training_stream(replicas, splits.train, batch_size, training, state.step),
                initial_epoch=epoch,
                epochs=epoch + 1 if done else end,
                steps_per_epoch=per_epoch - done,
                # Keep comes last: it swaps the averaged weights back at the end of an epoch.
                callbacks=[finite, *callbacks, line, keep],
                shuffle=False,
                verbose=0,
                **validation,
            )
        keep.curves.close()
    weights.load(path / folder.WEIGHTS, model)
    return state


class Keep(keras.callbacks.Callback):
    """Writes checkpoints, the best weights and learning curves; stops early.

    From validation to the end of an epoch the model has the averaged weights.
    """

    def __init__(
        self,
        model: keras.Model,
        training: Training,
        path: Path,
        state: checkpoint.State,
        per_epoch: int,
        average: "Average",
        end: int,
        stop_requested: Callable[[], bool],
    ):
        super().__init__()
        self.network, self.training, self.path = model, training, path
        self.state, self.per_epoch, self.average = state, per_epoch, average
        self.end, self.stop_requested = end, stop_requested
        self.curves = tf.summary.create_file_writer(str(path / folder.LOGS))
        self.started = time.monotonic() - state.seconds

    def finished(self) -> bool:
        """Whether the last epoch, or the end of the patience, is reached."""
        history, patience = self.state.history, self.training.patience
        out_of_patience = patience and len(history) - 1 - self.state.best() >= patience
        return bool(history) and (out_of_patience or len(history) >= self.end)

    def rate(self) -> float:
        """The learning rate of the next step."""
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
        if self.stop_requested() or self.state.step % self.training.checkpoint_steps == 0:
            self.checkpoint()
        self.stop_if_requested()

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
        atomic.require_room(self.path)  # TensorBoard's writer does not report a full disk
        due = len(self.state.history) % self.training.checkpoint_epochs == 0
        if due or self.finished() or self.stop_requested():
            self.checkpoint()
        self.stop_if_requested()
        if self.finished():
            self.network.stop_training = True

    def stop_if_requested(self) -> None:
        """Raise KeyboardInterrupt; a validated epoch ends first, so that its losses are kept."""
        if self.stop_requested():
            raise KeyboardInterrupt

    def checkpoint(self) -> None:
        """Write the checkpoint."""
        self.state.seconds = time.monotonic() - self.started
        checkpoint.save(
            self.path / folder.CHECKPOINT, self.network, self.state, self.average.values
        )


class Line(keras.callbacks.Callback):
    """Shows the step with its loss and learning rate, and logs each epoch."""

    def __init__(
        self,
        model: keras.Model,
        state: checkpoint.State,
        per_epoch: int,
        end: int,
        update: progress.Update,
    ):
        super().__init__()
        self.network, self.state, self.update = model, state, update
        self.per_epoch, self.end = per_epoch, end
        self.started = time.monotonic()

    def on_epoch_begin(self, epoch, logs=None):
        self.started = time.monotonic()

    def on_train_batch_end(self, batch, logs=None):
        epoch = self.state.step // self.per_epoch + 1
        note = f"epoch {epoch}/{self.end}, loss {logs['loss']:.4g}, rate {self.rate():.2g}"
        self.update(note=note)

    def on_epoch_end(self, epoch, logs=None):
        losses = ", ".join(f"{name} {value:.4g}" for name, value in (logs or {}).items())
        seconds = time.monotonic() - self.started
        log.info(
            "Epoch %d/%d: %s, rate %.2g, %.0f s", epoch + 1, self.end, losses, self.rate(), seconds
        )

    def rate(self) -> float:
        return float(self.network.optimizer.learning_rate.numpy())


class Average:
    """The average of all weights over the steps, batch norm statistics included.

    Exponential as in tensorflow-addons' MovingAverage, or the mean of snapshots as in its SWA
    (Izmailov et al. 2018, arXiv:1803.05407), but of batch norm statistics too.

    Attributes:
        weights: the averaged variables; empty if the settings ask for no average.
        values: the averages, or the trained weights while these are swapped.
    """

    def __init__(self, model: keras.Model, training: Training):
        self.training = training
        averaged = training.average or training.optimizer in ("swa", "moving_average")
        self.weights = list(model.weights) if averaged else []
        self.values = [np.array(weight.numpy()) for weight in self.weights]

    def update(self, step: int) -> None:
        """Add the weights after `step` steps to the average."""
        if factor := averaging_factor(self.training, step):
            for value, weight in zip(self.values, self.weights):
                value[...] += factor * (weight.numpy() - value)

    def swap(self) -> None:
        """Exchange the average with the weights of the model."""
        for i, weight in enumerate(self.weights):
            trained = np.array(weight.numpy())
            weight.assign(self.values[i])
            self.values[i] = trained


def averaging_factor(training: Training, step: int) -> float:
    """Factor of the weights after `step` steps (from 1) in their average; 1 replaces the average.

    Before its first snapshot, the mean of "swa" equals the weights. In a moving average the decay
    of step n is at most (1 + n) / (10 + n), as in tf.train, so that initial weights are forgotten.
    """
    if training.optimizer == "swa":
        snapshots, rest = divmod(step - 1 - training.swa_first, training.swa_steps)
        if snapshots < 0:
            return 1.0
        return 0.0 if rest else 1 / (snapshots + 1)
    return 1 - min(training.average or DEFAULT_DECAY, (1 + step) / (10 + step))


class RequireFiniteLoss(keras.callbacks.Callback):
    """Raises an InputError at the first step whose loss is not finite, before anything is written.

    Keras reports the mean loss of the epoch so far, which is not finite from that step on.
    """

    def __init__(
        self, examples: pipeline.Examples, training: Training, path: Path, state: checkpoint.State
    ):
        super().__init__()
        self.examples, self.training, self.path, self.state = examples, training, path, state

    def on_train_batch_end(self, batch, logs=None):
        if math.isfinite(logs["loss"]):
            return
        size, seed, step = self.training.batch_size, self.training.seed, self.state.step
        epoch, within = divmod(step, pipeline.steps_per_epoch(self.examples, size))
        raise InputError(
            f"{self.path}: expected a finite loss, got {logs['loss']} in epoch {epoch + 1}, step "
            f"{within + 1}, of {describe_batch(self.examples, size, seed, step)}; "
            f"{_kept_files(self.path)}; start another run with a lower --learning-rate"
        )


def describe_batch(examples: pipeline.Examples, batch_size: int, seed: int, step: int) -> str:
    """Names of the examples of a step, and which of them have numbers that are not finite."""
    names = [examples.name(i) for i in pipeline.indices(examples, batch_size, seed, step)]
    batch = next(iter(pipeline.training_stream(examples, batch_size, seed, step)))
    invalid = np.zeros(len(names), bool)
    for part in tf.nest.flatten(batch):
        if part.dtype.is_floating:
            values = part.numpy().reshape(len(names), -1)
            invalid |= ~np.isfinite(values.astype(np.float32)).all(axis=1)
    listed = ", ".join(name for name, is_invalid in zip(names, invalid) if is_invalid)
    verdict = f"not finite themselves: {listed}" if listed else "all of their numbers are finite"
    return f"the training examples {', '.join(names)} ({verdict})"


def _kept_files(path: Path) -> str:
    there = [name for name in (folder.WEIGHTS, folder.CHECKPOINT) if (path / name).exists()]
    return f"{' and '.join(there) or 'nothing'} of before that step kept"
