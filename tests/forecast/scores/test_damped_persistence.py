"""Damped anomaly persistence against a slow reference, and what it may not look at."""

import numpy as np
import pytest

from seaice_tf.forecast.data.counts import LAND
from seaice_tf.forecast.scores import damped_persistence as damped


def record(months=180, seed=0, persistence=0.8):
    """A made-up record on 4 x 5 cells whose anomalies fade, with one cell of land."""
    rng = np.random.default_rng(seed)
    state = np.zeros((4, 5))
    fields = []
    for month in range(months):
        state = persistence * state + rng.normal(0, 20, state.shape)
        fields.append(125 + 60 * np.sin(2 * np.pi * month / 12) + state)
    counts = np.clip(fields, 0, 250).round().astype(np.uint8)
    counts[:, 0, 0] = LAND
    return counts


def slow_climatology(past, row, column, target):
    years = [target - 12 * year for year in range(1, 11)]
    return np.mean([past[at, row, column] / 250 for at in years if 0 <= at < len(past)])


def test_the_coefficient_equals_a_slow_regression_over_nine_cells():
    past = record()
    found = damped.damped_persistence(past)
    init, lead, row, column = len(past) - 1, 3, 2, 2
    products, squares, number = 0.0, 0.0, 0
    for i in (-1, 0, 1):
        for j in (-1, 0, 1):
            for at in range(init - 12, 35, -12):
                if at + lead > init:
                    continue
                before, after = (
                    past[when, row + i, column + j] / 250
                    - slow_climatology(past[:when], row + i, column + j, when)
                    for when in (at, at + lead)
                )
                products += before * after
                squares += before**2
                number += 1
    expected = products / (squares + 9 * damped.PRIOR * squares / number)
    assert found.coefficient[lead - 1, row, column] == pytest.approx(expected, rel=1e-5)


def test_anomalies_that_persist_are_kept_and_noise_is_not():
    lasting = damped.damped_persistence(record(400, persistence=0.9)).coefficient
    noise = damped.damped_persistence(record(400, persistence=0.0)).coefficient
    assert lasting[0, 1:].mean() > 0.6 > lasting[5, 1:].mean() > lasting[11, 1:].mean()
    assert noise[:, 1:].mean() < 0.12


def test_a_forecast_of_a_record_without_anomalies_is_its_climatology():
    months = np.arange(120)
    field = (100 + 50 * np.sin(2 * np.pi * months / 12)).round().astype(np.uint8)
    past = np.broadcast_to(field[:, None, None], (120, 4, 5)).copy()
    found = damped.damped_persistence(past)
    np.testing.assert_allclose(found.concentration, found.climatology)
    np.testing.assert_allclose(found.concentration[:, 1, 1], field[:12] / 250, atol=1e-6)
    np.testing.assert_allclose(found.spread, 0, atol=1e-6)


def test_flagged_cells_are_zero_and_nothing_is_undefined():
    past = record()
    past[-1, 2, 3] = 255
    found = damped.damped_persistence(past)
    assert not found.concentration[:, 0, 0].any()
    assert np.isfinite(found.concentration).all()
    assert np.isfinite(found.probability).all()


def test_the_probability_counts_past_errors():
    errors = np.array([[-0.1, np.nan], [0.1, np.nan], [-0.2, np.nan], [np.nan, np.nan]])
    concentration = np.full(2, 0.2)
    found = damped.Lead(concentration, concentration, concentration, errors).probability()
    assert found[0] == pytest.approx(2 / 4)  # one past error and the forecast itself
    assert found[1] == 1


def test_a_short_record_gives_the_climatology():
    found = damped.damped_persistence(record(24))
    np.testing.assert_allclose(found.concentration, found.climatology)
    np.testing.assert_array_equal(list(found.members()), found.concentration[:, None])


def test_members_have_the_errors_of_past_years():
    past = record()
    members = np.stack(list(damped.damped_persistence(past).members()), axis=1)
    icy = damped.ever_icy(past)
    for i, lead in enumerate(damped.leads(past, icy)):
        expected = np.clip(lead.concentration + np.nan_to_num(lead.errors), 0, 1)
        np.testing.assert_allclose(members[:, i, icy], expected, atol=1e-6)


def test_errors_are_those_of_the_same_forecast_in_past_years():
    past = record()
    icy = damped.ever_icy(past)
    init, lead, (row, column) = len(past) - 1, 5, (3, 1)
    found = list(damped.leads(past, icy))[lead - 1]
    cell = np.flatnonzero(icy.ravel()).tolist().index(row * icy.shape[1] + column)
    for error, at in zip(found.errors[:, cell], range(init - 12, 35, -12), strict=True):
        before, after = (
            past[when, row, column] / 250 - slow_climatology(past[:when], row, column, when)
            for when in (at, at + lead)
        )
        assert error == pytest.approx(after - found.coefficient[cell] * before, abs=1e-5)


def test_the_spread_is_that_of_the_past_errors():
    past = record()
    reference, icy = damped.damped_persistence(past), damped.ever_icy(past)
    for i, lead in enumerate(damped.leads(past, icy)):
        expected = np.nan_to_num(lead.errors).std(axis=0)
        np.testing.assert_allclose(reference.spread[i, icy], expected, atol=1e-5)
        assert not reference.spread[i, ~icy].any()


def test_a_climatology_is_the_mean_of_at_most_ten_earlier_years():
    years = np.arange(14, dtype=np.uint8)[:, None] * 10
    years[3] = 255
    found = damped.climatologies(years)[:, 0] * 250
    assert np.isnan(found[0])
    assert found[1:5].tolist() == pytest.approx([0, 5, 10, 10])
    assert found[14] == pytest.approx(np.mean([40, 50, 60, 70, 80, 90, 100, 110, 120, 130]))
