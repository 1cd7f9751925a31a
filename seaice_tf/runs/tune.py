"""A sweep over a task's space with Keras Tuner."""

import json
from pathlib import Path
from typing import Any

import keras_tuner
from tensorflow import keras

from seaice_tf import pipeline
from seaice_tf import settings as settings_file
from seaice_tf.errors import InputError
from seaice_tf.runs import fit, folder
from seaice_tf.task import Splits, Task
from seaice_tf.writers import atomic

BEST = "best_settings.json"


class Sweep(keras_tuner.HyperModel):
    """Builds and fits one trial; the settings, batch size included, come from the task's space."""

    def __init__(self, task: Task, settings: Any, splits: Splits):
        super().__init__()
        self.task, self.base, self.splits = task, settings, splits

    def build(self, hp):
        return self.task.build(self.task.space(hp, self.base))

    def fit(self, hp, model, *args, **kwargs):
        training = self.task.space(hp, self.base).training
        examples = self.splits.train
        return model.fit(
            pipeline.training_stream(examples, training.batch_size, training.seed),
            steps_per_epoch=pipeline.steps_per_epoch(examples, training.batch_size),
            validation_data=pipeline.in_order(self.splits.validation, training.batch_size),
            **kwargs,
        )


def tune(task: Task, settings: Any, run: Path, trials: int) -> Path:
    """Random search for the lowest validation loss; an interrupted sweep goes on.

    Raises:
        InputError: the sweep was begun with other settings, or in a lane without Keras Tuner.

    Returns:
        The file with the best settings, for `train --settings`. Trials are in `run`, with their
        hyperparameters for TensorBoard in `run`/logs.
    """
    if "tf_keras" in keras.Model.__module__:
        raise InputError(
            "tune: expected Keras, got tf_keras, which Keras Tuner refuses; "
            "unset TF_USE_LEGACY_KERAS or use another lane"
        )
    folder.claim(run / "sweep.json", json.loads(settings_file.to_json(settings)))
    fit.seed_everything(settings.training.seed)
    sweep = Sweep(task, settings, task.splits(settings))
    tuner = keras_tuner.RandomSearch(
        sweep,
        objective="val_loss",
        max_trials=trials,
        seed=settings.training.seed,
        directory=str(run.parent),
        project_name=run.name,
    )
    logs = keras.callbacks.TensorBoard(str(run / "logs"), write_graph=False)
    tuner.search(epochs=settings.training.epochs, callbacks=[logs], verbose=2)
    best = task.space(tuner.get_best_hyperparameters(1)[0], settings)
    return atomic.write_text(run / BEST, settings_file.to_json(best))
