"""A sweep over the hyperparameters of a task with Keras Tuner, each trial trained like a run."""

import contextlib
import hashlib
import json
import logging
import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Literal

import keras_tuner
import tensorflow as tf
from keras_tuner.engine.base_tuner import BaseTuner
from tensorboard.plugins.hparams import api as hparams
from tensorflow import keras

from seaice_tf import settings as settings_file
from seaice_tf.errors import DiskError, InputError
from seaice_tf.files import atomic, lock
from seaice_tf.runs import fit, folder, memory, strategy, track
from seaice_tf.task import Task

log = logging.getLogger(__name__)

BEST, TRIALS = "best_settings.json", "trials"
Method = Literal["random", "hyperband", "bayesian"]
TrainTrial = Callable[[Any, Path, int], float]  # (settings, folder, epochs) -> validation loss
# Keras Tuner's variables for a sweep of several processes.
TUNER_ID, ORACLE_ADDRESS = "KERASTUNER_TUNER_ID", "KERASTUNER_ORACLE_IP"
ORACLE_PORT = "KERASTUNER_ORACLE_PORT"


def tune(
    task: Task,
    settings: Any,
    run: Path,
    trials: int | None = None,
    method: Method = "random",
    train: TrainTrial | None = None,
) -> Path | None:
    """Search for the settings with the lowest validation loss; resumes an interrupted sweep.

    The sweep runs in one process, or in a chief and workers as set by Keras Tuner's environment
    variables.

    Args:
        task: the system.
        settings: values that are not varied; `training.epochs` is the maximum per trial.
        run: folder of the sweep.
        trials: maximum number of trials; None for 10, or for all that Hyperband plans.
        method: how trials are chosen.
        train: `train_trial` of the task, perhaps in another process; None trains in this one.

    Returns:
        The file with the best settings, for `train --settings`; None in a worker. Each trial is a
        folder in `run`/trials, with its hyperparameters and learning curves for TensorBoard.

    Raises:
        InputError: the sweep was started with other settings or is run by another process, no trial
            could be trained, or the environment has no Keras Tuner.
    """
    if "tf_keras" in keras.Model.__module__:
        raise InputError(
            "tune: expected Keras, got tf_keras, which Keras Tuner refuses; "
            "unset TF_USE_LEGACY_KERAS or use another environment"
        )
    if trials is not None and trials < 1:
        raise InputError(f"trials: expected at least 1, got {trials}")
    if settings.training.strategy == strategy.SEVERAL_MACHINES:
        raise InputError(
            f"--strategy {strategy.SEVERAL_MACHINES}: expected none or mirrored, for in a sweep "
            "each machine trains trials of its own; see docs/machines.md"
        )
    role = process_role()
    train = train or partial(train_trial, task)
    with contextlib.nullcontext() if role == "worker" else lock.held(run):
        content = {"method": method, **json.loads(settings_file.to_json(settings))}
        folder.claim(run / "sweep.json", content)
        best = _search(
            run, lambda: Sweep(task, settings, run, ORACLES[method](settings, trials), train)
        )
        if best is None:
            return None
        found = task.training.space(best, settings)
        return atomic.write_text(run / BEST, settings_file.to_json(found))


def train_trial(
    task: Task,
    settings: Any,
    path: Path,
    until: int,
    ignore_memory: bool = False,
    tracker: track.Tracker = track.no_tracker,
) -> float:
    """Train a trial in the folder `path`, or resume it.

    Keras does not free all memory of a model, about 60 MiB per tiny trial: train many trials in
    processes of their own.

    Args:
        task: the system.
        settings: of the trial.
        path: its folder.
        until: number of epochs.
        ignore_memory: train even if the memory estimate exceeds the available memory.
        tracker: receives settings, learning curves and the loss.

    Returns:
        The validation loss of the weights that are kept.

    Raises:
        InputError: training would exceed the available memory, or failed.
    """
    keras.backend.clear_session()
    fit.seed_everything(settings.training.seed)
    splits = task.data.splits(settings)
    replicas = strategy.create(settings.training)
    with replicas.scope():
        model = fit.network(task, settings, path, splits.validation)
    if not ignore_memory and replicas.num_replicas_in_sync == 1:
        memory.require(model, splits, settings.training)
    tracker(track.settings(settings))
    state = fit.fit(model, splits, settings.training, path, [track.Curves(tracker)], until)
    losses = [entry["val_loss"] for entry in state.history[:until]]
    kept = losses[-1] if settings.training.keep == "last" else min(losses)
    tracker(track.metrics({"scores/val_loss": kept}, until - 1))
    return kept


