"""Several devices or machines that train one network together, by the steps that one would make.

Each replica of the network takes its share of every batch. Everything else is done by all of them
alike, files included: reading a variable may need all of them, so none may leave a step out. Only
the folder of the chief is the run's.
"""

import contextlib
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

SEVERAL_MACHINES = "multi-worker"
PAUSE = 2  # seconds before a worker that lost another joins again


def is_chief(training: Training) -> bool:
    """Whether this process leaves the run; of several machines one does.

    Raises:
        InputError: several machines, and a Keras that cannot train on them, or TF_CONFIG does not
            say which this one is.
    """
    if training.strategy != SEVERAL_MACHINES:
        return True
    if not compat.several_machines():
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


def join(training: Training) -> tf.distribute.Strategy:
    """The replicas of this process, and of all others once they have come.

    Several machines have to be joined before TensorFlow computes anything.
    """
    if training.strategy == "none":
        return tf.distribute.get_strategy()
    if training.strategy == "mirrored":
        devices = tf.config.list_logical_devices("GPU") or tf.config.list_logical_devices("CPU")
        return tf.distribute.MirroredStrategy([device.name for device in devices])
    print("waiting for the other workers", flush=True)
    return tf.distribute.MultiWorkerMirroredStrategy()


def synchronise(model: keras.Model) -> None:
    """Batch norm of a model of several replicas normalises by the examples of all of them."""
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
    """`pipeline.training_stream`, of which each replica is given its share of every batch.

    Raises:
        InputError: the shares are not equal, or a data service that cannot make them.
    """
    replicas = strategy.num_replicas_in_sync
    if batch_size % replicas:
        raise InputError(
            f"--batch-size: expected a multiple of {replicas}, the replicas of the network that "
            f"share a batch, got {batch_size} examples"
        )

    def make(share):
        return feed.fed(
            lambda turn: pipeline.training_stream(
                examples, batch_size, training.seed, first_step, share, turn
            ),
            training.data_service,
        )

    return _shared(strategy, make)


def validation(
    strategy: tf.distribute.Strategy, examples: pipeline.Examples, batch_size: int
) -> dict[str, Any]:
    """Arguments of `fit`: `pipeline.in_order` in equal shares, or all of it for each replica."""
    replicas = strategy.num_replicas_in_sync
    if replicas == 1:
        return {"validation_data": pipeline.in_order(examples, batch_size)}
    parts, batch_size = 1 if examples.size % replicas else replicas, batch_size // replicas

    def endless(share):
        own = share if parts > 1 else pipeline.ALL
        return pipeline.in_order(examples, batch_size, own).repeat()

    steps = math.ceil(examples.size // parts / batch_size)
    return {"validation_data": _shared(strategy, endless), "validation_steps": steps}


def _shared(strategy: tf.distribute.Strategy, make: Callable[[pipeline.Share], tf.data.Dataset]):
    replicas = strategy.num_replicas_in_sync
    if replicas == 1:
        return make(pipeline.ALL)

    def of_worker(context):
        """Batches for the replicas of one process in turn."""
        own = replicas // context.num_input_pipelines
        first = own * context.input_pipeline_id
        shares = [make((first + i, replicas)) for i in range(own)]
        return tf.data.Dataset.choose_from_datasets(shares, tf.data.Dataset.range(own).repeat())

    return strategy.distribute_datasets_from_function(of_worker)


def agree(strategy: tf.distribute.Strategy, **facts: int) -> None:
    """See that all replicas are about to do the same.

    Raises:
        InputError: they are not.
    """
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
                "give them the same data and a folder of the run that all of them see"
            )


@contextlib.contextmanager
def assistant_folder(run: Path) -> Iterator[Path]:
    """Where a worker that is not the chief trains: what the chief goes on from, for a while.

    Raises:
        InputError: the chief's folder is not to be seen.
    """
    begun = folder.partial(run)
    if not (begun / folder.BEGUN).exists():
        raise InputError(
            f"{begun}: expected the folder that the chief has begun, got none; "
            "give all workers the same --run on a disk that all of them see"
        )
    with tempfile.TemporaryDirectory() as own:
        for name in (folder.CHECKPOINT, folder.WEIGHTS):
            if (begun / name).exists():
                shutil.copy(begun / name, own)
        yield Path(own)


def stop_noted(training: Training) -> contextlib.AbstractContextManager[Callable[[], bool]]:
    """`stop.noted`, but one of several machines stops at once: a checkpoint takes all of them."""
    if training.strategy == SEVERAL_MACHINES:
        return contextlib.nullcontext(lambda: False)
    return stop.noted()


@contextlib.contextmanager
def outliving(training: Training) -> Iterator[None]:
    """Begin this process anew when another worker is lost: it waits for it, and both go on.

    TensorFlow joins machines once in the life of a process.
    """
    try:
        yield
    except (tf.errors.UnavailableError, tf.errors.AbortedError) as error:
        if training.strategy != SEVERAL_MACHINES:
            raise
        last = str(error).strip().splitlines()[-1]
        print(f"a worker was lost, going on from the last checkpoint: {last}", flush=True)
        time.sleep(PAUSE)
        os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])
