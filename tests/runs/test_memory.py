"""Settings that would exhaust the memory are refused before training, unless ignored."""

import dataclasses

import pytest
import tensorflow as tf
from tensorflow import keras

from seaice_tf import settings as settings_file
from seaice_tf.cli import main as cli
from seaice_tf.errors import InputError
from seaice_tf.pipeline import Examples
from seaice_tf.runs import fit, folder, memory
from seaice_tf.settings import Training
from seaice_tf.task import Splits

MIB = 1 << 20


def network():
    inputs = keras.Input((None, None, 4), name="x")
    x = keras.layers.Conv2D(8, 3, padding="same", name="conv")(inputs)
    model = keras.Model(inputs, {"y": keras.layers.Conv2D(1, 1, name="y")(x)})
    model.compile(keras.optimizers.Adam(), {"y": "mse"}, jit_compile=False)
    return model


def examples(side):
    def fetch(index):
        return tf.zeros((side, side, 4)), {"y": tf.zeros((side, side, 1))}, {"y": tf.ones(1)}

    return Examples(64, fetch)


def test_what_waits_for_its_last_use_by_hand():
    """Of a, b = 2a, c = a + b, d = c again, e = 3d: three at once when c is made."""
    with tf.Graph().as_default() as graph:
        a = tf.compat.v1.placeholder(tf.float32, (1000,)) + tf.ones(1000)
        b = 2 * a
        d = tf.reshape(a + b, (10, 100))
        tf.identity(3 * d)
    assert memory.peak(graph.get_operations()) == pytest.approx(3 * 4000, rel=0.02)


def test_loops_are_estimated():
    """The gradient of a loop is given to it after it was made."""
    inputs = keras.Input((5, 8, 8, 1), name="x")
    x = keras.layers.ConvLSTM2D(2, 3, name="lstm")(inputs)
    model = keras.Model(inputs, {"y": keras.layers.Conv2D(1, 1, name="y")(x)})
    example = (tf.zeros((5, 8, 8, 1)), {"y": tf.zeros((6, 6, 1))}, {"y": tf.ones(1)})
    loop = Examples(4, lambda index: example)
    assert memory.activations(model, loop, Training(batch_size=4), learn=True) > 4 * 5 * 8 * 8 * 4


def test_the_estimate_by_hand():
    """A 3x3 convolution to 8 channels and a 1x1 one, each with its bias, of float32."""
    training = Training(batch_size=16)
    pixels = 16 * 32 * 32
    batch = 4 * (pixels * (4 + 1) + 16)  # inputs, targets, weights
    forwards = memory.activations(network(), examples(32), training, learn=False)
    assert forwards == pytest.approx(batch + 4 * pixels * 2 * 8, rel=0.05)  # with and without bias
    # The 8 channels and their gradient, the output and its.
    learning = memory.activations(network(), examples(32), training, learn=True)
    assert learning == pytest.approx(batch + 4 * pixels * 18, rel=0.05)
    count = 3 * 3 * 4 * 8 + 8 + 8 + 1
    # Two slots of Adam, and all three in a checkpoint; the average, and that in a checkpoint.
    assert memory.weights(network(), training) == pytest.approx(4 * 5 * count, rel=0.03)
    averaged = dataclasses.replace(training, average=0.9)
    assert memory.weights(network(), averaged) == pytest.approx(4 * 7 * count, rel=0.03)


def test_what_grows_makes_it_grow():
    def estimate(side, batch):
        return memory.activations(network(), examples(side), Training(batch_size=batch), True)

    assert estimate(64, 4) == pytest.approx(4 * estimate(32, 4), rel=0.05)
    assert estimate(32, 8) == pytest.approx(2 * estimate(32, 4), rel=0.05)
    assert estimate(32, 128) == estimate(32, 64)  # there are no more


def test_training_is_estimated_by_the_windows_that_it_cuts():
    def cut(example, seed):
        x, targets, weights = example
        return x[:16, :16], {"y": targets["y"][:16, :16]}, weights

    whole, training = examples(64), Training(batch_size=4)
    windows = dataclasses.replace(whole, augment=cut)
    small = memory.activations(network(), examples(16), training, learn=True)
    assert memory.activations(network(), windows, training, learn=True) == small
    assert memory.activations(network(), windows, training, learn=False) > 10 * small


def splits():
    return Splits(examples(32), examples(32), lambda: None, (), "numbers")


def test_a_refusal_names_the_estimate_and_what_to_lower(monkeypatch):
    monkeypatch.setattr(memory, "available", lambda: MIB)
    message = r"the 0\.0 GiB available, got an estimate of .* a batch of 16 .* lower --batch-size"
    with pytest.raises(InputError, match=message):
        memory.require(network(), splits(), Training(batch_size=16))
    monkeypatch.setattr(memory, "available", lambda: 200 * MIB)
    memory.require(network(), splits(), Training(batch_size=16))


def test_the_command_refuses_unless_told_to_ignore(cloud_settings, tmp_path, monkeypatch, capsys):
    (tmp_path / "s.json").write_text(settings_file.to_json(cloud_settings))
    monkeypatch.setattr(memory, "available", lambda: MIB)
    words = ["train", "clouds", "--settings", str(tmp_path / "s.json"), "--epochs", "1"]
    words += ["--run", str(tmp_path / "run")]
    assert cli.main(words) == 1
    error = capsys.readouterr().err
    assert error.startswith("error: memory: ")
    assert "--ignore-memory" in error
    assert not folder.partial(tmp_path / "run").exists()

    def begin(*rest):
        raise InputError("fitting began")

    monkeypatch.setattr(fit, "fit", begin)
    assert cli.main([*words, "--ignore-memory"]) == 1
    assert capsys.readouterr().err == "error: fitting began\n"
    assert cli.main([*words, "--ignore-memory", "--batch-size", "1"]) == 1, "as the refusal says"
    assert capsys.readouterr().err == "error: fitting began\n"


def test_available_is_what_the_tightest_group_leaves(tmp_path, monkeypatch):
    (tmp_path / "meminfo").write_text("MemTotal: 900 kB\nMemAvailable: 500 kB\n")
    (tmp_path / "own").write_text("0::/job/step\n")
    monkeypatch.setattr(memory, "MEMINFO", tmp_path / "meminfo")
    monkeypatch.setattr(memory, "OWN_GROUPS", tmp_path / "own")
    monkeypatch.setattr(memory, "GROUPS", tmp_path / "groups")
    assert memory.available() == 500 * 1024
    for name, limit in (("", "max"), ("job", "300000"), ("job/step", "max")):
        place = tmp_path / "groups" / name
        place.mkdir(parents=True, exist_ok=True)
        (place / "memory.max").write_text(f"{limit}\n")
        (place / "memory.current").write_text("250000\n")
        (place / "memory.stat").write_text("anon 150000\nactive_file 40000\ninactive_file 60000\n")
    assert memory.available() == 300_000 - 250_000 + 100_000
    (tmp_path / "own").write_text("5:memory:/\n4:cpu:/\n")
    version_1 = tmp_path / "groups" / "memory"
    version_1.mkdir()
    (version_1 / "memory.limit_in_bytes").write_text("9000\n")
    (version_1 / "memory.usage_in_bytes").write_text("7000\n")
    (version_1 / "memory.stat").write_text("total_active_file 1\ntotal_inactive_file 2\n")
    assert memory.available() == 2003
