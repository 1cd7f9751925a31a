"""Networks of departures: what they start from, what they see, and how members are cross-fitted."""

import numpy as np
import pytest
import tensorflow as tf
from tensorflow import keras

from seaice_tf import compat
from seaice_tf.forecast import anomaly_examples
from seaice_tf.forecast.data import counts
from seaice_tf.forecast.data.counts import FULL_ICE
from seaice_tf.forecast.networks import (
    anomaly_codes,
    anomaly_crops,
    crops,
    departures,
    distribution,
)
from seaice_tf.forecast.networks.feature_table import FEATURES, INDEX
from seaice_tf.networks import weights

MONTHS, CODES, CELLS, MEMBERS = 3, 4, 30, 2
TRAINED = {
    **{
        name: lambda factory=factory: anomaly_codes.code_network(
            MONTHS, CODES, CELLS, sequence=factory, members=MEMBERS, width=5
        )
        for name, factory in anomaly_codes.VARIANTS.items()
    },
    "crops": lambda: anomaly_crops.crop_network(
        MONTHS, 8, filters=(2, 3), kernel=3, members=MEMBERS, width=5
    ),
}


def inputs_of(kind, batch=2, n=6):
    rng = np.random.default_rng(0)
    features = rng.random((batch, n, len(FEATURES)), np.float32)
    if kind == "crops":
        return {
            "anomalies": rng.normal(size=(batch, MONTHS, 8, 8)).astype(np.float32),
            "features": features,
            "cell": rng.integers(0, 64, (batch, n)).astype(np.int32),
        }
    return {
        "codes": rng.normal(size=(batch, MONTHS, CODES)).astype(np.float32),
        "season": rng.normal(size=(batch, 2)).astype(np.float32),
        "held_out": np.ones((batch, 12, MEMBERS), np.float32),
        "features": features,
        "lead": rng.integers(0, 12, (batch, n)).astype(np.int32),
        "place": rng.integers(0, CELLS, (batch, n)).astype(np.int32),
    }


@pytest.mark.parametrize("kind", TRAINED)
def test_training_starts_from_the_five_year_climatology(kind):
    inputs = inputs_of(kind)
    outputs = TRAINED[kind]()(inputs)
    means = inputs["features"][..., [INDEX["mean_5"], INDEX["mean_10"]]]
    expected = means[..., :1] - means[..., 1:]
    np.testing.assert_allclose(
        outputs["departure"], np.repeat(expected, MEMBERS, -1), rtol=0, atol=1e-6
    )
    assert not np.any(outputs["classes"])
    if "codes" in outputs:
        assert not np.any(outputs["codes"])


@pytest.mark.parametrize("kind", TRAINED)
def test_weights_have_one_name_each(kind):
    model = TRAINED[kind]()
    assert len(weights.named_weights(model)) == len(model.weights)


def test_the_head_sees_members_that_left_the_year_out():
    model = TRAINED["damped_codes"]()
    rng = np.random.default_rng(1)
    for weight in model.weights:
        weight.assign(rng.normal(size=weight.shape))
    inputs = inputs_of("damped_codes")
    inputs["held_out"][:] = 0
    inputs["held_out"][:, :, 1] = 1
    before = model(inputs)
    sequence = model.get_layer("sequence0")
    sequence.set_weights([2 * w for w in sequence.get_weights()])
    after = model(inputs)
    np.testing.assert_array_equal(before["departure"], after["departure"])
    assert np.any(before["codes"] != after["codes"])
    inputs["held_out"][:] = 1
    assert np.any(model(inputs)["departure"] != after["departure"])


def test_members_learn_from_codes_alone():
    model = TRAINED["lstm_codes"]()
    inputs = inputs_of("lstm_codes")
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(model(inputs, training=True)["departure"] ** 2)
    sequence = model.get_layer("sequence0").trainable_variables
    assert all(g is None or not np.any(g) for g in tape.gradient(loss, sequence))


@pytest.mark.parametrize("kind", TRAINED)
def test_a_step_lowers_the_loss(kind):
    keras.utils.set_random_seed(0)
    model = TRAINED[kind]()
    inputs = inputs_of(kind)
    target = model(inputs)["departure"] + 0.5
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((model(inputs)["departure"] - target) ** 2)
    head = model.get_layer("departure_head").trainable_variables
    for weight, gradient in zip(head, tape.gradient(loss, head)):
        if gradient is not None:
            weight.assign(weight - 0.01 * gradient)
    assert tf.reduce_mean((model(inputs)["departure"] - target) ** 2) < loss


