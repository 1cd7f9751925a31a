"""Batches made by other processes come in the order of the stream."""

import signal
import socket
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf

from seaice_tf import pipeline
from seaice_tf.cli import main as cli
from seaice_tf.errors import InputError
from seaice_tf.pipeline import Examples
from seaice_tf.runs import feed, strategy
from seaice_tf.settings import Training


def noisy(size):
    def augment(example, seed):
        value, targets, weights = example
        return value + tf.random.stateless_uniform([], seed, 0, 0.5), targets, weights

    return Examples(size, lambda i: (tf.cast(i, tf.float32), {}, {}), augment)


@pytest.fixture
def feeders():
    """The addresses of two processes that feed."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    started = [
        subprocess.Popen(
            [sys.executable, "-m", "seaice_tf", "feed", "--port", str(port)],
            stdout=subprocess.PIPE,
            text=True,
        )
        for port in ports
    ]
    for each in started:
        assert "feeding" in each.stdout.readline()
    yield ",".join(f"localhost:{port}" for port in ports)
    for each, how in zip(started, (signal.SIGINT, signal.SIGTERM)):
        each.send_signal(how)
    assert [each.wait(60) for each in started] == [130, 130]


@pytest.mark.soak
def test_two_feeders_give_the_stream_bit_by_bit(feeders):
    alone = tf.distribute.get_strategy()
    for first_step in (0, 3):
        near, far = (
            strategy.training_stream(
                alone, noisy(11), 2, Training(seed=1, data_service=addresses), first_step
            )
            for addresses in ("", feeders)
        )
        for a, b in zip(near.take(12), far.take(12), strict=True):
            np.testing.assert_array_equal(a[0], b[0])


@pytest.mark.parametrize("services", [1, 3])
def test_the_parts_of_services_make_up_the_stream(services):
    whole = pipeline.training_stream(noisy(7), 2, 1, 4).take(9)
    parts = [
        iter(pipeline.training_stream(noisy(7), 2, 1, 4, service=(i, services)))
        for i in range(services)
    ]
    for step, batch in enumerate(whole):
        np.testing.assert_array_equal(batch[0], next(parts[step % services])[0])


def test_examples_that_need_this_process_are_refused():
    def make(turn):
        fetch = lambda i: tf.numpy_function(np.sqrt, [tf.cast(i, tf.float64)], tf.float64)  # noqa: E731
        return tf.data.Dataset.range(4).map(fetch)

    with pytest.raises(InputError, match=r"--data-service .* TensorFlow alone"):
        feed.distribute(make, "localhost:1")


def test_a_port_in_use_is_named():
    with socket.create_server(("", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(InputError, match=f"--port: expected {port} and {port + 1} to be free"):
            feed.serve(port, "localhost")


@pytest.mark.parametrize("verb", ["feed", "board"])
def test_a_number_that_is_no_port_is_refused(capsys, verb):
    assert cli.main([verb, "--port", "99999"]) == 1
    assert capsys.readouterr().err.startswith("error: --port: expected 1 to 65534, got 99999")
