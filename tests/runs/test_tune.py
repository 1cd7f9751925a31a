"""A sweep: what each trial trains with, and what is left of it when it is interrupted.

The task fits a straight line, so that a trial takes a moment.
"""

import dataclasses
import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import tensorflow as tf
from tensorflow import keras

from seaice_tf import settings as settings_file
from seaice_tf.errors import InputError
from seaice_tf.networks.optimizers import optimizer
from seaice_tf.pipeline import Examples
from seaice_tf.runs import fit, folder, memory, tune
from seaice_tf.settings import Training

WITHOUT_TUNER = "tf_keras" in keras.Model.__module__
tuned = pytest.mark.skipif(WITHOUT_TUNER, reason="keras-tuner refuses tf_keras models")
METHODS = {"random": 2, "hyperband": None, "bayesian": 3}  # trials


@dataclasses.dataclass(frozen=True)
class Line:
    units: int = 1
    training: Training = dataclasses.field(
        default_factory=lambda: Training(epochs=3, optimizer="sgd", seed=5)
    )


def splits(settings):
    def fetch(index):
        x = tf.reshape(tf.cast(index, tf.float32) / 8, [1])
        return x, {"y": 2 * x}, {"y": tf.ones(1)}

    return SimpleNamespace(train=Examples(8, fetch), validation=Examples(4, fetch))


def build(settings):
    x = keras.Input((1,), name="x")
    y = keras.layers.Dense(1, name="y")(keras.layers.Dense(settings.units, name="inner")(x))
    model = keras.Model(x, {"y": y})
    model.compile(
        optimizer(settings.training), {"y": "mse"}, run_eagerly=True
    )  # no time for tracing
    return model


def space(hp, settings):
    training = dataclasses.replace(
        settings.training,
        learning_rate=hp.Float("learning_rate", 1e-3, 3e-2, sampling="log"),
        batch_size=hp.Choice("batch_size", [2, 4]),
    )
    return dataclasses.replace(settings, units=hp.Choice("units", [1, 2]), training=training)


TASK = SimpleNamespace(
    name="line",
    settings=Line,
    data=SimpleNamespace(splits=splits),
    training=SimpleNamespace(build=build, start=lambda settings, model: None, space=space),
)


def trained(sweep):
    """Weights of each trial by its folder, and the validation loss of each trial."""
    weights = {path.parent.name: dict(np.load(path)) for path in sweep.rglob(folder.WEIGHTS)}
    trials = [json.loads(path.read_text()) for path in sorted(sweep.glob("trial_*/trial.json"))]
    assert all(trial["status"] == "COMPLETED" for trial in trials)
    return weights, [trial["score"] for trial in trials]


def assert_equal_sweeps(a, b):
    (a_weights, a_losses), (b_weights, b_losses) = trained(a), trained(b)
    assert a_losses == b_losses
    assert set(a_weights) == set(b_weights)
    for name, weights in a_weights.items():
        for layer, value in weights.items():
            np.testing.assert_array_equal(value, b_weights[name][layer])
    assert (a / tune.BEST).read_bytes() == (b / tune.BEST).read_bytes()


