"""The published scores of a run and of every baseline on the same cases."""

import math
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from seaice_tf.errors import InputError
from seaice_tf.runs import artifact
from seaice_tf.task import Cases, Predictor, Task


def evaluate(
    task: Task, settings: Any, run: Path, first: str | None = None, last: str | None = None
) -> dict[str, Any]:
    """Score the SavedModel in `run` beside the baselines, by default on the test period.

    Returns:
        {"task", "run", "data", "n", "primary", "lower_is_better", "scores", "baselines",
        "best_baseline", "skill"}; skill is the gain of the primary score over the best baseline
        as a fraction of it, positive when the model is better.
    """
    cases = task.cases(settings, first, last)
    if not len(cases):
        raise InputError(f"{task.name}: expected something to evaluate, got no case")
    scores = score(task, cases, artifact.predictor(run))
    baselines = {name: score(task, cases, dumb) for name, dumb in task.baselines.items()}
    sign = 1 if task.lower_is_better else -1
    best = min(baselines, key=lambda name: sign * baselines[name][task.primary])
    reference = baselines[best][task.primary]
    return {
        "task": task.name,
        "run": run.name.removesuffix(".partial"),
        "data": cases.source,
        "n": len(cases),
        "primary": task.primary,
        "lower_is_better": task.lower_is_better,
        "scores": scores,
        "baselines": baselines,
        "best_baseline": best,
        "skill": sign * (reference - scores[task.primary]) / abs(reference),
    }


def score(task: Task, cases: Cases, predictor: Predictor) -> dict[str, float]:
    """The task's scores of one predictor, case by case in bounded memory."""
    return task.score((case, predictor(case)) for case in cases)


def show(result: dict[str, Any], console: Console | None = None) -> None:
    """Print the result as a table: a row per predictor, the best first."""
    table = Table(title=f"{result['task']}: {result['data']}, n = {result['n']}", box=box.SIMPLE)
    names = [name for name in result["scores"] if "/" not in name]
    for name in ("", *names):
        table.add_column(name, justify="right" if name else "left")
    rows = {f"run {result['run']}": result["scores"], **result["baselines"]}
    sign = 1 if result["lower_is_better"] else -1
    for label, scores in sorted(rows.items(), key=lambda row: sign * row[1][result["primary"]]):
        style = "bold" if scores is result["scores"] else ""
        table.add_row(label, *(_number(scores[name]) for name in names), style=style)
    console = console or Console(width=max(100, 32 + 14 * len(names)))
    console.print(table)
    direction = "lower" if result["lower_is_better"] else "higher"
    console.print(
        f"{result['primary']} ({direction} is better): {result['skill']:+.1%} "
        f"against the best baseline, {result['best_baseline']}"
    )


def _number(value: float) -> str:
    return "-" if math.isnan(value) else f"{value:.3f}"
