"""Train a run and write its complete folder."""

from pathlib import Path
from typing import Any

import tensorflow as tf
from tensorflow import keras

from seaice_tf import compat, progress
from seaice_tf import settings as settings_file
from seaice_tf.errors import InputError
from seaice_tf.files import atomic, lock
from seaice_tf.networks import weights
from seaice_tf.runs import (
    artifact,
    checkpoint,
    curves,
    evaluate,
    fit,
    folder,
    manifest,
    memory,
    reproduce,
    strategy,
    track,
)
from seaice_tf.task import Splits, Task


def train(
    task: Task,
    settings: Any,
    run: Path,
    ignore_memory: bool = False,
    reproduced: dict | None = None,
    tracker: track.Tracker = track.no_tracker,
) -> Path | None:
    """Train a run, or resume an interrupted one.

    Args:
        task: the system.
        settings: of the run.
        run: its folder.
        ignore_memory: train even if the memory estimate exceeds the available memory.
        reproduced: manifest of a run to reproduce; the data must be the same.
        tracker: receives settings, learning curves, scores and files.

    Returns:
        The folder of the run; None on a worker that is not the chief of several machines.

    Raises:
        InputError: the run is complete, was started with other settings, or is being trained by
            another process; the data are unusable or not those of `reproduced`; or training would
            exceed the available memory.
    """
    folder.require_new(run)
    with strategy.restarted_on_worker_loss(settings.training):
        if not strategy.is_chief(settings.training):
            _assist(task, settings, run, ignore_memory, reproduced)
            return None
        with lock.held(folder.partial(run)):
            path = folder.begin(run, settings)
            # With a manifest, the run was killed between its last file and the renaming.
            if not (path / folder.MANIFEST).exists():
                with folder.forgotten_on_error(path):
                    _train(task, settings, path, ignore_memory, reproduced, tracker)
            folder.finish(run)
    tracker(track.files(run))
    return run


def _train(
    task: Task,
    settings: Any,
    path: Path,
    ignore_memory: bool,
    reproduced: dict | None,
    tracker: track.Tracker,
) -> None:
    # A chief that was killed after fitting resumes alone: the other workers have ended.
    fitted = (path / folder.HISTORY).exists()
    replicas = tf.distribute.get_strategy() if fitted else strategy.create(settings.training)
    if settings.training.transfer and not (path / folder.CHECKPOINT).exists():
        weights.require(Path(settings.training.transfer) / folder.WEIGHTS)
    splits = _splits(task, settings, reproduced)
    model, state = _fit(task, settings, splits, path, replicas, ignore_memory, tracker)
    folder.write_json(path / folder.HISTORY, state.history)
    if settings.training.precision != "float32" or replicas.num_replicas_in_sync > 1:
        model = task.training.build(settings)
        weights.load(path / folder.WEIGHTS, model)
    with progress.step("calibrating"):
        settings = task.training.calibrate(settings, model)
    atomic.write_text(path / folder.SETTINGS, settings_file.to_json(settings))
    with progress.step("exporting the SavedModel"):
        served = task.training.serving_model(settings, model)
        interface = write_saved_model(task, settings, served, path)
    scores = evaluate.evaluate(task, settings, path)
    folder.write_json(path / folder.SCORES, scores)
    curves.write_scores(scores["scores"], path, len(state.history) - 1)
    facts = manifest.manifest(task, settings, splits, state, path) | {"interface": interface}
    atomic.write_text(path / "model_card.md", manifest.model_card(task, settings, facts, scores))
    folder.write_json(path / folder.MANIFEST, facts)
    tracker(track.scores(scores, len(state.history) - 1))


def _assist(
    task: Task, settings: Any, run: Path, ignore_memory: bool, reproduced: dict | None
) -> None:
    """Fit as a worker that is not the chief, in a temporary folder."""
    replicas = strategy.create(settings.training)
    with strategy.worker_folder(run) as path:
        splits = _splits(task, settings, reproduced)
        _fit(task, settings, splits, path, replicas, ignore_memory, track.no_tracker)


