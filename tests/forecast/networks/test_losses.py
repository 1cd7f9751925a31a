import typing

import numpy as np
import pytest
from tensorflow import keras

from seaice_tf.forecast.networks.losses import LOSSES, image_cross_entropy
from seaice_tf.forecast.settings import UNet


def test_every_loss_is_a_choice_of_the_settings():
    assert set(typing.get_args(typing.get_type_hints(UNet)["loss"])) == set(LOSSES)


@pytest.mark.parametrize("loss", [*LOSSES.values(), image_cross_entropy])
def test_a_cell_of_weight_zero_has_no_influence(loss):
    model = keras.Sequential([keras.Input((2, 2)), keras.layers.Dense(2, use_bias=False)])
    model.compile("sgd", loss=loss, jit_compile=False)
    x, weight = np.ones((1, 2, 2)), np.array([[[1.0, 0.0], [1.0, 0.0]]])
    start = model.get_weights()
    results = []
    for hidden in (0.0, 1e6):
        model.set_weights(start)
        true = np.array([[[3.0, hidden], [3.0, hidden]]])
        results.append(model.train_on_batch(x, true, sample_weight=weight))
    assert np.ravel(results[0])[0] == pytest.approx(np.ravel(results[1])[0])


def test_losses_keep_every_cell():
    true, pred = np.array([[1.0, 2.0]]), np.array([[3.0, 2.5]])
    np.testing.assert_allclose(LOSSES["absolute_error"](true, pred), [[2, 0.5]])
    np.testing.assert_allclose(LOSSES["squared_error"](true, pred), [[4, 0.25]])


def test_cross_entropy_is_least_and_the_entropy_at_the_truth():
    true = np.array([0.0, 0.3, 1.0], np.float32)
    floor = image_cross_entropy(true, true).numpy()
    np.testing.assert_allclose(floor, [0, -0.3 * np.log(0.3) - 0.7 * np.log(0.7), 0], atol=1e-6)
    for step in (-0.1, 0.1):
        assert (image_cross_entropy(true, np.clip(true + step, 0, 1)).numpy() >= floor).all()
