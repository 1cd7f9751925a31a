"""A sweep over a task's space with Keras Tuner, in which every trial trains as `train` does."""

import contextlib
import hashlib
import json
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
from seaice_tf.runs import fit, folder, memory, strategy, track, tuners
from seaice_tf.task import Task

BEST, TRIALS = "best_settings.json", "trials"
Method = Literal["random", "hyperband", "bayesian"]
TrainTrial = Callable[[Any, Path, int], float]  # (settings, folder, epochs) -> validation loss


class Sweep(BaseTuner):
    """Trains each trial in a folder named by its settings, and goes on with what is there.

    So a trial that was interrupted resumes, and one that Hyperband promotes trains on to more
    epochs, as if it had never stopped.
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
        self.save()  # the first trial, too, is found again

    def run_trial(self, trial, *args, **kwargs) -> dict[str, float]:
        """The validation loss of the weights kept, as Keras Tuner asks for it."""
        try:
            return {"val_loss": self.train(trial)}
        except DiskError as error:  # ends the sweep, it is no property of the trial
            raise keras_tuner.errors.FatalError(str(error)) from error
        except InputError as error:
            self.failure = str(error)
            print(f"trial {trial.trial_id} failed: {error}")
            raise keras_tuner.errors.FailedTrialError(str(error)) from error
        except Exception as error:
            raise keras_tuner.errors.FatalError(str(error)) from error

    def train(self, trial) -> float:
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
        """Where a trial with these settings trains."""
        name = hashlib.sha256(settings_file.to_json(settings).encode()).hexdigest()[:12]
        return self.run / TRIALS / name


def train_trial(
    task: Task,
    settings: Any,
    path: Path,
    until: int,
    anyway: bool = False,
    tell: track.Tell = track.nobody,
) -> float:
    """Train in the folder `path` to so many epochs; the validation loss of the weights kept.

    `tell` takes what `track` makes of settings, curves and that loss.

    Raises:
        InputError: it would take more memory than there is, unless `anyway`; or it cannot train.

    What Keras makes of a model is not given back: about 60 MiB a trial of tiny settings. So many
    trials want processes of their own.
    """
    keras.backend.clear_session()
    fit.seed_everything(settings.training.seed)
    splits = task.data.splits(settings)
    together = strategy.join(settings.training)
    with together.scope():
        model = fit.network(task, settings, path)
    if not anyway and together.num_replicas_in_sync == 1:
        memory.require(model, splits, settings.training)
    tell(track.begun(settings))
    state = fit.fit(model, splits, settings.training, path, [track.Curves(tell)], until)
    losses = [entry["val_loss"] for entry in state.history[:until]]
    kept = losses[-1] if settings.training.keep == "last" else min(losses)
    tell(track.numbers({"scores/val_loss": kept}, until - 1))
    return kept


def tune(
    task: Task,
    settings: Any,
    run: Path,
    trials: int | None = None,
    method: Method = "random",
    train: TrainTrial | None = None,
) -> Path | None:
    """Search for the lowest validation loss; an interrupted sweep goes on.

    One process does it all, or is the chief or a worker of several, by their environment.

    Args:
        task: the system.
        settings: what is not varied, with the most epochs that a trial has.
        run: folder of the sweep.
        trials: at most as many; None gives 10, or all that Hyperband plans.
        method: how trials are chosen.
        train: `train_trial` of the task, perhaps in another process; None trains in this one.

    Raises:
        InputError: the sweep was begun otherwise or is at work in another process, no trial could
            be trained, or a lane without Keras Tuner.

    Returns:
        The file with the best settings, for `train --settings`; None from a worker. Each trial is
        in `run`/trials, with its hyperparameters and curves for TensorBoard.
    """
    if "tf_keras" in keras.Model.__module__:
        raise InputError(
            "tune: expected Keras, got tf_keras, which Keras Tuner refuses; "
            "unset TF_USE_LEGACY_KERAS or use another lane"
        )
    if trials is not None and trials < 1:
        raise InputError(f"trials: expected at least 1, got {trials}")
    if settings.training.strategy == strategy.SEVERAL_MACHINES:
        raise InputError(
            f"--strategy {strategy.SEVERAL_MACHINES}: expected none or mirrored, for in a sweep "
            "each machine trains trials of its own; see docs/machines.md"
        )
    role = tuners.role()
    train = train or partial(train_trial, task)
    with contextlib.nullcontext() if role == "worker" else lock.held(run):
        begun_with = {"method": method, **json.loads(settings_file.to_json(settings))}
        folder.claim(run / "sweep.json", begun_with)
        best = _search(
            run, lambda: Sweep(task, settings, run, _oracle(settings, trials, method), train)
        )
        if best is None:
            return None
        found = task.training.space(best, settings)
        return atomic.write_text(run / BEST, settings_file.to_json(found))


def _search(run: Path, make: Callable[[], Sweep]) -> keras_tuner.HyperParameters | None:
    """The hyperparameters of the best trial of the sweep in `run`, when all are through.

    None for a worker, which is not told.
    """
    sweep = _sweep(run, make)
    try:
        sweep.search(verbose=1)
    except keras_tuner.errors.FatalError as error:
        raise error.__cause__ or error from None
    except RuntimeError as error:  # too many failures one after the other
        raise InputError(f"{run}: expected trials that train; the last: {sweep.failure}") from error
    if tuners.role() == "worker":
        return None
    best = next(iter(sweep.oracle.get_best_trials(1)), None)
    if best is None or best.status != "COMPLETED":
        raise InputError(f"{run}: expected a trial that trains; the last: {sweep.failure}")
    return best.hyperparameters


def _sweep(run: Path, make: Callable[[], Sweep]) -> Sweep:
    """The sweep in `run`, new or as it was left.

    Keras Tuner does not write its files atomically. Where one is damaged its oracle starts again:
    from the same seed it proposes the same trials, and those that were trained are found.
    """
    try:
        return make()
    except (json.JSONDecodeError, KeyError, RuntimeError):
        print(f"{run}: Keras Tuner's files are damaged; its trials are proposed again")
        proposed = [] if tuners.role() == "worker" else list(run.glob("trial_*/trial.json"))
        for path in [run / name for name in tuners.memory()] + proposed:
            path.unlink(missing_ok=True)
        return make()


def _oracle(settings: Any, trials: int | None, method: Method) -> keras_tuner.Oracle:
    seed = settings.training.seed + 1  # to Keras Tuner 0 is no seed
    if method == "hyperband":
        epochs = settings.training.epochs
        oracle = keras_tuner.oracles.HyperbandOracle("val_loss", max_epochs=epochs, seed=seed)
        oracle.max_trials = trials
        return oracle
    trials = trials or 10
    if method == "random":
        return keras_tuner.oracles.RandomSearchOracle("val_loss", max_trials=trials, seed=seed)
    return keras_tuner.oracles.BayesianOptimizationOracle(
        "val_loss",
        max_trials=trials,
        num_initial_points=max(2, trials // 3),  # by default more than most sweeps have
        seed=seed,
    )
