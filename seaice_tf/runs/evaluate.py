"""Score a run and every baseline on the same cases."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from seaice_tf import progress
from seaice_tf.errors import InputError, NotFittedError
from seaice_tf.runs import artifact
from seaice_tf.task import Cases, Predictor, Task


def evaluate(task: Task, settings: Any, run: Path, options: Any = None) -> dict[str, Any]:
    """Score the SavedModel of a run beside the baselines.

    Args:
        task: the system.
        settings: of the run.
        run: its folder.
        options: of class `task.verification.options`.

    Returns:
        As `compare`.
    """
    cases = task.data.cases(settings, options)
    name = run.name.removesuffix(".partial")
    return compare(task, cases, artifact.predictor(run), name, options)


def compare(
    task: Task,
    cases: Cases,
    predictor: Predictor,
    name: str,
    options: Any = None,
    slow: bool = False,
    out: Path | None = None,
) -> dict[str, Any]:
    """Score a predictor beside the baselines.

    Args:
        task: the system.
        cases: with truth.
        predictor: to score.
        name: of the run, or of the ensemble.
        options: of class `task.verification.options`, those that the cases were made with.
        slow: whether to score the slow baselines too.
        out: folder for files that compare each case with its truth.

    Returns:
        {"task", "run", "data", "n", "primary", "lower_is_better", "scores", "baselines",
        "absent_baselines", "best_baseline", "skill", "intervals"}; skill is the improvement of the
        primary score over the best baseline as a fraction of the latter, positive if the model is
        better. Absent are the baselines that could not be fitted or have no primary score, each
        with the reason.
        The intervals are those of the task, left out if it has none of these cases.

    Raises:
        InputError: there are no cases, or no baseline has a primary score.
    """
    if not len(cases):
        raise InputError(f"{task.name}: expected cases to evaluate, got none; check --data")
    options = options or task.verification.options()

    scores = score(task, cases, predictor, options, name)
    if out:
        pairs = ((case, predictor(case)) for case in progress.track(cases, f"predicting {name}"))
        with progress.step(f"drawing {name}"):
            task.verification.verify(pairs, out, f"seaice_tf {task.name} {name}")
    slow_baselines = task.verification.slow_baselines if slow else {}
    references = {**task.verification.baselines, **slow_baselines}
    baselines, absent = _score_baselines(task, cases, references, options)
    if not baselines:
        raise InputError(f"{cases.source}: expected a baseline with a score, got none: {absent}")
    sign = 1 if task.verification.lower_is_better else -1
    best = min(baselines, key=lambda label: sign * baselines[label][task.verification.primary])
    reference = baselines[best][task.verification.primary]
    intervals = task.verification.intervals(scores, baselines)
    return {
        "task": task.name,
        "run": name,
        "data": cases.source,
        "n": len(cases),
        "primary": task.verification.primary,
        "lower_is_better": task.verification.lower_is_better,
        "scores": scores,
        "baselines": baselines,
        "absent_baselines": absent,
        "best_baseline": best,
        "skill": sign * (reference - scores[task.verification.primary]) / abs(reference),
    } | ({"intervals": intervals} if intervals else {})


def _score_baselines(
    task: Task, cases: Cases, references: Mapping[str, Predictor], options: Any
) -> tuple[dict[str, dict[str, float]], dict[str, str]]:
    """Scores of the baselines by name, and the reasons why others have none."""
    found, absent = {}, {}
    for name, predictor in references.items():
        try:
            scores = score(task, cases, predictor, options, name)
        except NotFittedError as error:
            absent[name] = str(error)
            continue
        if math.isnan(scores[task.verification.primary]):
            absent[name] = f"its {task.verification.primary} is undefined on these cases"
        else:
            found[name] = scores
    return found, absent


def score(
    task: Task, cases: Cases, predictor: Predictor, options: Any = None, name: str = ""
) -> dict[str, float]:
    """The scores of one predictor, computed case by case in bounded memory."""
    pairs = ((case, predictor(case)) for case in progress.track(cases, f"predicting {name}"))
    with progress.step(f"scoring {name}"):
        return task.verification.score(pairs, options or task.verification.options())


def show(result: dict[str, Any], by: Sequence[str] = (), console: Console | None = None) -> None:
    """Print a result as tables.

    The first has a row per predictor, the best first; then follows a table for each kind of group
    in `by`, with a row per group. On a terminal, what is too wide continues in another table.
    """
    names = [name for name in result["scores"] if "/" not in name]
    run = f"run {result['run']}"
    rows = {run: result["scores"], **result["baselines"]}
    sign = 1 if result["lower_is_better"] else -1
    ranked = sorted(rows.items(), key=lambda row: sign * row[1][result["primary"]])
    console = console or _console(names)
    title = f"{result['task']}: {result['data']}, n = {result['n']}"
    for part in _columns(names, max(map(len, rows)), console):
        table = _table(title, part)
        for label, scores in ranked:
            style = "bold" if scores is result["scores"] else ""
            table.add_row(label, *(_number(scores[name]) for name in part), style=style)
        console.print(table)
        title = ""
    for label, reason in result.get("absent_baselines", {}).items():
        console.print(f"no {label}: {reason}", markup=False)
    direction = "lower" if result["lower_is_better"] else "higher"
    own, best = (rows[label][result["primary"]] for label in (run, result["best_baseline"]))
    console.print(
        f"{result['primary']} ({direction} is better): {_number(own)} against {_number(best)} of "
        f"the best baseline, {result['best_baseline']}: {result['skill']:+.1%}"
    )
    if result.get("intervals"):
        _show_intervals(result, console)
    for kind in by:
        _show_groups(result, kind, console)


def _show_intervals(result: dict[str, Any], console: Console) -> None:
    """A table of the run's scores and of their ratios to each baseline, with their intervals."""
    found = result["intervals"]
    rows = {
        f"run {result['run']}": {
            name: [result["scores"][name], *bounds] for name, bounds in found["scores"].items()
        },
        **{f"ratio to {name}": ratios for name, ratios in found["ratios"].items()},
    }
    wide = {name: f"{name:>21}" for name in found["scores"]}  # of "0.123 [0.101, 0.145]"
    title = f"{found['level']:.0%} intervals by {found['blocks']} years"
    for part in _columns(list(wide.values()), max(map(len, rows)), console):
        names = [name.strip() for name in part]
        table = _table(title, names)
        for label, values in rows.items():
            table.add_row(label, *(_bounded(values.get(name)) for name in names))
        console.print(table)
        title = ""


