"""The part of a page that is the same for every task: scores, curves, settings, manifest."""

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np

from seaice_tf.grids import bootstrap
from seaice_tf.report.page import number
from seaice_tf.report.parts import Cell, Choice, Fold, Interval, Lines, Part, Series, Style, Table
from seaice_tf.runs.report_cases import Opened, Scored
from seaice_tf.task import Task

NAN = float("nan")
BOUNDS = ("_low", "_high")  # names of a score's own interval, which the table draws


def facts(task: Task, runs: list[Opened]) -> dict[str, tuple[str, str]]:
    """The numbers that come first: those of the best run."""
    sign = 1 if task.verification.lower_is_better else -1
    best = min(runs, key=lambda run: sign * run.scores["scores"][task.verification.primary])
    scores, dumb = best.scores, best.scores["best_baseline"]
    direction = "lower is better" if task.verification.lower_is_better else "higher is better"
    told = direction if len(runs) == 1 else f"{best.name}; {direction}"
    seconds = best.manifest.get("seconds", NAN)
    epochs = f"{best.manifest.get('epochs', '?')} epochs, seed {best.manifest.get('seed', '?')}"
    return {
        task.verification.primary.replace("_", " "): (
            number(scores["scores"][task.verification.primary]),
            told,
        ),
        "best baseline": (number(scores["baselines"][dumb][task.verification.primary]), dumb),
        "skill": (f"{scores['skill']:+.1%}", "gain over the best baseline"),
        "cases": (number(scores["n"]), "scored"),
        "training": (f"{seconds:.0f} s" if seconds < 600 else f"{seconds / 60:.0f} min", epochs),
    }


def warnings(runs: list[Opened]) -> list[str]:
    """What has to be known before the numbers are believed."""
    found = []
    for run in runs:
        where, source = run.name, run.scores["data"]
        if "IN SAMPLE" in source:
            why = source.split("IN SAMPLE", 1)[1].strip(": ,")
            found.append(f"{where} was scored in sample: {why}.")
        if "synthetic" in source.lower():
            found.append(f"{where} was scored on synthetic data, which say nothing of real ones.")
        if not run.scores["skill"] > 0:
            found.append(f"{where} does not beat its best baseline, {run.scores['best_baseline']}.")
    if len({run.scores["data"] for run in runs}) > 1:
        found.append("The runs were scored on different data: compare each with its baselines.")
    return found


def scores(task: Task, runs: list[Opened], scored: Mapping[str, Scored]) -> list[Part]:
    """All predictors, the best first, with intervals where cases could be scored."""
    alike = len({run.scores["data"] for run in runs}) == 1
    rows: dict[str, tuple[dict[str, float], Opened, str]] = {}
    for run in runs:
        rows[run.name] = (run.scores["scores"], run, "")
        for name, values in run.scores["baselines"].items():
            label = name if alike else f"{name}, as for {run.name}"
            rows.setdefault(label, (values, run, name))
    sign = 1 if task.verification.lower_is_better else -1
    order = sorted(
        rows, key=lambda label: sign * rows[label][0].get(task.verification.primary, NAN)
    )
    found = runs[0].scores["scores"]
    names = [
        n
        for n in found
        if "/" not in n and not n.endswith(BOUNDS) and n != task.verification.primary
    ]
    names.insert(0, task.verification.primary)
    primary, *others = (name.replace("_", " ") for name in names)
    columns, text = ["predictor", primary, *others], "Bold: the runs. "
    if scored:
        columns[2:2] = [f"{primary} of cases (95 %)", "gain over best baseline (95 %)"]
        count = len(next(iter(scored.values())).pairs)
        text += (
            f"The columns with intervals score each of {count} cases by itself: their mean, and by "
            "how much it is better than the best baseline's on the same cases, each with the "
            "interval of a bootstrap over cases. A score that pools all cases differs from that "
            "mean."
        )
    table = []
    for label in order:
        values, run, predictor = rows[label]
        cells: list[Cell] = [label, *(float(values.get(name, NAN)) for name in names)]
        if scored:
            cells[2:2] = _intervals(task, run, scored.get(run.name), predictor)
        table.append(cells)
    direction = "lower" if task.verification.lower_is_better else "higher"
    title = f"Ordered by {primary}, {direction} is better"
    return [Table(title, columns, table, text, {run.name for run in runs})]


def _intervals(task: Task, run: Opened, scored: Scored | None, predictor: str) -> list[Cell]:
    best = run.scores["best_baseline"]
    if scored is None or predictor not in scored.scores or best not in scored.scores:
        return [NAN, NAN]
    own, reference = (scored.values(each, task.verification.primary) for each in (predictor, best))
    gain = reference - own if task.verification.lower_is_better else own - reference
    return [_interval(own), NAN if predictor == best else _interval(gain)]


def _interval(values: np.ndarray) -> Cell:
    """Mean and bootstrap interval of the cases that have the score."""
    known = values[np.isfinite(values)]
    if known.size < 2:
        return float(known.mean()) if known.size else NAN
    return Interval(float(known.mean()), *bootstrap.interval(known))


