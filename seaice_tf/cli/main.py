"""The command line, seaice-tf VERB TASK [flags]: the same verbs for every task."""

import importlib.util
import io
import logging
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Annotated, Any, NoReturn

import tyro

from seaice_tf import __version__, processes, quiet
from seaice_tf.cli.flags import (
    IGNORE_MEMORY_FLAG,
    STRICT_FLAG,
    TRACK_FLAG,
    TRUST_FLAG,
    data_flags,
    load_run_settings,
    parse,
    parse_settings,
    pop_flag,
    runs_flag,
    with_data,
)
from seaice_tf.errors import InputError, one_line
from seaice_tf.files import atomic
from seaice_tf.runs import stop
from seaice_tf.tasks import TASKS

USAGE = """usage: seaice-tf VERB TASK [flags]

verbs:
  doctor     check data: period, gaps, damaged files, what to do
  fetch      download data: what is missing or has changed
  prepare    convert source files once into shards that training reads fast
  train      train a run, or resume one that was stopped
  tune       run a sweep; writes the best settings to a file for train
  evaluate   score a run and every baseline
  predict    write the products
  export     write the SavedModel of a run again
  report     RUN... --out FILE: write an HTML page of runs, or of a sweep
  board      start TensorBoard on the folder of runs
  feed       prepare batches for training on other machines, until stopped
tasks:
  forecast   monthly sea-ice concentration of the next 12 months
  icechart   concentration, stage of development and floe size of ice on SAR scenes
  nowcast    the next two hours of satellite images of clouds, from the last hour
  clouds     masks of four kinds of cloud organisation on satellite photos
  geopose    height above ground and flow of an oblique view, from one image

seaice-tf VERB TASK --help lists the flags; report, board and feed take no TASK. train and tune
also take --settings FILE, a settings.json whose values the other flags override. train
--from-manifest FILE reproduces the run of a manifest.json on the same data. --debug shows the
traceback of an error."""


OUT = tyro.conf.arg(help="Folder for files that compare each case with its truth.")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    _prepare_streams()
    words = list(sys.argv[1:] if argv is None else argv)
    debug = "--debug" in words
    words = [word for word in words if word != "--debug"]
    if words == ["--version"]:
        print(__version__)
        return 0
    if not words or words[0] in ("-h", "--help"):
        print(USAGE)
        return 0
    try:
        with stop.interruptible():
            return _run(words)
    except KeyboardInterrupt:
        print("stopped; repeat the command to resume train or tune", file=sys.stderr)
        return stop.STOPPED
    except (InputError, OSError) as error:
        if debug:
            raise
        print(f"error: {error}", file=sys.stderr)
        return 1


def entry() -> NoReturn:
    """Run the command of this process and end it."""
    code = main()
    if code == stop.STOPPED:
        sys.stdout.flush()
        stop.end()
    sys.exit(code)


