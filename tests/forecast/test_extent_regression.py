"""The extent of the next month by regression, fitted on a record and applied in the graph."""

import dataclasses

import numpy as np
import pytest

from seaice_tf.forecast import extent_regression
from seaice_tf.forecast.data import counts
from seaice_tf.forecast.data.archive import Archive
from seaice_tf.forecast.networks import calibration, distribution, extent
from seaice_tf.forecast.networks.cell_network import class_network

FIRST = np.datetime64("1979-01")


def record(years: int, seed: int = 0) -> Archive:
    """Random ice with anomalies that persist from month to month."""
    rng = np.random.default_rng(seed)
    anomaly, level = np.zeros(12 * years), rng.random((8, 9))
    for i in range(1, len(anomaly)):
        anomaly[i] = 0.7 * anomaly[i - 1] + rng.normal(0, 0.15)
    noise = rng.normal(0, 0.1, (len(anomaly), 8, 9))
    grids = np.clip(level + anomaly[:, None, None] + noise, 0, 1) * counts.FULL_ICE
    return Archive(grids.astype(np.uint8), FIRST, (), True)


def test_the_terms_of_the_fit_are_those_of_the_graph():
    data = record(14)
    numbers = extent_regression.extents(data.counts)
    for target in (120, 131, 150):
        ice, open_ice, own = extent_regression._pair(*numbers, target)
        years = data.counts[target - 120 : target].reshape(1, 10, 12, -1)[:, ::-1]
        mean, *departures = extent.extent_terms(years.astype(np.float32) / 250).numpy()[0]
        np.testing.assert_allclose(departures, [ice, open_ice], atol=1e-3)
        np.testing.assert_allclose(mean + own, numbers[0][target], atol=1e-3)


def test_the_weight_is_of_the_errors_of_years_left_out():
    data = record(30)
    row = extent_regression.fit(data, 120, 360)[2]
    numbers = extent_regression.extents(data.counts)
    pairs = np.array([extent_regression._pair(*numbers, target) for target in range(122, 360, 12)])
    x, y = pairs[:, :2], pairs[:, 2]
    np.testing.assert_allclose(row[:2], np.linalg.lstsq(x, y, rcond=None)[0], atol=1e-5)
    errors = []
    for year in range(len(x)):
        others = np.arange(len(x)) != year
        errors.append(y[year] - x[year] @ np.linalg.lstsq(x[others], y[others], rcond=None)[0])
    usual = extent_regression.USUAL_ERROR**2
    np.testing.assert_allclose(row[2], usual / (usual + np.mean(np.square(errors))), atol=1e-4)


def test_later_months_change_nothing():
    long, short = record(30), record(30)
    short = dataclasses.replace(short, counts=short.counts[:300])
    assert extent_regression.fit(long, 120, 300) == extent_regression.fit(short, 120, 300)


def test_months_without_data_are_left_out():
    data = record(30)
    gap = data.counts.copy()
    gap[200:202] = counts.MISSING
    found = extent_regression.fit(dataclasses.replace(data, counts=gap), 120, 360)
    assert np.isfinite(found).all()
    others = extent_regression.fit(data, 120, 360)
    assert np.abs(np.array(found) - others).max() < 0.5


def test_a_month_with_a_gap_has_no_extent():
    data = np.full((4, 40, 50), 200, np.uint8)
    data[:, :4] = counts.MISSING  # 200 cells of all months
    data[1, 4, :3], data[2, 4, :2] = counts.MISSING, counts.UNUSED  # .15 and .1 % more
    ice, open_ice = extent_regression.extents(data)
    np.testing.assert_array_equal(ice, [1800, np.nan, 1798, 1800])
    np.testing.assert_array_equal(open_ice, [0, np.nan, 0, 0])


def test_a_short_record_has_no_regression():
    assert extent_regression.fit(record(17), 120, 204) == ()


@pytest.mark.parametrize("weight", [0.0, 0.4, 1.0])
def test_logits_are_shifted_to_the_extent_between_both(weight):
    rng = np.random.default_rng(1)
    logit = rng.normal(0, 2, 500).astype(np.float32)
    example = np.repeat([0, 1], [200, 300]).astype(np.int32)

    def total(shift):
        ice = 1 / (1 + np.exp(-(logit + shift[example])))
        return np.array([ice[example == i].sum() for i in (0, 1)])

    own = total(np.zeros(2))
    terms = np.array([[own[0] - 5, 10, 4], [own[1] + 20, -10, 6]], np.float32)
    weights = np.array([[1.2, -0.5, weight], [1.2, -0.5, weight]], np.float32)
    regression = [own[0] + 5, own[1] + 5]
    found = total(extent.shifts(logit, example, terms, weights).numpy())
    np.testing.assert_allclose(found, (1 - weight) * own + weight * np.array(regression), atol=1e-2)


def test_a_shift_is_bounded():
    terms = np.array([[1e6, 0, 0]], np.float32)
    weights = np.array([[0, 0, 1]], np.float32)
    logit, example = np.zeros(4, np.float32), np.zeros(4, np.int32)
    assert extent.shifts(logit, example, terms, weights).numpy() == [extent.STEEPEST]


def test_lead_1_alone_follows_the_regression_of_its_calendar_month():
    """Of a batch of two records and months, by hand from the maps without it."""
    both = np.stack([record(10, seed).counts for seed in (1, 2)])
    month = np.array([9, 2], np.int32)
    table = [(0.0, 0.0, 0.0)] * 12
    table[8] = (1.1, -0.7, 1.0)
    network = class_network(1, 4)
    plain, moved = (
        distribution.serving_model(network, 8, 9, calibration=each)([both, month])
        for each in (
            calibration.PLAIN,
            dataclasses.replace(calibration.PLAIN, extent=tuple(table)),
        )
    )
    for name in ("probability", "spread"):
        np.testing.assert_allclose(plain[name][1], moved[name][1], atol=1e-6)
        np.testing.assert_allclose(plain[name][0, 1:], moved[name][0, 1:], atol=1e-6)
    years = both[:1].reshape(1, 10, 12, -1)[:, ::-1].astype(np.float32) / 250
    mean, ice, open_ice = extent.extent_terms(years).numpy()[0]
    expected = mean + 1.1 * ice - 0.7 * open_ice
    before, after = (maps["probability"].numpy()[0, 0] for maps in (plain, moved))
    np.testing.assert_allclose(after.sum(), expected, atol=0.05)
    assert abs(before.sum() - expected) > 0.5
    np.testing.assert_array_equal(plain["concentration"], moved["concentration"])
