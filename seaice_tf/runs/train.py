"""Train one run to the end and leave a complete folder."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import tensorflow as tf
from tensorflow import keras

from seaice_tf import compat
from seaice_tf import settings as settings_file
from seaice_tf.errors import InputError
from seaice_tf.files import atomic, lock
from seaice_tf.networks import weights
from seaice_tf.runs import (
    artifact,
    card,
    checkpoint,
    evaluate,
    fit,
    folder,
    manifest,
    memory,
    rerun,
    strategy,
    track,
)
from seaice_tf.task import Splits, Task

HISTORY = "history.json"


def train(
    task: Task,
    settings: Any,
    run: Path,
    anyway: bool = False,
    again: dict | None = None,
    tell: track.Tell = track.nobody,
) -> Path | None:
    """Train, or go on where an interrupted run of the same name stopped; gives the run's folder.

    None on a machine that helps another one, the chief, which leaves the run.

    Args:
        task: the system.
        settings: of the run.
        run: its folder.
        anyway: whatever the estimate of its memory.
        again: manifest of a run on whose data alone to train.
        tell: takes what `track` makes of settings, curves, scores and files.

    Raises:
        InputError: the run is complete, was begun with other settings, or is at work in another
            process; bad or other data; it would take more memory than there is, unless `anyway`.
    """
    folder.require_new(run)
    with strategy.outliving(settings.training):
        if not strategy.is_chief(settings.training):
            _assist(task, settings, run, anyway, again)
            return None
        with lock.held(folder.partial(run)):
            path = folder.begin(run, settings)
            if not (path / folder.MANIFEST).exists():  # else killed between last file and name
                _train(task, settings, path, anyway, again, tell)
            folder.finish(run)
    tell(track.files(run))
    return run


def _train(
    task: Task, settings: Any, path: Path, anyway: bool, again: dict | None, tell: track.Tell
) -> None:
    # The others have left a chief that has only the run's files still to write.
    learnt = (path / HISTORY).exists()
    together = tf.distribute.get_strategy() if learnt else strategy.join(settings.training)
    try:
        splits = _splits(task, settings, again)
    except InputError:
        folder.forget(path)
        raise
    model, state = _learn(task, settings, splits, path, together, anyway, tell)
    folder.write_json(path / HISTORY, state.history)
    if settings.training.precision != "float32" or together.num_replicas_in_sync > 1:
        model = task.training.build(settings)
        weights.load(path / folder.WEIGHTS, model)
    settings = task.training.calibrate(settings, model)
    atomic.write_text(path / folder.SETTINGS, settings_file.to_json(settings))
    write_saved_model(task, settings, model, path)
    scores = evaluate.evaluate(task, settings, path)
    folder.write_json(path / folder.SCORES, scores)
    show_scores(scores["scores"], path, len(state.history) - 1)
    facts = manifest.manifest(task, settings, splits, state, path)
    atomic.write_text(path / "model_card.md", card.card(task, settings, facts, scores))
    folder.write_json(path / folder.MANIFEST, facts)
    tell(track.scores(scores, len(state.history) - 1))


def _assist(task: Task, settings: Any, run: Path, anyway: bool, again: dict | None) -> None:
    """Make every step with the chief; nothing of it stays here."""
    together = strategy.join(settings.training)
    with strategy.assistant_folder(run) as path:
        splits = _splits(task, settings, again)
        _learn(task, settings, splits, path, together, anyway, track.nobody)


def _splits(task: Task, settings: Any, again: dict | None) -> Splits:
    fit.seed_everything(settings.training.seed)
    splits = task.data.splits(settings)
    if again:
        rerun.check_data(again, splits.files)
    return splits


def _learn(
    task: Task,
    settings: Any,
    splits: Splits,
    path: Path,
    together: tf.distribute.Strategy,
    anyway: bool,
    tell: track.Tell,
) -> tuple[keras.Model, checkpoint.State]:
    """Fit the network in the folder `path`, from its checkpoint on."""
    files = {file.name: file.stat().st_size for file in splits.files}
    folder.claim(path / "data.json", {"source": splits.source, "files": files})
    with together.scope():
        model = fit.network(task, settings, path)
    if not anyway and together.num_replicas_in_sync == 1:  # the estimate is that of one network
        memory.require(model, splits, settings.training)
    with together.scope():
        watch = Pictures(task, splits, task.training.serving_model(settings, model), path)
    tell(track.begun(settings))
    state = fit.fit(model, splits, settings.training, path, [watch, track.Curves(tell)])
    watch.logs.close()
    return model, state


def export(task: Task, run: Path) -> Path:
    """Write the SavedModel of a complete run again, from its weights.npz."""
    settings = folder.open_run(run, task)
    model = task.training.build(settings)
    weights.load(run / folder.WEIGHTS, model)
    with lock.held(run):
        write_saved_model(task, settings, model, run)
        facts = folder.read_json(run / folder.MANIFEST)
        facts["saved_model_sha256"] = manifest.tree_sha256(run / folder.SAVED_MODEL)
        folder.write_json(run / folder.MANIFEST, facts)
    return run / folder.SAVED_MODEL


def write_saved_model(task: Task, settings: Any, model: keras.Model, path: Path) -> None:
    served = task.training.serving_model(settings, model)
    with atomic.folder(path / folder.SAVED_MODEL) as temporary:
        compat.export(served, temporary, **task.training.extra_endpoints(settings, served))


def show_scores(scores: Mapping[str, float], path: Path, epoch: int) -> None:
    """All scores of the finished run in TensorBoard, those of groups under their kind."""
    with tf.summary.create_file_writer(str(path / folder.LOGS)).as_default(step=epoch):
        for name, value in scores.items():
            tf.summary.scalar(f"scores/{name}", value)


class Pictures(keras.callbacks.Callback):
    """The task's pictures of one validation case in TensorBoard, after epochs 1, 2, 4, 8, ...

    Of hundreds of epochs each a little better than the last, drawing would take longer than
    training.
    """

    def __init__(self, task: Task, splits: Splits, served: keras.Model, path: Path):
        super().__init__()
        self.task, self.case, self.served = task, splits.preview(), served
        self.logs = tf.summary.create_file_writer(str(path / folder.LOGS))

    def on_epoch_end(self, epoch, logs=None):
        if (epoch + 1).bit_count() != 1:
            return
        outputs = self.served(artifact.batch(self.case))
        # In mixed precision they may be of a type that is drawn by nobody.
        maps = {head: tf.cast(value, tf.float32).numpy()[0] for head, value in outputs.items()}
        with self.logs.as_default(step=epoch):
            for tag, picture in self.task.products.pictures(self.case, maps).items():
                tf.summary.image(tag, picture[None])
        self.logs.flush()
