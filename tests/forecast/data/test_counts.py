import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seaice_tf.forecast.data import counts

LAND, HOLE = counts.LAND, counts.POLE_HOLE


def test_a_hole_is_filled_from_its_surroundings():
    grid = np.full((9, 9), 10, np.uint8)
    grid[2:7, 2:7] = 200
    grid[4, 4] = HOLE
    assert counts.fill_hole(grid)[4, 4] == 200
    assert counts.fill_hole(grid, "image_median")[4, 4] == 10


def test_filling_leaves_land_and_takes_nothing_from_it():
    grid = np.full((5, 5), LAND, np.uint8)
    grid[2, 2], grid[2, 3] = HOLE, 70
    filled = counts.fill_hole(grid)
    assert filled[2, 2] == 70
    assert (np.delete(filled.ravel(), 12) == np.delete(grid.ravel(), 12)).all()


def test_a_hole_with_nothing_around_it_becomes_zero():
    assert counts.fill_hole(np.full((3, 3), HOLE, np.uint8)).max() == 0


def test_the_mean_leaves_flags_out():
    stack = np.array([[[100, HOLE, LAND]], [[50, 80, LAND]]], np.uint8)
    np.testing.assert_array_equal(counts.mean(stack), [[75, 80, 0]])


def test_by_year_lines_calendar_months_up():
    past = np.arange(30, dtype=np.uint8).reshape(30, 1, 1)
    years = counts.by_year(past, 2)[..., 0, 0]
    assert years.shape == (2, 12)
    assert (years[1] - years[0] == 12).all()
    assert years[-1, -1] == 29
    assert counts.by_year(past, 9).shape[0] == 2


@pytest.mark.parametrize(("values", "median"), [([], 0), ([5], 5), ([1, 9], 1), ([1, 4, 9], 4)])
def test_the_lower_median(values, median):
    assert counts.lower_median(np.array(values, np.uint8)) == median


def test_a_month_of_days_is_that_of_a_slow_loop():
    days = np.random.default_rng(0).integers(0, 256, (7, 20, 30)).astype(np.uint8)
    days[:, 0], days[1:, 1], days[:6, 2] = counts.LAND, counts.MISSING, counts.POLE_HOLE
    month = counts.month_of_days(days)
    assert month.dtype == np.uint8
    for row, column in np.ndindex(month.shape):
        values = [int(day) for day in days[:, row, column]]
        observed = [value for value in values if value <= counts.FULL_ICE]
        expected = round(sum(observed) / len(observed)) if observed else min(values)
        assert month[row, column] == expected


def test_a_month_of_one_file_is_that_file():
    field = np.arange(256, dtype=np.uint8).reshape(1, 16, 16)
    np.testing.assert_array_equal(counts.month_of_days(field), field[0])


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 9999), st.integers(1, 5))
def test_a_month_lies_between_its_days_and_forgets_their_order(seed, number):
    rng = np.random.default_rng(seed)
    days = rng.choice(np.arange(230, 256), (number, 3, 4)).astype(np.uint8)
    month = counts.month_of_days(days)
    np.testing.assert_array_equal(counts.month_of_days(rng.permutation(days)), month)
    np.testing.assert_array_equal(counts.month_of_days(np.repeat(month[None], 3, 0)), month)
    seen = ~counts.flagged(days)
    np.testing.assert_array_equal(counts.flagged(month), ~seen.any(axis=0))
    low, high = np.where(seen, days, 255).min(axis=0), np.where(seen, days, 0).max(axis=0)
    within = (low <= month) & (month <= high)
    assert within[seen.any(axis=0)].all()


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 9999), st.sampled_from(["neighbours", "image_median"]))
def test_filling_the_hole_twice_is_filling_it_once(seed, how):
    month = np.random.default_rng(seed).choice(np.uint8([0, 100, 250, 251, 254, 255]), (6, 7))
    filled = counts.fill_hole(month, how)
    assert not (filled == HOLE).any()
    np.testing.assert_array_equal(counts.fill_hole(filled, how), filled)
    kept = month != HOLE
    np.testing.assert_array_equal(filled[kept], month[kept])
    assert np.unique(filled[~kept]).size <= 1
    flipped = counts.fill_hole(month[::-1, ::-1], how)
    np.testing.assert_array_equal(flipped[::-1, ::-1], filled)
