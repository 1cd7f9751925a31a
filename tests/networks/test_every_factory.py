"""Every factory as users of Keras expect it: saved, cloned, served in another model, validated."""

import importlib
import pkgutil
from typing import get_args

import keras_tuner
import numpy as np
import pytest
import tensorflow as tf
from tensorflow import keras

from seaice_tf import compat
from seaice_tf.clouds import choices as clouds
from seaice_tf.clouds.data.postprocessing import DEFAULT
from seaice_tf.clouds.networks import losses as cloud_losses
from seaice_tf.clouds.networks import serving as cloud_serving
from seaice_tf.clouds.networks import texture
from seaice_tf.errors import InputError
from seaice_tf.forecast.networks import autoencoder, crops, distribution, sequences
from seaice_tf.forecast.networks.cell_network import class_network
from seaice_tf.forecast.networks.unet import correction_unet
from seaice_tf.geopose import choices as geopose_choices
from seaice_tf.geopose.networks import unet as geopose
from seaice_tf.geopose.networks.losses import HEIGHT_LOSSES
from seaice_tf.icechart import choices as icechart_choices
from seaice_tf.icechart.networks import unet as icechart
from seaice_tf.networks import encoders, unet
from seaice_tf.networks.encoder_names import Encoder
from seaice_tf.nowcast import choices as nowcast
from seaice_tf.nowcast.networks import cnns, perceiver
from seaice_tf.nowcast.networks import serving as nowcast_serving
from seaice_tf.nowcast.networks.per_lead_unet import per_lead_unet
from seaice_tf.settings import with_values
from seaice_tf.tasks import NAMES, TASKS
from tests.inputs import example

FRAMES = {"frames": 3, "leads": 2, "side": 32, "target": 16}
GRID = {"rows": 16, "columns": 24}


def codes():
    return autoencoder.autoencoder(**GRID, filters=(2, 3), code=4)


def masks():
    heads = {"masks": (4, "sigmoid")}
    return unet.encoder_unet((32, 48, 3), heads, pooled_heads={"class_probabilities": (4, None)})


def crop_model():
    return crops.conv_lstm(2, 8, filters=(2,))


def posed(**options):
    return geopose.network(decoder_filters=(2, 2, 3, 3, 4), **options)


def charted(head):
    return icechart.network(3, head, filters=(2, 3), gates=True, attention_heads=1)


FACTORIES = {
    "unet": lambda: unet.unet((None, None, 2), {"map": (1, None)}, filters=(2, 3), gates=True),
    "unet_attention": lambda: unet.unet(
        (8, 8, 2), {"map": (1, None)}, scalar_heads=("s",), filters=(2, 4), attention_heads=2
    ),
    "encoder_unet": masks,
    "autoencoder": codes,
    "last_year": lambda: autoencoder.last_year_through_code(codes()),
    "lstm": lambda: sequences.lstm(3, 4, units=(3, 2), norm=True, conv_filters=2),
    "attention": lambda: sequences.attention(3, 4, blocks=2, heads=2),
    "on_codes": lambda: sequences.on_codes(sequences.lstm(3, 4, units=(3,)), codes()),
    "on_images": lambda: sequences.on_images(sequences.lstm(3, 4, units=(3,)), codes()),
    "months_forecast": lambda: sequences.serving_model(
        sequences.on_images(sequences.lstm(2, 4, units=(3,)), codes()), **GRID, years=2
    ),
    "crops_conv_lstm": crop_model,
    "crops_lstm": lambda: crops.lstm(2, 8, units=(3,), width=4),
    "crops_attention": lambda: crops.attention(2, 8, blocks=1, heads=2, width=4),
    "on_grid": lambda: crops.on_grid(crop_model(), **GRID, stride=4),
    "correction_unet": lambda: correction_unet(16, 24, years=2, base_years=2, filters=(2, 3)),
    "class_network": lambda: class_network(members=2, width=3),
    "distribution": lambda: distribution.serving_model(class_network(members=1, width=3), 16, 24),
    "icechart": lambda: charted("regression"),
    "icechart_serving": lambda: icechart.raw_serving_model(
        icechart.serving_model(charted("ordinal"), "ordinal"), ("nersc_sar_primary", "a", "b")
    ),
    "per_lead_unet": lambda: per_lead_unet(filters=(2, 3), earlier=(1,), margin=4, **FRAMES),
    "flow_unet": lambda: cnns.flow_unet(filters=(2, 3), recent=2, margin=4, **FRAMES),
    "cnn_cnn": lambda: cnns.cnn_cnn(shared_filters=2, decoder_filters=(2, 3), **FRAMES),
    "conv_lstm": lambda: cnns.conv_lstm(filters=(2, 4), **FRAMES),
    "flow_alone": lambda: cnns.flow_alone(blur=True, **FRAMES),
    "perceiver": lambda: perceiver.flow_perceiver(16, latents=2, width=4, blocks=1, heads=2),
    "nowcast_serving": lambda: nowcast_serving.TTA["flips"](
        nowcast_serving.serving_model(cnns.conv_lstm(filters=(2, 4), **FRAMES))
    ),
    "texture": lambda: texture.ridge(3, 4),
    "clouds_serving": lambda: cloud_serving.serving_model(masks(), 32, 48, DEFAULT, tta="flips"),
    "geopose": posed,
    "geopose_serving": lambda: geopose.serving_model(posed(scale_by="fit", pose_from="bottleneck")),
}
# Their export takes seconds; tests/test_every_task.py has one of each system.
SLOW = "distribution conv_lstm flow_alone clouds_serving cnn_cnn icechart_serving flow_unet geopose"
SLOW += " nowcast_serving geopose_serving encoder_unet icechart per_lead_unet perceiver"
with_saved_model_layer = pytest.mark.skipif(
    not hasattr(keras.layers, "TFSMLayer"), reason="Keras 2 has no TFSMLayer"
)
every_factory = pytest.mark.parametrize("name", FACTORIES)


