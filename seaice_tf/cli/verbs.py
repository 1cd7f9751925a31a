"""What each verb does: it parses its flags, then imports what it needs, and works."""

import dataclasses
import importlib.util
import os
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal

import tyro

from seaice_tf import memory, processes, progress, quiet
from seaice_tf.cli.flags import (
    IGNORE_MEMORY_FLAG,
    MANIFEST_TEXT,
    RUN_FLAG,
    STRICT_FLAG,
    TRACK_FLAG,
    TRUST_FLAG,
    data_flags,
    errors_by_flag,
    file_flag,
    load_run_settings,
    out_flag,
    parse,
    parse_options,
    parse_settings,
    pop_flag,
    require_data,
    runs_flag,
    with_data,
)
from seaice_tf.errors import InputError, one_line
from seaice_tf.files import atomic
from seaice_tf.tasks import TASKS

Method = Literal["random", "hyperband", "bayesian"]


def _flag(hint: Any, text: str, **options: Any) -> Any:
    return Annotated[hint, tyro.conf.arg(help=text, **options)]


TARGET_TEXT = (
    "What a file of predict must cover: the record, scenes, windows, photos or tiles that it was "
    "made for; of scenes of icechart, those whose composition training matches."
)
NONE = {"help_behavior_hint": "(default: none)"}


def start_tensorflow() -> None:
    """Import TensorFlow, which takes seconds, without its messages."""
    with progress.step("starting TensorFlow"), quiet.standard_error():
        import tensorflow  # noqa: F401


def _train(task, words: list[str]) -> int:
    words, origin = pop_flag(words, "--from-manifest")
    facts = reproduced = None
    if origin:
        start_tensorflow()
        from seaice_tf.runs import reproduce

        facts, reproduced = reproduce.open_manifest(Path(origin), task)
    fields = [RUN_FLAG, TRACK_FLAG, IGNORE_MEMORY_FLAG, file_flag("from_manifest", MANIFEST_TEXT)]
    flags = parse_settings(task, words, f"train {task.name}", fields, reproduced)
    require_data(task, flags.settings)
    start_tensorflow()
    from seaice_tf.runs import evaluate, folder, reproduce, track, train

    if facts:
        reproduce.check_settings(reproduced, flags.settings)
        print("\n".join(f"note: {note}" for note in reproduce.version_changes(facts)))
    path = folder.partial(flags.run)
    with track.tracked(flags.track, task.name, flags.run.name, path) as tracker:
        run = train.train(task, flags.settings, flags.run, flags.ignore_memory, facts, tracker)
    if run is None:
        print("trained as a worker; the chief writes the run")
        return 0
    evaluate.show(folder.read_json(run / folder.SCORES))
    if facts:
        print(reproduce.compare_weights(facts, run))
    print(f"run: {run}")
    return 0


def _fetch(task, words: list[str]) -> int:
    if task.data.fetch is None:
        raise InputError(f"fetch: expected a task with data to download, got {task.name}")
    fields = [out_flag("Folder of the files; what it has already is not downloaded again.")]
    flags = parse_options(words, f"fetch {task.name}", fields, task.data.fetch_options)
    atomic.require_folder(flags.out)
    files = task.data.fetch(flags.options, flags.out)
    print(f"{len(files)} files in {flags.out}: {', '.join(p.name for p in files[:3])}")
    return 0


def _prepare(task, words: list[str]) -> int:
    if task.data.prepare is None:
        raise InputError(
            f"prepare: expected a task with data to prepare, got {task.name}; train it directly"
        )
    machines = "Address of a dask scheduler to use instead of processes."
    fields = [
        out_flag("Folder of the shards; complete ones are kept."),
        ("processes", _flag(int, "Number of processes."), 1),
        ("dask", _flag(str, machines, help_behavior_hint="(default: none)"), ""),
    ]
    flags = parse_settings(task, words, f"prepare {task.name}", fields)
    atomic.require_folder(flags.out)
    with (
        progress.step("preparing"),
        processes.workers(flags.processes, flags.dask) as executor,
    ):
        written = task.data.prepare(flags.settings, flags.out.resolve(), executor)
    print(f"{len(written)} files in {flags.out}")
    return 0


def _tune(task, words: list[str]) -> int:
    most = "Maximum number of trials."
    default = "(default: 10, or all that Hyperband plans)"
    trials = _flag(int | None, most, metavar="INT", help_behavior_hint=default)
    fields: list[tuple] = [
        ("run", _flag(Path, "Folder of the sweep.")),
        ("method", _flag(Method, "How settings of trials are proposed."), "random"),
        ("trials", trials, None),
        *(TRACK_FLAG, IGNORE_MEMORY_FLAG),
    ]
    flags = parse_settings(task, words, f"tune {task.name}", fields)
    atomic.require_folder(flags.run)
    require_data(task, flags.settings)
    start_tensorflow()
    from seaice_tf.runs import track, tune

    track.require(flags.track)  # otherwise every trial would fail
    train = partial(
        processes.run_in_subprocess,
        _train_trial,
        *(task.name, flags.ignore_memory, flags.track, progress.shown()),
    )
    best = tune.tune(task, flags.settings, flags.run, flags.trials, flags.method, train)
    print(f"best settings: {best}" if best else "trained as a worker; the chief writes the best")
    return 0