def _splits(task: Task, settings: Any, reproduced: dict | None) -> Splits:
    fit.seed_everything(settings.training.seed)
    with progress.step("reading data"):
        splits = task.data.splits(settings)
    if reproduced:
        reproduce.check_data(reproduced, splits.files)
    return splits


def _fit(
    task: Task,
    settings: Any,
    splits: Splits,
    path: Path,
    replicas: tf.distribute.Strategy,
    ignore_memory: bool,
    tracker: track.Tracker,
) -> tuple[keras.Model, checkpoint.State]:
    """Fit the network in the folder `path`, from its checkpoint if there is one."""
    files = {file.name: file.stat().st_size for file in splits.files}
    folder.claim(path / folder.DATA, {"source": splits.source, "files": files})
    with replicas.scope():
        with progress.step("building the network"):
            model = fit.network(task, settings, path, splits.validation)
        if not ignore_memory and replicas.num_replicas_in_sync == 1:  # as the estimate is for
            memory.require(model, splits, settings.training)
        pictures = Pictures(task, splits, task.training.serving_model(settings, model), path)
    tracker(track.settings(settings))
    state = fit.fit(model, splits, settings.training, path, [pictures, track.Curves(tracker)])
    pictures.logs.close()
    return model, state


def export(task: Task, run: Path) -> Path:
    """Write the SavedModel of a complete run again, from its weights.npz.

    Raises:
        InputError: the settings of the run have other inputs than it was trained with.
    """
    settings = folder.open_run(run, task)
    model = task.training.build(settings)
    weights.load(run / folder.WEIGHTS, model)
    served = task.training.serving_model(settings, model)
    _require_trained_shape(run, served)
    with lock.held(run):
        interface = write_saved_model(task, settings, served, run)
        facts = folder.read_json(run / folder.MANIFEST) | {"interface": interface}
        facts["saved_model_sha256"] = manifest.tree_sha256(run / folder.SAVED_MODEL)
        folder.write_json(run / folder.MANIFEST, facts)
    return run / folder.SAVED_MODEL


def _require_trained_shape(run: Path, served: keras.Model) -> None:
    """Raise an InputError for a model of another history or another number of channels."""
    trained = folder.read_json(run / folder.MANIFEST).get("input_shape") or []
    sides = served.inputs[0].shape[1:]
    if len(sides) == len(trained) and not manifest.same_shape(sides, trained):
        raise InputError(
            f"{run / folder.SETTINGS}: expected inputs of {trained}, as in the training, got "
            f"{list(sides)}; restore the file from {folder.MANIFEST}"
        )


def write_saved_model(task: Task, settings: Any, served: keras.Model, path: Path) -> list[dict]:
    """Export a serving model into the folder `path`; returns its interface."""
    with atomic.folder(path / folder.SAVED_MODEL) as temporary:
        endpoints = task.training.extra_endpoints(settings, served)
        compat.export(served, temporary, **endpoints)
    return compat.interface(served, **endpoints)


class Pictures(keras.callbacks.Callback):
    """Draws a validation case in TensorBoard after epochs 1, 2, 4, 8, ...

    Drawing after every epoch would take longer than training small networks.
    """

    def __init__(self, task: Task, splits: Splits, served: keras.Model, path: Path):
        super().__init__()
        self.task, self.case, self.served = task, splits.preview(), served
        self.logs = tf.summary.create_file_writer(str(path / folder.LOGS))

    def on_epoch_end(self, epoch, logs=None):
        if (epoch + 1).bit_count() != 1:
            return
        outputs = self.served(artifact.batch(self.case))
        # In mixed precision they may be bfloat16, which matplotlib cannot draw.
        maps = {head: tf.cast(value, tf.float32).numpy()[0] for head, value in outputs.items()}
        with self.logs.as_default(step=epoch):
            for tag, picture in self.task.products.pictures(self.case, maps).items():
                tf.summary.image(tag, picture[None])
        self.logs.flush()
