"""Write the products of a run, or of an ensemble of runs."""

import contextlib
import dataclasses
import itertools
import logging
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from seaice_tf import progress
from seaice_tf.errors import DiskError, InputError, RunError
from seaice_tf.files import atomic
from seaice_tf.runs import artifact, folder, inputs, manifest
from seaice_tf.settings import flat
from seaice_tf.task import Cases, Predictor, Task

log = logging.getLogger(__name__)


@dataclasses.dataclass(frozen=True)
class Written:
    """What `predict` wrote.

    Attributes:
        files: the products.
        left_out: why a case is not in them, one sentence each.
    """

    files: list[Path]
    left_out: list[str]


def predict(
    task: Task,
    cases: Cases,
    predictor: Predictor,
    name: str,
    out: Path,
    options: Any = None,
    strict: bool = False,
) -> Written:
    """Predict cases and write the products of all that can be predicted.

    Args:
        task: the system.
        cases: without truth, of `task.data.future`.
        predictor: case -> its maps.
        name: of the run, or of the ensemble.
        out: folder of the products.
        options: of class `task.products.options`.
        strict: raise the error of the first case that cannot be predicted, and write nothing.

    Returns:
        The files, and the cases that were left out because their data are damaged.

    Raises:
        InputError: no case can be predicted, or, with `strict`, one of them cannot.
    """
    options = options or task.products.options()
    left_out: list[str] = []
    pairs = _pairs(cases, predictor, left_out, strict)
    first = list(itertools.islice(pairs, 1))
    if left_out and not first:
        more = f" (and {len(left_out) - 1} more)" if left_out[1:] else ""
        raise InputError(left_out[0] + more)
    model = f"seaice_tf {task.name} {name}"
    complete = _all_or_nothing(out) if strict else _said_if_incomplete(out)
    with complete as place, progress.step("writing the products"):
        files = task.products.write(_emptied(first, pairs), place, model, options)
    if strict:
        files = [out / file.relative_to(place) for file in files]
    return Written(files, left_out)


def _emptied(first: list, others: Iterator) -> Iterator:
    """All pairs, none of which stays in memory."""
    while first:
        yield first.pop()
    yield from others


@contextlib.contextmanager
def _all_or_nothing(out: Path) -> Iterator[Path]:
    try:
        with atomic.gathered(out) as place:
            yield place
    except InputError:
        log.warning("%s: nothing was written, as --strict asks", out)
        raise


@contextlib.contextmanager
def _said_if_incomplete(out: Path) -> Iterator[Path]:
    """A context that says, if it fails, how many files there are of the cases before."""
    before = _files(out)
    try:
        yield out
    except BaseException:
        if new := [path for path, time in _files(out).items() if before.get(path) != time]:
            log.warning("%s: incomplete, %d files of some cases were written", out, len(new))
        raise


def _files(folder: Path) -> dict[Path, int]:
    """Time of the last change of each file below a folder, but for hidden ones."""
    return {
        path: path.stat().st_mtime_ns
        for path in folder.rglob("*")
        if path.is_file() and not path.name.startswith(".")
    }


def _pairs(cases: Cases, predictor: Predictor, left_out: list[str], strict: bool) -> Iterator:
    """Cases with their predictions; the errors of the others are logged and put into `left_out`."""
    for make in progress.track(cases.make, "predicting"):
        try:
            case = make()
            maps = predictor(case)
        except (DiskError, RunError):
            raise
        except InputError as error:
            if strict or len(cases) == 1:
                raise
            log.warning("left out: %s", error)
            left_out.append(str(error))
        else:
            yield case, maps
            del case, maps  # before the next are made


def ensemble_name(runs: Sequence[Path]) -> str:
    """The names of the runs, joined by a plus sign."""
    return " + ".join(run.name for run in runs)


def ensemble_predictor(task: Task, runs: Sequence[Path], trust: bool = False) -> Predictor:
    """The predictor of one run, or of an ensemble with all runs as its members.

    Raises:
        InputError: the runs have inputs of different shapes, or, without `trust`, a SavedModel
            differs from its manifest.
    """
    for run in runs[1:]:
        for difference in inputs.other_statistics(_statistics(runs[0]), _statistics(run)):
            log.warning("ensemble: %s was trained on %s (%s)", runs[0], difference, run)
    shapes = {run: folder.read_json(run / folder.MANIFEST).get("input_shape") for run in runs}
    for run, shape in shapes.items():
        if not manifest.same_shape(shape, shapes[runs[0]]):
            raise InputError(
                f"{run}: expected inputs of {shapes[runs[0]]} as {runs[0]} has, got {shape}; "
                "the runs of an ensemble need the same grid and history"
            )
    members = [artifact.predictor(run, trust) for run in runs]
    if len(members) == 1:
        return members[0]
    return lambda case: task.verification.combine([member(case) for member in members])


def _statistics(run: Path) -> dict[str, list[float]]:
    """Those of the inputs of a run; none of a run of an older version."""
    return folder.read_json(run / folder.MANIFEST).get("inputs", {}).get("statistics", {})


def ensemble_cases(task: Task, settings: Sequence[Any], make: Callable[[Any], Cases]) -> Cases:
    """The cases of an ensemble, on the data of its first run.

    Args:
        task: the system.
        settings: of each run.
        make: settings of a run -> its cases; called for all runs, so that what one of them cannot
            predict is an error.

    Returns:
        The cases of the first run, with the sources of all.

    Raises:
        InputError: a setting of `task.data.inputs` differs between the runs. Those of
            `task.data.units` are warned of.
    """
    first = flat(settings[0])
    for each, name in itertools.product(map(flat, settings), task.data.inputs):
        if each.get(name) != first.get(name):
            raise InputError(
                f"ensemble: expected runs with {name} {first.get(name)} as the first, got "
                f"{each.get(name)}; leave that run out"
            )
    for each in settings[1:]:
        for difference in inputs.other_units(task, settings[0], each):
            log.warning("ensemble: %s; the data are read for the first of the runs", difference)
    common = {name: getattr(settings[0], name) for name in ("training", *task.data.settings)}
    distinct = dict.fromkeys(dataclasses.replace(each, **common) for each in settings)
    made = [make(each) for each in distinct]
    sources = dict.fromkeys(each.source for each in made)
    return Cases(" | ".join(sources), made[0].make)
