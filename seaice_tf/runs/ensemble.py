"""Runs of a task that predict together."""

import dataclasses
import itertools
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from seaice_tf.errors import InputError
from seaice_tf.runs import artifact, folder
from seaice_tf.task import Cases, Predictor, Task


def name(runs: Sequence[Path]) -> str:
    return " + ".join(run.name for run in runs)


def predictor(task: Task, runs: Sequence[Path], trust: bool = False) -> Predictor:
    """From a case to the maps of one run, or of an ensemble with all runs as its members.

    Raises:
        InputError: the runs take inputs of different shapes, or, without `trust`, a SavedModel is
            not that of its manifest.
    """
    shapes = {run: folder.read_json(run / folder.MANIFEST).get("input_shape") for run in runs}
    for run, shape in shapes.items():
        if shape != shapes[runs[0]]:
            raise InputError(
                f"{run}: expected inputs of {shapes[runs[0]]} as {runs[0]} takes, got {shape}; "
                "the runs of an ensemble need the same grid and history"
            )
    members = [artifact.predictor(run, trust) for run in runs]
    if len(members) == 1:
        return members[0]
    return lambda case: task.verification.combine([member(case) for member in members])


def cases(task: Task, settings: Sequence[Any], make: Callable[[Any], Cases]) -> Cases:
    """What is predicted under the runs' settings, on the data of the first.

    What one of them cannot be asked is refused; what they say of the data all stands in `source`.
    """
    first = settings[0]
    for each, name in itertools.product(settings, task.data.inputs):
        if getattr(each, name) != getattr(first, name):
            raise InputError(
                f"ensemble: expected runs with {name} {getattr(first, name)} as the first, got "
                f"{getattr(each, name)}; leave that run out"
            )
    held = ("training", *task.data.settings)
    shared = {name: getattr(first, name) for name in held}
    alike = dict.fromkeys(dataclasses.replace(each, **shared) for each in settings)
    made = [make(each) for each in alike]
    sources = dict.fromkeys(each.source for each in made)
    return Cases(" | ".join(sources), made[0].make)
