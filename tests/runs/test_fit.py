"""Averaged weights and the rate after a plateau, on a network of one layer."""

import numpy as np
import pytest
import tensorflow as tf
from tensorflow import keras

from seaice_tf import compat, pipeline
from seaice_tf.networks import weights
from seaice_tf.networks.optimizers import ADDONS, optimizer
from seaice_tf.pipeline import Examples
from seaice_tf.runs import fit, folder
from seaice_tf.settings import Training
from seaice_tf.task import Splits

STEPS = 3  # an epoch


def splits():
    rng = np.random.default_rng(0)
    x = tf.constant(rng.normal(size=(2 * STEPS, 4)), tf.float32)
    true = tf.constant(rng.normal(size=(2 * STEPS, 1)), tf.float32)

    def fetch(index):
        return x[index], {"y": true[index]}, {"y": tf.ones(1)}

    def augment(example, seed):
        features, *rest = example
        return features + tf.random.stateless_normal([4], seed, stddev=0.1), *rest

    examples = Examples(2 * STEPS, fetch)
    training = Examples(2 * STEPS, fetch, augment)
    return Splits(training, examples, preview=lambda: None, files=(), source="numbers")


def network(training):
    inputs = keras.Input((4,), name="x")
    x = keras.layers.BatchNormalization(name="norm")(inputs)
    model = keras.Model(inputs, {"y": keras.layers.Dense(1, name="y")(x)})
    model.compile(optimizer(training), {"y": "mse"}, jit_compile=False)
    return model


class Watch(keras.callbacks.Callback):
    """Notes the weights and the rate after every step; crashes after `left` steps."""

    def __init__(self, left=0):
        super().__init__()
        self.left, self.weights, self.rates = left, [], []

    def on_train_batch_end(self, batch, logs=None):
        self.weights.append([weight.copy() for weight in self.model.get_weights()])
        self.rates.append(float(self.model.optimizer.learning_rate.numpy()))
        self.left -= 1
        if self.left == 0:
            raise KeyboardInterrupt


def run(path, training, left=0):
    path.mkdir(exist_ok=True)
    fit.seed_everything(0)
    model, watch = network(training), Watch(left)
    state = fit.fit(model, splits(), training, path, [watch])
    return model, state, watch


def averaged(training, **changes):
    common = {"epochs": 3, "batch_size": 2, "learning_rate": 0.1, "optimizer": "adam"}
    return Training(**{**common, **training, **changes})


BOTH = {"average": 0.6, "schedule": "plateau", "plateau_epochs": 1, "checkpoint_steps": 2}


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory):
    return run(tmp_path_factory.mktemp("whole"), averaged(BOTH))