def every_factory_later(mark):
    """All factories, those of SLOW with a mark."""
    names = [pytest.param(n, marks=mark) if n in SLOW.split() else n for n in FACTORIES]
    return pytest.mark.parametrize("name", names)


@pytest.fixture(autouse=True)
def tiny_encoder(monkeypatch):
    monkeypatch.setattr(encoders, "SMALL_FILTERS", (2, 2, 3, 3, 4))


def arguments(model):
    """An example for each input of a model, a batch of one, by name."""
    return {each.name: tf.constant(example(each)) for each in model.inputs}


def answer(model, inputs):
    values = tuple(inputs.values())
    return tf.nest.flatten(model(values if len(values) > 1 else values[0]))


def assert_equal(found, expected):
    assert len(found) == len(expected)
    for one, other in zip(found, expected):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-4)


@every_factory_later(pytest.mark.slow)
def test_a_saved_file_and_a_clone_give_the_same(name, tmp_path):
    model = FACTORIES[name]()
    assert not getattr(model, "compiled", False)
    inputs = arguments(model)
    expected = answer(model, inputs)
    model.save(tmp_path / "model.keras")
    assert_equal(answer(keras.models.load_model(tmp_path / "model.keras"), inputs), expected)
    clone = keras.models.clone_model(model)
    clone.set_weights(model.get_weights())
    assert_equal(answer(clone, inputs), expected)


@with_saved_model_layer
@every_factory_later(pytest.mark.soak)
def test_a_saved_model_is_a_layer_of_another_model(name, tmp_path):
    model = FACTORIES[name]()
    inputs = arguments(model)
    compat.export(model, tmp_path / "saved_model")
    layer = keras.layers.TFSMLayer(str(tmp_path / "saved_model"), call_endpoint="serve")
    first, *others = inputs
    found = layer(inputs[first], **{each: inputs[each] for each in others})
    assert_equal(tf.nest.flatten(found), answer(model, inputs))


def test_an_export_traces_each_endpoint_once(tmp_path):
    calls = []

    class Counted(keras.layers.Layer):
        def call(self, x):
            calls.append(x.shape)
            return 2 * x

    x = keras.Input((3,), name="x")
    model = keras.Model(x, {"y": Counted(name="counted")(keras.layers.Dense(2, name="dense")(x))})
    other = keras.Model(x, {"z": model.output["y"] + 1})
    calls.clear()
    compat.export(model, tmp_path / "saved_model", other=other)
    assert len(calls) == 2
    served = tf.saved_model.load(str(tmp_path / "saved_model"))
    given = tf.ones((4, 3))
    np.testing.assert_allclose(served.serve(x=given)["y"], model(given)["y"], rtol=1e-6)
    np.testing.assert_allclose(served.other(given)["z"], model(given)["y"] + 1, rtol=1e-6)
    assert {each.shape for each in served.variables} == {(3, 2), (2,)}


