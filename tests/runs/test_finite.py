"""A loss that is not finite ends a run at its step, and what was good before is kept."""

import dataclasses
import re
from types import SimpleNamespace

import numpy as np
import pytest
import tensorflow as tf
from tensorflow import keras

from seaice_tf import pipeline
from seaice_tf.errors import InputError
from seaice_tf.pipeline import Examples
from seaice_tf.runs import checkpoint, fit, folder, memory, tune
from seaice_tf.settings import Training
from seaice_tf.task import Splits

STEPS = 4  # an epoch
TRAINING = Training(epochs=3, batch_size=2, checkpoint_steps=1, seed=3, schedule="constant")


def splits(bad: int | None = None):
    """Numbers of which the training example `bad` is none."""
    x = np.random.default_rng(0).normal(size=(2 * STEPS, 3)).astype(np.float32)
    good = tf.constant(x)
    if bad is not None:
        x[bad, 1] = np.nan

    def examples(values):
        def fetch(index):
            return values[index], {"y": values[index, :1]}, {"y": tf.ones(1)}

        return Examples(2 * STEPS, fetch, name=lambda i: f"number_{i}")

    return Splits(examples(tf.constant(x)), examples(good), lambda: None, (), "numbers")


def network():
    inputs = keras.Input((3,), name="x")
    model = keras.Model(inputs, {"y": keras.layers.Dense(1, name="y")(inputs)})
    model.compile(keras.optimizers.SGD(0.1), {"y": "mse"}, jit_compile=False)
    return model


def fit_in(path, data, training=TRAINING, callbacks=()):
    fit.seed_everything(0)
    model = network()
    return model, fit.fit(model, data, training, path, list(callbacks))


def test_the_step_and_its_examples_are_named(tmp_path):
    examples = splits().train
    batches = [pipeline.indices(examples, 2, TRAINING.seed, step) for step in range(STEPS)]
    step = 2
    bad, other = batches[step]
    with pytest.raises(InputError) as raised:
        fit_in(tmp_path, splits(bad))
    message = str(raised.value)
    assert "expected a finite loss, got nan in epoch 1, step 3" in message
    assert f"examples number_{bad}, number_{other} (not finite themselves: number_{bad})" in message
    assert "checkpoint.npz of before that step kept" in message
    assert "lower --learning-rate" in message
    kept = network()
    assert checkpoint.restore(tmp_path / folder.CHECKPOINT, kept).step == step
    assert all(np.isfinite(weight).all() for weight in kept.get_weights())


class Spoil(keras.callbacks.Callback):
    """Stands for a step that goes wrong: no weight is finite after it."""

    def __init__(self, after):
        super().__init__()
        self.left = after

    def on_train_batch_end(self, batch, logs=None):
        self.left -= 1
        if self.left == 0:
            for weight in self.model.weights:
                weight.assign(weight * np.nan)


def test_no_checkpoint_holds_weights_that_are_not_finite(tmp_path):
    with pytest.raises(InputError, match="expected finite weights after step 3, got others"):
        fit_in(tmp_path, splits(), callbacks=[Spoil(after=3)])
    assert checkpoint.restore(tmp_path / folder.CHECKPOINT, network()).step == 2


def test_the_best_weights_of_before_are_kept(tmp_path):
    training = dataclasses.replace(TRAINING, checkpoint_steps=99)
    with pytest.raises(InputError, match=r"epoch 2, step 3, .* \(all of their numbers are finite"):
        fit_in(tmp_path, splits(), training, [Spoil(after=STEPS + 2)])
    with np.load(tmp_path / folder.WEIGHTS, allow_pickle=False) as kept:
        assert all(np.isfinite(kept[name]).all() for name in kept.files)


@pytest.mark.parametrize("step", [0, 5, 11])
def test_indices_are_those_of_the_stream(step):
    examples = Examples(7, lambda i: (i, {}, {}))
    batch = next(iter(pipeline.training_stream(examples, 2, 9, step)))[0]
    assert pipeline.indices(examples, 2, 9, step) == batch.numpy().tolist()


@dataclasses.dataclass(frozen=True)
class Settings:
    training: Training = dataclasses.field(
        default_factory=lambda: dataclasses.replace(TRAINING, epochs=1)
    )


def space(hp, settings):
    rate = hp.Float("learning_rate", 1e-3, 3e-2)
    training = dataclasses.replace(settings.training, learning_rate=rate)
    return dataclasses.replace(settings, training=training)


TASK = SimpleNamespace(
    settings=Settings,
    data=SimpleNamespace(splits=lambda settings: splits()),
    training=SimpleNamespace(
        build=lambda settings: network(), start=lambda settings, model: None, space=space
    ),
)


@pytest.mark.skipif("tf_keras" in keras.Model.__module__, reason="keras-tuner refuses tf_keras")
def test_a_trial_fails_and_the_sweep_continues(tmp_path, monkeypatch, caplog):
    caplog.set_level("INFO")
    original = fit.fit
    monkeypatch.setattr(memory, "require", lambda *rest: None)

    def first_fails(model, data, training, path, *rest):
        callbacks = [] if len(list(path.parent.iterdir())) > 1 else [Spoil(after=1)]
        return original(model, data, training, path, callbacks, *rest[1:])

    monkeypatch.setattr(fit, "fit", first_fails)
    best = tune.tune(TASK, Settings(), tmp_path / "sweep", trials=2)
    assert best.exists()
    assert len(re.findall("trial .* failed: .*finite", caplog.text)) == 1
