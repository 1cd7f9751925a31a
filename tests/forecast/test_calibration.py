"""The calibration's regressions against cases with a known answer."""

import numpy as np
import pytest

from seaice_tf.forecast import calibration, cell_examples
from seaice_tf.forecast.cell_examples import Cells
from seaice_tf.forecast.networks.calibration import PLAIN
from seaice_tf.forecast.networks.cell_network import class_network
from seaice_tf.forecast.networks.feature_table import FEATURES
from seaice_tf.forecast.settings import Distribution


def test_least_squares_finds_the_weights_that_made_the_data():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(5000, 3))
    y = x @ [0.3, 0.5, -0.2]
    found = calibration.least_squares(x, y, np.full(5000, 1 / 5000), np.zeros(3), ridge=1e-9)
    np.testing.assert_allclose(found, [0.3, 0.5, -0.2], atol=1e-6)


def test_logistic_regression_finds_the_weights_that_made_the_data():
    rng = np.random.default_rng(0)
    x = np.concatenate([rng.normal(size=(40000, 2)), np.ones((40000, 1))], axis=1)
    y = rng.random(40000) < 1 / (1 + np.exp(-x @ [0.8, 0.4, -0.3]))
    found = calibration.logistic(x, y, np.full(40000, 1 / 40000), np.zeros(3), ridge=1e-9)
    np.testing.assert_allclose(found, [0.8, 0.4, -0.3], atol=0.05)


def test_a_ridge_keeps_what_the_data_do_not_tell():
    x, y = np.zeros((10, 3)), np.zeros(10)
    x[:, 0] = y[:] = 1
    start = np.array([0.5, 0.5, 0.0])
    found = calibration.least_squares(x, y, np.full(10, 0.1), start, ridge=0.01)
    assert found[0] == pytest.approx(1, abs=0.02)
    np.testing.assert_allclose(found[1:], start[1:])


@pytest.mark.parametrize(("members", "each"), [(2, 1), (4, 1), (8, 2)])
def test_each_year_is_left_out_by_as_many_members(members, each):
    years = np.arange(1988, 2013)
    learns = cell_examples.learns_from(years, members)
    assert (~learns).sum(axis=1).tolist() == [each] * len(years)
    assert (np.diff((~learns).argmax(axis=1)) != 0).sum() == len(years) // 3


def test_a_network_that_says_nothing_is_calibrated_towards_climatology():
    """Its log odds carry no information: the frequency of ice gets the weight."""
    rng = np.random.default_rng(1)
    number = 6000
    features = rng.random((number, len(FEATURES))).astype(np.float16)
    names = list(FEATURES)
    frequency = rng.random(number)
    for name in ("ice_frequency_10", "ice_frequency_10_near_9"):
        features[:, names.index(name)] = frequency
    ice = rng.random(number) < frequency
    cells = Cells(
        features,
        np.where(ice, 200, 0).astype(np.uint8),
        rng.integers(1, 13, number),
        rng.integers(1990, 2010, number),
        rng.integers(0, 12, number),
    )
    found = calibration.fit(class_network(2, 4), cells, np.ones((3, 4)))
    assert np.mean([row[1] for row in found.log_odds]) > 0.5
    assert not np.array(found.concentration)[:, -1].any()  # the trend's weights are settings
    late_summer = {"late_summer_trend_weight": 0.0, "late_summer_trend_log_odds": 0.0}
    settings = Distribution(
        concentration_weights=found.concentration, log_odds_weights=found.log_odds, **late_summer
    )
    assert calibration.of_settings(settings) == found
    plain = Distribution(trend_weight=0, log_odds_offset=0, **late_summer)
    assert calibration.of_settings(plain) == PLAIN


@pytest.mark.parametrize("calibrated", [False, True])
def test_late_summer_is_a_setting_of_the_north_calibrated_or_not(calibrated):
    tables = {"concentration_weights": PLAIN.concentration, "log_odds_weights": PLAIN.log_odds}
    network = Distribution(late_summer_trend_log_odds=3.0, **(tables if calibrated else {}))
    assert calibration.of_settings(network).late_summer == (0.1, 3.0)
    assert calibration.of_settings(network, south=True).late_summer == (0, 0)


def test_the_regression_of_the_extent_is_a_setting():
    """Of another run's settings: its weights may be of months that are left out of this one."""
    table = ((1.0, -0.5, 0.4),) * 12
    for wanted, expected in ((True, table), (False, ())):
        network = Distribution(extent_regression=wanted, extent_weights=table)
        assert calibration.of_settings(network).extent == expected


def test_the_trend_counts_from_lead_4_on():
    weights = np.array(calibration.of_settings(Distribution(trend_weight=0.3)).concentration)
    np.testing.assert_allclose(weights[:5, -1], [0, 0.1, 0.2, 0.3, 0.3])