@pytest.fixture(autouse=True)
def no_estimate_of_memory(monkeypatch):
    """It traces each network; tests/runs/test_memory.py tests it."""
    monkeypatch.setattr(memory, "require", lambda *rest: None)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A finished sweep of each method."""
    done = {}

    def sweep(method):
        if method not in done:
            done[method] = tmp_path_factory.mktemp(method) / "sweep"
            tune.tune(TASK, Line(), done[method], METHODS[method], method)
        return done[method]

    return sweep


@pytest.fixture
def epochs(monkeypatch):
    """Counts the epochs trained; at the one of number `stop` the process dies."""
    counter = SimpleNamespace(count=0, stop=0)
    original = fit.Keep.on_epoch_end

    def counted(self, epoch, logs=None):
        original(self, epoch, logs)
        counter.count += 1
        if counter.count == counter.stop:
            raise KeyboardInterrupt

    monkeypatch.setattr(fit.Keep, "on_epoch_end", counted)
    return counter


@tuned
def test_a_trial_trains_as_train_does(whole, tmp_path):
    sweep = whole("random")
    path = next((sweep / tune.TRIALS).iterdir())
    settings = settings_file.read(path / folder.SETTINGS, Line)
    assert settings.training.batch_size in (2, 4)
    fit.seed_everything(settings.training.seed)
    fit.fit(build(settings), splits(settings), settings.training, tmp_path, [])
    for name, value in trained(sweep)[0][path.name].items():
        np.testing.assert_array_equal(np.load(tmp_path / folder.WEIGHTS)[name], value)


@tuned
def test_a_trial_tells_its_settings_curves_and_loss(tmp_path):
    pytest.importorskip("mlflow", reason="no MLflow: pip install '.[mlflow]'")
    calls = []

    def log_batch(run_id, metrics=(), params=()):
        calls.append({each.key: each.value for each in (*metrics, *params)})

    sent = SimpleNamespace(log_batch=log_batch)
    loss = tune.train_trial(TASK, Line(), tmp_path, 2, tracker=lambda call: call(sent, "1"))
    settings, *epochs, last = calls
    assert settings["training/seed"] == "5"
    assert [sorted(each) for each in epochs] == 2 * [
        ["epoch/learning_rate", "epoch/loss", "epoch/val_loss"]
    ]
    assert last == {"scores/val_loss": loss}


@tuned
@pytest.mark.parametrize(
    ("method", "stop", "all_epochs"),
    [("hyperband", 4, 11), pytest.param("bayesian", 8, 9, marks=pytest.mark.slow)],
)
def test_an_interrupted_sweep_ends_as_if_left_alone(
    method, stop, all_epochs, whole, tmp_path, epochs
):
    run, trials = tmp_path / "sweep", METHODS[method]
    epochs.stop = stop
    with pytest.raises(KeyboardInterrupt):
        tune.tune(TASK, Line(), run, trials, method)
    tune.tune(TASK, Line(), run, trials, method)
    assert epochs.count == all_epochs  # none was trained again
    assert_equal_sweeps(run, whole(method))


@tuned
def test_hyperband_trains_on_with_the_best_of_a_round(whole):
    """Of 3 epochs at most it tries three trials for one, the best of them on to 3, and two more."""
    trials = [json.loads(p.read_text()) for p in whole("hyperband").glob("trial_*/trial.json")]
    values = [trial["hyperparameters"]["values"] for trial in trials]
    assert sorted(each["tuner/epochs"] for each in values) == [1, 1, 1, 3, 3, 3]
    (promoted,) = (each for each in values if each["tuner/initial_epoch"])
    assert promoted["tuner/initial_epoch"] == 1
    assert len(list((whole("hyperband") / tune.TRIALS).iterdir())) == 5


@tuned
def test_damaged_files_of_keras_tuner_lose_no_trial(whole, tmp_path, epochs):
    run = tmp_path / "sweep"
    tune.tune(TASK, Line(), run, 2)
    (run / "oracle.json").write_text('{"ongoing')
    before = epochs.count
    tune.tune(TASK, Line(), run, 2)
    assert epochs.count == before
    assert_equal_sweeps(run, whole("random"))


@tuned
@pytest.mark.soak  # test_a_worker_that_is_killed_is_replaced kills a trial, too
def test_sigkill_in_the_middle_of_a_trial(whole, tmp_path):
    run = tmp_path / "sweep"
    killed = start_process(run, {})
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and killed.poll() is None:
        if list(run.rglob(folder.CHECKPOINT)):
            break
        time.sleep(0.02)
    killed.kill()
    assert killed.wait() == -signal.SIGKILL
    tune.tune(TASK, Line(), run, METHODS["random"])
    assert_equal_sweeps(run, whole("random"))


def start_process(run, environment):
    """`tune` as the environment says, in a process of its own."""
    code = f"import runpy; runpy.run_path({__file__!r}, run_name='__main__')"
    words = [sys.executable, "-c", code, str(run)]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    return subprocess.Popen(words, env=os.environ | environment, **quiet)


def team(names):
    """The environment of each process of a sweep on this machine."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    oracle = {tune.ORACLE_ADDRESS: "127.0.0.1", tune.ORACLE_PORT: port}
    return {name: {**oracle, tune.TUNER_ID: name} for name in names}


