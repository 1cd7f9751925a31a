"""What the inputs of a run are: units by its settings, and statistics of its validation examples.

The manifest holds both, so that weights are not taken over, and runs not averaged, by shape alone.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from seaice_tf import pipeline
from seaice_tf import settings as settings_file
from seaice_tf.pipeline import Examples
from seaice_tf.task import Task

SAMPLED = 8  # examples
FARTHEST = 4  # distance of two means, in standard deviations
RATIO = 10  # of two standard deviations


def describe(task: Task, settings: Any, examples: Examples) -> dict[str, Any]:
    """The inputs of a run for its manifest: "units" by setting, and "statistics" by channel."""
    return {"units": units(task, settings), "statistics": statistics(settings, examples)}


def units(task: Task, settings: Any) -> dict[str, Any]:
    """Values of `task.data.units` as JSON has them."""
    values = settings_file.flat(settings)
    return json.loads(json.dumps({name: values.get(name) for name in task.data.units}))


def statistics(settings: Any, examples: Examples) -> dict[str, list[float]]:
    """Mean and standard deviation of each named channel, or of each whole input of numbers."""
    chosen = np.unique(np.linspace(0, examples.size - 1, SAMPLED).astype(np.int64))
    values: dict[str, list[np.ndarray]] = {}
    for example in pipeline.some(examples, chosen):
        for name, array in _channels(settings, tf.nest.flatten(example[0])):
            values.setdefault(name, []).append(array)
    found = {name: np.concatenate(parts) for name, parts in values.items()}
    known = {name: each[np.isfinite(each)] for name, each in found.items()}
    return {
        name: [float(f"{statistic:.5g}") for statistic in (each.mean(), each.std())]
        for name, each in known.items()
        if each.size
    }


def _channels(settings: Any, inputs: list[tf.Tensor]) -> Iterator[tuple[str, np.ndarray]]:
    names = settings_file.flat(settings).get("channels", ())
    for number, tensor in enumerate(inputs, 1):
        if not (tensor.dtype.is_floating or tensor.dtype.is_integer):
            continue
        values = tf.cast(tensor, tf.float64).numpy()
        if names and values.shape[-1] == len(names):
            yield from zip(names, values.reshape(-1, len(names)).T)
        else:
            yield f"input {number}", values.ravel()


def other_units(task: Task, then: Any, now: Any) -> list[str]:
    """Sentences on the units of two settings that differ, where both say something."""
    one, other = units(task, then), units(task, now)
    return [
        f"inputs with {name} {_shown(one[name])}, here {_shown(other[name])}"
        for name in one
        if one[name] != other[name] and one[name] and other[name]
    ]


def other_statistics(
    then: Mapping[str, list[float]], now: Mapping[str, list[float]], most: int = 3
) -> list[str]:
    """Sentences on channels of the same name whose values are of another size.

    >>> other_statistics({"t2m": [0, 1], "tcwv": [0, 1]}, {"t2m": [270, 9], "tcwv": [0.2, 1.1]})
    ['t2m of 0 +- 1, here 270 +- 9; are the units the same?']
    """
    found = []
    for name in then:
        (mean, std), (other_mean, other_std) = then[name], now.get(name, then[name])
        smaller, larger = sorted((std, other_std))
        apart = larger > 0 and abs(mean - other_mean) > FARTHEST * larger
        if apart or larger > RATIO * smaller > 0:
            found.append(
                f"{name} of {mean:g} +- {std:g}, here {other_mean:g} +- {other_std:g}; are the "
                "units the same?"
            )
    more = [f"{len(found) - most} further channels of another size"] if len(found) > most else []
    return found[:most] + more


def _shown(value: Any) -> str:
    return " to ".join(f"{each:g}" for each in value) if isinstance(value, list) else str(value)
