import numpy as np
import pytest
from tensorflow import keras

from seaice_tf.models.losses import LOSSES


@pytest.mark.parametrize("name", LOSSES)
def test_a_cell_of_weight_zero_has_no_say(name):
    model = keras.Sequential([keras.Input((2, 2)), keras.layers.Dense(2, use_bias=False)])
    model.compile("sgd", loss=LOSSES[name], jit_compile=False)
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
