import dataclasses

import numpy as np
import pytest
from tensorflow import keras

from seaice_tf import compat
from seaice_tf.errors import InputError
from seaice_tf.networks.optimizers import ADDONS, names, optimizer
from seaice_tf.settings import Training, networks
from seaice_tf.tasks import TASKS

needs_addons = pytest.mark.skipif(not compat.has_addons(), reason="addons environment only")


def descends(name, **changes):
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    rule = optimizer(Training(optimizer=name, learning_rate=0.05, **changes))
    model.compile(rule, "mse", jit_compile=False)
    x = np.random.default_rng(0).normal(size=(64, 3)).astype("float32")
    losses = model.fit(x, x.sum(axis=1), epochs=8, verbose=0).history["loss"]
    return losses[-1] < losses[0]


@pytest.mark.parametrize("name", ["adam", "adamw", "sgd", "swa"])
def test_the_core_optimisers_descend(name):
    assert descends(name)


@needs_addons
@pytest.mark.parametrize("name", ADDONS)
def test_those_of_addons_descend(name):
    assert descends(name)


@pytest.mark.skipif(compat.has_addons(), reason="not in the addons environment")
@pytest.mark.parametrize("name", ADDONS)
def test_without_addons_the_error_names_the_install_line(name):
    with pytest.raises(InputError, match=r"pip install 'seaice_tf\[addons\]'"):
        optimizer(Training(optimizer=name))


@needs_addons
def test_lookahead_wraps_what_it_is_told():
    assert descends("lookahead", wrapped="sgd")
    with pytest.raises(InputError, match="expected adam or sgd inside lookahead, got adamw"):
        Training(optimizer="lookahead", wrapped="adamw")


class Drawn:
    """Stands for Keras Tuner's hyperparameters: gives the last of every choice, and notes all."""

    def __init__(self):
        self.choices, self.names = {}, []

    def Choice(self, name, values, **rest):
        self.names.append(name)
        self.choices[name] = values
        return values[-1]

    def Float(self, name, least, most, **rest):
        self.names.append(name)
        return most

    Int = Float

    def Boolean(self, name, **rest):
        self.names.append(name)
        return True


@pytest.mark.parametrize("task", TASKS.values(), ids=TASKS)
def test_a_sweep_of_every_task_draws_what_this_environment_has(task):
    drawn, settings = Drawn(), task.settings()
    chosen = task.training.space(drawn, settings).training
    expected = {"adam", "adamw", "sgd", "swa", *ADDONS * compat.has_addons()}
    assert set(drawn.choices["optimizer"]) - {"moving_average"} == expected
    assert ("moving_average" in drawn.choices["optimizer"]) == (settings.training.average == 0)
    assert drawn.choices["optimizer"][0] == settings.training.optimizer
    assert {"cosine", "cyclical"} <= set(drawn.choices["schedule"])
    assert chosen.schedule == "cyclical"
    for name in names(settings.training):
        optimizer(Training(optimizer=name))


FORECASTS = {
    "distribution": {"width"},
    "unet": {"width", "depth", "history_years", "base_years", "crop", "flip"},
    "autoencoder": {"variant"},
    "sequence": {"variant", "history_years"},
    "crops": {"variant", "history_years"},
}


@pytest.mark.parametrize("network", FORECASTS)
def test_a_sweep_of_every_forecast_draws_its_architecture_and_history(network):
    task, drawn = TASKS["forecast"], Drawn()
    kinds = networks(task.settings)
    settings = dataclasses.replace(task.settings(), network=kinds[network]())
    chosen = task.training.space(drawn, settings)
    training = {"learning_rate", "schedule", "optimizer", "batch_size"}
    assert set(drawn.names) == FORECASTS[network] | training
    assert chosen.network.name == network
    assert chosen.history == settings.history  # the last choice is the settings' own
    if network in ("autoencoder", "sequence", "crops"):
        assert {32} <= set(drawn.choices["batch_size"])  # of the released model
        assert chosen.training.learning_rate >= 0.1