@tuned
@pytest.mark.parametrize(
    "workers",
    [
        pytest.param(["worker0"], marks=pytest.mark.slow),
        pytest.param(["worker0", "worker1"], marks=pytest.mark.soak),
    ],
)
def test_a_worker_that_is_killed_is_replaced(workers, whole, tmp_path):
    run, environments = tmp_path / "sweep", team(["chief", *workers])
    processes = {name: start_process(run, each) for name, each in environments.items()}
    try:
        deadline = time.monotonic() + 300
        while not list(run.rglob(folder.CHECKPOINT)) and time.monotonic() < deadline:
            time.sleep(0.02)
        processes["worker0"].kill()
        assert processes["worker0"].wait() == -signal.SIGKILL
        processes["worker0"] = start_process(run, environments["worker0"])
        assert [each.wait(300) for each in processes.values()] == [0] * len(processes)
    finally:
        for each in processes.values():
            each.kill()
    weights, losses = trained(run)
    whole_weights, whole_losses = trained(whole("random"))
    assert sorted(losses) == pytest.approx(sorted(whole_losses))
    for name, value in whole_weights.items():
        for layer in value:
            np.testing.assert_array_equal(weights[name][layer], value[layer])
    assert (run / tune.BEST).read_bytes() == (whole("random") / tune.BEST).read_bytes()


def test_half_an_environment_is_one_clear_error(monkeypatch):
    monkeypatch.setenv(tune.ORACLE_PORT, "1234")
    monkeypatch.setenv(tune.TUNER_ID, "worker0")
    with pytest.raises(InputError, match=r"KERASTUNER_ORACLE_IP: expected .* docs/machines\.md"):
        tune.process_role()


@tuned
def test_a_sweep_does_not_share_the_batches_of_a_trial(tmp_path):
    several = Line(training=Training(strategy="multi-worker"))
    with pytest.raises(InputError, match="trials of its own"):
        tune.tune(TASK, several, tmp_path / "sweep")
    assert not (tmp_path / "sweep").exists()


@tuned
def test_another_method_or_setting_is_another_sweep(whole):
    with pytest.raises(InputError, match="got another method"):
        tune.tune(TASK, Line(), whole("random"), 2, "bayesian")
    with pytest.raises(InputError, match="got another units"):
        tune.tune(TASK, Line(units=3), whole("random"), 2)


@tuned
def test_trials_that_diverge_are_one_clear_error(tmp_path):
    def steep(settings):
        x = keras.Input((1,), name="x")
        model = keras.Model(x, {"y": keras.layers.Dense(1, name="y")(x * float("nan"))})
        model.compile("sgd", {"y": "mse"}, jit_compile=False)
        return model

    training = SimpleNamespace(**vars(TASK.training) | {"build": steep})
    task = SimpleNamespace(**vars(TASK) | {"training": training})
    with pytest.raises(InputError, match=r"a trial that trains; the last: .*finite loss"):
        tune.tune(task, Line(), tmp_path / "sweep", 1)


@tuned
def test_a_full_disk_ends_the_sweep_and_is_no_failed_trial(whole, tmp_path, monkeypatch):
    def full(*args, **kwargs):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as broken:
        broken.setattr(fit, "fit", full)
        with pytest.raises(OSError, match="No space left"):
            tune.tune(TASK, Line(), tmp_path / "sweep", 2)
    tune.tune(TASK, Line(), tmp_path / "sweep", 2)
    assert_equal_sweeps(tmp_path / "sweep", whole("random"))


@pytest.mark.skipif(not WITHOUT_TUNER, reason="cluster environment only")
def test_an_environment_without_keras_tuner_says_so(tmp_path):
    with pytest.raises(InputError, match="which Keras Tuner refuses"):
        tune.tune(TASK, Line(), tmp_path / "sweep")
    assert not (tmp_path / "sweep").exists()


if __name__ == "__main__":
    tune.tune(TASK, Line(), Path(sys.argv[1]), METHODS["random"])