class Sweep(BaseTuner):
    """Trains each trial in a folder named by the hash of its settings, or resumes it there.

    So an interrupted trial, or one that Hyperband promotes to more epochs, continues as if it had
    never stopped.
    """

    def __init__(
        self, task: Task, settings: Any, run: Path, oracle: keras_tuner.Oracle, train: TrainTrial
    ):
        self.task, self.base, self.run, self.failure = task, settings, run, ""
        self.train_trial = train
        super().__init__(
            oracle,
            lambda hp: task.training.space(hp, settings),
            directory=str(run.parent),
            project_name=run.name,
        )
        self.save()  # so that the first trial can be resumed, too

    def run_trial(self, trial, *args, **kwargs) -> dict[str, float]:
        """Train a trial, in Keras Tuner's terms: objectives by name, or its errors."""
        try:
            return {"val_loss": self.train(trial)}
        except DiskError as error:  # ends the sweep: it is not the fault of the trial
            raise keras_tuner.errors.FatalError(str(error)) from error
        except InputError as error:
            self.failure = str(error)
            log.info("trial %s failed: %s", trial.trial_id, error)
            raise keras_tuner.errors.FailedTrialError(str(error)) from error
        except Exception as error:
            raise keras_tuner.errors.FatalError(str(error)) from error

    def train(self, trial) -> float:
        """Train a trial; returns its validation loss."""
        values = trial.hyperparameters.values
        settings = self.task.training.space(trial.hyperparameters, self.base)
        path = self.trial_folder(settings)
        with lock.held(path):
            folder.claim(path / folder.SETTINGS, json.loads(settings_file.to_json(settings)))
            logs = tf.summary.create_file_writer(str(path / folder.LOGS))
            with contextlib.closing(logs), logs.as_default():
                varied = {name: value for name, value in values.items() if "tuner/" not in name}
                hparams.hparams(varied, trial_id=path.name)
            until = values.get("tuner/epochs", settings.training.epochs)
            return self.train_trial(settings, path, until)

    def trial_folder(self, settings: Any) -> Path:
        """The folder of the trial with these settings."""
        name = hashlib.sha256(settings_file.to_json(settings).encode()).hexdigest()[:12]
        return self.run / TRIALS / name


def _search(run: Path, make: Callable[[], Sweep]) -> keras_tuner.HyperParameters | None:
    """Run all trials; returns the best hyperparameters, None in a worker."""
    sweep = _load_sweep(run, make)
    try:
        sweep.search(verbose=1)
    except keras_tuner.errors.FatalError as error:
        raise error.__cause__ or error from None
    except RuntimeError as error:  # too many consecutive failures
        raise InputError(f"{run}: expected trials that train; the last: {sweep.failure}") from error
    if process_role() == "worker":
        return None
    best = next(iter(sweep.oracle.get_best_trials(1)), None)
    if best is None or best.status != "COMPLETED":
        raise InputError(f"{run}: expected a trial that trains; the last: {sweep.failure}")
    return best.hyperparameters


def _load_sweep(run: Path, make: Callable[[], Sweep]) -> Sweep:
    """The sweep in the folder `run`, new or in its last state.

    Keras Tuner does not write its files atomically. If one is damaged, its oracle starts again:
    with the same seed it proposes the same trials, whose folders are found.
    """
    try:
        return make()
    except (json.JSONDecodeError, KeyError, RuntimeError):
        log.warning("%s: Keras Tuner's files are damaged; its trials are proposed again", run)
        proposed = [] if process_role() == "worker" else list(run.glob("trial_*/trial.json"))
        for path in [run / name for name in _state_files()] + proposed:
            path.unlink(missing_ok=True)
        return make()


def _seed(settings: Any) -> int:
    return settings.training.seed + 1  # Keras Tuner takes 0 for no seed


def _random(settings: Any, trials: int | None) -> keras_tuner.Oracle:
    return keras_tuner.oracles.RandomSearchOracle(
        "val_loss", max_trials=trials or 10, seed=_seed(settings)
    )


def _hyperband(settings: Any, trials: int | None) -> keras_tuner.Oracle:
    epochs = settings.training.epochs
    oracle = keras_tuner.oracles.HyperbandOracle(
        "val_loss", max_epochs=epochs, seed=_seed(settings)
    )
    oracle.max_trials = trials
    return oracle


def _bayesian(settings: Any, trials: int | None) -> keras_tuner.Oracle:
    trials = trials or 10
    return keras_tuner.oracles.BayesianOptimizationOracle(
        "val_loss",
        max_trials=trials,
        num_initial_points=max(2, trials // 3),  # the default exceeds the trials of most sweeps
        seed=_seed(settings),
    )


ORACLES: dict[str, Callable[[Any, int | None], keras_tuner.Oracle]] = {
    "random": _random,
    "hyperband": _hyperband,
    "bayesian": _bayesian,
}
"""Method -> (settings, maximum number of trials) -> oracle."""


def process_role() -> Literal["single", "chief", "worker"]:
    """The role of this process in a sweep, from Keras Tuner's environment variables.

    Raises:
        InputError: only some of the variables are set.
    """
    names = (TUNER_ID, ORACLE_ADDRESS, ORACLE_PORT)
    missing = [name for name in names if name not in os.environ]
    if ORACLE_ADDRESS not in os.environ and ORACLE_PORT not in os.environ:
        return "single"
    if missing:
        raise InputError(
            f"{', '.join(missing)}: expected a value beside the other variables of a sweep's "
            "processes, got none; see docs/machines.md"
        )
    return "chief" if "chief" in os.environ[TUNER_ID] else "worker"


def _state_files() -> tuple[str, ...]:
    """The files in which Keras Tuner keeps the state of this process."""
    own = f"{os.environ.get(TUNER_ID, 'tuner0')}.json"
    return (own,) if process_role() == "worker" else ("oracle.json", own)
