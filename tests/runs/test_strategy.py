"""Replicas on devices and machines learn what one network does, and survive a lost worker."""

import dataclasses
import json
import os
import runpy
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from seaice_tf import compat
from seaice_tf import settings as settings_file
from seaice_tf.cli import main as cli
from seaice_tf.errors import InputError
from seaice_tf.runs import folder, strategy, train
from seaice_tf.settings import Training
from seaice_tf.tasks import TASKS

SCRIPT = str(Path(__file__).with_name("replicas.py"))
several_machines = pytest.mark.skipif(
    not compat.supports_multi_worker(), reason="Keras 3 cannot fit on several machines"
)


@pytest.fixture(scope="module")
def alone():
    return runpy.run_path(SCRIPT)["fitted"]("none")


def cluster(workers: int) -> list[dict[str, str]]:
    """The environment of each worker of a cluster on this machine."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(workers)]
    addresses = [f"127.0.0.1:{each.getsockname()[1]}" for each in sockets]
    for each in sockets:
        each.close()
    return [
        {
            **os.environ,
            "TF_CONFIG": json.dumps(
                {"cluster": {"worker": addresses}, "task": {"type": "worker", "index": i}}
            ),
        }
        for i in range(workers)
    ]


def assert_as_alone(fitted, alone, replicas):
    assert (alone["replicas"], fitted["replicas"]) == (1, replicas)
    np.testing.assert_allclose(fitted["curves"], alone["curves"], rtol=1e-5)
    for a, b in zip(fitted["weights"], alone["weights"], strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-6)


@pytest.mark.slow
def test_a_strategy_of_one_device_trains(chart_settings, tmp_path):
    """Whose variables are all made under it, those of the optimizer too."""
    training = dataclasses.replace(chart_settings.training, strategy="mirrored", epochs=1)
    settings = dataclasses.replace(chart_settings, training=training)
    run = train.train(TASKS["icechart"], settings, tmp_path / "run")
    assert (run / folder.MANIFEST).exists()


@pytest.mark.slow
def test_two_devices_learn_what_one_does(alone, tmp_path):
    out = tmp_path / "fitted.json"
    command = [sys.executable, SCRIPT, "mirrored", str(out), "2"]
    subprocess.run(command, check=True, capture_output=True, timeout=600)
    assert_as_alone(json.loads(out.read_text()), alone, replicas=2)


@several_machines
def test_two_machines_learn_what_one_does(alone, tmp_path):
    workers = [
        subprocess.Popen(
            [sys.executable, SCRIPT, "multi-worker", str(tmp_path / f"{i}.json")], env=environment
        )
        for i, environment in enumerate(cluster(2))
    ]
    try:
        assert [worker.wait(600) for worker in workers] == [0, 0]
    finally:
        for worker in workers:
            worker.kill()
    for i in range(2):
        assert_as_alone(json.loads((tmp_path / f"{i}.json").read_text()), alone, replicas=2)


@several_machines
@pytest.mark.parametrize("lost", [1, pytest.param(0, marks=pytest.mark.soak)])
def test_a_worker_that_is_killed_comes_back(unet_settings, tmp_path, lost):
    training = dataclasses.replace(unet_settings.training, strategy="multi-worker", epochs=3)
    settings = dataclasses.replace(unet_settings, training=training)
    (tmp_path / "s.json").write_text(settings_file.to_json(settings))
    run = tmp_path / "run"
    words = ["train", "forecast", "--run", str(run), "--settings", str(tmp_path / "s.json")]
    environments = cluster(2)

    def start(i):
        log = (tmp_path / f"{i}.log").open("a")
        command = [sys.executable, "-m", "seaice_tf", *words]
        return subprocess.Popen(command, env=environments[i], stdout=log, stderr=log)

    workers = [start(i) for i in range(2)]
    try:
        mark = folder.partial(run) / folder.CHECKPOINT
        deadline = time.monotonic() + 600
        while not mark.exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        workers[lost].send_signal(signal.SIGKILL)
        assert workers[lost].wait() != 0
        workers[lost] = start(lost)
        assert [worker.wait(600) for worker in workers] == [0, 0]
    finally:
        for worker in workers:
            worker.kill()
    assert "a worker was lost" in (tmp_path / f"{1 - lost}.log").read_text()
    single = dataclasses.replace(settings, training=dataclasses.replace(training, strategy="none"))
    whole = train.train(TASKS["forecast"], single, tmp_path / "whole")
    curves = [
        [entry["val_loss"] for entry in folder.read_json(path / folder.HISTORY)]
        for path in (run, whole)
    ]
    np.testing.assert_allclose(*curves, rtol=1e-4)


@pytest.mark.skipif(compat.supports_multi_worker(), reason="this Keras can")
def test_keras_3_names_the_environment_that_can(monkeypatch, capsys, tmp_path):
    monkeypatch.setenv("TF_CONFIG", cluster(1)[0]["TF_CONFIG"])
    words = ["train", "forecast", "--run", str(tmp_path / "run"), "--strategy", "multi-worker"]
    assert cli.main(words) == 1
    assert "pip install 'seaice_tf[cluster]'" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


@several_machines
@pytest.mark.parametrize(
    "config", ["", "{}", "no JSON", '{"cluster": {"worker": ["a:1"]}, "task": {"index": 4}}']
)
def test_a_machine_that_does_not_know_its_place(monkeypatch, config):
    monkeypatch.setenv("TF_CONFIG", config)
    with pytest.raises(InputError, match=r"TF_CONFIG: expected .* docs/machines\.md"):
        strategy.is_chief(Training(strategy="multi-worker"))


@several_machines
@pytest.mark.parametrize(
    ("kind", "index", "has_chief", "expected"),
    [
        ("worker", 0, False, True),
        ("worker", 1, False, False),
        ("worker", 0, True, False),
        ("chief", 0, True, True),
    ],
)
def test_one_worker_is_the_chief(monkeypatch, kind, index, has_chief, expected):
    addresses = {"worker": ["a:1", "b:1"], **({"chief": ["c:1"]} if has_chief else {})}
    config = {"cluster": addresses, "task": {"type": kind, "index": index}}
    monkeypatch.setenv("TF_CONFIG", json.dumps(config))
    assert strategy.is_chief(Training(strategy="multi-worker")) is expected


def test_a_worker_without_the_chiefs_folder(tmp_path):
    with (
        pytest.raises(InputError, match="a shared disk"),
        strategy.worker_folder(tmp_path / "run"),
    ):
        pass


def test_a_batch_without_equal_shares():
    class Three(tf.distribute.Strategy):
        num_replicas_in_sync = 3

        def __init__(self):
            pass

    with pytest.raises(InputError, match="multiple of 3"):
        strategy.training_stream(Three(), None, 4, Training(), 0)
