"""A run killed at any step and started again ends with the same weights, bit for bit."""

import os
import signal
import subprocess
import time

import numpy as np
import pytest
from tensorflow import keras

from seaice_tf import compat
from seaice_tf.forecast.settings import Settings
from seaice_tf.networks import weights
from seaice_tf.networks.optimizers import optimizer
from seaice_tf.runs import checkpoint, fit, folder, train
from seaice_tf.settings import Training
from seaice_tf.tasks import TASKS


class Stop(keras.callbacks.Callback):
    """Stands for a crash after a number of steps."""

    def __init__(self, after):
        super().__init__()
        self.left = after

    def on_train_batch_end(self, batch, logs=None):
        self.left -= 1
        if self.left == 0:
            raise KeyboardInterrupt


def fit_once(settings, path, after=0):
    path.mkdir(exist_ok=True)
    fit.seed_everything(settings.training.seed)
    task = TASKS["forecast"]
    splits, model = task.data.splits(settings), task.training.build(settings)
    state = fit.fit(model, splits, settings.training, path, [Stop(after)] if after else [])
    return model, state


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory):
    return {}


@pytest.mark.parametrize("after", [1, 4, 7])
def test_a_crash_changes_no_bit(unet_settings, tmp_path, after, uninterrupted, tmp_path_factory):
    settings = unet_settings
    if not uninterrupted:
        whole = tmp_path_factory.mktemp("whole")
        uninterrupted["model"], uninterrupted["state"] = fit_once(settings, whole)
    with pytest.raises(KeyboardInterrupt):
        fit_once(settings, tmp_path / "run", after)
    model, state = fit_once(settings, tmp_path / "run")
    for a, b in zip(uninterrupted["model"].get_weights(), model.get_weights()):
        np.testing.assert_array_equal(a, b)
    losses = [[entry["val_loss"] for entry in s.history] for s in (state, uninterrupted["state"])]
    assert losses[0] == losses[1]
    assert state.step == uninterrupted["state"].step


def test_sigkill_in_the_middle_of_the_command(train_command, assert_as_if_left_alone):
    run, command = train_command
    killed = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    mark = folder.partial(run) / folder.CHECKPOINT
    deadline = time.monotonic() + 120
    while not mark.exists() and killed.poll() is None and time.monotonic() < deadline:
        time.sleep(0.05)
    os.kill(killed.pid, signal.SIGKILL)
    killed.wait()
    assert mark.exists()
    assert not run.exists()
    subprocess.run(command, check=True, capture_output=True, timeout=240)
    assert_as_if_left_alone(run)


def test_a_run_killed_before_it_got_its_name_is_finished_and_not_trained_again(tmp_path):
    path = folder.begin(tmp_path / "run", Settings())
    folder.write_json(path / folder.MANIFEST, {"what": "is written last"})
    (path / folder.CHECKPOINT).touch()
    assert train.train(None, Settings(), tmp_path / "run") == tmp_path / "run"
    assert {path.name for path in tmp_path.iterdir()} == {"run"}
    assert {path.name for path in (tmp_path / "run").iterdir()} == {folder.MANIFEST}


def test_dropout_goes_on_where_it_stopped(tmp_path):
    def network():
        keras.utils.set_random_seed(0)
        model = keras.Sequential(
            [keras.Input((4,)), keras.layers.Dropout(0.5), keras.layers.Dense(1)]
        )
        model.compile("adam", "mse", jit_compile=False)
        return model

    if not any("seed" in getattr(v, "path", v.name) for v in network().variables):
        pytest.skip("seed states are variables in Keras 3 only")
    x, y = np.ones((2, 4), "float32"), np.ones((2, 1), "float32")
    model = network()
    model.train_on_batch(x, y)
    checkpoint.save(tmp_path / "c.npz", model, checkpoint.State(step=1))
    expected = [float(np.ravel(model.train_on_batch(x, y))[0]) for _ in range(3)]
    fresh = network()
    assert checkpoint.restore(tmp_path / "c.npz", fresh).step == 1
    got = [float(np.ravel(fresh.train_on_batch(x, y))[0]) for _ in range(3)]
    assert got == expected


def test_the_best_epoch_is_kept_not_the_last(unet_settings, tmp_path, monkeypatch):
    settings = unet_settings
    # After the first epoch the rate is so high that the network gets worse.
    monkeypatch.setattr(
        fit, "learning_rate", lambda training, progress, losses: 1e-3 if progress < 0.5 else 3.0
    )
    model, state = fit_once(settings, tmp_path / "run")
    losses = [entry["val_loss"] for entry in state.history]
    assert state.best() == 0
    assert losses[1] > losses[0]
    with np.load(tmp_path / "run" / folder.WEIGHTS, allow_pickle=False) as best:
        for name, weight in weights.named_weights(model).items():
            np.testing.assert_array_equal(best[name], weight.numpy())


@pytest.mark.parametrize(
    "name", ["sgd", "adamw", *(["lamb", "rectified_adam", "lookahead"] * compat.has_addons())]
)
def test_an_optimiser_goes_on_where_it_stopped(tmp_path, name):
    def network():
        keras.utils.set_random_seed(0)
        model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
        rule = optimizer(Training(optimizer=name, learning_rate=0.1))
        model.compile(rule, "mse", jit_compile=False)
        return model

    x, y = np.ones((2, 4), "float32"), np.full((2, 1), 5, "float32")
    model = network()
    for _ in range(3):
        model.optimizer.learning_rate.assign(0.05)
        model.train_on_batch(x, y)
    checkpoint.save(tmp_path / "c.npz", model, checkpoint.State(step=3))
    expected = [float(np.ravel(model.train_on_batch(x, y))[0]) for _ in range(5)]
    fresh = network()
    checkpoint.restore(tmp_path / "c.npz", fresh)
    fresh.optimizer.learning_rate.assign(0.05)
    got = [float(np.ravel(fresh.train_on_batch(x, y))[0]) for _ in range(5)]
    assert got == expected
