import numpy as np
import pytest
import tensorflow as tf

from seaice_tf import compat
from seaice_tf.errors import InputError
from seaice_tf.icechart.data import decision
from seaice_tf.icechart.data.charts import CHARTS, CLASSES, physical
from seaice_tf.icechart.networks import unet
from seaice_tf.icechart.networks.losses import SIC_LOSSES, chart_cross_entropy

SMALL = {"filters": (2, 3)}


@pytest.fixture(scope="module")
def network():
    """A network with gates and attention, of any size."""
    return unet.network(3, "ordinal", gates=True, attention_heads=2, **SMALL)


def heads(sic: str, consistent: bool, seed: int = 0) -> dict:
    rng = np.random.default_rng(seed)
    width = {"regression": 1, "classification": 11, "ordinal": 10}[sic]
    head = rng.normal(size=(1, 9, 7, width)) * 5 + (5 if sic == "regression" else 0)
    shapes = [(1, 9, 7, 6), (1, 9, 7, 7), *([(1, 9, 7, 1)] if consistent else [])]
    values = (head, *(3 * rng.normal(size=shape) for shape in shapes))
    return {n: tf.constant(x, tf.float32) for n, x in zip((*CHARTS, unet.WATER), values)}


def decided(sic, consistent, kind="entropy", temperatures=(2.0, 1.5, 0.7, 1.3)):
    layer = unet.DecideCharts(sic, consistent, kind, temperatures)
    return {name: value.numpy()[0] for name, value in layer(heads(sic, consistent)).items()}


@pytest.mark.parametrize("depth", [4, 6, 8])
def test_filters_of_each_depth(depth):
    assert len(unet.FILTERS[depth]) == depth
    assert unet.FILTERS[depth] == (16, *(depth - 1) * (32,))


@pytest.mark.parametrize("sic", list(SIC_LOSSES))
@pytest.mark.parametrize("consistent", [True, False])
def test_the_layer_equals_the_functions_on_arrays(sic, consistent):
    for kind in ("entropy", "least_confidence"):
        found = decided(sic, consistent, kind)
        expected = decision.decide(found, consistent)
        for chart in CHARTS:
            np.testing.assert_array_equal(found[chart], expected[chart])
            assert found[chart].dtype == np.uint8
            probabilities = found[f"{chart}_probabilities"]
            assert probabilities.shape == (9, 7, len(CLASSES[chart]))
            np.testing.assert_allclose(probabilities.sum(axis=-1), 1, atol=1e-5)
        wanted = decision.uncertainty(found, kind)
        np.testing.assert_allclose(found["uncertainty"], wanted, atol=1e-5)
        assert ((wanted >= -1e-6) & (wanted <= 1 + 1e-6)).all()


@pytest.mark.parametrize("sic", list(SIC_LOSSES))
def test_consistent_charts_have_the_same_open_water(sic):
    found = decided(sic, consistent=True)
    water = heads(sic, True)["water"].numpy()[0, ..., 0] > 0
    for chart in CHARTS:
        np.testing.assert_array_equal(found[chart] == 0, water)
    assert 0 < water.sum() < water.size


def test_a_regression_is_clipped_and_its_temperature_is_its_variance():
    found = decided("regression", consistent=False, temperatures=(4.0, 1.0, 1.0, 1.0))
    raw = heads("regression", False)["SIC"].numpy()[0, ..., 0]
    assert raw.min() < 0 < 10 < raw.max()
    np.testing.assert_array_equal(found["SIC"], np.rint(np.clip(raw, 0, 10)))
    i, j = np.argwhere((raw > 2) & (raw < 8))[0]
    density = np.exp(-((np.arange(11) - raw[i, j]) ** 2) / (2 * 4.0))
    np.testing.assert_allclose(found["SIC_probabilities"][i, j], density / density.sum(), rtol=1e-4)


def test_ordinal_probabilities_of_a_hand_made_pixel():
    above = np.array([0.9, 0.9, 0.4, *7 * [0.0]])  # more than 0, 1, 2 tenths
    logits = np.log((above + 1e-9) / (1 - above + 1e-9)).astype(np.float32)
    probabilities = tf.exp(
        unet.class_logits("ordinal", {"SIC": logits[None], "SOD": 0, "FLOE": 0})["SIC"]
    )
    np.testing.assert_allclose(probabilities[0, :4], [0.1, 0.0, 0.5, 0.4], atol=1e-5)


def test_losses_of_hand_made_pixels():
    logits = tf.constant([[[[0.0, np.log(3.0)]]]])
    assert float(chart_cross_entropy([[[[1.0]]]], logits)[0, 0, 0, 0]) == pytest.approx(
        -np.log(0.75)
    )
    assert float(chart_cross_entropy([[[[255.0]]]], logits)[0, 0, 0, 0]) == 0
    passed = tf.constant([[[[50.0] * 4 + [-50.0] * 6]]])
    ordinal = SIC_LOSSES["ordinal"]
    assert float(ordinal([[[[4.0]]]], passed)[0, 0, 0, 0]) == pytest.approx(0, abs=1e-6)
    assert float(ordinal([[[[5.0]]]], passed)[0, 0, 0, 0]) == pytest.approx(5.0)


@pytest.mark.parametrize("size", [(16, 16), (13, 7), (5, 9)])
def test_any_image_size(network, size):
    outputs = network(np.zeros((2, *size, 3), np.float32))
    shapes = {name: tuple(value.shape) for name, value in outputs.items()}
    assert shapes == {
        "SIC": (2, *size, 10),
        "SOD": (2, *size, 6),
        "FLOE": (2, *size, 7),
        "water": (2, *size, 1),
    }


def test_the_saved_model_takes_any_size_and_equals_the_model(network, tmp_path):
    model = unet.serving_model(network, "ordinal")
    channels = ("nersc_sar_primary", "t2m", "month_sine")
    raw = unet.raw_serving_model(model, channels)
    compat.export(model, tmp_path / "saved", serve_raw=raw)
    loaded = tf.saved_model.load(str(tmp_path / "saved"))
    for size in ((13, 7), (8, 16)):
        image = np.random.default_rng(0).normal(size=(1, *size, 3)).astype(np.float32)
        expected = model(image)
        for name, value in loaded.serve(tf.constant(image)).items():
            np.testing.assert_allclose(value, expected[name], atol=1e-5)
    units = np.concatenate(
        [physical(c, image[..., i : i + 1]) for i, c in enumerate(channels[:2])] + [image[..., 2:]],
        axis=-1,
    )
    units[0, 0, 0] = np.nan
    image[0, 0, 0] = 0
    expected = model(image)["concentration"]
    found = loaded.serve_raw(tf.constant(units))["concentration"]
    np.testing.assert_allclose(found, expected, atol=1e-3)


def test_an_unknown_sic_head_is_an_error():
    with pytest.raises(InputError, match="sic_head: expected one of regression"):
        unet.network(3, "typo")
