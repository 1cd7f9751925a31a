"""An estimate of the memory that training will need, checked before it starts."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from tensorflow import keras

from seaice_tf import compat, pipeline
from seaice_tf.errors import InputError
from seaice_tf.pipeline import Examples
from seaice_tf.settings import Training
from seaice_tf.task import Splits

GIB = 1 << 30
# Peak = FACTOR x live tensors + OVERHEAD bytes, fitted to measurements of clouds, nowcast, geopose.
FACTOR, OVERHEAD = 1.3, 130 << 20
# Operations whose first output shares the memory of their first input.
ALIASING = {"Identity", "ReadVariableOp", "Reshape", "StopGradient", "ExpandDims", "Squeeze"}
MEMINFO, OWN_GROUPS = Path("/proc/meminfo"), Path("/proc/self/cgroup")
GROUPS = Path("/sys/fs/cgroup")
NAMES = (  # files with limit and usage, and reclaimable entries, of cgroup versions 2 and 1
    ("memory.max", "memory.current", ("active_file", "inactive_file")),
    (
        "memory.limit_in_bytes",
        "memory.usage_in_bytes",
        ("total_active_file", "total_inactive_file"),
    ),
)


def require(model: keras.Model, splits: Splits, training: Training) -> None:
    """Check that training fits into memory; on CPUs under Linux only.

    Raises:
        InputError: the estimate exceeds the available memory.
    """
    if tf.config.list_physical_devices("GPU") or not MEMINFO.exists():
        return
    own, room = weights(model, training), available()
    live = max(
        activations(model, splits.train, training, learn=True),
        activations(model, splits.validation, training, learn=False),
    )
    batch = round(FACTOR * live) + OVERHEAD
    if own + batch > room:
        raise InputError(
            f"memory: expected training to fit into the {_gib(room)} available, got an estimate of "
            f"{_gib(own + batch)}: {_gib(batch)} for a batch of {training.batch_size} and "
            f"{_gib(own)} for {model.count_params()} weights; lower --batch-size, the size of "
            f"crops or the width of the network, or add --ignore-memory"
        )


def weights(model: keras.Model, training: Training) -> int:
    """Bytes of weights, optimizer state, averages, and of a checkpoint while it is written."""
    own = sum(map(_bytes, model.weights))
    slots = sum(map(_bytes, compat.optimizer_variables(model)))
    return own + 2 * slots + (2 * own if training.average else 0)


def activations(model: keras.Model, examples: Examples, training: Training, learn: bool) -> int:
    """Peak bytes of the tensors of a batch.

    Args:
        model: the network.
        examples: to take shapes from.
        training: settings.
        learn: whether to include gradients.
    """
    # Training examples may be smaller than those of validation, which are not cropped.
    cut = pipeline.training_stream(examples, 1, training.seed)
    example = next(iter(cut if learn else pipeline.in_order(examples, 1)))
    size = min(training.batch_size, examples.size)
    batch = tf.nest.map_structure(lambda x: tf.TensorSpec((size, *x.shape[1:]), x.dtype), example)

    def step(inputs):
        with tf.GradientTape() as tape:
            outputs = tf.nest.flatten(model(inputs, training=learn))
        targets = [y for y in outputs if y.dtype.is_floating] if learn else []
        return outputs, tape.gradient(targets, tape.watched_variables()) if targets else []

    graph = tf.function(step).get_concrete_function(batch[0]).graph
    return sum(map(_bytes, tf.nest.flatten(batch))) + peak(graph.get_operations())


def peak(operations: Sequence[tf.Operation]) -> int:
    """Peak bytes of live tensors, if the operations run in order and free after the last use."""
    origin: dict[Any, Any] = {}
    last: dict[Any, int] = {}
    for i, operation in enumerate(operations):
        for tensor in operation.inputs:  # the gradient of a loop adds inputs that are made later
            last[origin.get(tensor.ref(), tensor.ref())] = i
        for tensor in operation.outputs:
            same = operation.type in ALIASING and operation.inputs
            first = operation.inputs[0].ref() if same else tensor.ref()
            origin[tensor.ref()] = origin.get(first, first)
    held = most = 0
    ends: dict[int, int] = {}
    for i, operation in enumerate(operations):
        for tensor in operation.outputs:
            if origin[tensor.ref()] == tensor.ref() and operation.type != "Placeholder":
                size = _bytes(tensor)
                held += size
                end = last.get(tensor.ref(), i)
                ends[end] = ends.get(end, 0) + size
        most = max(most, held)
        held -= ends.pop(i, 0)
    return most


def available() -> int:
    """Bytes that this process may still allocate, by the machine and its control groups."""
    lines = MEMINFO.read_text().splitlines()
    free = next(line for line in lines if line.startswith("MemAvailable:"))
    return max(min([int(free.split()[1]) * 1024, *_left_by_groups()]), 0)


def _left_by_groups() -> Iterator[int]:
    """Bytes left by each control group with a limit, from that of the process upwards."""
    for line in OWN_GROUPS.read_text().splitlines() if OWN_GROUPS.exists() else ():
        _, kind, own = line.split(":", 2)
        root = GROUPS / kind
        group = root / own.lstrip("/")
        for place in (group, *group.parents):
            if place.is_relative_to(root):
                yield from _left_by(place)


def _left_by(group: Path) -> Iterator[int]:
    for limit, used, files in NAMES:
        if (group / limit).exists() and (most := (group / limit).read_text().strip()) != "max":
            held = dict(line.split() for line in (group / "memory.stat").read_text().splitlines())
            back = sum(int(held.get(name, 0)) for name in files)
            yield int(most) - int((group / used).read_text()) + back


def _bytes(tensor: Any) -> int:
    """Size of a tensor or variable; 0 if its shape is unknown."""
    if not tf.TensorShape(tensor.shape).is_fully_defined():
        return 0
    return int(np.prod(tensor.shape, dtype=np.int64)) * tf.as_dtype(tensor.dtype).size


def _gib(size: int) -> str:
    return f"{size / GIB:.1f} GiB"
