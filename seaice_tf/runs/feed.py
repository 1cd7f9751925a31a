"""Batches made by other processes or machines, for training that waits for its input."""

import threading
from collections.abc import Callable

import tensorflow as tf

from seaice_tf import pipeline
from seaice_tf.errors import InputError

SERVICE = tf.data.experimental.service


def serve(port: int, host: str) -> None:
    """Make batches for whoever asks at this port, until it is stopped.

    A dispatcher with one worker, so that batches come in the order in which they are made.

    Args:
        port: of the dispatcher; its worker takes the next one.
        host: the name of this machine to those who ask.
    """
    dispatcher = SERVICE.DispatchServer(SERVICE.DispatcherConfig(port=port))
    config = SERVICE.WorkerConfig(
        dispatcher_address=f"localhost:{port}", worker_address=f"{host}:{port + 1}", port=port + 1
    )
    worker = SERVICE.WorkerServer(config)
    print(f"feeding at {host}:{port}", flush=True)
    _until_stopped(dispatcher, worker)


def _until_stopped(*servers) -> None:
    """Hold the servers, whose own join() hears neither Ctrl-C nor SIGTERM."""
    threading.Event().wait()


def fed(make: Callable[[pipeline.Share], tf.data.Dataset], addresses: str) -> tf.data.Dataset:
    """The batches of a stream, made in turn at addresses "host:port,host:port".

    Their order is that of the stream: one address makes every n-th batch.

    Args:
        make: (i, n) -> the stream's batches i, i + n, i + 2 n, ...
        addresses: of `serve`; none makes them here.

    Raises:
        InputError: the stream needs functions of this process.
    """
    if not addresses:
        return make(pipeline.ALL)
    services = addresses.split(",")
    turns = [make((i, len(services))) for i in range(len(services))]
    if b"PyFunc" in tf.raw_ops.DatasetToGraphV2(input_dataset=turns[0]._variant_tensor).numpy():
        raise InputError(
            f"--data-service {addresses}: expected examples that TensorFlow alone can make, got "
            "ones that need this process; leave it out, and prepare shards where the task has them"
        )
    far = [
        turn.apply(SERVICE.distribute(SERVICE.ShardingPolicy.OFF, f"grpc://{address}"))
        for turn, address in zip(turns, services)
    ]
    return tf.data.Dataset.choose_from_datasets(far, tf.data.Dataset.range(len(far)).repeat())