def conditions(runs: list[Opened], scored: Mapping[str, Scored]) -> list[Part]:
    """Scores by month, region and whatever else a task knows: a table of each kind and score."""
    columns: dict[str, dict[str, float]] = {}
    for run in runs:
        found = scored[run.name].groups if run.name in scored else {}
        stored = {k: v for k, v in run.scores["scores"].items() if "/" in k}
        columns[run.name] = {**stored, **found.get("", {})}
    best = runs[0].scores["best_baseline"]
    dumb = {k: v for k, v in runs[0].scores["baselines"][best].items() if "/" in k}
    if runs[0].name in scored:
        dumb |= scored[runs[0].name].groups.get(best, {})
    keys = [key.split("/", 1) for key in columns[runs[0].name]]
    kinds = dict.fromkeys(group.split("_", 1)[0] for group, _ in keys)
    several = {
        f"{kind}: {name.replace('_', ' ')}": [_condition(kind, name, keys, columns, best, dumb)]
        for kind in kinds
        for name in dict.fromkeys(n for group, n in keys if group.startswith(f"{kind}_"))
    }
    return [Choice("Scores by", several)] if several else []


def _condition(kind, name, keys, columns, best: str, dumb: Mapping[str, float]) -> Table:
    rows = []
    for group in dict.fromkeys(g for g, n in keys if g.startswith(f"{kind}_") and n == name):
        key = f"{group}/{name}"
        values = [float(column.get(key, NAN)) for column in columns.values()]
        rows.append([group.removeprefix(f"{kind}_").replace("_", " "), *values])
        if dumb:
            rows[-1].append(float(dumb.get(key, NAN)))
    heads = [kind, *columns, *([f"{best} (best baseline)"] if dumb else [])]
    return Table(f"{name.replace('_', ' ')} by {kind}", heads, rows)


def cases(task: Task, scored: Mapping[str, Scored]) -> list[Part]:
    """A row for each case: the run's scores, and the primary one of the best baselines."""
    parts: dict[str, list[Part]] = {}
    for run, found in scored.items():
        names = [n for n in found.scores[""][0] if not n.endswith(BOUNDS)]
        dumb = [name for name in found.scores if name]
        columns = ["case", *(name.replace("_", " ") for name in names)]
        columns += [f"{task.verification.primary.replace('_', ' ')}, {name}" for name in dumb]
        values = [found.values("", name) for name in names]
        values += [found.values(name, task.verification.primary) for name in dumb]
        rows: list[list[Cell]] = [
            [case.name, *(float(column[i]) for column in values)]
            for i, (case, _) in enumerate(found.pairs)
        ]
        text = f"{len(rows)} of {found.of} cases: {found.source}."
        parts[run] = [Table("Each case by itself", columns, rows, text)]
    if len(parts) > 1:
        return [Choice("Run", parts)]
    return next(iter(parts.values()), [])


def curves(runs: list[Opened]) -> list[Part]:
    """Learning curves: for each measure, training and validation of every run."""
    found = (name.removeprefix("val_") for run in runs for entry in run.history for name in entry)
    measures = sorted(dict.fromkeys(found), key=lambda name: name != "loss")
    options: dict[str, list[Part]] = {}
    for measure in measures:
        series = []
        longest = max(len(run.history) for run in runs)
        for run in runs:
            lead = "" if len(runs) == 1 else f"{run.name}, "
            for name, said in ((f"val_{measure}", "validation"), (measure, "training")):
                values = [entry.get(name, NAN) for entry in run.history]
                padded = [*values, *[NAN] * (longest - len(values))]
                style: Style = "line" if said == "validation" else "dashes"
                series.append(Series(f"{lead}{said}", padded, style))
        epochs = np.arange(1, longest + 1).tolist()
        title = measure.replace("_", " ")
        options[title] = [Lines(title, epochs, series, "epoch", title, log=True)]
    if len(options) > 1:
        return [Choice("Curve", options)]
    return next(iter(options.values()), [])


def settings(task: Task, runs: list[Opened]) -> list[Part]:
    """What differs between runs, or of one from the defaults; all of them in a fold."""
    held = {run.name: flat(dataclasses.asdict(run.settings)) for run in runs}
    default = flat(dataclasses.asdict(task.settings()))
    columns = ["setting", *held, "default"]
    rows = [
        [key, *(values.get(key, "-") for values in held.values()), default.get(key, "-")]
        for key in dict.fromkeys(key for values in held.values() for key in values)
    ]
    several = len(runs) > 1
    differ = [row for row in rows if len(set(row[1:-1] if several else row[1:])) > 1]
    title = "Differ between the runs" if several else "Differ from the defaults"
    nothing = "" if differ else "None."
    return [
        Table(title, columns, differ, nothing),
        Fold("All settings", [Table("", columns, rows)]),
    ]


def manifest(run: Opened) -> list[Part]:
    """Where a run comes from; its data files in a fold."""
    files = run.manifest.get("data", [])
    facts = {key: value for key, value in run.manifest.items() if key != "data"}
    rows = [[key.replace("_", " "), value] for key, value in flat(facts).items()]
    listed: list[list[Cell]] = [
        [str(f.get("name")), float(f.get("bytes", NAN)), str(f.get("sha256"))] for f in files
    ]
    return [
        Table("", ["fact", run.name], rows),
        Fold(f"{len(files)} data files", [Table("", ["file", "bytes", "sha256"], listed)]),
    ]


def flat(values: Mapping[str, Any], lead: str = "") -> dict[str, str]:
    """Nested settings as text under names with dots.

    >>> flat({"a": 1, "b": {"c": (2, 3)}})
    {'a': '1', 'b.c': '2, 3'}
    """
    result: dict[str, str] = {}
    for key, value in values.items():
        if isinstance(value, Mapping):
            result |= flat(value, f"{lead}{key}.")
        elif isinstance(value, list | tuple):
            result[f"{lead}{key}"] = ", ".join(map(str, value))
        else:
            result[f"{lead}{key}"] = str(value)
    return result