def _prepare_streams() -> None:
    """Print what the package logs to standard error, and any file name in any locale."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    progress, warnings = logging.StreamHandler(), logging.StreamHandler()
    progress.addFilter(lambda record: record.levelno < logging.WARNING)
    warnings.setLevel(logging.WARNING)
    warnings.setFormatter(logging.Formatter("warning: %(message)s"))
    log = logging.getLogger("seaice_tf")
    log.handlers[:] = [progress, warnings]
    log.setLevel(logging.INFO)


def _require_keras() -> None:
    """InputError if the environment asks for the older Keras, which is not installed."""
    asked = os.environ.get("TF_USE_LEGACY_KERAS", "").lower() in ("1", "true")
    if asked and importlib.util.find_spec("tf_keras") is None:
        raise InputError(
            "TF_USE_LEGACY_KERAS: expected tf_keras, which it asks for, got none installed; unset "
            "the variable, or pip install '.[cluster]'"
        )


def _run(words: list[str]) -> int:
    verb = words[0]
    if verb not in (*VERBS, *WITHOUT_TASK):
        known = ", ".join((*VERBS, *WITHOUT_TASK))
        raise InputError(f"verb: expected one of {known}, got {verb!r}")
    if verb in WITHOUT_TASK:
        return WITHOUT_TASK[verb](TASKS, words[1:])
    name = words[1] if len(words) > 1 else ""
    if name not in TASKS:
        raise InputError(f"task: expected one of {', '.join(TASKS)}, got {name!r}")
    _require_keras()
    with quiet.import_of_tensorflow():
        task = TASKS[name]
    return VERBS[verb](task, words[2:])


def _train(task, words: list[str]) -> int:
    from seaice_tf.runs import evaluate, folder, reproduce, track, train

    words, origin = pop_flag(words, "--from-manifest")
    facts, reproduced = reproduce.open_manifest(Path(origin), task) if origin else (None, None)
    fields: list[tuple] = [("run", Path), TRACK_FLAG, IGNORE_MEMORY_FLAG]
    flags = parse_settings(task, words, f"train {task.name}", fields, reproduced)
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
    kind = task.data.fetch_options
    flags = parse(words, f"fetch {task.name}", [("out", Path), ("options", kind, kind())])
    atomic.require_folder(flags.out)
    files = task.data.fetch(flags.options, flags.out)
    print(f"{len(files)} files in {flags.out}: {', '.join(p.name for p in files[:3])}")
    return 0


def _prepare(task, words: list[str]) -> int:
    if task.data.prepare is None:
        raise InputError(
            f"prepare: expected a task with data to prepare, got {task.name}; train it directly"
        )
    several = tyro.conf.arg(help="Number of processes.")
    machines = tyro.conf.arg(help="Address of a dask scheduler to use instead of processes.")
    fields: list[tuple] = [("out", Path), ("processes", Annotated[int, several], 1)]
    fields.append(("dask", Annotated[str, machines], ""))
    flags = parse_settings(task, words, f"prepare {task.name}", fields)
    atomic.require_folder(flags.out)
    with processes.workers(flags.processes, flags.dask) as executor:
        written = task.data.prepare(flags.settings, flags.out.resolve(), executor)
    print(f"{len(written)} files in {flags.out}")
    return 0


def _tune(task, words: list[str]) -> int:
    from seaice_tf.runs import track, tune

    most = tyro.conf.arg(help="Maximum number; by default 10, or all that Hyperband plans.")
    fields: list[tuple] = [("run", Path), ("method", tune.Method, "random")]
    fields += [("trials", Annotated[int | None, most], None), TRACK_FLAG, IGNORE_MEMORY_FLAG]
    flags = parse_settings(task, words, f"tune {task.name}", fields)
    track.require(flags.track)  # otherwise every trial would fail
    train = partial(
        processes.run_in_subprocess, _train_trial, task.name, flags.ignore_memory, flags.track
    )
    best = tune.tune(task, flags.settings, flags.run, flags.trials, flags.method, train)
    print(f"best settings: {best}" if best else "trained as a worker; the chief writes the best")
    return 0


def _train_trial(
    name: str, ignore_memory: bool, kind: Any, settings: Any, path: Path, until: int
) -> float:
    """tune.train_trial with the name of a task, as an argument that can be pickled."""
    from seaice_tf.runs import track, tune

    sweep = path.parent.parent.name
    with track.tracked(kind, name, f"{sweep}/{path.name}", path) as tracker:
        return tune.train_trial(TASKS[name], settings, path, until, ignore_memory, tracker)


def _evaluate(task, words: list[str]) -> int:
    from seaice_tf.runs import evaluate, folder, predict

    fields = [runs_flag(), *data_flags(task), TRUST_FLAG]
    fields += [("json", Path | None, None), ("out", Annotated[Path | None, OUT], None)]
    if task.verification.slow_baselines:
        names = ", ".join(task.verification.slow_baselines)
        cost = f"Also score {names}: minutes per case, then cached."
        fields.append(("slow_baselines", Annotated[bool, tyro.conf.arg(help=cost)], False))
    fields.append(("options", task.verification.options, task.verification.options()))
    flags = parse(words, f"evaluate {task.name}", fields)
    if flags.out:
        atomic.require_folder(flags.out)
    if flags.json:
        atomic.require_folder(flags.json.parent)
    settings = load_run_settings(task, flags)
    cases = predict.ensemble_cases(
        task, settings, lambda each: task.data.cases(each, flags.options)
    )
    result = evaluate.compare(
        task,
        cases,
        predict.ensemble_predictor(task, flags.run, flags.trust),
        predict.ensemble_name(flags.run),
        flags.options,
        slow=bool(task.verification.slow_baselines) and flags.slow_baselines,
        out=flags.out,
    )
    evaluate.show(result, getattr(flags.options, "by", ()))
    if flags.json:
        folder.write_json(flags.json, result)
    return 0


def _predict(task, words: list[str]) -> int:
    from seaice_tf.runs import predict

    kind = task.products.options
    fields = [runs_flag(), *data_flags(task), TRUST_FLAG]
    fields += [("out", Path), STRICT_FLAG, ("options", kind, kind())]
    flags = parse(words, f"predict {task.name}", fields)
    atomic.require_folder(flags.out)
    settings = load_run_settings(task, flags)
    cases = predict.ensemble_cases(
        task, settings, lambda each: task.data.future(each, flags.options)
    )
    predictor = predict.ensemble_predictor(task, flags.run, flags.trust)
    name = predict.ensemble_name(flags.run)
    written = predict.predict(task, cases, predictor, name, flags.out, flags.options, flags.strict)
    files = written.files
    print(f"{len(files)} files in {flags.out}: {', '.join(p.name for p in files[:3])} ...")
    if written.left_out:
        print(f"error: {len(written.left_out)} of {len(cases)} left out", file=sys.stderr)
    return 1 if written.left_out else 0


def _export(task, words: list[str]) -> int:
    from seaice_tf.runs import train

    flags = parse(words, f"export {task.name}", [("run", Path)])
    print(f"SavedModel: {train.export(task, flags.run)}")
    return 0


def _doctor(task, words: list[str]) -> int:
    fields = [("data", str), *data_flags(task, skip=("data",)), ("plots", Path | None, None)]
    flags = parse(words, f"doctor {task.name}", fields)
    if flags.plots:
        atomic.require_folder(flags.plots)
    problems = task.data.doctor(with_data(task, task.settings(), flags), flags.plots)
    for problem in problems:
        print(f"problem: {one_line(problem)}")
    print(f"{len(problems)} problems" if problems else "no problems found")
    return 1 if problems else 0


def _report(tasks, words: list[str]) -> int:
    from seaice_tf.runs import report

    several = tyro.conf.arg(help="Folders of runs of one task, or of one sweep.")
    other = tyro.conf.arg(help="Data to draw, by default those of the runs.")
    runs = Annotated[tyro.conf.Positional[tuple[Path, ...]], several]
    fields: list[tuple] = [("runs", runs), ("out", Path)]
    fields += [("data", Annotated[str | None, other], None), TRUST_FLAG]
    flags = parse(words, "report", fields)
    atomic.require_folder(flags.out.parent)
    print(f"page: {report.report(tasks, flags.runs, flags.out, flags.data, flags.trust)}")
    return 0


def _board(tasks, words: list[str]) -> int:
    fields = [("runs", Path, Path("saved_models")), ("port", int, 6006)]
    flags = parse(words, "board", fields)
    return subprocess.call(tensorboard_command(flags.runs, flags.port))


def tensorboard_command(runs: Path, port: int) -> list[str]:
    """The command that starts TensorBoard on all runs below a folder.

    Raises:
        InputError: no such folder, or TensorBoard is not installed.
    """
    if importlib.util.find_spec("tensorboard") is None:
        raise InputError("board: expected tensorboard, got none installed; pip install tensorboard")
    if not runs.is_dir():
        raise InputError(f"{runs}: expected a folder of runs, got none; train one, or give --runs")
    return [sys.executable, "-m", "tensorboard.main", "--logdir", str(runs), "--port", str(port)]


def _feed(tasks, words: list[str]) -> int:
    from seaice_tf.runs import feed

    name = tyro.conf.arg(help="Name of this machine for the training machines.")
    flags = parse(words, "feed", [("port", int, 5050), ("host", Annotated[str, name], "localhost")])
    feed.serve(flags.port, flags.host)
    return 0


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
