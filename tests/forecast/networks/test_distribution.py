import dataclasses

import numpy as np
import pytest
import tensorflow as tf
from tensorflow import keras

from seaice_tf.errors import InputError
from seaice_tf.forecast.data import counts
from seaice_tf.forecast.networks import calibration, distribution
from seaice_tf.forecast.networks import features as ice_features
from seaice_tf.forecast.networks.cell_forecast import CellForecast, in_chunks
from seaice_tf.forecast.networks.cell_network import StandardiseFeatures, class_network
from seaice_tf.forecast.networks.classes import CLASSES
from seaice_tf.forecast.networks.feature_table import FEATURES, TEN_YEARS, TREND
from seaice_tf.forecast.networks.features import IceFeatures


@pytest.fixture(scope="module")
def history():
    """(1, 120, 24, 22): ten years of random ice on a sea with land and a hole."""
    rng = np.random.default_rng(0)
    grids = rng.integers(0, 251, (120, 24, 22)).astype(np.uint8)
    grids[:, :, :6] = 0
    grids[:, :3], grids[:, 3] = counts.LAND, counts.COAST
    grids[:60, 10:13, 12:15] = counts.POLE_HOLE
    return grids[None]


@pytest.fixture(scope="module")
def features(history):
    return mapped(history, np.array([4], np.int32))


def mapped(history, month):
    """Features as maps (12, 24, 22) by name, NaN in cells left out; and where ice is possible."""
    values, possible, places, _ = IceFeatures("neighbours")(history, month)
    where = np.zeros((12, 24 * 22), bool)
    where[:, places.numpy()] = possible.numpy()[0]
    maps = {}
    for name in FEATURES:
        grid = np.full((12, 24 * 22), np.nan)
        grid[:, places.numpy()] = values[name].numpy()[0]
        maps[name] = grid.reshape(12, 24, 22)
    return maps, where.reshape(12, 24, 22)


def test_features_against_numpy(history, features):
    maps, possible = features
    filled = np.stack([counts.fill_hole(month) for month in history[0]])
    ice = np.where(filled <= 250, filled / 250, 0).reshape(10, 12, 24, 22)[::-1]
    anomaly = ice[0] - ice[1:].mean(0)
    slope = np.polyfit(np.arange(10), ice[::-1].reshape(10, -1), 1)[0]
    recent = np.exp(-np.arange(10) / 4)
    expected = {
        "year_2": ice[1],
        "mean_5": ice[:5].mean(0),
        "mean_recent": np.average(ice, axis=0, weights=recent),
        "median_5": np.median(ice[:5], axis=0),
        "median_10": np.median(ice, axis=0),
        "min_10": ice.min(0),
        "max_5": ice[:5].max(0),
        "std_10": ice.std(0),
        "ice_frequency_5": (ice[:5] >= 0.15 - 1e-6).mean(0),
        "trend_increment": 5.5 * slope.reshape(12, 24, 22),
        "anomaly_last": np.broadcast_to(anomaly[11], (12, 24, 22)),
        "anomaly_3": np.broadcast_to(anomaly[9], (12, 24, 22)),
        "anomaly_same_month": anomaly,
        "anomaly_year": np.broadcast_to(anomaly.mean(0), (12, 24, 22)),
        "last": np.broadcast_to(ice[0, 11], (12, 24, 22)),
        "mean_10_month_after": np.roll(ice.mean(0), -1, axis=0),
    }
    kept = ~np.isnan(maps["year_1"])
    assert kept[:, 6:, 8:].all()
    for name, value in expected.items():
        np.testing.assert_allclose(maps[name][kept], value[kept], atol=2e-6, err_msg=name)
    assert not possible[:, :4].any()
    assert not possible[:, :, :4].any()
    assert possible[:, 6:, 8:].all()


def test_the_season_is_that_of_the_months_given(features):
    maps, _ = features
    target = 2 * np.pi * (3 + np.arange(1, 13)) / 12  # lead 1 is April
    np.testing.assert_allclose(maps["target_sine"][:, 12, 12], np.sin(target), atol=1e-6)
    np.testing.assert_allclose(
        maps["init_cosine"][0, 12, 12], np.cos(2 * np.pi * 3 / 12), atol=1e-6
    )


