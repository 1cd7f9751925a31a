"""Training batches prepared by other processes or machines, with the tf.data service."""

import threading
from collections.abc import Callable

import tensorflow as tf

from seaice_tf import pipeline
from seaice_tf.errors import InputError

SERVICE = tf.data.experimental.service


def serve(port: int, host: str) -> None:
    """Run a tf.data service at a port until it is stopped.

    It is a dispatcher with one worker, so that the order of batches is deterministic.

    Args:
        port: of the dispatcher; its worker uses the next one.
        host: name of this machine for the training machines.

    Raises:
        InputError: one of the two ports is in use.
    """
    config = SERVICE.WorkerConfig(
        dispatcher_address=f"localhost:{port}", worker_address=f"{host}:{port + 1}", port=port + 1
    )
    try:
        dispatcher = SERVICE.DispatchServer(SERVICE.DispatcherConfig(port=port))
        worker = SERVICE.WorkerServer(config)
    except RuntimeError as error:  # of which TensorFlow gives no reason
        raise InputError(
            f"--port: expected {port} and {port + 1} to be free, got one that is in use or not "
            "allowed; choose another"
        ) from error
    print(f"feeding at {host}:{port}", flush=True)
    _wait(dispatcher, worker)


def _wait(*servers) -> None:
    """Keep the servers alive; their own join() ignores Ctrl-C and SIGTERM."""
    threading.Event().wait()


def distribute(
    make: Callable[[pipeline.Shard | None], tf.data.Dataset], addresses: str
) -> tf.data.Dataset:
    """A stream whose batches are prepared by data services, in the order of the stream.

    Args:
        make: (i, n) -> the batches i, i + n, i + 2 n, ... of the stream; None -> all batches.
        addresses: of n services, "host:port,host:port"; "" prepares batches in this process.

    Raises:
        InputError: the stream needs Python functions of this process.
    """
    if not addresses:
        return make(None)
    services = addresses.split(",")
    parts = [make((i, len(services))) for i in range(len(services))]
    if b"PyFunc" in tf.raw_ops.DatasetToGraphV2(input_dataset=parts[0]._variant_tensor).numpy():
        raise InputError(
            f"--data-service {addresses}: expected examples that TensorFlow alone can prepare, got "
            "Python functions; leave it out, or prepare shards if the task has them"
        )
    remote = [
        part.apply(SERVICE.distribute(SERVICE.ShardingPolicy.OFF, f"grpc://{address}"))
        for part, address in zip(parts, services)
    ]
    return tf.data.Dataset.choose_from_datasets(remote, tf.data.Dataset.range(len(remote)).repeat())
