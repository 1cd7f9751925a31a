"""The sections of a report that all tasks have: scores, curves, settings, manifest."""

import dataclasses
from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np

from seaice_tf.grids import bootstrap
from seaice_tf.report.page import number
from seaice_tf.report.parts import Cell, Choice, Fold, Interval, Lines, Part, Series, Style, Table
from seaice_tf.runs.report_cases import RunRecord, Scored
from seaice_tf.settings import to_dict
from seaice_tf.task import Task

NAN = float("nan")
MAX_GROUPS = 40  # of one kind in a table; more are for a heat map
BOUNDS = ("_low", "_high")  # suffixes of the ends of a score's interval, drawn by the table


def facts(task: Task, runs: list[RunRecord]) -> dict[str, tuple[str, str]]:
    """The numbers at the top of the page, those of the best run."""
    sign = 1 if task.verification.lower_is_better else -1
    best = min(runs, key=lambda run: sign * run.published["scores"][task.verification.primary])
    scores, baseline = best.published, best.published["best_baseline"]
    direction = "lower is better" if task.verification.lower_is_better else "higher is better"
    remark = direction if len(runs) == 1 else f"{best.name}; {direction}"
    seconds = best.manifest.get("seconds", NAN)
    epochs = f"{best.manifest.get('epochs', '?')} epochs, seed {best.manifest.get('seed', '?')}"
    return {
        task.verification.primary.replace("_", " "): (
            number(scores["scores"][task.verification.primary]),
            remark,
        ),
        "best baseline": (
            number(scores["baselines"][baseline][task.verification.primary]),
            baseline,
        ),
        "skill": (f"{scores['skill']:+.1%}", "gain over the best baseline"),
        "cases": (number(scores["n"]), "held out from training" if best.held_out else "scored"),
        "training": (f"{seconds:.0f} s" if seconds < 600 else f"{seconds / 60:.0f} min", epochs),
    }


def warnings(runs: list[RunRecord]) -> list[str]:
    """Warnings about the scores, such as of synthetic data."""
    found = []
    for run in runs:
        where, scores = run.name, run.published
        source = scores["data"]
        if run.held_out:
            found.append(
                f"The scores of {where} are of a run with the same settings trained on earlier "
                "data; its own maps and cases below are of data that it was trained on."
            )
        if "IN SAMPLE" in source:
            why = source.split("IN SAMPLE", 1)[1].strip(": ,")
            found.append(f"{where} was scored in sample: {why}.")
        if "synthetic" in source.lower():
            found.append(f"{where} was scored on synthetic data, which do not represent real ones.")
        if not scores["skill"] > 0:
            found.append(f"{where} does not beat its best baseline, {scores['best_baseline']}.")
    if len({run.published["data"] for run in runs}) > 1:
        found.append("The runs were scored on different data: compare each with its baselines.")
    return found


def scores(task: Task, runs: list[RunRecord], scored: Mapping[str, Scored]) -> list[Part]:
    """A table of all predictors, the best first, with intervals if cases were scored."""
    scored = {} if any(run.held_out for run in runs) else scored
    same_data = len({run.published["data"] for run in runs}) == 1
    rows: dict[str, tuple[dict[str, float], RunRecord, str]] = {}
    for run in runs:
        rows[run.name] = (run.published["scores"], run, "")
        for name, values in run.published["baselines"].items():
            label = name if same_data else f"{name}, of {run.name}"
            rows.setdefault(label, (values, run, name))
    sign = 1 if task.verification.lower_is_better else -1
    order = sorted(
        rows, key=lambda label: sign * rows[label][0].get(task.verification.primary, NAN)
    )
    found = runs[0].published["scores"]
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
            f"Columns with intervals: the mean over the scores of {count} single cases, and its "
            "gain over the best baseline on the same cases, with bootstrap intervals over cases. "
            "A score that pools all cases differs from this mean."
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
    return [
        Table(title, columns, table, text, {run.name for run in runs}),
        *_meanings(task, names),
    ]


def _meanings(task: Task, names: list[str]) -> list[Part]:
    """What the scores are and their units, in a fold."""
    rows: list[list[Cell]] = [
        [name.replace("_", " "), text]
        for name in names
        if (text := meaning(task, name)) is not None
    ]
    return [Fold("What the scores are", [Table("", ["score", "meaning and unit"], rows)])]


def meaning(task: Task, name: str) -> str | None:
    """What a score is, with its unit; "dice_fish" has the meaning of "dice"."""
    texts = task.verification.meaning
    keys = [key for key in texts if name == key or name.startswith(f"{key}_")]
    return texts[max(keys, key=len)] if keys else None


def _intervals(task: Task, run: RunRecord, scored: Scored | None, predictor: str) -> list[Cell]:
    best = run.scores["best_baseline"]
    if scored is None or predictor not in scored.scores or best not in scored.scores:
        return [NAN, NAN]
    own, reference = (scored.values(each, task.verification.primary) for each in (predictor, best))
    gain = reference - own if task.verification.lower_is_better else own - reference
    return [_interval(own), NAN if predictor == best else _interval(gain)]


def _interval(values: np.ndarray) -> Cell:
    """Mean and bootstrap interval over the cases where the score is defined."""
    known = values[np.isfinite(values)]
    if known.size < 2:
        return float(known.mean()) if known.size else NAN
    return Interval(float(known.mean()), *bootstrap.interval(known))


