"""Ctrl-C and SIGTERM end a run with a checkpoint of its last step, and it resumes from there."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from tensorflow import keras

from seaice_tf.cli import main as cli
from seaice_tf.pipeline import Examples
from seaice_tf.runs import fit, folder, stop, train
from seaice_tf.settings import Training
from seaice_tf.task import Splits


def test_signals_are_noted_and_a_second_ctrl_c_interrupts():
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    with stop.deferred() as asked:
        assert not asked()
        os.kill(os.getpid(), signal.SIGTERM)
        assert asked()
        os.kill(os.getpid(), signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before


def test_another_thread_receives_no_signal():
    received = []

    def work():
        with stop.deferred() as asked:
            received.append(asked())

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert received == [False]


class Send(keras.callbacks.Callback):
    """Sends this process a signal after a number of steps."""

    def __init__(self, after, number):
        super().__init__()
        self.left, self.number = after, number

    def on_train_batch_end(self, batch, logs=None):
        self.left -= 1
        if self.left == 0:
            os.kill(os.getpid(), self.number)


def fit_in(path, callbacks=()):
    """A network of one layer, two epochs of four steps of which no checkpoint falls due within."""
    path.mkdir(exist_ok=True)
    fit.seed_everything(0)
    x = tf.constant(np.random.default_rng(0).normal(size=(8, 3)), tf.float32)
    examples = Examples(8, lambda i: (x[i], {"y": x[i, :1]}, {"y": tf.ones(1)}))
    inputs = keras.Input((3,), name="x")
    model = keras.Model(inputs, {"y": keras.layers.Dense(1, name="y")(inputs)})
    model.compile(keras.optimizers.Adam(0.1), {"y": "mse"}, jit_compile=False)
    splits = Splits(examples, examples, lambda: None, (), "numbers")
    training = Training(epochs=2, batch_size=2, checkpoint_steps=99)
    return model, fit.fit(model, splits, training, path, list(callbacks))


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The weights of a run that was not interrupted."""
    return fit_in(tmp_path_factory.mktemp("whole"))[0].get_weights()


# Steps 4 and 8 end an epoch, which is validated first.
@pytest.mark.parametrize(
    ("number", "after"),
    list(zip((signal.SIGTERM, signal.SIGINT, signal.SIGTERM) * 2, (1, 3, 4, 6, 8))),
)
def test_a_run_stops_after_its_step_and_resumes(number, after, whole, tmp_path):
    with pytest.raises(KeyboardInterrupt):
        fit_in(tmp_path / "run", [Send(after, number)])
    with np.load(tmp_path / "run" / folder.CHECKPOINT, allow_pickle=False) as held:
        state = json.loads(str(held["state"]))
    assert (state["step"], len(state["history"])) == (after, after // 4)
    model, state = fit_in(tmp_path / "run")
    assert (state.step, len(state.history)) == (8, 2)
    for a, b in zip(whole, model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_sigterm_ends_a_command_as_ctrl_c_does(monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(train, "train", lambda *rest: os.kill(os.getpid(), signal.SIGTERM))
    assert cli.main(["train", "forecast", "--run", str(tmp_path / "run")]) == 130
    assert "repeat the command to resume" in capsys.readouterr().err


@pytest.mark.soak
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_command_ends_with_130_and_resumes(number, train_command, assert_as_if_left_alone):
    run, command = train_command
    command = [*command, "--checkpoint-steps", "99"]
    asked = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    while "Epoch" not in (line := asked.stderr.readline()):
        assert line or asked.poll() is None
    asked.send_signal(number)
    _, error = asked.communicate(timeout=240)
    assert asked.returncode == 130
    assert "stopping after this step" in error
    assert "Traceback" not in error
    assert (folder.partial(run) / folder.CHECKPOINT).exists()
    subprocess.run(command, check=True, capture_output=True, timeout=240)
    assert_as_if_left_alone(run)


STUCK = Path(__file__).parent.parent / "stuck.py"
WAITING = {"tune": 1, "prepare": 2, "train": 1, "predict": 1, "report": 1}  # processes


@pytest.mark.parametrize(
    ("verb", "send"),
    [
        ("tune", os.killpg),
        pytest.param("prepare", os.killpg, marks=pytest.mark.slow),
        *(
            pytest.param(verb, os.kill, marks=() if verb == "train" else pytest.mark.slow)
            for verb in WAITING
        ),
    ],
    ids=lambda value: getattr(value, "__name__", value),
)
def test_two_signals_end_a_command_that_is_stuck(verb, send, tmp_path):
    """Its process or those it waits for are in C code, which signals do not interrupt."""
    number = signal.SIGINT if verb in ("train", "prepare") else signal.SIGTERM
    command = subprocess.Popen(
        [sys.executable, str(STUCK), str(tmp_path), verb, "forecast"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        process_group=0,
    )
    while len(list(tmp_path.iterdir())) < WAITING[verb] and command.poll() is None:
        time.sleep(0.02)
    send(command.pid, number)
    time.sleep(0.2)
    if verb != "report" and command.poll() is None:  # without workers a first one is enough
        send(command.pid, number)
    _, error = command.communicate(timeout=10)
    assert command.returncode == stop.STOPPED
    assert "Traceback" not in error
    assert_ended_soon(command.pid)


def assert_ended_soon(group):
    """No process of a group lives, a moment after its first one has ended."""
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return
        time.sleep(0.02)
    raise AssertionError("a process is left")