def test_the_regression_is_that_of_pooled_pairs_of_years(history, features):
    """The coefficient of one cell and lead, with loops over years and cells."""
    maps, _ = features
    filled = np.stack([counts.fill_hole(month) for month in history[0]])
    ice = np.where(filled <= 250, filled / 250, 0).reshape(10, 12, 24, 22)[::-1]
    kept = ~np.isnan(maps["year_1"][0])

    def mean_near(field, i, j, reach):
        rows, columns = (slice(max(k - reach, 0), k + reach + 1) for k in (i, j))
        return field[rows, columns][kept[rows, columns]].mean()

    def smoothed(field):
        result = np.zeros((24, 22))
        for i, j in np.argwhere(kept):
            result[i, j] = mean_near(field, i, j, 2)
        return result

    lead, i, j = 4, 15, 14
    last = ice[:, 11] - ice[:, 11].mean(0)
    last = np.stack([smoothed(year) for year in last])
    target = ice[:, lead] - ice[:, lead].mean(0)
    product = sum(last[year + 1] * target[year] for year in range(9))
    square = sum(last[year + 1] ** 2 for year in range(9))
    expected = mean_near(product, i, j, 4) / (mean_near(square, i, j, 4) + ice_features.PRIOR)
    assert maps["coefficient_9"][lead, i, j] == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("cells", [5, 9, 17])
def test_window_sums_against_brute_force(cells):
    maps = np.random.default_rng(cells).random((1, 2, 13, 20)).astype(np.float32)
    reach = cells // 2
    expected = [
        [
            maps[..., max(i - reach, 0) : i + reach + 1, max(j - reach, 0) : j + reach + 1].sum(
                axis=(2, 3), dtype=np.float64
            )
            for j in range(20)
        ]
        for i in range(13)
    ]
    expected = np.moveaxis(np.array(expected), (0, 1), (2, 3))
    np.testing.assert_allclose(
        ice_features.window_sum(tf.constant(maps), cells), expected, rtol=5e-7
    )


@pytest.mark.parametrize("cells", [5, 9])
def test_surroundings_are_means_over_the_cells_that_can_hold_ice(features, cells):
    maps, _ = features
    kept = ~np.isnan(maps["year_1"][0])
    reach = cells // 2
    name = ice_features.NEAR[cells][0]
    for i, j in np.argwhere(kept):
        window = tuple(slice(max(k - reach, 0), k + reach + 1) for k in (i, j))
        expected = maps[name][7][window][kept[window]].mean(dtype=np.float64)
        assert maps[f"{name}_near_{cells}"][7, i, j] == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("members", [1, 3])
def test_the_network_has_the_parameters_of_its_members(members):
    network = class_network(members, width=8)
    each = (len(TEN_YEARS) * 8 + 8) + (8 * 8 + 8) + (8 * CLASSES + CLASSES) + (8 + 1)
    assert network.count_params() == members * each
    outputs = network(np.zeros((2, 5, len(FEATURES))))
    assert outputs["classes"].shape == (2, 5, members, CLASSES)
    assert outputs["departure"].shape == (2, 5, members)


MONTH = np.array([6], np.int32)


def test_a_served_year(history):
    model = distribution.serving_model(class_network(2, 4), 24, 22, "neighbours")
    maps = {name: value.numpy() for name, value in model([history, MONTH]).items()}
    assert set(maps) == {"concentration", "probability", "spread", "contest_decision"}
    for value in maps.values():
        assert value.shape == (1, 12, 24, 22)
        assert value.min() >= 0
        assert value.max() <= 1
        assert not value[:, :, :4].any()
    assert maps["concentration"][0, :, 6:, 8:].min() > 0


def test_an_untrained_network_forecasts_the_climatology_with_equal_odds(history):
    """Its departure is 0; the mean of equal probabilities is not, so the two differ by half."""
    network = class_network(1, 4)
    outputs = network(np.random.default_rng(0).random((1, 7, len(FEATURES))).astype(np.float32))
    assert not np.asarray(outputs["departure"]).any()
    assert not np.asarray(outputs["classes"]).any()


