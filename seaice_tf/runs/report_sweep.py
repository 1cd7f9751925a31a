"""The report of a sweep: its trials, and the importance of each hyperparameter."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from seaice_tf.errors import InputError
from seaice_tf.report.page import Page, number
from seaice_tf.report.parts import Choice, Lines, Part, Section, Series, Table
from seaice_tf.runs import folder
from seaice_tf.runs.report_tables import flat_settings

SWEEP = "sweep.json"
GROUPS = 3  # of the values of a hyperparameter: lower, middle and upper third
NAN = float("nan")


@dataclass(frozen=True)
class Trial:
    """A trial of a sweep.

    Attributes:
        name: Keras Tuner's identifier.
        status: such as "COMPLETED".
        loss: validation loss, NaN if it has none.
        values: hyperparameters.
    """

    name: str
    status: str
    loss: float
    values: dict[str, Any]


def page(sweep: Path) -> Page:
    """The page of the sweep in a folder; InputError if no trial is complete."""
    trials = read(sweep)
    done = [trial for trial in trials if np.isfinite(trial.loss)]
    if not done:
        raise InputError(f"{sweep}: expected a finished trial, got none; let tune continue")
    best = min(done, key=lambda trial: trial.loss)
    started_with = folder.read_json(sweep / SWEEP)
    varied = [n for n in best.values if len({str(t.values.get(n)) for t in done}) > 1]
    parts: list[Part] = [_importance(done, varied)] if varied else []
    plots = {name: [_dots(name, done)] for name in varied}
    if plots:
        parts.append(Choice("Hyperparameter", plots))
    rows = [
        [trial.name, trial.loss, *(_cell(trial.values.get(n)) for n in best.values), trial.status]
        for trial in sorted(trials, key=lambda t: (not np.isfinite(t.loss), t.loss))
    ]
    table = Table("", ["trial", "val loss", *best.values, "status"], rows, "", {best.name})
    settings = [[key, value] for key, value in flat_settings(started_with).items()]
    return Page(
        f"Sweep {sweep.resolve().name}",
        f"{started_with.get('method', '')} search, {len(trials)} trials",
        [
            Section("Hyperparameters", parts),
            Section("Trials", [table]),
            Section("Settings", [Table("Not varied", ["setting", "value"], settings)]),
        ],
        {
            "best validation loss": (number(best.loss), f"trial {best.name}"),
            "median": (number(float(np.median([t.loss for t in done]))), "of finished trials"),
            "trials": (str(len(done)), f"finished of {len(trials)}"),
        },
    )


def read(sweep: Path) -> list[Trial]:
    """Read the trials from Keras Tuner's files."""
    trials = []
    for path in sorted(sweep.glob("trial_*/trial.json")):
        try:
            trial = json.loads(path.read_text())
            values = trial["hyperparameters"]["values"]
        except (json.JSONDecodeError, KeyError, TypeError):  # it is not written atomically
            continue
        loss = trial.get("score")
        kept = {name: value for name, value in values.items() if not name.startswith("tuner/")}
        name = str(trial.get("trial_id", path.parent.name))
        trials.append(Trial(name, str(trial.get("status")), NAN if loss is None else loss, kept))
    return trials


def _importance(trials: Sequence[Trial], varied: Sequence[str]) -> Table:
    losses = np.array([trial.loss for trial in trials])
    rows: list[tuple[str, float, str, float]] = []
    for name in varied:
        groups = group([trial.values.get(name) for trial in trials])
        means = {each: losses[groups == each].mean() for each in dict.fromkeys(groups)}
        best = min(means, key=lambda each: means[each])
        rows.append((name, explained(losses, groups), str(best), float(means[best])))
    rows.sort(key=lambda row: -row[1])
    return Table(
        "Importance of each hyperparameter",
        ["hyperparameter", "fraction of variance explained", "best value", "mean val loss there"],
        rows,
        f"Fraction of the variance of {len(trials)} validation losses that lies between the values "
        "of the hyperparameter, or between thirds of them. With few trials much of it is chance.",
    )


def explained(losses: np.ndarray, groups: np.ndarray) -> float:
    """Fraction of the variance of `losses` that lies between groups: (n,), (n,) -> [0, 1].

    >>> explained(np.array([1.0, 1.0, 3.0, 3.0]), np.array(["a", "a", "b", "b"]))
    1.0
    """
    total = ((losses - losses.mean()) ** 2).sum()
    within = sum(
        ((losses[groups == each] - losses[groups == each].mean()) ** 2).sum()
        for each in np.unique(groups)
    )
    return float(1 - within / total) if total > 0 else 0.0


def group(values: Sequence[Any]) -> np.ndarray:
    """The group of each value: the value itself, or, for many numbers, their third."""
    known = numbers(values)
    distinct = len(set(known or ()))
    if known is None or distinct <= GROUPS or 2 * distinct <= len(known):
        return np.array([str(value) for value in values])
    edges = np.quantile(known, np.linspace(0, 1, GROUPS + 1))
    names = [f"{number(a)} to {number(b)}" for a, b in pairwise(edges)]
    return np.array(names)[np.clip(np.searchsorted(edges, known, "right") - 1, 0, GROUPS - 1)]


def numbers(values: Sequence[Any]) -> list[float] | None:
    """The values as floats if all are numbers, not booleans; None otherwise."""
    if all(isinstance(v, int | float) and not isinstance(v, bool) for v in values):
        return [float(v) for v in values]
    return None


def _dots(name: str, trials: Sequence[Trial]) -> Lines:
    values = [trial.values.get(name) for trial in trials]
    known = numbers(values)
    keys: list = [str(value) for value in values] if known is None else known
    order = sorted(range(len(trials)), key=lambda i: keys[i])
    x = [keys[i] for i in order]
    log = known is not None and x[0] > 0 and x[-1] / x[0] > 20
    series = [Series("trial", [trials[i].loss for i in order], "dots")]
    return Lines(name.replace("_", " "), x, series, name, "val loss", log=True, x_log=log)


def _cell(value: Any) -> float | str:
    return float(value) if numbers([value]) else str(value)
