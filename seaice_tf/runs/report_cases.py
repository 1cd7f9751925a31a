"""What a run predicts of its cases, and the scores of each by itself, beside the baselines."""

import dataclasses
import typing
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from seaice_tf.errors import InputError
from seaice_tf.runs import artifact, folder
from seaice_tf.task import Case, Maps, ReportInput, Task

MOST = 100  # cases that are held in memory and scored one by one


@dataclass(frozen=True)
class Opened:
    """A complete run and what its folder says."""

    path: Path
    name: str
    settings: Any
    manifest: dict[str, Any]
    scores: dict[str, Any]
    history: list[dict[str, float]]
    card: str

    @staticmethod
    def read(path: Path, settings: Any, among: Sequence[Path]) -> "Opened":
        """The run in a folder; where others have the same name, the folder above is named too."""
        alike = [other for other in among if other.resolve().name == path.resolve().name]
        parts = path.resolve().parts[-2:] if len(alike) > 1 else path.resolve().parts[-1:]
        history, card = path / "history.json", path / "model_card.md"
        return Opened(
            path,
            "/".join(parts),
            settings,
            folder.read_json(path / folder.MANIFEST),
            read_scores(path / folder.SCORES),
            folder.read_json(history) if history.exists() else [],
            card.read_text() if card.exists() else "",
        )

    def ranked(self) -> list[str]:
        """The baselines, the best first."""
        primary, sign = self.scores["primary"], 1 if self.scores["lower_is_better"] else -1
        baselines = self.scores["baselines"]
        return sorted(baselines, key=lambda name: sign * baselines[name][primary])


@dataclass(frozen=True)
class Scored:
    """Predictions of a run and scores of each case.

    Attributes:
        source: what the cases are.
        of: how many cases there are; at most MOST of them, evenly spaced, are scored here.
        pairs: cases with truth, and predictions.
        scores: predictor -> a dict of scores for each case; the run itself stands under "".
        groups: predictor -> scores under names like "month_06/mae", of the run and of the best
            baseline.
    """

    source: str
    of: int
    pairs: list[tuple[Case, Maps]]
    scores: dict[str, list[dict[str, float]]]
    groups: dict[str, dict[str, float]]

    def values(self, predictor: str, name: str) -> np.ndarray:
        """One score of each case, NaN where it is undefined: (n,)."""
        return np.array([entry.get(name, np.nan) for entry in self.scores[predictor]])

    def shown(self, task: Task, run: Opened, room: int) -> ReportInput:
        known = [name for name in run.ranked() if name in task.verification.baselines]
        ranked = {
            name: task.verification.baselines[name]
            for name in (*known, *task.verification.baselines)
        }
        values = self.values("", task.verification.primary).tolist()
        return ReportInput(run.name, run.settings, self.pairs, values, ranked, room)


def read_scores(path: Path) -> dict[str, Any]:
    """The scores of a run and of baselines; InputError if they are no numbers."""
    content = folder.read_json(path)
    try:
        all_scores = (content["scores"], *content["baselines"].values())
        values = [value for scores in all_scores for value in scores.values()]
    except (KeyError, TypeError, AttributeError) as error:
        raise InputError(f"{path}: expected scores, got {error!r}; restore the file") from error
    if strange := [value for value in values if not isinstance(value, int | float)]:
        raise InputError(f"{path}: expected numbers, got {strange[0]!r}; restore the file")
    return content


def score(task: Task, run: Opened, data: str | None = None, trust: bool = False) -> Scored:
    """Predict and score the cases of a run one by one, on `data` if it is given.

    Raises:
        InputError: the data or the SavedModel cannot be read, the SavedModel is not the manifest's
            and not to be trusted, or there is no case.
    """
    settings = dataclasses.replace(run.settings, data=data) if data else run.settings
    cases = task.data.cases(settings, task.verification.options())
    if not len(cases):
        raise InputError(f"{task.name}: expected cases with a truth, got none")
    predictor = artifact.predictor(run.path, trust)
    chosen = np.unique(np.linspace(0, len(cases) - 1, MOST).round().astype(int))
    pairs = []
    for i in chosen:
        case = cases.make[i]()
        pairs.append((case, predictor(case)))
    scores = {"": [_alone(task, case, maps) for case, maps in pairs]}
    for name, other in task.verification.baselines.items():
        scores[name] = [_alone(task, case, other(case)) for case, _ in pairs]
    return Scored(cases.source, len(cases), pairs, scores, _groups(task, run, pairs))


def _alone(task: Task, case: Case, maps: Maps) -> dict[str, float]:
    found = task.verification.score([(case, maps)], task.verification.options())
    return {name: value for name, value in found.items() if "/" not in name}


def _groups(task: Task, run: Opened, pairs: list) -> dict[str, dict[str, float]]:
    """Scores by all conditions that the task knows and the data at hand can tell."""
    best = run.scores["best_baseline"]
    dumb = ((case, task.verification.baselines[best](case)) for case, _ in pairs)
    kinds = _kinds(task)
    found = {"": _grouped(task, pairs, kinds)}
    known = tuple(kind for kind in kinds if any(k.startswith(f"{kind}_") for k in found[""]))
    if found[""] and best in task.verification.baselines:
        found[best] = _grouped(task, dumb, known)
    return found


def _grouped(task: Task, pairs: Any, kinds: tuple[str, ...]) -> dict[str, float]:
    """All kinds at once, or, if one of them cannot be told, each by itself."""
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
    """What the scores can be grouped by: the choices of the option `by`."""
    hint = typing.get_type_hints(task.verification.options).get("by")
    return typing.get_args(typing.get_args(hint)[0]) if hint else ()
