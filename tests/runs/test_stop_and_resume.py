"""A run killed at any step and started again ends with the same weights, bit for bit."""

import subprocess
import sys
import time

import numpy as np
import pytest
from tensorflow import keras

from seaice_tf import compat
from seaice_tf.cli import main as cli
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


@pytest.mark.soak
def test_a_crash_changes_no_bit(unet_settings, trained, tmp_path):
    """Of a real network; below it is killed, and test_fit.py crashes a tiny one at many steps."""
    with pytest.raises(KeyboardInterrupt):
        fit_once(unet_settings, tmp_path / "run", after=4)
    model, state = fit_once(unet_settings, tmp_path / "run")
    whole = trained("forecast-unet")
    with np.load(whole / folder.WEIGHTS, allow_pickle=False) as expected:
        for name, weight in weights.named_weights(model).items():
            np.testing.assert_array_equal(expected[name], weight.numpy())
    losses = [
        [entry["val_loss"] for entry in history]
        for history in (state.history, folder.read_json(whole / folder.HISTORY))
    ]
    assert losses[0] == losses[1]


@pytest.mark.parametrize(
    "killed",
    [pytest.param(False, marks=pytest.mark.slow), pytest.param(True, marks=pytest.mark.soak)],
)
def test_a_reproduction_is_the_same_run(trained, tmp_path, capsys, killed):
    """Of `train --from-manifest`, which SIGKILL ends in the middle and the same command resumes."""
    original, run = trained("icechart"), tmp_path / "reproduced"
    facts = folder.read_json(original / folder.MANIFEST)
    older = facts | {"packages": facts["packages"] | {"numpy": "1.0"}}
    folder.write_json(tmp_path / "older.json", older)
    words = ["train", "icechart", "--run", str(run)]
    words += ["--from-manifest", str(tmp_path / "older.json")]
    if killed:
        kill_in_training(words, folder.partial(run) / folder.CHECKPOINT)
        assert not run.exists()
    assert cli.main(words) == 0
    shown = capsys.readouterr().out
    assert f"note: numpy: 1.0 then, {np.__version__} now" in shown
    assert "weights: the same, bit for bit" in shown
    with np.load(original / folder.WEIGHTS) as first, np.load(run / folder.WEIGHTS) as second:
        for name in first.files:
            np.testing.assert_array_equal(first[name], second[name])
    assert (run / folder.SETTINGS).read_bytes() == (original / folder.SETTINGS).read_bytes()


def kill_in_training(words, mark):
    """Kill a command once it has written its checkpoint `mark`."""
    command = subprocess.Popen(
        [sys.executable, "-m", "seaice_tf", *words],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 120
    while not mark.exists() and command.poll() is None and time.monotonic() < deadline:
        time.sleep(0.05)
    command.kill()
    command.wait()
    assert mark.exists()


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
