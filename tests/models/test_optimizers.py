import numpy as np
import pytest
from tensorflow import keras

from seaice_tf import compat
from seaice_tf.errors import InputError
from seaice_tf.models.optimizers import optimizer
from seaice_tf.settings import Training

ADDONS = ("lamb", "rectified_adam", "lookahead")
needs_addons = pytest.mark.skipif(not compat.has_addons(), reason="tensorflow-addons lane only")


def descends(name):
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    model.compile(optimizer(Training(optimizer=name, learning_rate=0.05)), "mse", jit_compile=False)
    x = np.random.default_rng(0).normal(size=(64, 3)).astype("float32")
    losses = model.fit(x, x.sum(axis=1), epochs=8, verbose=0).history["loss"]
    return losses[-1] < losses[0]


@pytest.mark.parametrize("name", ["adam", "adamw", "sgd"])
def test_the_core_optimisers_descend(name):
    assert descends(name)


@needs_addons
@pytest.mark.parametrize("name", ADDONS)
def test_those_of_addons_descend(name):
    assert descends(name)


@pytest.mark.skipif(compat.has_addons(), reason="lanes without tensorflow-addons only")
@pytest.mark.parametrize("name", ADDONS)
def test_without_addons_the_error_names_the_install_line(name):
    with pytest.raises(InputError, match=r"pip install 'seaice_tf\[addons\]'"):
        optimizer(Training(optimizer=name))