@pytest.mark.skipif("tf_keras" in keras.Model.__module__, reason="keras-tuner refuses tf_keras")
def test_a_tuner_of_one_s_own_takes_the_space_of_a_task(tmp_path):
    task = TASKS["forecast"]
    base = with_values(task.settings(), {"members": 1, "width": 4})

    class Smallest(keras_tuner.RandomSearch):
        def run_trial(self, trial, *rest, **options):
            settings = task.training.space(trial.hyperparameters, base)
            return {"val_loss": float(task.training.build(settings).count_params())}

    tuner = Smallest(objective="val_loss", max_trials=2, directory=tmp_path, project_name="own")
    tuner.search()
    (best,) = tuner.oracle.get_best_trials(1)
    assert best.score > 0


def layer_classes():
    """Every layer of the package by its name and module."""
    found = []
    for room in ("", *(f"{name}." for name in NAMES)):
        package = importlib.import_module(f"seaice_tf.{room}networks")
        for _, module, _ in pkgutil.iter_modules(package.__path__, package.__name__ + "."):
            for kind in vars(importlib.import_module(module)).values():
                own = isinstance(kind, type) and kind.__module__ == module
                if own and issubclass(kind, keras.layers.Layer) and kind.__name__[0] != "_":
                    found.append(kind)
    return found


def test_every_layer_is_registered_under_a_name_of_its_own():
    classes = layer_classes()
    assert len(classes) > 45
    for kind in classes:
        assert keras.utils.get_registered_object(f"seaice_tf>{kind.__name__}") is kind


def test_settings_offer_what_is_implemented():
    assert get_args(Encoder) == tuple(encoders.KINDS)
    assert get_args(clouds.Loss) == tuple(cloud_losses.LOSSES)
    assert get_args(geopose_choices.HeightLoss) == tuple(HEIGHT_LOSSES)
    assert get_args(icechart_choices.SicHeadName) == tuple(icechart.SIC_HEADS)
    assert get_args(nowcast.ResidualTo) == tuple(cnns.RESIDUALS)
    assert get_args(nowcast.Blur) == tuple(cnns.BLURS)
    assert get_args(nowcast.FlowSource) == tuple(perceiver.FLOW_SOURCES)
    assert get_args(nowcast.Tta) == tuple(nowcast_serving.TTA)


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: sequences.attention(5, 250), "attention: code: expected a multiple of heads, 8"),
        (lambda: sequences.lstm(0, 4), "lstm: years: expected a whole number from 1, got 0"),
        (lambda: sequences.lstm(3, 4, units=()), "lstm: units: expected one or more"),
        (lambda: crops.attention(width=20), "attention: width: expected a multiple of heads"),
        (lambda: crops.conv_lstm(filters=(2.5,)), "conv_lstm: filters: expected one or more"),
        (lambda: autoencoder.autoencoder(16, 16, code=0), "autoencoder: code: expected"),
        (lambda: unet.unet((8, 8, 1), {"a": (1, None)}, filters=()), "unet: filters: expected one"),
        (lambda: unet.unet((8, 8), {"a": (1, None)}), "unet: input_shape: expected (height"),
        (lambda: unet.unet((8, 8, 1), {}), "unet: map_heads: expected one or more heads"),
        (lambda: unet.unet((8, 8, 1), {"a": (0, None)}), "channels of a: expected a whole number"),
        (
            lambda: unet.encoder_unet((32, 32, 3), {"a": (1, None)}, decoder_filters=(2,) * 6),
            "decoder_filters: expected at most 5",
        ),
        (lambda: correction_unet(8, 8, years=2), "base_years: expected at most years, 2, got 5"),
        (lambda: correction_unet(8, 8, pole_hole_fill="no"), "pole_hole_fill: expected"),
        (lambda: class_network(members=0), "class_network: members: expected"),
        (lambda: icechart.network(0), "icechart: channels: expected a whole number from 1"),
        (lambda: icechart.network(3, "sum"), "icechart: sic_head: expected one of regression"),
        (lambda: geopose.network(scale_by="eye"), "geopose: scale_by: expected one of head, fit"),
        (lambda: geopose.network(decoder_filters=()), "decoder_filters: expected one or more"),
        (lambda: texture.ridge(3, 0), "ridge: classes: expected a whole number from 1"),
        (lambda: texture.ridge(3, 4, penalty=-1), "ridge: penalty: expected at least 0"),
        (lambda: cnns.conv_lstm(filters=()), "filters: expected one or more"),
        (lambda: cnns.flow_unet(side=32, target=64), "target: expected side, 32, or an even"),
        (lambda: cnns.flow_unet(blur="all"), "blur: expected one of none, forecast, output"),
        (lambda: perceiver.flow_perceiver(18), "side: expected a multiple of cell, 4, got 18"),
    ],
)
def test_arguments_are_validated_in_words(build, message):
    with pytest.raises(InputError) as caught:
        build()
    assert message in str(caught.value)
    assert isinstance(caught.value, ValueError)
