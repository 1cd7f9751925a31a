"""Write a report: an HTML page of a run, of several runs, or of a sweep."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from seaice_tf import progress
from seaice_tf.errors import InputError
from seaice_tf.report import page
from seaice_tf.report.page import Page
from seaice_tf.report.parts import Choice, Fold, Part, Prose, Section
from seaice_tf.runs import folder, report_cases, report_sweep, report_tables
from seaice_tf.runs.report_cases import RunRecord, Scored
from seaice_tf.task import Task

TASK_BYTES = 4_000_000  # for the sections of tasks; the rest is for tables and scripts
MAX_PICTURED = 3  # runs whose predictions are drawn


def report(
    tasks: Mapping[str, Task],
    runs: Sequence[Path],
    out: Path,
    data: str | None = None,
    trust: bool = False,
) -> Path:
    """Write the report of runs, or of a sweep.

    Args:
        tasks: by name.
        runs: folders of complete runs of one task, or the folder of one sweep.
        out: the HTML file.
        data: of the cases to predict and draw; None for the data of the runs.
        trust: load SavedModels that differ from their manifests.

    Returns:
        The path of the file.

    Raises:
        InputError: a run is missing or incomplete, or the runs are of several tasks.
    """
    if not runs:
        raise InputError("report: expected at least one folder of a run, got none")
    if any((run / report_sweep.SWEEP).exists() for run in runs):
        if len(runs) > 1:
            raise InputError("report: expected runs or one sweep, got both; run report twice")
        return page.write(out, report_sweep.page(runs[0]))
    records = _open(tasks, runs)
    return page.write(out, _page(tasks[records[0].manifest["task"]], records, data, trust))


def _open(tasks: Mapping[str, Task], runs: Sequence[Path]) -> list[RunRecord]:
    found = []
    for run in runs:
        facts = folder.read_json(run / folder.MANIFEST) if _complete(run) else {}
        name = facts.get("task", "")
        if facts and name not in tasks:
            raise InputError(f"{run}: expected a run of {', '.join(tasks)}, got one of {name!r}")
        task = tasks.get(name, next(iter(tasks.values())))
        found.append(RunRecord.read(run, task, runs))
    names = {each.manifest["task"] for each in found}
    if len(names) > 1:
        raise InputError(f"report: expected runs of one task, got {', '.join(sorted(names))}")
    return found


def _complete(run: Path) -> bool:
    return (run / folder.MANIFEST).exists()


def _page(task: Task, runs: list[RunRecord], data: str | None, trust: bool) -> Page:
    scored: dict[str, Scored] = {}
    warnings = report_tables.warnings(runs)
    if len(runs) > MAX_PICTURED:
        warnings.append(f"Cases and pictures are of the first {MAX_PICTURED} runs.")
    for run in runs[:MAX_PICTURED]:
        try:
            scored[run.name] = report_cases.score(task, run, data, trust)
        except (InputError, OSError) as error:
            warnings.append(f"The predictions of {run.name} cannot be drawn: {error}")
            continue
        drawn, published = (
            text.split(";")[0] for text in (scored[run.name].source, run.published["data"])
        )
        if drawn != published:
            warnings.append(
                f"{run.name} was scored on {published}; cases and pictures are of {drawn}."
            )
    sections = [
        Section("Scores", report_tables.scores(task, runs, scored)),
        *_pictures(task, runs, scored),
        *_unless_empty("By condition", report_tables.conditions(runs, scored)),
        *_unless_empty("Case by case", report_tables.cases(task, scored)),
        *_unless_empty("Learning curves", report_tables.curves(runs)),
        Section("Settings", report_tables.settings(task, runs)),
        Section("Manifest", _each(runs, report_tables.manifest)),
        Section("Model card", _each(runs, lambda run: [Prose(run.card)])),
    ]
    title = f"{task.name}: {', '.join(run.name for run in runs)}"
    sources = dict.fromkeys(run.published["data"] for run in runs)
    return Page(title, " | ".join(sources), sections, report_tables.facts(task, runs), warnings)


def _pictures(task: Task, runs: list[RunRecord], scored: Mapping[str, Scored]) -> list[Section]:
    """The sections of the task; with several runs, each with a choice of the run."""
    made: dict[str, dict[str, Section]] = {}
    for run in progress.track(runs, "drawing"):
        if run.name in scored:
            inputs = scored[run.name].report_input(task, run, TASK_BYTES // len(scored))
            for section in task.products.report(inputs):
                made.setdefault(section.title, {})[run.name] = section
    sections = []
    for title, by_run in made.items():
        first = next(iter(by_run.values()))
        parts: Sequence[Part] = first.parts
        if len(scored) > 1:
            parts = [Choice("Run", {name: section.parts for name, section in by_run.items()})]
        sections.append(Section(title, parts, first.text))
    return sections


def _each(runs: list[RunRecord], make) -> list[Part]:
    """The parts of one run, or of each of several runs in a fold."""
    if len(runs) == 1:
        return make(runs[0])
    return [Fold(run.name, make(run)) for run in runs]


def _unless_empty(title: str, parts: list[Any]) -> list[Section]:
    return [Section(title, parts)] if parts else []
