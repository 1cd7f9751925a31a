import numpy as np
import pytest
import tensorflow as tf

from seaice_tf.forecast.networks import long_features
from seaice_tf.forecast.networks.feature_table import FEATURES, of_cells
from seaice_tf.forecast.networks.features import IceFeatures

MONTH = np.array([4], np.int32)


@pytest.fixture(scope="module")
def years():
    """(1, 14, 12, 6): random fractions of fourteen years, the last year first."""
    return np.random.default_rng(0).random((1, 14, 12, 6)).astype(np.float32)


def alone(maps, cells):
    """Windows of a single cell."""
    return maps


def test_anomalies_are_from_the_ten_years_before(years):
    found = long_features.anomalies(tf.constant(years)).numpy()
    assert found.shape == (1, 11, 12, 6)
    for year in range(11):
        before = years[:, year + 1 : year + 11].mean(axis=1)
        np.testing.assert_allclose(found[:, year], years[:, year] - before, atol=1e-5)


def test_the_climate_is_that_of_all_years(years):
    found = long_features.long_features(tf.constant(years), alone)
    np.testing.assert_allclose(found["mean_long"], years.mean(axis=1), atol=1e-6)
    np.testing.assert_allclose(found["std_long"], years.std(axis=1), atol=1e-6)
    frequency = (years >= 0.15).mean(axis=1)
    np.testing.assert_allclose(found["ice_frequency_long"], frequency, atol=1e-6)
    np.testing.assert_allclose(found["years_long"], 0.7)


def test_the_regression_is_that_of_all_pairs_of_years(years):
    made = long_features.long_features(tf.constant(years), alone)
    found = {name: value.numpy() for name, value in made.items()}
    anomaly = long_features.anomalies(tf.constant(years)).numpy()[0]
    lead, cell = 3, 2
    pairs = [(anomaly[y, 11, cell], anomaly[y - 1, lead, cell]) for y in range(1, 11)]
    product, square = sum(x * y for x, y in pairs), sum(x * x for x, _ in pairs)
    slope = product / (square + long_features.PRIOR)
    assert found["coefficient_long_5"][0, lead, cell] == pytest.approx(slope, abs=1e-5)
    assert found["damped_increment_long_5"][0, lead, cell] == pytest.approx(
        slope * anomaly[0, 11, cell], abs=1e-5
    )
    left = (sum(y * y for _, y in pairs) - slope * product) / len(pairs)
    assert found["damped_spread_long_5"][0, lead, cell] == pytest.approx(left**0.5, abs=1e-4)


def stacked(history):
    """All features of all cells: (12, N, features)."""
    features, _, places, _ = IceFeatures()(history, MONTH)
    cells = np.argwhere(np.ones((1, 12, len(places)), bool))
    return of_cells(features, cells).numpy().reshape(12, len(places), len(FEATURES))


def test_only_whole_years_and_the_last_twenty_are_used():
    months = 12 * long_features.MOST_YEARS + 17
    counts = np.random.default_rng(1).integers(0, 251, (months, 7, 6))
    counts = counts.astype(np.uint8)
    other = counts.copy()
    other[:17] = 250 - other[:17]
    longest = stacked(counts[None, 17:])
    assert np.array_equal(stacked(counts[None]), longest)
    assert np.array_equal(stacked(other[None]), longest)
    ten, part = (stacked(counts[None, -months:]) for months in (120, 125))
    assert np.array_equal(ten, part)
    assert not np.array_equal(ten, longest)


def test_ten_years_have_features_of_ten_years_alone():
    counts = np.random.default_rng(2).integers(0, 251, (1, 240, 7, 6)).astype(np.uint8)
    ten, twenty = (stacked(part) for part in (counts[:, -120:], counts))
    longer = [i for i, name in enumerate(FEATURES) if "_long" in name]
    assert np.abs(ten - twenty)[..., longer].max() > 0.05
    np.testing.assert_allclose(
        np.delete(ten, longer, axis=-1), np.delete(twenty, longer, axis=-1), atol=1e-6
    )


def test_missing_months_have_the_mean_of_the_other_years():
    counts = np.full((1, 180, 7, 6), 100, np.uint8)
    counts[0, ::24] = 50
    missing = counts.copy()
    missing[0, 5] = 255  # a month of the first year
    index = list(FEATURES).index("mean_long")
    whole, partly = (stacked(c)[..., index] for c in (counts, missing))
    np.testing.assert_allclose(whole, partly, atol=1e-6)


def test_a_short_history_is_refused():
    with pytest.raises(tf.errors.InvalidArgumentError, match="at least 120 months"):
        IceFeatures()(np.zeros((1, 108, 7, 6), np.uint8), MONTH)