def _bounded(values: Sequence[float] | None) -> str:
    if values is None:
        return "-"
    value, low, high = map(_number, values)
    return f"{value} \\[{low}, {high}]"


def _console(names: Sequence[str]) -> Console:
    """A terminal as wide as it is; any other output as wide as the table."""
    console = Console()
    wide = 40 + sum(max(len(name), 7) + 2 for name in names)
    return console if console.is_terminal else Console(width=max(100, wide))


def _columns(names: Sequence[str], label: int, console: Console) -> list[Sequence[str]]:
    """The names in parts whose tables fit into the width of the console."""
    parts: list[list[str]] = [[]]
    room = free = console.width - label - 3
    for name in names:
        width = max(len(name), 7) + 2
        if parts[-1] and free < width:
            parts.append([])
            free = room
        parts[-1].append(name)
        free -= width
    return parts  # type: ignore[return-value]


def _table(title: str, names: Sequence[str]) -> Table:
    table = Table(title=title or None, box=box.SIMPLE, padding=(0, 1))
    for name in ("", *names):
        table.add_column(name, justify="right" if name else "left", no_wrap=True)
    return table


def _show_groups(result: dict[str, Any], kind: str, console: Console) -> None:
    """A table of the scores of groups, with those of the best baseline in brackets."""
    scores, other = result["scores"], result["baselines"][result["best_baseline"]]
    keys = [key.split("/") for key in scores if "/" in key and key.startswith(f"{kind}_")]
    title = f"by {kind}: run {result['run']} ({result['best_baseline']})"
    groups = list(dict.fromkeys(group for group, _ in keys))
    wide = {name: f"{name:>17}" for _, name in keys}  # of "0.123 (0.456)"
    for part in _columns(list(wide.values()), max(map(len, groups), default=0), console):
        names = [name.strip() for name in part]
        table = _table(title, names)
        for group in groups:
            pairs = ((scores[f"{group}/{name}"], other[f"{group}/{name}"]) for name in names)
            cells = [f"{_number(own)} ({_number(reference)})" for own, reference in pairs]
            table.add_row(group.removeprefix(f"{kind}_"), *cells)
        console.print(table)
        title = ""


def _number(value: float) -> str:
    if math.isnan(value):
        return "-"
    return f"{value:.3f}" if abs(value) < 1000 else f"{value:.0f}"