def _train_trial(
    name: str, ignore_memory: bool, kind: Any, shown: bool, settings: Any, path: Path, until: int
) -> float:
    """tune.train_trial with the name of a task, as an argument that can be pickled."""
    from seaice_tf.runs import track, tune

    progress.show(shown)
    sweep = path.parent.parent.name
    with track.tracked(kind, name, f"{sweep}/{path.name}", path) as tracker:
        return tune.train_trial(TASKS[name], settings, path, until, ignore_memory, tracker)


def _evaluate(task, words: list[str]) -> int:
    from seaice_tf.runs import folder

    fields = [runs_flag(folder.has_released(task)), *data_flags(task), TRUST_FLAG]
    fields.append(file_flag("json", "File for the scores."))
    fields.append(file_flag("out", "Folder for files that compare each case with its truth."))
    if task.verification.slow_baselines:
        names = ", ".join(task.verification.slow_baselines)
        cost = f"Also score {names}: minutes per case, then cached."
        fields.append(("slow_baselines", _flag(bool, cost), False))
    flags = parse_options(words, f"evaluate {task.name}", fields, task.verification.options)
    if flags.out:
        atomic.require_files(flags.out, task.verification.files)
    if flags.json:
        atomic.require_file(flags.json)
    cases, predictor = _cases_and_predictor(task, flags, task.data.cases)
    from seaice_tf.runs import evaluate, predict

    result = evaluate.compare(
        task,
        cases,
        predictor,
        predict.ensemble_name(flags.run),
        flags.options,
        slow=bool(task.verification.slow_baselines) and flags.slow_baselines,
        out=flags.out,
    )
    evaluate.show(result, getattr(flags.options, "by", ()))
    if flags.json:
        folder.write_json(flags.json, result)
    return 0


def _cases_and_predictor(task, flags: Any, make: Callable[..., Any]) -> tuple[Any, Any]:
    """The cases that `make` gives for the runs of the flags, and the predictor of the runs."""
    settings = load_run_settings(task, flags)
    for each in settings:
        require_data(task, each)
    if task.spares_memory:
        memory.give_back_freed()
    start_tensorflow()
    from seaice_tf.runs import predict

    names = {*task.data.settings, *(each.name for each in dataclasses.fields(flags.options))}
    with progress.step("reading data"), errors_by_flag(names):
        cases = predict.ensemble_cases(task, settings, lambda each: make(each, flags.options))
    with progress.step("loading the model"):
        return cases, predict.ensemble_predictor(task, flags.run, flags.trust)


def _predict(task, words: list[str]) -> int:
    from seaice_tf.runs import folder

    fields = [runs_flag(folder.has_released(task)), *data_flags(task), TRUST_FLAG]
    fields += [out_flag("Folder of the products."), STRICT_FLAG]
    flags = parse_options(words, f"predict {task.name}", fields, task.products.options)
    atomic.require_files(flags.out, task.products.files)
    cases, predictor = _cases_and_predictor(task, flags, task.data.future)
    from seaice_tf.runs import predict

    name = predict.ensemble_name(flags.run)
    written = predict.predict(task, cases, predictor, name, flags.out, flags.options, flags.strict)
    files = written.files
    print(f"{len(files)} files in {flags.out}: {', '.join(p.name for p in files[:3])} ...")
    if written.left_out:
        print(f"error: {len(written.left_out)} of {len(cases)} left out", file=sys.stderr)
    return 1 if written.left_out else 0


def _export(task, words: list[str]) -> int:
    flags = parse(words, f"export {task.name}", [("run", _flag(Path, "Folder of the run."))])
    start_tensorflow()
    from seaice_tf.runs import train

    with progress.step("exporting the SavedModel"):
        path = train.export(task, flags.run)
    print(f"SavedModel: {path}")
    return 0


def _doctor(task, words: list[str]) -> int:
    fields: list[tuple] = [
        ("data", _flag(str, "Folder or file of data, or a file that predict wrote, to check.")),
        *data_flags(task, skip=("data", "target"), otherwise="as in training"),
        ("target", _flag(str | None, TARGET_TEXT, metavar="PATH", **NONE), None),
        file_flag("plots", "Folder for plots of the data."),
    ]
    flags = parse(words, f"doctor {task.name}", fields)
    if flags.plots:
        atomic.require_files(flags.plots, task.data.plots)
    with progress.step(f"checking {flags.data}"):
        problems = _problems(task, flags)
    for problem in problems:
        print(f"problem: {one_line(problem)}")
    number = f"{len(problems)} problem{'s' * (len(problems) > 1)}"
    print(number if problems else "no problems found")
    return 1 if problems else 0