def test_damped_codes_by_hand():
    layer = anomaly_codes.DampedCodes(2)
    codes, season = tf.constant([[2.0, 4.0]]), tf.constant([[1.0, 0.0]])
    layer([codes, season])
    damping = np.zeros((3, 2, 2), np.float32)
    damping[0] = [[0.5, 0.5], [0.0, 0.25]]  # by lead and code
    damping[1, 1] = [0.0, 0.25]  # with the sine of the season
    layer.set_weights([damping])
    np.testing.assert_allclose(layer([codes, season]), [[[1, 2], [0, 2]]])


def test_codes_of_all_months_hold_the_anomalies():
    anomalies = np.random.default_rng(0).normal(size=(5, CELLS)).astype(np.float32)
    functions = anomaly_codes.leading_functions(anomalies, 5)
    square = functions.T @ functions
    np.testing.assert_allclose(square, np.diag(np.diag(square)), atol=1e-4)
    layer = anomaly_codes.OrthogonalFunctions(CELLS, 5)
    layer.build([None])
    layer.set_weights([functions])
    codes = layer.encode(anomalies.reshape(1, 5, 5, 6)).numpy()
    assert codes[0, :, 0].std() == pytest.approx(1, abs=0.3)
    np.testing.assert_allclose(codes[0] @ functions.T, anomalies, atol=1e-4)


def test_anomalies_by_hand():
    years = np.arange(6.0)[:, None] ** 2  # 0 1 4 9 16 25 in January, 0 in the other months
    images = np.zeros((72, 1))
    images[::12] = years
    found = anomaly_examples.anomalies(images)
    assert found[48] == 16 - np.mean([0, 1, 4, 9, 16])
    assert found[60] == 25 - np.mean([1, 4, 9, 16, 25])
    assert not found[:48].any()
    assert not found[61:].any()


def test_the_graph_has_the_anomalies_of_the_examples(long_archive):
    from seaice_tf.forecast.examples import archive, filled_images
    from seaice_tf.forecast.settings import Settings

    settings = Settings(data=str(long_archive))
    data = archive(settings)
    first, months = 10, 14
    record = data.counts[first : first + 120, ::8, ::8].copy()
    record[110, 20:24] = np.where(record[110, 20:24] <= FULL_ICE, counts.MISSING, 254)
    record[:, 3:5, 3:5] = counts.POLE_HOLE
    smaller = type(data)(**{**vars(data), "counts": record})
    expected = anomaly_examples.anomalies(filled_images(smaller, settings) / FULL_ICE)
    found = departures.AnomalyMaps(months)(record[None])[0]
    np.testing.assert_allclose(found, expected[-months:], atol=1e-6)


def test_states_are_averaged_over_the_crops_of_a_cell():
    keras.utils.set_random_seed(0)
    body = anomaly_crops.conv_lstm(MONTHS, 8, filters=(2,), kernel=3)
    anomalies = np.random.default_rng(0).normal(size=(2, MONTHS, 12, 16)).astype(np.float32)
    where = np.array([[0, 5, 0], [1, 3, 7 * 16 + 9]])
    found = anomaly_crops.FoundOnCrops(body, 12, 16, 4)(anomalies, np.zeros(2), where)
    for value, (batch, _, place) in zip(found, where):
        row, column = divmod(place, 16)
        states = [
            body(anomalies[batch : batch + 1, :, y : y + 8, x : x + 8])[0, :, row - y, column - x]
            for y in crops.starts(12, 8, 4)
            for x in crops.starts(16, 8, 4)
            if 0 <= row - y < 8 and 0 <= column - x < 8
        ]
        np.testing.assert_allclose(value, np.mean(states, axis=0), atol=1e-6)


@pytest.mark.parametrize(
    # The codes see the same months as damped persistence does, whatever the length.
    "kind",
    [
        pytest.param("crops", marks=pytest.mark.slow),
        pytest.param("damped_codes", marks=pytest.mark.soak),
        pytest.param("attention_codes", marks=pytest.mark.soak),
    ],
)
def test_the_forecast_is_exported_for_a_history_of_any_length(kind, tmp_path):
    """With its quantiles, as a run writes it: no size but the grid is known."""
    sizes = (12, 16) if kind == "crops" else (5, 6)
    if kind == "crops":
        served = anomaly_crops.serving_model(TRAINED[kind](), *sizes, stride=4)
    else:
        served = anomaly_codes.serving_model(TRAINED[kind](), *sizes)
    compat.export(served, tmp_path, quantiles=distribution.with_quantiles(served))
    forecast = tf.saved_model.load(str(tmp_path))
    for months in (120, 132):
        record = np.random.default_rng(months).integers(0, 251, (1, months, *sizes))
        found = forecast.serve(record.astype(np.uint8), np.array([4], np.int32))
        assert found["concentration"].shape == (1, 12, *sizes)