def conditions(runs: list[RunRecord], scored: Mapping[str, Scored]) -> list[Part]:
    """Scores by group, such as month or region: a table for each kind of group and score."""
    scored = {} if any(run.held_out for run in runs) else scored
    columns: dict[str, dict[str, float]] = {}
    for run in runs:
        found = scored[run.name].groups if run.name in scored else {}
        stored = {k: v for k, v in run.published["scores"].items() if "/" in k}
        columns[run.name] = {**stored, **found.get("", {})}
    best = runs[0].published["best_baseline"]
    reference = {k: v for k, v in runs[0].published["baselines"][best].items() if "/" in k}
    if runs[0].name in scored:
        reference |= scored[runs[0].name].groups.get(best, {})
    keys = [key.split("/", 1) for key in columns[runs[0].name]]
    groups = Counter(group.split("_", 1)[0] for group in dict.fromkeys(group for group, _ in keys))
    kinds = [kind for kind, number in groups.items() if number <= MAX_GROUPS]
    several = {
        f"{kind}: {name.replace('_', ' ')}": [
            _condition(kind, name, keys, columns, best, reference)
        ]
        for kind in kinds
        for name in dict.fromkeys(n for group, n in keys if group.startswith(f"{kind}_"))
    }
    return [Choice("Scores by", several)] if several else []


def _condition(kind, name, keys, columns, best: str, reference: Mapping[str, float]) -> Table:
    rows = []
    for group in dict.fromkeys(g for g, n in keys if g.startswith(f"{kind}_") and n == name):
        key = f"{group}/{name}"
        values = [float(column.get(key, NAN)) for column in columns.values()]
        rows.append([group.removeprefix(f"{kind}_").replace("_", " "), *values])
        if reference:
            rows[-1].append(float(reference.get(key, NAN)))
    heads = [kind, *columns, *([f"{best} (best baseline)"] if reference else [])]
    return Table(f"{name.replace('_', ' ')} by {kind}", heads, rows)


def cases(task: Task, scored: Mapping[str, Scored]) -> list[Part]:
    """A table with a row per case: the scores of the run, the primary score of the baselines."""
    parts: dict[str, list[Part]] = {}
    for run, found in scored.items():
        names = [n for n in found.scores[""][0] if not n.endswith(BOUNDS)]
        baselines = [name for name in found.scores if name]
        columns = ["case", *(name.replace("_", " ") for name in names)]
        columns += [f"{task.verification.primary.replace('_', ' ')}, {name}" for name in baselines]
        values = [found.values("", name) for name in names]
        values += [found.values(name, task.verification.primary) for name in baselines]
        rows: list[list[Cell]] = [
            [case.name, *(float(column[i]) for column in values)]
            for i, (case, _) in enumerate(found.pairs)
        ]
        text = f"{len(rows)} of {found.total} cases: {found.source}."
        parts[run] = [Table("Each case", columns, rows, text)]
    if len(parts) > 1:
        return [Choice("Run", parts)]
    return next(iter(parts.values()), [])


def curves(runs: list[RunRecord]) -> list[Part]:
    """Learning curves of training and validation, for each loss and metric."""
    found = (name.removeprefix("val_") for run in runs for entry in run.history for name in entry)
    measures = sorted(dict.fromkeys(found), key=lambda name: name != "loss")
    options: dict[str, list[Part]] = {}
    for measure in measures:
        series = []
        longest = max(len(run.history) for run in runs)
        for run in runs:
            prefix = "" if len(runs) == 1 else f"{run.name}, "
            for name, label in ((f"val_{measure}", "validation"), (measure, "training")):
                values = [entry.get(name, NAN) for entry in run.history]
                padded = [*values, *[NAN] * (longest - len(values))]
                style: Style = "line" if label == "validation" else "dashes"
                series.append(Series(f"{prefix}{label}", padded, style))
        epochs = np.arange(1, longest + 1).tolist()
        title = measure.replace("_", " ")
        options[title] = [Lines(title, epochs, series, "epoch", title, log=True)]
    if len(options) > 1:
        return [Choice("Curve", options)]
    return next(iter(options.values()), [])


def settings(task: Task, runs: list[RunRecord]) -> list[Part]:
    """Settings that differ between runs, or from the defaults; all settings in a fold."""
    held = {run.name: flat_settings(to_dict(run.settings)) for run in runs}
    default = flat_settings(to_dict(_defaults(task, runs[0].settings)))
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


def _defaults(task: Task, settings: Any) -> Any:
    """Default settings, with the network of a run."""
    defaults, network = task.settings(), getattr(settings, "network", None)
    if network is not None and hasattr(type(network), "name"):
        return dataclasses.replace(defaults, network=type(network)())
    return defaults


def flat_settings(values: Mapping[str, Any]) -> dict[str, str]:
    """Settings as text; those of the network stand beside the others, its name as "network".

    >>> flat_settings({"data": "x", "network": {"name": "unet", "filters": (2, 3)}})
    {'data': 'x', 'network': 'unet', 'filters': '2, 3'}
    """
    network = values.get("network")
    if isinstance(network, Mapping):
        rest = {key: value for key, value in network.items() if key != "name"}
        values = {**values, "network": network.get("name"), **rest}
    return flat(values)


def manifest(run: RunRecord) -> list[Part]:
    """The manifest of a run; its data files in a fold."""
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


def flat(values: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    """Nested values as text, with names joined by dots.

    >>> flat({"a": 1, "b": {"c": (2, 3)}})
    {'a': '1', 'b.c': '2, 3'}
    """
    result: dict[str, str] = {}
    for key, value in values.items():
        if isinstance(value, Mapping):
            result |= flat(value, f"{prefix}{key}.")
        elif isinstance(value, list | tuple):
            result[f"{prefix}{key}"] = ", ".join(map(str, value))
        else:
            result[f"{prefix}{key}"] = str(value)
    return result
