"""The types that a task is made of: examples and cases, and four records of plain functions.

A task imports TensorFlow; this module does not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from seaice_tf.errors import InputError
from seaice_tf.report.parts import Section

if TYPE_CHECKING:
    import xarray as xr
    from tensorflow import keras

    from seaice_tf.pipeline import Examples


@dataclass(frozen=True)
class Splits:
    """Training and validation examples.

    Attributes:
        train: examples to fit.
        validation: examples to choose the best epoch by.
        preview: () -> a validation case, drawn in TensorBoard while training.
        files: source files of the examples.
        source: name of the data, for titles and tables.
    """

    train: Examples
    validation: Examples
    preview: Callable[[], Case]
    files: Sequence[Path]
    source: str


@dataclass(frozen=True)
class Case:
    """A sample to predict.

    Attributes:
        name: label in tables.
        inputs: inputs of the SavedModel without the batch axis; a tuple if there are several.
        context: further data for the baselines, scores and products of the task.
        truth: the observation, None if unknown.
        pieces: (model as a function of a batch of arrays) -> maps, for inputs that may be too large
            for one call; None passes `inputs` to the model as they are.
        free_axes: of the first of the inputs, those whose length may differ between cases.
    """

    name: str
    inputs: Any
    context: Any
    truth: Any = None
    pieces: Callable[[Callable[[Any], Maps]], Maps] | None = None
    free_axes: tuple[int, ...] = ()


@dataclass(frozen=True)
class Cases:
    """Cases to predict, made one at a time when iterated.

    Attributes:
        source: name of the data, for titles and tables.
        make: a function for each case.
    """

    source: str
    make: Sequence[Callable[[], Case]]

    def __iter__(self):
        return (make() for make in self.make)

    def __len__(self):
        return len(self.make)


def failing(message: str) -> Callable[[], Case]:
    """A function for `Cases.make` in the place of a case that cannot be read: raises InputError."""

    def fail() -> Case:
        raise InputError(message)

    return fail


Maps = Mapping[str, Any]  # by head name
Predictor = Callable[[Case], Maps]
Pairs = Iterable[tuple[Case, Maps]]  # cases with their predictions, made one at a time


@dataclass(frozen=True)
class EvaluateOptions:
    """Options of `evaluate`; a task that has some has a class of its own.

    A field `by` lists the kinds of groups to score as well: the scores of group "june" of kind
    "month" are named "month_june/<score>".
    """


@dataclass(frozen=True)
class PredictOptions:
    """Options of `predict`; a task that has some has a class of its own."""


@dataclass(frozen=True)
class ReportInput:
    """Input of `Products.report`, the sections that a task adds to the report of a run.

    Attributes:
        run: name of the run.
        settings: of the run.
        pairs: cases with truth, and their predictions.
        values: the primary score of each case, NaN where it is undefined.
        baselines: reference forecasts by name, the best of this run first.
        max_bytes: size limit of the sections, as measured by report.encode.size.
        scores: of the run and its baselines as `evaluate` returns them, on held-out data where
            there are some; groups included.
    """

    run: str
    settings: Any
    pairs: Sequence[tuple[Case, Maps]]
    values: Sequence[float]
    baselines: Mapping[str, Predictor]
    max_bytes: int
    scores: Mapping[str, Any]


def _no_sections(report: ReportInput) -> list[Section]:
    """The default: no sections besides those of all tasks."""
    return []


def _keep_initial_weights(settings: Any, model: keras.Model) -> None:
    """The default: training starts from the initial weights of the model."""


def _keep_settings(settings: Any, model: keras.Model) -> Any:
    """The default: the exported model has the settings that it was trained with."""
    return settings


def _no_endpoints(settings: Any, served: keras.Model) -> Mapping[str, keras.Model]:
    """The default: `serve` is the only endpoint."""
    return {}


def _no_product(path: Path, target: Path | None = None) -> list[str] | None:
    """The default: no written file can be checked."""
    return None


def _as_they_are(settings: Any) -> Any:
    """The default: the data say nothing of their values."""
    return settings


def _released(settings: Any) -> str:
    """The default: one released model for all data."""
    return "released"


@dataclass(frozen=True)
class Data:
    """The data of a task.

    Attributes:
        splits: settings -> Splits.
        cases: (settings, options of evaluate) -> Cases with truth.
        future: (settings, options of predict) -> Cases without truth.
        doctor: (settings, folder for plots or None) -> problems found; prints a summary.
        prepare: (settings, out, executor or None) -> files written; None if training reads the
            source files directly.
        settings: names of the settings on how data are read, flags of `doctor`, `evaluate` and
            `predict`.
        fetch: (options, out) -> files downloaded to the folder `out`; None if there is nothing to
            download.
        fetch_options: class of the options of `fetch`.
        inputs: names of the settings that all runs of an ensemble must have in common.
        units: names of further settings that say what the values of the inputs are; runs in which
            they differ are warned of.
        described: settings -> the settings with what the data say of the values of the inputs.
        released: settings with the data -> name of the released model for them.
        record: xarray.Dataset -> the argument `record` of `cases` and `future`; None if they take
            files only.
        plots: glob patterns of the files that `doctor` writes.
        expected: what the folder that the setting `data` names has, such as "photos".
    """

    splits: Callable[[Any], Splits]
    cases: Callable[..., Cases]
    future: Callable[..., Cases]
    doctor: Callable[[Any, Path | None], list[str]]
    prepare: Callable[[Any, Path, Executor | None], list[Path]] | None = None
    settings: tuple[str, ...] = ("data",)
    inputs: tuple[str, ...] = ()
    units: tuple[str, ...] = ()
    described: Callable[[Any], Any] = _as_they_are
    fetch: Callable[[Any, Path], list[Path]] | None = None
    fetch_options: type | None = None
    released: Callable[[Any], str] = _released
    record: Callable[[xr.Dataset], Any] | None = None
    plots: tuple[str, ...] = ()
    expected: str = "data"


@dataclass(frozen=True)
class Training:
    """How a task's networks are built, trained and exported.

    Attributes:
        build: settings -> the compiled model that is trained.
        space: (hyperparameters, settings) -> settings of a trial.
        serving_model: (settings, trained model) -> the model that is exported as `serve`.
        start: (settings, model) -> None; sets pretrained weights before training.
        calibrate: (settings, trained model) -> settings of the exported model.
        extra_endpoints: (settings, serving model) -> further endpoints by name.
    """

    build: Callable[[Any], keras.Model]
    space: Callable[[Any, Any], Any]
    serving_model: Callable[[Any, keras.Model], keras.Model]
    start: Callable[[Any, keras.Model], None] = _keep_initial_weights
    calibrate: Callable[[Any, keras.Model], Any] = _keep_settings
    extra_endpoints: Callable[[Any, keras.Model], Mapping[str, keras.Model]] = _no_endpoints


def _no_intervals(scores: Mapping, baselines: Mapping) -> dict[str, Any]:
    return {}


@dataclass(frozen=True)
class Verification:
    """How a task's predictions are scored.

    Attributes:
        score: (pairs, options) -> scores by name.
        primary: name of the score that runs are ranked by.
        lower_is_better: of the primary score.
        baselines: reference forecasts by name.
        verify: (pairs, out, model name) -> files that compare predictions with the truth.
        combine: maps of several runs -> maps of their ensemble.
        options: class of the options of `evaluate`.
        slow_baselines: reference forecasts that are scored on request only.
        renamed: old name of a baseline -> its name, for the scores.json of older runs.
        meaning: name of a score -> what it is, with its unit; of "dice", that of "dice_fish", too.
        files: glob patterns of the files of `verify`.
        intervals: (scores, scores of each baseline) -> the intervals of both that `evaluate` shows,
            as `forecast.scores.intervals` has them; {} for none.
    """

    score: Callable[..., dict[str, float]]
    primary: str
    lower_is_better: bool
    baselines: Mapping[str, Predictor]
    verify: Callable[[Pairs, Path, str], list[Path]]
    combine: Callable[[Sequence[Maps]], Maps]
    options: type = EvaluateOptions
    slow_baselines: Mapping[str, Predictor] = field(default_factory=dict)
    renamed: Mapping[str, str] = field(default_factory=dict)
    meaning: Mapping[str, str] = field(default_factory=dict)
    files: tuple[str, ...] = ()
    intervals: Callable[[Mapping, Mapping], dict[str, Any]] = _no_intervals


@dataclass(frozen=True)
class Products:
    """The files and pictures that a task writes.

    Attributes:
        write: (pairs, out, model name, options of predict) -> files written.
        pictures: (case, maps) -> pictures for TensorBoard, tag -> (H, W, 3) uint8.
        signature: description of the SavedModel's inputs and outputs, for the model card.
        units: unit of each input and output of the SavedModel by its name, for the model card.
        options: class of the options of `predict`.
        report: ReportInput -> sections of a report that only this task has.
        report_options: options of evaluate for the cases of a report; None for the default ones.
        dataset: (case, maps, model name) -> xarray.Dataset with CF attributes.
        check: (file, what it must cover or None) -> what its published rule punishes and what is
            wrong with its format, one sentence each; None for a file that `write` does not make.
        files: glob patterns of the files of `write`.
    """

    write: Callable[..., list[Path]]
    pictures: Callable[[Case, Maps], dict[str, Any]]
    signature: str
    units: Mapping[str, str] = field(default_factory=dict)
    options: type = PredictOptions
    report: Callable[[ReportInput], list[Section]] = _no_sections
    report_options: Any = None
    dataset: Callable[[Case, Maps, str], xr.Dataset] | None = None
    check: Callable[[Path, Path | None], list[str] | None] = _no_product
    files: tuple[str, ...] = ()


@dataclass(frozen=True)
class Task:
    """A system: its settings class and four records of functions around it.

    `settings().training` is a settings.Training; `settings().data` names the data. With
    `spares_memory` predict and evaluate give memory back, see `memory.give_back_freed`; a nowcast
    of a whole image would take half as long again with it.
    """

    name: str
    settings: type
    data: Data
    training: Training
    verification: Verification
    products: Products
    spares_memory: bool = False