def test_the_south_is_forecast_in_its_own_season(history):
    network = class_network(1, 4)
    for weight in network.weights:
        weight.assign(np.random.default_rng(len(weight.shape)).normal(0, 0.3, weight.shape))
    north = distribution.serving_model(network, 24, 22)
    south = distribution.serving_model(network, 24, 22, south=True)
    half_a_year_on = (MONTH + 5) % 12 + 1
    found = south([history, half_a_year_on])["concentration"]
    np.testing.assert_allclose(found, north([history, MONTH])["concentration"], atol=1e-5)


@pytest.mark.parametrize(("first", "changed"), [(6, {2: 0.5, 3: 1.0}), (9, {0: 0.5, 11: 0.5})])
def test_late_summer_follows_the_trend_further(history, first, changed):
    """Of September fully, of August by half; by half at lead 1."""
    network, month = class_network(1, 4), np.array([first], np.int32)
    further = dataclasses.replace(calibration.PLAIN, late_summer=(0.2, 3.0))
    plain, late = (
        distribution.serving_model(network, 24, 22, calibration=own)([history, month])
        for own in (calibration.PLAIN, further)
    )
    maps, _ = mapped(history, month)
    trend = np.nan_to_num(maps[TREND])

    def log_odds(fields):
        return calibration.log_odds(fields["probability"]).numpy()[0]

    for lead in range(12):
        weight = changed.get(lead, 0.0)
        moved = log_odds(late)[lead] - log_odds(plain)[lead]
        np.testing.assert_allclose(moved, 3.0 * weight * trend[lead], atol=2e-3)
        moved = (late["concentration"] - plain["concentration"]).numpy()[0, lead]
        kept = (late["concentration"][0, lead] > 0) & (late["concentration"][0, lead] < 1)
        np.testing.assert_allclose(moved[kept], 0.2 * weight * trend[lead][kept], atol=1e-5)
    assert np.abs(trend).max() > 0.01


@pytest.fixture(scope="module")
def with_quantiles():
    """A class network and the forecast with its quantiles, built once."""
    network = class_network(2, 4)
    return network, distribution.with_quantiles(distribution.serving_model(network, 24, 22))


@pytest.mark.parametrize("departure", [0.0, 0.2, -0.1])
def test_quantiles_follow_a_departure_of_the_concentration(history, with_quantiles, departure):
    """Which the probability of ice does not: it is of the classes alone."""
    network, model = with_quantiles
    levels = np.linspace(0.005, 0.995, 100).astype(np.float32)

    def forecast(bias):
        for member in (0, 1):
            network.get_layer(f"member{member}_departure").bias.assign([bias])
        return {name: value[0].numpy() for name, value in model([history, MONTH, levels]).items()}

    maps, plain = forecast(departure), forecast(0.0)
    assert maps["quantiles"].shape == (100, 12, 24, 22)
    assert (np.diff(maps["quantiles"], axis=0) >= 0).all()
    inside = (maps["concentration"] > 0.05) & (maps["concentration"] < 0.95)
    assert inside.sum() > 1000
    moved = (maps["quantiles"] - plain["quantiles"]).mean(axis=0)[inside]
    assert (np.sign(moved[np.abs(moved) > 1e-4]) == np.sign(departure)).all()
    assert (np.abs(moved).mean() > 0.01) == bool(departure)
    np.testing.assert_allclose(maps["probability"], plain["probability"], atol=1e-4)


def test_a_network_of_ten_years_does_not_see_a_longer_climate():
    rng = np.random.default_rng(0)
    cells = rng.random((1, 20, len(FEATURES))).astype(np.float32)
    other = cells.copy()
    other[..., [i for i, name in enumerate(FEATURES) if "_long" in name]] = 0.9
    ten, twenty = (StandardiseFeatures(years) for years in (10, 20))
    assert ten(cells).shape[-1] == len(FEATURES) - 9
    np.testing.assert_array_equal(ten(cells), ten(other))
    assert not np.array_equal(twenty(cells), twenty(other))
    with pytest.raises(InputError, match="years: expected one of 10, 20, got 15"):
        class_network(2, 4, years=15)


