"""The few small types that a task is made of."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import tensorflow as tf
import tyro
from tensorflow import keras

from seaice_tf.pipeline import Examples
from seaice_tf.report.parts import Section


@dataclass(frozen=True)
class Splits:
    """Examples to train on, to choose the best epoch by, and the files that they come from."""

    train: Examples
    validation: Examples
    preview: Callable[[], "Case"]  # a validation case, for pictures while training
    files: Sequence[Path]
    source: str  # what the data are, for titles and tables


@dataclass(frozen=True)
class Case:
    """One thing to predict.

    Attributes:
        name: for tables.
        inputs: what the SavedModel takes, without the batch axis; a tuple if it takes several.
        context: whatever the baselines, scores and products of the task need besides.
        truth: what came, None if it is not known.
        pieces: for inputs of any size that may be too large for one go, from the SavedModel as a
            function of a batch of arrays to the maps; None gives it the inputs as they are.
    """

    name: str
    inputs: Any
    context: Any
    truth: Any = None
    pieces: Callable[[Callable[[Any], "Maps"]], "Maps"] | None = None

    def batch(self) -> Any:
        """The inputs as a batch of one."""
        return tf.nest.map_structure(lambda x: tf.convert_to_tensor(x)[None], self.inputs)


@dataclass(frozen=True)
class Cases:
    """Cases to be predicted, made one at a time when iterated."""

    source: str
    make: Sequence[Callable[[], Case]]

    def __iter__(self):
        return (make() for make in self.make)

    def __len__(self):
        return len(self.make)


Maps = Mapping[str, Any]  # by head name
Predictor = Callable[[Case], Maps]
Pairs = Iterable[tuple[Case, Maps]]  # cases with what was predicted, made one at a time


@dataclass(frozen=True)
class Options:
    """What `evaluate` can be asked, as flags; a task with more to ask has a class of its own.

    Attributes:
        by: kinds of groups to show the scores of. Those of the group "june" of the kind "month"
            stand under "month_june/score" among all scores.
    """

    by: tyro.conf.Suppress[tuple[str, ...]] = ()


@dataclass(frozen=True)
class Shown:
    """What a task makes its sections of a run's page from.

    Attributes:
        run: its name.
        settings: of the run.
        pairs: cases with truth, and what the run predicted.
        values: the primary score of each case by itself, NaN where it has none.
        baselines: those of the task, the best of this run's scores first.
        room: bytes that the sections may take, as report.encode.size counts them.
    """

    run: str
    settings: Any
    pairs: Sequence[tuple[Case, Maps]]
    values: Sequence[float]
    baselines: Mapping[str, Predictor]
    room: int


def _no_sections(shown: Shown) -> list[Section]:
    """Show what all tasks show."""
    return []


def _as_built(settings: Any, model: keras.Model) -> None:
    """Start training from the weights that the model was built with."""


def _as_set(settings: Any, model: keras.Model) -> Any:
    """Serve the trained model by the settings that it was trained with."""
    return settings


def _alone(settings: Any, served: keras.Model) -> Mapping[str, keras.Model]:
    """Nothing is exported beside what is served."""
    return {}


@dataclass(frozen=True)
class Task:
    """A system: plain functions around one frozen settings dataclass.

    `settings.training` is a settings.Training; `settings.data` names the data. `cases` and `score`
    take `options` as their last argument, by default those of the class without a change.
    `calibrate` gives the settings that the trained model is served by.
    """

    name: str
    settings: type
    splits: Callable[[Any], Splits]
    build: Callable[[Any], keras.Model]  # compiled, what is trained
    served: Callable[[Any, keras.Model], keras.Model]  # (settings, built) -> what is exported
    space: Callable[[Any, Any], Any]  # (hyperparameters, settings) -> settings
    cases: Callable[..., Cases]  # (settings, options), with truth
    future: Callable[[Any], Cases]  # (settings), what predict predicts
    score: Callable[..., dict[str, float]]  # (pairs, options)
    combine: Callable[[Sequence[Maps]], Maps]  # of several runs -> of their ensemble
    baselines: Mapping[str, Predictor]
    primary: str
    lower_is_better: bool
    write: Callable[[Pairs, Path, str], list[Path]]  # (pairs, out, model)
    verify: Callable[[Pairs, Path, str], list[Path]]  # the same against the truth
    pictures: Callable[[Case, Maps], dict[str, Any]]  # tag -> (H, W, 3) uint8
    doctor: Callable[[Any, Path | None], list[str]]  # (settings, plots) -> troubles; prints rest
    serving: str  # signature of the SavedModel, for the card
    options: type = Options
    slow_baselines: Mapping[str, Predictor] = field(default_factory=dict)  # only when asked for
    start: Callable[[Any, keras.Model], None] = _as_built  # sets weights learnt elsewhere
    calibrate: Callable[[Any, keras.Model], Any] = _as_set  # what only a trained model can tell
    also_served: Callable[[Any, keras.Model], Mapping[str, keras.Model]] = _alone  # by endpoint
    data_settings: tuple[str, ...] = ("data",)  # which settings say how data are read
    use_settings: tuple[str, ...] = ()  # which others may change when a trained run is used
    input_settings: tuple[str, ...] = ()  # which say what it is given: one for all of an ensemble
    prepare: Callable[[Any, Path, Executor | None], list[Path]] | None = None  # (settings, out, by)
    report: Callable[[Shown], list[Section]] = _no_sections  # what only this task can show