# After a checkpoint within an epoch, after its end, and before any checkpoint.
@pytest.mark.parametrize("left", [1, 4, 5, 7, 8])
def test_a_crash_changes_no_bit_of_the_average(left, uninterrupted, tmp_path):
    whole, state, _ = uninterrupted
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, averaged(BOTH), left)
    model, resumed, _ = run(tmp_path, averaged(BOTH))
    for a, b in zip(whole.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    losses = [[entry["val_loss"] for entry in s.history] for s in (state, resumed)]
    assert losses[0] == losses[1]
    assert resumed.step == state.step


def test_the_best_epoch_is_kept_not_the_last(tmp_path, monkeypatch):
    """After the first epoch the rate is so high that the network gets worse."""
    monkeypatch.setattr(
        fit, "learning_rate", lambda training, progress, losses: 1e-3 if progress < 0.3 else 30.0
    )
    model, state, _ = run(tmp_path, averaged({}))
    losses = [entry["val_loss"] for entry in state.history]
    assert state.best() == 0
    assert losses[1] > losses[0]
    with np.load(tmp_path / folder.WEIGHTS, allow_pickle=False) as best:
        for name, weight in weights.named_weights(model).items():
            np.testing.assert_array_equal(best[name], weight.numpy())


@pytest.mark.skipif(not compat.is_keras_3(), reason="Keras 2 makes its variables otherwise")
def test_the_training_step_is_traced_once(tmp_path):
    fit.seed_everything(0)
    model, traces = network(Training(epochs=2, batch_size=2)), []
    step = model.train_step

    def counted(data):
        traces.append(data)
        return step(data)

    model.train_step = counted
    fit.fit(model, splits(), Training(epochs=2, batch_size=2), tmp_path, [])
    assert len(traces) == 1


def test_what_is_kept_and_validated_is_the_average(tmp_path):
    training = averaged(BOTH, keep="last")
    start = network_weights_at_start(training)
    model, state, watch = run(tmp_path, training)
    average = start
    for step, weights_then in enumerate(watch.weights, 1):
        decay = min(0.6, (1 + step) / (10 + step))
        average = [decay * a + (1 - decay) * w for a, w in zip(average, weights_then)]
    for a, b in zip(average, model.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5)
    with np.load(tmp_path / folder.WEIGHTS, allow_pickle=False) as kept:
        for name, weight in weights.named_weights(model).items():
            np.testing.assert_array_equal(kept[name], weight.numpy())
    x, true, _ = next(iter(tf.data.Dataset.range(6).map(splits().train.fetch).batch(6)))
    loss = np.mean((np.asarray(model(x)["y"]) - true["y"].numpy()) ** 2)
    assert state.history[-1]["val_loss"] == pytest.approx(loss, rel=1e-4)


def network_weights_at_start(training):
    fit.seed_everything(0)
    return network(training).get_weights()


@pytest.mark.parametrize("name", ["swa", "moving_average", *ADDONS * compat.has_addons()])
def test_a_crash_changes_no_bit_of_what_an_optimiser_remembers(name, tmp_path):
    training = averaged({"optimizer": name, "swa_first": 1, "swa_steps": 2, "checkpoint_steps": 2})
    whole, state, _ = run(tmp_path / "whole", training)
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path / "run", training, left=8)  # after the first step back of lookahead
    model, again, _ = run(tmp_path / "run", training)
    for a, b in zip(whole.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    losses = [[entry["val_loss"] for entry in s.history] for s in (state, again)]
    assert losses[0] == losses[1]


def test_swa_keeps_the_mean_of_snapshots(tmp_path):
    training = averaged({"optimizer": "swa", "swa_first": 2, "swa_steps": 3, "keep": "last"})
    model, _, watch = run(tmp_path, training)
    snapshots = [watch.weights[step - 1] for step in (3, 6, 9)]
    for *parts, kept in zip(*snapshots, model.get_weights(), strict=True):
        np.testing.assert_allclose(kept, np.mean(parts, axis=0), rtol=1e-5)


def test_the_rate_is_halved_after_a_plateau(tmp_path):
    """With a rate of which every epoch is worse than the first."""
    training = Training(
        epochs=4,
        batch_size=2,
        optimizer="adam",
        learning_rate=50.0,
        schedule="plateau",
        plateau_epochs=1,
    )
    _, state, watch = run(tmp_path, training)
    losses, rate, best = [entry["val_loss"] for entry in state.history], 50.0, np.inf
    for epoch, loss in enumerate(losses):
        assert watch.rates[STEPS * epoch : STEPS * (epoch + 1)] == pytest.approx([rate] * STEPS)
        rate, best = (rate, loss) if loss < best else (rate / 2, best)
    assert watch.rates[-1] < 50


def test_rates_of_the_schedules_by_hand():
    def rates(**changes):
        training = Training(epochs=8, learning_rate=2.0, **changes)
        return [fit.learning_rate(training, epoch / 8) for epoch in (0, 1, 2, 3, 4, 8)]

    assert rates(schedule="constant", warm_up_epochs=2) == [0.02, 1.0, 2.0, 2.0, 2.0, 2.0]
    assert rates(schedule="constant", transfer="run") == [1.0] * 6
    restarted = rates(schedule="cosine_restarts", restart_epochs=2)
    assert restarted == pytest.approx([2.0, 1.01, 2.0, 1.01, 2.0, 2.0])
    assert rates(schedule="cosine")[-1] == pytest.approx(0.02)
    triangle = rates(schedule="cyclical", cycles=2)  # four epochs each
    assert triangle == pytest.approx([0.02, 1.01, 2.0, 1.01, 0.02, 0.02])


def test_the_number_of_pipeline_threads_changes_no_bit(tmp_path, monkeypatch):
    kept = []
    for threads in (1, 7):
        monkeypatch.setattr(pipeline, "THREADS", threads)
        kept.append(run(tmp_path / str(threads), averaged(BOTH))[0].get_weights())
    for a, b in zip(*kept, strict=True):
        np.testing.assert_array_equal(a, b)


class Scale(keras.layers.Layer):
    """Multiplies by a weight that is a single number."""

    def build(self, shape):
        self.scale = self.add_weight(name="scale", shape=(), initializer="ones")

    def call(self, x):
        return x * self.scale


def test_scalar_weights_are_averaged_too():
    inputs = keras.Input((4,))
    model = keras.Model(inputs, Scale(name="scale")(inputs))
    average = fit.Average(model, Training(average=0.5))
    before = [float(value) for value in average.values]
    for weight in model.weights:
        weight.assign(weight + 1.0)
    average.update(100)
    assert [float(v) for v in average.values] == pytest.approx([v + 0.5 for v in before])
    average.swap()
    assert [float(weight.numpy()) for weight in model.weights] == pytest.approx(
        [v + 0.5 for v in before]
    )
    assert [float(value) for value in average.values] == pytest.approx([v + 1.0 for v in before])