def test_the_table_of_features_is_complete():
    assert len(FEATURES) == 70
    assert all(deviation > 0 for _, deviation in FEATURES.values())
    assert {f"{name}_near_{n}" for n, names in ice_features.NEAR.items() for name in names} <= set(
        FEATURES
    )


def test_inputs_that_can_only_be_mistakes_are_refused(history):
    """By the graph itself, so that a SavedModel without this package refuses them too."""
    served = distribution.serving_model(class_network(1, 2), 24, 22, south=True)
    model = distribution.with_quantiles(served)
    serve = tf.function(
        lambda *inputs: model(inputs),
        input_signature=[tf.TensorSpec(each.shape, each.dtype) for each in model.inputs],
    )
    level = np.array([0.5], np.float32)
    fractions = np.where(history <= counts.FULL_ICE, history / 250, history)  # cast in silence
    serve(history, MONTH, level)
    for inputs, message in (
        ((fractions, MONTH, level), "history: expected raw counts 0 to 250, got fractions"),
        ((history, np.array([0], np.int32), level), r"month: expected 1 to 12.*got\] \[0\]"),
        ((history, np.array([13], np.int32), level), r"month: expected 1 to 12.*got\] \[13\]"),
        ((history, MONTH, np.array([0.5, 1], np.float32)), "levels: expected .*between 0 and 1"),
        ((history, MONTH, np.array([0.0], np.float32)), "levels: expected .*between 0 and 1"),
    ):
        with pytest.raises(tf.errors.InvalidArgumentError, match=message):
            serve(*inputs)


@pytest.mark.parametrize("number", [0, 2])
def test_without_a_cell_that_can_hold_ice_the_forecast_is_open_water(history, number):
    """Of twenty years, the last ten without ice."""
    recent = np.where(history <= counts.FULL_ICE, 0, history)
    years = np.concatenate([history, recent], axis=1)
    served = distribution.serving_model(class_network(1, 2), 24, 22)
    maps = served([years, MONTH])
    levels = np.linspace(0.2, 0.8, number).astype(np.float32)
    found = distribution.with_quantiles(served)([years, MONTH, levels])
    assert found["quantiles"].shape == (len(history), number, 12, 24, 22)
    for values in (*maps.values(), *found.values()):
        np.testing.assert_array_equal(values, 0)


def test_a_forecast_has_no_dropout_whoever_calls_it_first(history):
    rng, inputs, network = np.random.default_rng(0), keras.Input((None, 70)), class_network(1, 2)
    network.set_weights([rng.normal(size=each.shape) for each in network.get_weights()])
    dropped = keras.Model(inputs, network(keras.layers.Dropout(0.9)(inputs)))
    layer = CellForecast(dropped, calibration.PLAIN, name="cell_forecast")
    model = distribution.forecast(layer, 24, 22, pole_hole_fill="neighbours", south=False)
    first = model([history, MONTH], training=True)["concentration"]
    np.testing.assert_array_equal(first, model([history, MONTH])["concentration"])


def test_a_last_year_without_data_is_no_history_of_fractions(history):
    known = history.copy()
    known[:, -12:][known[:, -12:] <= counts.FULL_ICE] = counts.MISSING
    maps = distribution.serving_model(class_network(1, 2), 24, 22)([known, MONTH])
    assert maps["concentration"].numpy().max() > 0


def test_a_forecast_that_is_called_often_warns_of_nothing(caplog, monkeypatch):
    """TensorFlow warns of functions that are traced in each call."""
    monkeypatch.setattr(tf.get_logger(), "propagate", True)
    for number in range(1, 8):
        found = in_chunks(lambda rows: {"twice": tf.cast(2 * rows, tf.float32)}, ["twice"], number)
        np.testing.assert_array_equal(found["twice"], 2 * np.arange(number))
    assert not caplog.records
