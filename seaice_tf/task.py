"""The types that a task is made of: examples and cases, and four records of plain functions.

A task imports TensorFlow; this module does not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from seaice_tf.report.parts import Section

if TYPE_CHECKING:
    from tensorflow import keras

    from seaice_tf.pipeline import Examples


@dataclass(frozen=True)
class Splits:
    """Examples to train on and to choose the best epoch by.

    Attributes:
        train, validation: the examples.
        preview: a validation case, for pictures while training.
        files: the files that the examples come from.
        source: name of the data, for titles and tables.
    """

    train: Examples
    validation: Examples
    preview: Callable[[], Case]
    files: Sequence[Path]
    source: str


@dataclass(frozen=True)
class Case:
    """One thing to predict.

    Attributes:
        name: for tables.
        inputs: input of the SavedModel without the batch axis; a tuple if it has several.
        context: whatever the baselines, scores and products of the task need besides.
        truth: the observation, None if it is not known.
        pieces: for inputs of any size that may be too large for one call, from the SavedModel as a
            function of a batch of arrays to the maps; None gives it the inputs as they are.
    """

    name: str
    inputs: Any
    context: Any
    truth: Any = None
    pieces: Callable[[Callable[[Any], Maps]], Maps] | None = None


@dataclass(frozen=True)
class Cases:
    """Cases to predict, made one at a time when iterated."""

    source: str
    make: Sequence[Callable[[], Case]]

    def __iter__(self):
        return (make() for make in self.make)

    def __len__(self):
        return len(self.make)


Maps = Mapping[str, Any]  # by head name
Predictor = Callable[[Case], Maps]
Pairs = Iterable[tuple[Case, Maps]]  # cases with their predictions, made one at a time


@dataclass(frozen=True)
class EvaluateOptions:
    """Options of `evaluate`; a task that has some has a class of its own.

    A field `by` names kinds of groups to show the scores of: those of the group "june" of the kind
    "month" stand under "month_june/score" among all scores.
    """


@dataclass(frozen=True)
class PredictOptions:
    """Options of `predict`; a task that has some has a class of its own."""


@dataclass(frozen=True)
class Shown:
    """Input of a task's sections of a run's page.

    Attributes:
        run: its name.
        settings: of the run.
        pairs: cases with truth, and their predictions.
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
    """The default: what all tasks show is enough."""
    return []


def _keep_initial_weights(settings: Any, model: keras.Model) -> None:
    """The default: training starts from the weights that the model was built with."""


def _keep_settings(settings: Any, model: keras.Model) -> Any:
    """The default: the trained model is served with the settings that it was trained with."""
    return settings


def _no_endpoints(settings: Any, served: keras.Model) -> Mapping[str, keras.Model]:
    """The default: `serve` is the only endpoint."""
    return {}


@dataclass(frozen=True)
class Data:
    """Where a task's examples and cases come from.

    Attributes:
        splits: settings -> Splits.
        cases: (settings, options of evaluate) -> Cases with truth.
        future: (settings, options of predict) -> Cases without.
        doctor: (settings, folder for plots or None) -> problems found; prints what it sees.
        prepare: (settings, out, executor or None) -> files written; None if training reads the
            source files themselves.
        settings: names of the settings that say how data are read; `doctor`, `evaluate` and
            `predict` take them as flags.
        inputs: names of the settings that all runs of an ensemble must share.
    """

    splits: Callable[[Any], Splits]
    cases: Callable[..., Cases]
    future: Callable[..., Cases]
    doctor: Callable[[Any, Path | None], list[str]]
    prepare: Callable[[Any, Path, Executor | None], list[Path]] | None = None
    settings: tuple[str, ...] = ("data",)
    inputs: tuple[str, ...] = ()


@dataclass(frozen=True)
class Training:
    """How a task's networks are built, trained and exported.

    Attributes:
        build: settings -> the compiled model that is trained.
        space: (hyperparameters, settings) -> settings of a trial.
        serving_model: (settings, trained model) -> the model that is exported as `serve`.
        start: (settings, model) -> None; sets weights learnt elsewhere before training.
        calibrate: (settings, trained model) -> settings that the trained model is served with.
        extra_endpoints: (settings, serving model) -> further endpoints by name.
    """

    build: Callable[[Any], keras.Model]
    space: Callable[[Any, Any], Any]
    serving_model: Callable[[Any, keras.Model], keras.Model]
    start: Callable[[Any, keras.Model], None] = _keep_initial_weights
    calibrate: Callable[[Any, keras.Model], Any] = _keep_settings
    extra_endpoints: Callable[[Any, keras.Model], Mapping[str, keras.Model]] = _no_endpoints


@dataclass(frozen=True)
class Verification:
    """How a task's predictions are scored.

    Attributes:
        score: (pairs, options) -> scores by name.
        primary: name of the score that runs are ranked by.
        lower_is_better: of the primary score.
        baselines: reference forecasts by name.
        verify: (pairs, out, model name) -> files that show predictions against the truth.
        combine: maps of several runs -> maps of their ensemble.
        options: class of the options of `evaluate`.
        slow_baselines: reference forecasts that are scored only when asked for.
    """

    score: Callable[..., dict[str, float]]
    primary: str
    lower_is_better: bool
    baselines: Mapping[str, Predictor]
    verify: Callable[[Pairs, Path, str], list[Path]]
    combine: Callable[[Sequence[Maps]], Maps]
    options: type = EvaluateOptions
    slow_baselines: Mapping[str, Predictor] = field(default_factory=dict)


@dataclass(frozen=True)
class Products:
    """What leaves the program.

    Attributes:
        write: (pairs, out, model name, options of predict) -> files written.
        pictures: (case, maps) -> pictures for TensorBoard, tag -> (H, W, 3) uint8.
        signature: inputs and outputs of the SavedModel in words, for the model card.
        options: class of the options of `predict`.
        report: what only this task shows on the page of a run.
    """

    write: Callable[..., list[Path]]
    pictures: Callable[[Case, Maps], dict[str, Any]]
    signature: str
    options: type = PredictOptions
    report: Callable[[Shown], list[Section]] = _no_sections


@dataclass(frozen=True)
class Task:
    """A system: its settings class and four records of functions around it.

    `settings().training` is a settings.Training; `settings().data` names the data.
    """

    name: str
    settings: type
    data: Data
    training: Training
    verification: Verification
    products: Products
