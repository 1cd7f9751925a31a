"""The data of a report: a run's files, its predictions, and the scores of each case."""

import contextlib
import dataclasses
import functools
import typing
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from seaice_tf import progress
from seaice_tf.errors import InputError, NotFittedError
from seaice_tf.runs import artifact, folder
from seaice_tf.task import Case, Maps, Predictor, ReportInput, Task

MAX_CASES = 100  # kept in memory and scored one by one
MEMORY = 1 << 28  # bytes of predictions of baselines that are kept


@dataclass(frozen=True)
class RunRecord:
    """The contents of the folder of a complete run.

    Attributes:
        path: of the folder.
        name: for titles.
        settings: of the run.
        manifest, scores, history, card: contents of its files.
        held_out: of held_out.json; None without.
    """

    path: Path
    name: str
    settings: Any
    manifest: dict[str, Any]
    scores: dict[str, Any]
    history: list[dict[str, float]]
    card: str
    held_out: dict[str, Any] | None = None

    @property
    def published(self) -> dict[str, Any]:
        """The scores that the page leads with: those on held-out data where there are some."""
        return self.held_out or self.scores

    @staticmethod
    def read(path: Path, task: Task, runs: Sequence[Path]) -> "RunRecord":
        """Read a run; if other `runs` have the same name, the parent folder is added to it."""
        equal = [other for other in runs if other.resolve().name == path.resolve().name]
        parts = path.resolve().parts[-2:] if len(equal) > 1 else path.resolve().parts[-1:]
        history, card = path / "history.json", path / "model_card.md"
        held_out, renamed = path / folder.HELD_OUT, task.verification.renamed
        return RunRecord(
            path,
            "/".join(parts),
            folder.open_run(path, task),
            folder.read_json(path / folder.MANIFEST),
            read_scores(path / folder.SCORES, renamed),
            folder.read_json(history) if history.exists() else [],
            card.read_text() if card.exists() else "",
            read_scores(held_out, renamed) if held_out.exists() else None,
        )

    def ranked(self) -> list[str]:
        """Names of the baselines, the best first."""
        scores = self.published
        primary, sign = scores["primary"], 1 if scores["lower_is_better"] else -1
        baselines = scores["baselines"]
        return sorted(baselines, key=lambda name: sign * baselines[name][primary])


@dataclass(frozen=True)
class Scored:
    """Predictions of a run, and the scores of each case.

    Attributes:
        source: name of the data.
        total: number of cases; at most MAX_CASES of them, evenly spaced, are scored.
        pairs: cases with truth, and their predictions.
        scores: predictor -> scores of each case; the run has the name "".
        groups: predictor -> scores of groups, such as "month_06/mae", for the run and the best
            baseline.
        baselines: reference forecasts by name, which keep their predictions.
    """

    source: str
    total: int
    pairs: list[tuple[Case, Maps]]
    scores: dict[str, list[dict[str, float]]]
    groups: dict[str, dict[str, float]]
    baselines: Mapping[str, Predictor]

    def values(self, predictor: str, name: str) -> np.ndarray:
        """A score of each case, NaN where it is undefined: (n,)."""
        scores = self.scores.get(predictor, [{}] * len(self.pairs))  # a baseline that is not fitted
        return np.array([entry.get(name, np.nan) for entry in scores])

    def report_input(self, task: Task, run: RunRecord, max_bytes: int) -> ReportInput:
        """The input of `task.products.report`."""
        ranked = {name: self.baselines[name] for name in _ranked(run, self.baselines)}
        values = self.values("", task.verification.primary).tolist()
        return ReportInput(
            run.name, run.settings, self.pairs, values, ranked, max_bytes, run.published
        )


