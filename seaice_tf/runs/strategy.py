"""Training on several devices or machines, with the same steps as on one.

Each replica of the network takes an equal part of every batch. All workers do everything else
alike, files included: reading a variable may need all of them. Only the chief writes to the folder
of the run.
"""

import contextlib
import logging
import math
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import tensorflow as tf
from tensorflow import keras

from seaice_tf import compat, pipeline
from seaice_tf.errors import InputError
from seaice_tf.networks.weights import flat_layers
from seaice_tf.runs import feed, folder, stop
from seaice_tf.settings import Training

log = logging.getLogger(__name__)

SEVERAL_MACHINES = "multi-worker"
PAUSE = 2  # seconds before a worker restarts after the loss of another


def is_chief(training: Training) -> bool:
    """Whether this process writes the run; of several machines, one does.

    Raises:
        InputError: several machines with a Keras that cannot train on them, or with a TF_CONFIG
            that does not name this machine.
    """
    if training.strategy != SEVERAL_MACHINES:
        return True
    if not compat.supports_multi_worker():
        raise InputError(
            f"--strategy {training.strategy}: expected tf_keras, got Keras 3, whose fit fails on "
            "several machines; install it with pip install 'seaice_tf[cluster]' and set "
            "TF_USE_LEGACY_KERAS=1"
        )
    try:
        cluster = tf.distribute.cluster_resolver.TFConfigClusterResolver()
        spec, kind, index = cluster.cluster_spec(), cluster.task_type, cluster.task_id
        spec.task_address(kind, index)
    except (ValueError, TypeError, AttributeError) as error:
        raise InputError(
            "TF_CONFIG: expected the addresses of all workers and which of them this is, got "
            f"{os.environ.get('TF_CONFIG', 'nothing')}; see docs/machines.md"
        ) from error
    return kind == "chief" or (kind == "worker" and index == 0 and "chief" not in spec.jobs)


def create(training: Training) -> tf.distribute.Strategy:
    """Create the distribution strategy of the settings; waits for all workers.

    Several machines have to be joined before TensorFlow computes anything.
    """
    if training.strategy == "none":
        return tf.distribute.get_strategy()
    if training.strategy == "mirrored":
        devices = tf.config.list_logical_devices("GPU") or tf.config.list_logical_devices("CPU")
        return tf.distribute.MirroredStrategy([device.name for device in devices])
    log.info("waiting for the other workers")
    return tf.distribute.MultiWorkerMirroredStrategy()


def synchronize_batch_norm(model: keras.Model) -> None:
    """Let batch norm use the statistics of all replicas."""
    several = model.distribute_strategy.num_replicas_in_sync > 1
    for layer in flat_layers(model):
        inner = getattr(layer, "layer", layer)
        if isinstance(inner, keras.layers.BatchNormalization):
            compat.set_norm(inner, several)


def training_stream(
    strategy: tf.distribute.Strategy,
    examples: pipeline.Examples,
    batch_size: int,
    training: Training,
    first_step: int,
):
    """`pipeline.training_stream` with an equal part of every batch for each replica.

    Raises:
        InputError: the batch size is no multiple of the replicas, or a data service cannot prepare
            the examples.
    """
    replicas = strategy.num_replicas_in_sync
    if batch_size % replicas:
        raise InputError(
            f"--batch-size: expected a multiple of {replicas}, the replicas of the network, "
            f"got {batch_size} examples"
        )

    def make(shard):
        return feed.distribute(
            lambda service: pipeline.training_stream(
                examples, batch_size, training.seed, first_step, shard, service
            ),
            training.data_service,
        )

    return _distributed(strategy, make)


def validation(
    strategy: tf.distribute.Strategy, examples: pipeline.Examples, batch_size: int
) -> dict[str, Any]:
    """Validation arguments of `fit`: equal parts of the examples, or all for each replica."""
    replicas = strategy.num_replicas_in_sync
    if replicas == 1:
        return {"validation_data": pipeline.in_order(examples, batch_size)}
    parts, batch_size = 1 if examples.size % replicas else replicas, batch_size // replicas

    def endless(shard):
        own = shard if parts > 1 else pipeline.ALL
        return pipeline.in_order(examples, batch_size, own).repeat()

    steps = math.ceil(examples.size // parts / batch_size)
    return {"validation_data": _distributed(strategy, endless), "validation_steps": steps}


def _distributed(
    strategy: tf.distribute.Strategy, make: Callable[[pipeline.Shard], tf.data.Dataset]
):
    replicas = strategy.num_replicas_in_sync
    if replicas == 1:
        return make(pipeline.ALL)

    def of_worker(context):
        """Batches for the replicas of one process, alternating."""
        own = replicas // context.num_input_pipelines
        first = own * context.input_pipeline_id
        shards = [make((first + i, replicas)) for i in range(own)]
        return tf.data.Dataset.choose_from_datasets(shards, tf.data.Dataset.range(own).repeat())

    return strategy.distribute_datasets_from_function(of_worker)


def require_agreement(strategy: tf.distribute.Strategy, **facts: int) -> None:
    """Raise an InputError if a number differs between the replicas."""
    if strategy.num_replicas_in_sync == 1:
        return
    for name, fact in facts.items():
        own = strategy.experimental_distribute_values_from_function(
            lambda _, fact=fact: tf.constant([fact], tf.int64)
        )
        all_facts = strategy.gather(own, axis=0).numpy()
        if (all_facts != fact).any():
            raise InputError(
                f"--strategy: expected the same {name} for all workers, got {all_facts.tolist()}; "
                "give them the same data and a folder of the run on a shared disk"
            )


@contextlib.contextmanager
def worker_folder(run: Path) -> Iterator[Path]:
    """A temporary folder for a worker that is not the chief, with copies of the chief's files.

    Raises:
        InputError: the folder of the chief does not exist on this machine.
    """
    partial = folder.partial(run)
    if not (partial / folder.BEGUN).exists():
        raise InputError(
            f"{partial}: expected the folder that the chief has started, got none; "
            "give all workers the same --run on a shared disk"
        )
    with tempfile.TemporaryDirectory() as own:
        for name in (folder.CHECKPOINT, folder.WEIGHTS):
            if (partial / name).exists():
                shutil.copy(partial / name, own)
        yield Path(own)


def stop_requested(training: Training) -> contextlib.AbstractContextManager[Callable[[], bool]]:
    """`stop.deferred`; one of several machines stops at once, as a checkpoint needs all of them."""
    if training.strategy == SEVERAL_MACHINES:
        return contextlib.nullcontext(lambda: False)
    return stop.deferred()


@contextlib.contextmanager
def restarted_on_worker_loss(training: Training) -> Iterator[None]:
    """Restart this process if another worker is lost, wait for it and resume.

    TensorFlow can join machines only once per process.
    """
    try:
        yield
    except (tf.errors.UnavailableError, tf.errors.AbortedError) as error:
        if training.strategy != SEVERAL_MACHINES:
            raise
        last = str(error).strip().splitlines()[-1]
        log.warning("a worker was lost, resuming from the last checkpoint: %s", last)
        time.sleep(PAUSE)
        os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])
