"""seaice-tf VERB TASK [flags]: the same verbs for every task."""

import subprocess
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import tyro

from seaice_tf import __version__, processes, quiet
from seaice_tf.cli.flags import (
    IGNORE_MEMORY_FLAG,
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
from seaice_tf.runs import stop
from seaice_tf.tasks import TASKS

USAGE = """usage: seaice-tf VERB TASK [flags]

verbs:
  doctor     look at data without training: period, gaps, damage, what to do
  prepare    bring source files into the form that training reads fastest, once
  train      train one run, or go on with one that was stopped
  tune       a sweep; leaves the best settings as a file for train
  evaluate   the published scores of a run and of every baseline
  predict    write the products
  export     write a run's SavedModel again
  report     RUN... --out FILE: one page to look at, of a run, of several, or of a sweep
  board      TensorBoard on the folder of runs
  feed       make batches for training elsewhere, until stopped
tasks:
  forecast   monthly sea-ice concentration, the next 12 months
  clouds     masks of four kinds of cloud organisation on photos from satellites
  icechart   concentration, stage of development and floe size of ice on radar scenes
  nowcast    the next two hours of a satellite's image of clouds, from the last hour
  geopose    height above ground and flow of an oblique view, from one image

seaice-tf VERB TASK --help lists the flags; report, board and feed take no TASK. train and tune
also take --settings FILE, a settings.json whose values the other flags override. train
--from-manifest FILE trains a run again, on the data that its manifest.json tells of. --debug shows
a traceback of an error."""


OUT = tyro.conf.arg(help="Folder for products of each case against its truth.")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code."""
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
        with stop.terminated_as_interrupted():
            return _run(words)
    except KeyboardInterrupt:
        print("stopped; train and tune go on when the same command is given again", file=sys.stderr)
        return 130
    except (InputError, OSError) as error:
        if debug:
            raise
        print(f"error: {error}", file=sys.stderr)
        return 1


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
    with quiet.import_of_tensorflow():
        task = TASKS[name]
    return VERBS[verb](task, words[2:])


def _train(task, words: list[str]) -> int:
    from seaice_tf.runs import evaluate, folder, rerun, track, train

    words, origin = pop_flag(words, "--from-manifest")
    facts, begun = rerun.open_manifest(Path(origin), task) if origin else (None, None)
    fields: list[tuple] = [("run", Path), TRACK_FLAG, IGNORE_MEMORY_FLAG]
    flags = parse_settings(task, words, f"train {task.name}", fields, begun)
    if facts:
        rerun.check_settings(begun, flags.settings)
        print("\n".join(f"note: {note}" for note in rerun.notes(facts)))
    at_work = folder.partial(flags.run)
    with track.tracked(flags.track, task.name, flags.run.name, at_work) as tell:
        run = train.train(task, flags.settings, flags.run, flags.ignore_memory, facts, tell)
    if run is None:
        print("trained with the chief, which leaves the run")
        return 0
    evaluate.show(folder.read_json(run / folder.SCORES))
    if facts:
        print(rerun.verdict(facts, run))
    print(f"run: {run}")
    return 0


def _prepare(task, words: list[str]) -> int:
    if task.data.prepare is None:
        raise InputError(f"prepare: expected a task whose data need it, got {task.name}; train it")
    several = tyro.conf.arg(help="Processes that work side by side.")
    machines = tyro.conf.arg(help="Address of a dask scheduler whose workers do it instead.")
    fields: list[tuple] = [("out", Path), ("processes", Annotated[int, several], 1)]
    fields.append(("dask", Annotated[str, machines], ""))
    flags = parse_settings(task, words, f"prepare {task.name}", fields)
    with processes.workers(flags.processes, flags.dask) as executor:
        written = task.data.prepare(flags.settings, flags.out.resolve(), executor)
    print(f"{len(written)} files in {flags.out}")
    return 0


def _tune(task, words: list[str]) -> int:
    from seaice_tf.runs import track, tune

    most = tyro.conf.arg(help="At most as many; by default 10, or all that Hyperband plans.")
    fields: list[tuple] = [("run", Path), ("method", tune.Method, "random")]
    fields += [("trials", Annotated[int | None, most], None), TRACK_FLAG, IGNORE_MEMORY_FLAG]
    flags = parse_settings(task, words, f"tune {task.name}", fields)
    track.require(flags.track)  # else every trial would fail
    apart = partial(processes.apart, _train_trial, task.name, flags.ignore_memory, flags.track)
    best = tune.tune(task, flags.settings, flags.run, flags.trials, flags.method, apart)
    print(
        f"best settings: {best}" if best else "trained trials for the chief, which tells the best"
    )
    return 0


def _train_trial(
    name: str, anyway: bool, kind: Any, settings: Any, path: Path, until: int
) -> float:
    """tune.train_trial by the name of the task, as another process can be asked for it."""
    from seaice_tf.runs import track, tune

    sweep = path.parent.parent.name
    with track.tracked(kind, name, f"{sweep}/{path.name}", path) as tell:
        return tune.train_trial(TASKS[name], settings, path, until, anyway, tell)


def _evaluate(task, words: list[str]) -> int:
    from seaice_tf.runs import ensemble, evaluate, folder

    fields = [runs_flag(task), *data_flags(task), TRUST_FLAG]
    fields += [("json", Path | None, None), ("out", Annotated[Path | None, OUT], None)]
    if task.verification.slow_baselines:
        names = ", ".join(task.verification.slow_baselines)
        cost = f"Also {names}: minutes of computing a case, then kept."
        fields.append(("slow_baselines", Annotated[bool, tyro.conf.arg(help=cost)], False))
    fields.append(("options", task.verification.options, task.verification.options()))
    flags = parse(words, f"evaluate {task.name}", fields)
    settings = load_run_settings(task, flags)
    cases = ensemble.cases(task, settings, lambda each: task.data.cases(each, flags.options))
    result = evaluate.compare(
        task,
        cases,
        ensemble.predictor(task, flags.run, flags.trust),
        ensemble.name(flags.run),
        flags.options,
        slow=bool(task.verification.slow_baselines) and flags.slow_baselines,
        out=flags.out,
    )
    evaluate.show(result, getattr(flags.options, "by", ()))
    if flags.json:
        folder.write_json(flags.json, result)
    return 0


def _predict(task, words: list[str]) -> int:
    from seaice_tf.runs import ensemble, predict

    kind = task.products.options
    fields = [runs_flag(task), *data_flags(task), TRUST_FLAG]
    fields += [("out", Path), ("options", kind, kind())]
    flags = parse(words, f"predict {task.name}", fields)
    settings = load_run_settings(task, flags)
    cases = ensemble.cases(task, settings, lambda each: task.data.future(each, flags.options))
    predictor = ensemble.predictor(task, flags.run, flags.trust)
    name = ensemble.name(flags.run)
    written = predict.predict(task, cases, predictor, name, flags.out, flags.options)
    print(f"{len(written)} files in {flags.out}: {', '.join(p.name for p in written[:3])} ...")
    return 0


def _export(task, words: list[str]) -> int:
    from seaice_tf.runs import train

    flags = parse(words, f"export {task.name}", [("run", Path)])
    print(f"SavedModel: {train.export(task, flags.run)}")
    return 0


def _doctor(task, words: list[str]) -> int:
    fields = [("data", str), *data_flags(task, skip=("data",)), ("plots", Path | None, None)]
    flags = parse(words, f"doctor {task.name}", fields)
    troubles = task.data.doctor(with_data(task, task.settings(), flags), flags.plots)
    for trouble in troubles:
        print(f"trouble: {one_line(trouble)}")
    print(f"{len(troubles)} troubles" if troubles else "no trouble found")
    return 1 if troubles else 0


def _report(tasks, words: list[str]) -> int:
    from seaice_tf.runs import report

    several = tyro.conf.arg(help="Folders of runs of one task, or of one sweep.")
    other = tyro.conf.arg(help="Data to draw, if not those that the runs were made with.")
    runs = Annotated[tyro.conf.Positional[tuple[Path, ...]], several]
    fields: list[tuple] = [("runs", runs), ("out", Path)]
    fields += [("data", Annotated[str | None, other], None), TRUST_FLAG]
    flags = parse(words, "report", fields)
    print(f"page: {report.report(tasks, flags.runs, flags.out, flags.data, flags.trust)}")
    return 0


def _board(tasks, words: list[str]) -> int:
    from seaice_tf.runs import board

    fields = [("runs", Path, Path("saved_models")), ("port", int, 6006)]
    flags = parse(words, "board", fields)
    return subprocess.call(board.command(flags.runs, flags.port))


def _feed(tasks, words: list[str]) -> int:
    from seaice_tf.runs import feed

    name = tyro.conf.arg(help="Name of this machine to those who train.")
    flags = parse(words, "feed", [("port", int, 5050), ("host", Annotated[str, name], "localhost")])
    feed.serve(flags.port, flags.host)
    return 0


VERBS: dict[str, Callable[[Any, list[str]], int]] = {
    "doctor": _doctor,
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