def read_scores(path: Path, renamed: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Read the scores.json of a run.

    Args:
        path: of the file.
        renamed: old name of a baseline -> its name today.

    Raises:
        InputError: damaged, or scores that are not numbers.
    """
    content = folder.read_json(path)
    try:
        all_scores = (content["scores"], *content["baselines"].values())
        values = [value for scores in all_scores for value in scores.values()]
    except (KeyError, TypeError, AttributeError) as error:
        raise InputError(f"{path}: expected scores, got {error!r}; restore the file") from error
    if invalid := [value for value in values if not isinstance(value, int | float)]:
        raise InputError(f"{path}: expected numbers, got {invalid[0]!r}; restore the file")
    names = renamed or {}
    content["baselines"] = {names.get(k, k): scores for k, scores in content["baselines"].items()}
    if "best_baseline" in content:
        content["best_baseline"] = names.get(content["best_baseline"], content["best_baseline"])
    return content


def score(task: Task, run: RunRecord, data: str | None = None, trust: bool = False) -> Scored:
    """Predict the cases of a run and score them one by one.

    Args:
        task: the system.
        run: to predict with.
        data: of the cases; None for the data of the run.
        trust: load a SavedModel that differs from its manifest.

    Raises:
        InputError: the data or the SavedModel cannot be read, or there are no cases.
    """
    settings = dataclasses.replace(run.settings, data=data) if data else run.settings
    cases = task.data.cases(settings, task.products.report_options or task.verification.options())
    if not len(cases):
        raise InputError(f"{task.name}: expected cases with a truth, got none; check --data")
    predictor = artifact.predictor(run.path, trust)
    chosen = np.unique(np.linspace(0, len(cases) - 1, MAX_CASES).round().astype(int))
    pairs = []
    for i in progress.track(chosen, f"predicting with {run.name}"):
        case = cases.make[i]()
        pairs.append((case, predictor(case)))
    baselines = remember(task.verification.baselines)
    scores = {"": [_score_case(task, case, maps) for case, maps in pairs]}
    # The best ones first: they are shown, too, and memory may not hold all.
    for name in progress.track(_ranked(run, baselines), "scoring baselines"):
        with contextlib.suppress(NotFittedError):
            scores[name] = [_score_case(task, case, baselines[name](case)) for case, _ in pairs]
    scores = {name: scores[name] for name in ("", *baselines) if name in scores}
    with progress.step("scoring by condition"):
        groups = _groups(task, run, pairs, baselines)
    return Scored(cases.source, len(cases), pairs, scores, groups, baselines)


def _ranked(run: RunRecord, baselines: Mapping[str, Predictor]) -> list[str]:
    """Names of all baselines, the best ones of the run's scores first."""
    return list(dict.fromkeys((*(n for n in run.ranked() if n in baselines), *baselines)))


def remember(predictors: Mapping[str, Predictor], max_bytes: int = MEMORY) -> dict[str, Predictor]:
    """Predictors that keep their predictions, as many as fit into `max_bytes`, for later calls.

    The cases must not be changed.
    """
    kept: dict[tuple[str, int], tuple[Case, Maps]] = {}
    sizes: list[int] = []

    def predict(name: str, case: Case) -> Maps:
        key = name, id(case)
        if key in kept:
            return kept[key][1]
        maps = predictors[name](case)
        size = sum(np.asarray(values).nbytes for values in maps.values())
        if sum(sizes) + size <= max_bytes:
            sizes.append(size)
            kept[key] = case, maps  # the case, too, so that no other one gets its id
        return maps

    return {name: functools.partial(predict, name) for name in predictors}


def _score_case(task: Task, case: Case, maps: Maps) -> dict[str, float]:
    found = task.verification.score([(case, maps)], task.verification.options())
    return {name: value for name, value in found.items() if "/" not in name}


def _groups(
    task: Task, run: RunRecord, pairs: list, baselines: Mapping[str, Predictor]
) -> dict[str, dict[str, float]]:
    """Scores by all kinds of groups that the data allow, of the run and the best baseline."""
    best = run.scores["best_baseline"]
    reference = ((case, baselines[best](case)) for case, _ in pairs)
    kinds = _kinds(task)
    found = {"": _grouped(task, pairs, kinds)}
    known = tuple(kind for kind in kinds if any(k.startswith(f"{kind}_") for k in found[""]))
    if found[""] and best in baselines:
        with contextlib.suppress(NotFittedError):
            found[best] = _grouped(task, reference, known)
    return found


def _grouped(task: Task, pairs: Any, kinds: tuple[str, ...]) -> dict[str, float]:
    """Scores of all kinds of groups at once, or, if one kind is impossible, of each alone."""
    try:
        scores = task.verification.score(pairs, _by(task, kinds)) if kinds else {}
    except InputError:
        scores = {}
        for kind in kinds if len(kinds) > 1 else ():
            scores |= _grouped(task, pairs, (kind,))
    return {name: value for name, value in scores.items() if "/" in name}


def _by(task: Task, kinds: tuple[str, ...]) -> Any:
    return dataclasses.replace(task.verification.options(), by=kinds)


def _kinds(task: Task) -> tuple[str, ...]:
    """The kinds of groups: the choices of the option `by`."""
    hint = typing.get_type_hints(task.verification.options).get("by")
    return typing.get_args(typing.get_args(hint)[0]) if hint else ()