def _problems(task, flags: Any) -> list[str]:
    """What `doctor` finds in a product of the task, or else in its data."""
    target = Path(flags.target) if flags.target else None
    problems = task.products.check(Path(flags.data), target)
    if problems is not None:
        if not target and Path(flags.data).is_file():
            print(f"{flags.data}: checked by itself; --target checks that it covers its data")
        return problems
    if target and "target" not in task.data.settings:
        raise InputError(
            f"--target: expected a product that can be checked as --data, got {flags.data}; leave "
            "it out to check data"
        )
    settings = with_data(task, task.settings(), flags)
    try:
        problems = task.data.doctor(settings, flags.plots)
    except InputError as error:
        if advice := _advice_on_products(task, Path(flags.data)):
            raise InputError(f"{error}; {advice}") from error
        raise
    if problems and (advice := _advice_on_products(task, Path(flags.data))):
        problems.append(f"{flags.data}: {advice}")
    return problems


def _advice_on_products(task, folder: Path) -> str:
    """Advice to name the file, for a folder of products; empty for another."""
    for pattern in task.products.files:
        for path in sorted(folder.glob(pattern)):
            try:
                found = task.products.check(path, None)
            except InputError:  # damaged, or in want of a target
                found = None if "*" in pattern else []
            if found is not None:
                return f"to check what predict wrote, name the file, such as --data {path}"
    return ""


def _report(tasks, words: list[str]) -> int:
    several = "Folders of runs of one task, or of one sweep."
    other = _flag(
        str | None, "Data to draw.", metavar="STR", help_behavior_hint="(default: those of the run)"
    )
    fields: list[tuple] = [
        ("runs", _flag(tyro.conf.Positional[tuple[Path, ...]], several)),
        ("out", _flag(Path, "The HTML file.")),
        ("data", other, None),
        TRUST_FLAG,
    ]
    flags = parse(words, "report", fields)
    atomic.require_file(flags.out)
    start_tensorflow()
    from seaice_tf.runs import report

    with progress.step("writing the page"):
        path = report.report(tasks, flags.runs, flags.out, flags.data, flags.trust)
    print(f"page: {path}")
    return 0


def _board(tasks, words: list[str]) -> int:
    fields = [
        ("runs", _flag(Path, "Folder of runs and sweeps."), Path("saved_models")),
        ("port", _flag(int, "Port of the page on this machine."), 6006),
    ]
    flags = parse(words, "board", fields)
    _require_port(flags.port)
    _write_missing_curves(flags.runs)
    return subprocess.call(tensorboard_command(flags.runs, flags.port))


def _write_missing_curves(runs: Path) -> None:
    """Write the curves of released runs, which are without them, where that is possible."""
    from seaice_tf.runs import curves

    found = [run for run in curves.missing(runs) if os.access(run, os.W_OK)]
    if found:
        start_tensorflow()
        for run in progress.track(found, "writing learning curves"):
            curves.write(run)


def tensorboard_command(runs: Path, port: int) -> list[str]:
    """The command that starts TensorBoard on all runs below a folder.

    Raises:
        InputError: no such folder, no run in it, or TensorBoard is not installed.
    """
    from seaice_tf.runs import curves

    if importlib.util.find_spec("tensorboard") is None:
        raise InputError("board: expected tensorboard, got none installed; pip install tensorboard")
    if not runs.is_dir():
        raise InputError(f"{runs}: expected a folder of runs, got none; train one, or give --runs")
    if not curves.exist(runs):
        raise InputError(
            f"{runs}: expected runs with learning curves, got none; train one, with seaice-tf "
            f"train forecast --run {runs / 'forecast' / 'first'}, or give --runs"
        )
    return [sys.executable, "-m", "tensorboard.main", "--logdir", str(runs), "--port", str(port)]


def _feed(tasks, words: list[str]) -> int:
    fields = [
        ("port", _flag(int, "Port that training machines ask for batches."), 5050),
        ("host", _flag(str, "Name of this machine for the training machines."), "localhost"),
    ]
    flags = parse(words, "feed", fields)
    _require_port(flags.port)
    start_tensorflow()
    from seaice_tf.runs import feed

    feed.serve(flags.port, flags.host)
    return 0


def _require_port(port: int) -> None:
    """InputError for a number that is no port; TensorFlow would wait on another one."""
    if not 0 < port < (1 << 16) - 1:  # feed takes the next one too
        raise InputError(f"--port: expected 1 to 65534, got {port}; choose another")


VERBS: dict[str, Callable[[Any, list[str]], int]] = {
    "doctor": _doctor,
    "fetch": _fetch,
    "prepare": _prepare,
    "train": _train,
    "tune": _tune,
    "evaluate": _evaluate,
    "predict": _predict,
    "export": _export,
}
WITHOUT_TASK: dict[str, Callable[[Any, list[str]], int]] = {
    "report": _report,
    "board": _board,
    "feed": _feed,
}
