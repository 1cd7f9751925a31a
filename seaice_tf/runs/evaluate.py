"""Score a run and every baseline on the same cases."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from seaice_tf.errors import InputError
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
        "best_baseline", "skill"}; skill is the improvement of the primary score over the best
        baseline as a fraction of the latter, positive if the model is better.

    Raises:
        InputError: there are no cases.
    """
    if not len(cases):
        raise InputError(f"{task.name}: expected cases to evaluate, got none; check --data")
    options = options or task.verification.options()

    scores = score(task, cases, predictor, options)
    if out:
        pairs = ((case, predictor(case)) for case in cases)
        task.verification.verify(pairs, out, f"seaice_tf {task.name} {name}")
    slow_baselines = task.verification.slow_baselines if slow else {}
    references = {**task.verification.baselines, **slow_baselines}
    baselines = {label: score(task, cases, other, options) for label, other in references.items()}
    sign = 1 if task.verification.lower_is_better else -1
    best = min(baselines, key=lambda label: sign * baselines[label][task.verification.primary])
    reference = baselines[best][task.verification.primary]
    return {
        "task": task.name,
        "run": name,
        "data": cases.source,
        "n": len(cases),
        "primary": task.verification.primary,
        "lower_is_better": task.verification.lower_is_better,
        "scores": scores,
        "baselines": baselines,
        "best_baseline": best,
        "skill": sign * (reference - scores[task.verification.primary]) / abs(reference),
    }


def score(task: Task, cases: Cases, predictor: Predictor, options: Any = None) -> dict[str, float]:
    """The scores of one predictor, computed case by case in bounded memory."""
    pairs = ((case, predictor(case)) for case in cases)
    return task.verification.score(pairs, options or task.verification.options())


def show(result: dict[str, Any], by: Sequence[str] = (), console: Console | None = None) -> None:
    """Print a result as tables.

    The first has a row per predictor, the best first; then follows a table for each kind of group
    in `by`, with a row per group.
    """
    table = Table(title=f"{result['task']}: {result['data']}, n = {result['n']}", box=box.SIMPLE)
    names = [name for name in result["scores"] if "/" not in name]
    for name in ("", *names):
        table.add_column(name, justify="right" if name else "left")
    run = f"run {result['run']}"
    rows = {run: result["scores"], **result["baselines"]}
    sign = 1 if result["lower_is_better"] else -1
    for label, scores in sorted(rows.items(), key=lambda row: sign * row[1][result["primary"]]):
        style = "bold" if scores is result["scores"] else ""
        table.add_row(label, *(_number(scores[name]) for name in names), style=style)
    console = console or Console(width=max(100, 32 + 14 * len(names)))
    console.print(table)
    direction = "lower" if result["lower_is_better"] else "higher"
    own, best = (rows[label][result["primary"]] for label in (run, result["best_baseline"]))
    console.print(
        f"{result['primary']} ({direction} is better): {_number(own)} against {_number(best)} of "
        f"the best baseline, {result['best_baseline']}: {result['skill']:+.1%}"
    )
    for kind in by:
        console.print(_groups(result, kind))


def _groups(result: dict[str, Any], kind: str) -> Table:
    """A table of the scores of groups, with those of the best baseline in brackets."""
    scores, other = result["scores"], result["baselines"][result["best_baseline"]]
    keys = [key.split("/") for key in scores if "/" in key and key.startswith(f"{kind}_")]
    table = Table(
        title=f"by {kind}: run {result['run']} ({result['best_baseline']})", box=box.SIMPLE
    )
    names = list(dict.fromkeys(name for _, name in keys))
    for name in ("", *names):
        table.add_column(name, justify="right" if name else "left")
    for group in dict.fromkeys(group for group, _ in keys):
        pairs = ((scores[f"{group}/{name}"], other[f"{group}/{name}"]) for name in names)
        cells = [f"{_number(own)} ({_number(reference)})" for own, reference in pairs]
        table.add_row(group.removeprefix(f"{kind}_"), *cells)
    return table


def _number(value: float) -> str:
    if math.isnan(value):
        return "-"
    return f"{value:.3f}" if abs(value) < 1000 else f"{value:.0f}"
