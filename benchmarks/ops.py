"""Operations that take more than a tenth of the time of a released SavedModel.

Measured by the trace of a TensorFlow session, in a process of its own for each path: with oneDNN,
and without it. Operations of one kind are added up; those that run at the same time count each.

Usage: python benchmarks/ops.py [forecast nowcast clouds]
"""

import os
from collections import Counter
from collections.abc import Iterator
from functools import partial

import numpy as np
from timing import Row, alone, run, seconds

from seaice_tf.lazy import tf
from seaice_tf.runs import artifact, folder
from seaice_tf.tasks import TASKS

LEAST = 0.1  # of the time of all operations
RUNS = 3


def operations(name: str) -> tuple[dict[str, float], float]:
    """Seconds of a warm call by kind of operation, and on the clock, of a task's released model."""
    task = TASKS[name]
    path = folder.released(task)
    case = next(iter(task.data.future(folder.open_run(path, task))))
    rows = folder.read_json(path / folder.MANIFEST)["interface"]
    names = [
        row["name"] for row in rows if (row["endpoint"], row["direction"]) == ("serve", "input")
    ]
    values = [np.asarray(each) for each in tf.nest.flatten(artifact.batch(case))]
    with tf.compat.v1.Session(graph=tf.Graph()) as session:
        model = tf.compat.v1.saved_model.load(session, ["serve"], str(path / folder.SAVED_MODEL))
        signature = model.signature_def["serve"]
        inputs = [signature.inputs[each] for each in names]
        given = {each.name: cut(value, each.tensor_shape) for each, value in zip(inputs, values)}
        wanted = [each.name for each in signature.outputs.values()]
        session.run(wanted, given)
        taken = [seconds(lambda: session.run(wanted, given))[0] for _ in range(RUNS)]
        options = tf.compat.v1.RunOptions(trace_level=tf.compat.v1.RunOptions.FULL_TRACE)
        traced = tf.compat.v1.RunMetadata()
        session.run(wanted, given, options=options, run_metadata=traced)
    return by_kind(traced), float(np.median(taken))


def cut(value: np.ndarray, shape) -> np.ndarray:
    """The first part of an array that fits an input: of a whole image, a window."""
    return value[tuple(slice(None if side.size < 0 else side.size) for side in shape.dim)]


def by_kind(traced) -> dict[str, float]:
    """Seconds by kind of operation."""
    found: Counter[str] = Counter()
    for device in traced.step_stats.dev_stats:
        for node in device.node_stats:
            # "name = Kind(inputs)"
            kind = node.timeline_label.partition(" = ")[2].partition("(")[0]
            found[kind or node.node_name] += node.op_end_rel_micros - node.op_start_rel_micros
    return {kind: micros / 1e6 for kind, micros in found.items()}


def rows(name: str) -> Iterator[Row]:
    """Kinds of operations with their part of the time, with and without oneDNN."""
    for switch, label in (("1", "oneDNN"), ("0", "without oneDNN")):
        os.environ["TF_ENABLE_ONEDNN_OPTS"] = switch
        (found, clock), _ = alone(operations, name)
        whole = sum(found.values())
        yield Row(f"{name}, {label}: a call", "sum of its operations", (clock, whole))
        for kind, taken in sorted(found.items(), key=lambda pair: -pair[1]):
            if taken > LEAST * whole:
                yield Row(f"{name}, {label}: {kind}", "sum of all operations", (taken, whole))


if __name__ == "__main__":
    run(__doc__, {name: partial(rows, name) for name in ("forecast", "nowcast", "clouds")})
