"""Comparison with tensorflow-addons, in its environment only."""

from types import SimpleNamespace

import numpy as np
import pytest
import tensorflow as tf
from tensorflow import keras

from seaice_tf.geopose.data.pose import Pose
from seaice_tf.geopose.scores import overhead
from seaice_tf.icechart.scores import autoice
from seaice_tf.nowcast.data import advection
from seaice_tf.nowcast.networks.motion import GaussianBlur, warp
from seaice_tf.runs import fit
from seaice_tf.settings import Training

tfa = pytest.importorskip("tensorflow_addons", reason="addons environment only")
STEPS, START = 30, [1.0, -2.0, 0.5]


def descend(rule, watch=lambda step: None, variable=None):
    """A weight of three numbers, and where it was after each step down a bowl with noise."""
    variable = tf.Variable(START) if variable is None else variable
    rng, path = np.random.default_rng(0), []
    for step in range(1, STEPS + 1):
        gradient = variable + rng.normal(size=3).astype("float32")
        rule.apply_gradients([(gradient, variable)])
        watch(step)
        path.append(variable.numpy())
    return variable, np.stack(path)


def test_adamw():
    rate, decay = 0.05, 0.1
    ours = keras.optimizers.AdamW(rate, weight_decay=decay)
    # Theirs does not multiply the decay by the rate.
    theirs = tfa.optimizers.AdamW(learning_rate=rate, weight_decay=rate * decay)
    np.testing.assert_allclose(descend(ours)[1], descend(theirs)[1], rtol=1e-4, atol=1e-6)


def averages(training, theirs):
    """Our average of a weight and theirs, after as many steps of the same optimiser."""
    variable = tf.Variable(START)
    ours = fit.Average(SimpleNamespace(weights=[variable]), training)
    descend(keras.optimizers.SGD(0.1), ours.update, variable)
    return ours.values[0], theirs.get_slot(descend(theirs)[0], "average").numpy()


def sgd():
    return keras.optimizers.legacy.SGD(0.1)


@pytest.mark.parametrize("decay", [0.5, 0.99])
def test_the_moving_average(decay):
    # They count steps from 0, we from 1.
    theirs = tfa.optimizers.MovingAverage(
        sgd(), average_decay=decay, dynamic_decay=True, start_step=-1
    )
    ours, other = averages(Training(average=decay), theirs)
    np.testing.assert_allclose(ours, other, rtol=1e-5)


@pytest.mark.parametrize(("first", "steps"), [(0, 10), (4, 7)])
def test_the_mean_of_snapshots(first, steps):
    theirs = tfa.optimizers.SWA(sgd(), start_averaging=first, average_period=steps)
    training = Training(optimizer="swa", swa_first=first, swa_steps=steps)
    ours, other = averages(training, theirs)
    np.testing.assert_allclose(ours, other, rtol=1e-5)


def test_the_exponential_moving_average_of_the_core():
    """With a decay that does not grow, Keras' own is tensorflow-addons'."""
    core = keras.optimizers.SGD(0.1, use_ema=True, ema_momentum=0.9, ema_overwrite_frequency=None)
    descend(core)
    kept = core._model_variables_moving_average[0].numpy()
    theirs = tfa.optimizers.MovingAverage(sgd(), average_decay=0.9)
    slot = theirs.get_slot(descend(theirs)[0], "average")
    np.testing.assert_allclose(kept, slot.numpy(), rtol=1e-5)


@pytest.mark.parametrize("cycles", [1, 3])
def test_the_cyclical_rate(cycles):
    steps, training = 60, Training(learning_rate=0.2, schedule="cyclical", cycles=cycles)
    theirs = tfa.optimizers.TriangularCyclicalLearningRate(
        fit.LOWEST_RATE * 0.2, 0.2, step_size=steps / cycles / 2
    )
    ours = [fit.learning_rate(training, step / steps) for step in range(steps)]
    assert ours == pytest.approx([float(theirs(step)) for step in range(steps)], rel=1e-4)


def classes():
    rng = np.random.default_rng(1)
    true = rng.integers(0, 5, 400)
    return true, np.where(rng.random(400) < 0.6, true, rng.integers(0, 5, 400))


def test_f1():
    true, pred = classes()
    matrix = autoice.confusion(true.astype("uint8"), pred.astype("uint8"), 5)
    one_hot = [tf.one_hot(each, 5) for each in (true, pred)]
    for average, ours in ((None, autoice.f1(matrix)), ("weighted", autoice.weighted_f1(matrix))):
        for kind in (tfa.metrics.F1Score(5, average=average), keras.metrics.F1Score(average)):
            kind.update_state(*one_hot)
            np.testing.assert_allclose(ours, kind.result(), rtol=1e-5)


def r2_of(kind, true, pred):
    kind.update_state(*(np.asarray(each, "float32").reshape(-1, 1) for each in (true, pred)))
    return float(kind.result())


@pytest.mark.parametrize("kind", [tfa.metrics.RSquare, keras.metrics.R2Score])
def test_r2(kind):
    true, pred = classes()
    matrix = autoice.confusion(true.astype("uint8"), pred.astype("uint8"), 5)
    assert autoice.r2(matrix) == pytest.approx(r2_of(kind(), true, pred), rel=1e-5)
    rng, pose = np.random.default_rng(2), Pose(0.01, 1.0)
    heights = rng.random((20, 30)) * 50
    found = heights + rng.normal(size=heights.shape)
    total = overhead.sums(heights, pose, found, pose)
    assert overhead.r2(total)[0] == pytest.approx(r2_of(kind(), heights, found), rel=1e-5)


def images(channels=2):
    return np.random.default_rng(3).random((2, 24, 30, channels)).astype("float32")


def test_the_gaussian_blur():
    """Away from the edges, where each has a rule of its own."""
    sigma, reach = 1.3, 7
    ours = GaussianBlur((sigma, sigma))(images()).numpy()
    theirs = tfa.image.gaussian_filter2d(images(), 2 * reach + 1, sigma).numpy()
    inside = np.s_[:, reach:-reach, reach:-reach]
    np.testing.assert_allclose(ours[inside], theirs[inside], atol=1e-5)


def test_the_dense_warp():
    flow = np.random.default_rng(4).normal(scale=3, size=(2, 24, 30, 2)).astype("float32")
    theirs = tfa.image.dense_image_warp(images(), flow).numpy()
    np.testing.assert_allclose(warp(tf.constant(images()), flow).numpy(), theirs, atol=1e-5)
    of_numpy = advection.warp(images()[0, ..., 0], flow[0])
    np.testing.assert_allclose(of_numpy, theirs[0, ..., 0], atol=1e-5)
