"""The few small types that a task is made of."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tensorflow import keras

from seaice_tf.pipeline import Examples


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
        inputs: what the SavedModel takes, without the batch axis.
        context: whatever the baselines, scores and products of the task need besides.
        truth: what came, None if it is not known.
    """

    name: str
    inputs: Any
    context: Any
    truth: Any = None


@dataclass(frozen=True)
class Cases:
    """Cases to be predicted, made one at a time when iterated."""

    source: str
    make: Sequence[Callable[[], Case]]

    def __iter__(self):
        return (make() for make in self.make)

    def __len__(self):
        return len(self.make)


Predictor = Callable[[Case], Mapping[str, Any]]  # a case -> maps by head name


@dataclass(frozen=True)
class Task:
    """A system: plain functions around one frozen settings dataclass.

    `settings.training` is a settings.Training; `settings.data` names the data.
    """

    name: str
    settings: type
    splits: Callable[[Any], Splits]
    build: Callable[[Any], keras.Model]  # compiled, what is trained
    served: Callable[[Any, keras.Model], keras.Model]  # (settings, built) -> what is exported
    space: Callable[[Any, Any], Any]  # (hyperparameters, settings) -> settings
    cases: Callable[[Any, str | None, str | None], Cases]  # (settings, first, last), with truth
    future: Callable[[Any], Cases]  # (settings), what predict predicts
    score: Callable[[Iterable[tuple[Case, Mapping[str, Any]]]], dict[str, float]]
    baselines: Mapping[str, Predictor]
    primary: str
    lower_is_better: bool
    write: Callable[[Case, Mapping[str, Any], Path, str], list[Path]]  # (case, maps, out, model)
    pictures: Callable[[Case, Mapping[str, Any]], dict[str, Any]]  # tag -> (H, W, 3) uint8
    doctor: Callable[[Path, Path | None], list[str]]  # (data, plots) -> troubles; prints the rest
    serving: str  # signature of the SavedModel, for the card
