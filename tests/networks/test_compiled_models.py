"""Compiled networks are saved and loaded by Keras, with their losses."""

import numpy as np
import pytest
import tensorflow as tf
from tensorflow import keras

from seaice_tf.clouds.networks import losses as clouds
from seaice_tf.forecast.networks import losses as forecast
from seaice_tf.forecast.settings import AnomalyCodes, AnomalyCrops, Autoencoder, Crops
from seaice_tf.geopose.networks import losses as geopose
from seaice_tf.icechart.networks import losses as icechart
from seaice_tf.networks import encoders
from seaice_tf.nowcast.networks.losses import FrameLoss
from seaice_tf.nowcast.networks.perceiver import endpoint_error
from seaice_tf.settings import with_values
from seaice_tf.tasks import TASKS
from tests.networks.test_environments import NETWORKS

LOSSES = {
    **{f"forecast_{name}": loss for name, loss in forecast.LOSSES.items()},
    "forecast_image_cross_entropy": forecast.image_cross_entropy,
    "forecast_classes": forecast.class_cross_entropy,
    "forecast_departure": forecast.departure_error,
    **{f"chart_{name}": loss for name, loss in icechart.SIC_LOSSES.items()},
    "chart_water": icechart.binary_cross_entropy,
    "frames": FrameLoss(0.4),
    "flow": endpoint_error,
    **{f"masks_{name}": loss for name, loss in clouds.LOSSES.items()},
    **{f"height_{name}": loss for name, loss in geopose.HEIGHT_LOSSES.items()},
}
MODELS = {
    **NETWORKS,
    "forecast-anomaly_codes": {
        "network": AnomalyCodes("attention_codes", codes=3, units=4, members=2, width=4, months=2)
    },
    "forecast-anomaly_crops": {
        "network": AnomalyCrops(filters=(2,), kernel=3, members=2, width=4, months=2)
    },
    "forecast-autoencoder": {"network": Autoencoder("two_conv_small", code=4)},
    "forecast-crops": {"network": Crops("crops_conv_lstm", history_years=2)},
    "icechart-ordinal": NETWORKS["icechart"] | {"sic_head": "ordinal", "consistent": True},
    "clouds-dice": NETWORKS["clouds"] | {"loss": "bce_dice"},
    "geopose-huber": NETWORKS["geopose"] | {"loss": "huber", "scale_by": "fit"},
}


@pytest.mark.parametrize("name", LOSSES)
def test_a_loss_is_made_again_from_its_config(name):
    loss = LOSSES[name]
    again = keras.utils.deserialize_keras_object(keras.utils.serialize_keras_object(loss))
    rng = np.random.default_rng(0)
    shape = (1, 2, 64, 64) if name == "frames" else (2, 3, 4, 10)
    pred = tf.constant(rng.random(shape), tf.float32)
    rest = {"forecast_classes": (1,), "chart_classification": (4, 1), "chart_ordinal": (4, 1)}
    true = tf.constant(rng.random((*shape[:2], *rest.get(name, shape[2:]))), tf.float32)
    np.testing.assert_array_equal(loss(true, pred), again(true, pred))
    if isinstance(loss, keras.losses.Loss):
        assert again.get_config() == loss.get_config()


def built(name, folder):
    task = TASKS[name.split("-")[0]]
    settings = with_values(task.settings(), MODELS[name])
    if task.name == "forecast":
        settings = with_values(settings, {"data": str(folder)})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(encoders, "SMALL_FILTERS", (2, 2, 3, 3, 4))
        return task.training.build(settings)


def drawn(tensor, rng):
    return tf.cast(rng.random((2, *(side or 32 for side in tensor.shape[1:]))), tensor.dtype)


@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=pytest.mark.slow) if n == "nowcast" else n for n in MODELS]
)
def test_a_compiled_network_is_saved_and_loaded(name, ice_archive, tmp_path):
    model = built(name, ice_archive)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    for own, other in zip(model.get_weights(), loaded.get_weights(), strict=True):
        np.testing.assert_array_equal(own, other)
    rng = np.random.default_rng(0)
    inputs = tf.nest.map_structure(lambda each: drawn(each, rng), model.input)
    outputs, again = (each.predict_on_batch(inputs) for each in (model, loaded))
    for one, other in zip(tf.nest.flatten(outputs), tf.nest.flatten(again), strict=True):
        np.testing.assert_array_equal(one, other)
    assert loaded.optimizer is not None
    assert set(loaded.loss) == set(model.loss)
    for head, loss in model.loss.items():
        name = getattr(loss, "__name__", getattr(loss, "name", None))
        other = loaded.loss[head]
        assert getattr(other, "__name__", getattr(other, "name", None)) == name
