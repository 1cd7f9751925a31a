"""Members have the forecast's distribution in every cell, and the pattern of past years."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seaice_tf.errors import InputError
from seaice_tf.forecast import members

SHAPE = (12, 6, 7)


def drawn(number, seed=0):
    rng = np.random.default_rng(seed)
    quantiles = np.sort(rng.random((number, *SHAPE)), axis=0)
    return quantiles, rng.normal(size=(12, number, *SHAPE[1:]))


def test_months_made_one_at_a_time_are_the_same():
    quantiles, pattern = drawn(4)
    each = list(members.shuffled(quantiles, pattern))
    assert len(each) == 12
    np.testing.assert_array_equal(np.stack(each, axis=1), members.shuffle(quantiles, pattern))


@given(st.integers(1, 9), st.integers(0, 99))
def test_every_cell_keeps_its_quantiles(number, seed):
    quantiles, pattern = drawn(number, seed)
    found = members.shuffle(quantiles, pattern)
    np.testing.assert_array_equal(np.sort(found, axis=0), quantiles)


def test_the_order_is_that_of_the_templates():
    quantiles, pattern = drawn(5)
    found = members.shuffle(quantiles, pattern)
    order = members._by_rank(pattern[3]).argsort(axis=0)
    np.testing.assert_array_equal(found[:, 3].argsort(axis=0), order)


def test_a_year_with_more_ice_everywhere_is_the_member_with_more_ice_everywhere():
    quantiles, _ = drawn(4)
    level = np.array([0.1, -0.2, 0.3, 0.0]).reshape(4, 1, 1)
    pattern = np.broadcast_to(level, (12, 4, *SHAPE[1:])).copy()
    found = members.shuffle(quantiles, pattern)
    np.testing.assert_array_equal(found[2], quantiles[3])
    np.testing.assert_array_equal(found[1], quantiles[0])


def test_cells_that_were_always_the_same_go_with_those_around_them():
    quantiles, pattern = drawn(6)
    pattern[:, :, 2:4, 2:4] = 0
    found = members.shuffle(quantiles, pattern)
    near = pattern.mean(axis=(2, 3)).T
    level = found[:, :, 2:4, 2:4].mean(axis=(2, 3))
    assert np.corrcoef(near.ravel(), level.ravel())[0, 1] > 0.5


def record(months=120):
    rng = np.random.default_rng(3)
    return rng.integers(0, 251, (months, 6, 7)).astype(np.uint8)


def templates(past, number, seed):
    return np.stack(list(members.templates(past, number, seed)), axis=1)


def test_templates_are_past_years_and_reproducible():
    past = record()
    found = templates(past, 5, seed=1)
    assert found.shape == (5, *SHAPE)
    np.testing.assert_array_equal(found, templates(past, 5, seed=1))
    assert (found != templates(past, 5, seed=2)).any()
    # Years that begin in the init's own calendar month are taken first.
    changed = past.copy()
    changed[-12:] = 0
    assert (templates(changed, 6, seed=1) != templates(past, 6, seed=1)).any()


def test_more_members_than_past_years_are_refused():
    with pytest.raises(InputError, match="expected at most"):
        members.templates(record(60), 40)


def dates(fields, rising, last=1.0):
    found = members.CrossingDates(np.full(fields.shape[-2:], last), rising)
    for lead in range(12):
        found.add(fields[..., lead, :, :])
    return found.found


def test_dates_of_a_hand_drawn_year():
    fields = np.array([0.9, 0.5, 0.1, 0.0, 0.0, 0.0, 0.2, 0.6, 0.9, 1, 1, 1]).reshape(12, 1, 1)
    assert dates(fields, rising=False)[0, 0] == pytest.approx(1.5 + 0.35 / 0.4)
    assert dates(fields, rising=True)[0, 0] == pytest.approx(5.5 + 0.75)
    assert np.isinf(dates(np.ones(SHAPE), rising=False)).all()


@given(st.integers(0, 99), st.booleans(), st.floats(0, 1))
def test_the_first_crossing_counts_in_each_cell_and_member(seed, rising, last):
    fields = np.random.default_rng(seed).random((3, *SHAPE), np.float32)
    fields[:, :, 0] = edge = np.float32(0.15)  # ice, exactly
    found = dates(fields, rising, last)
    for member, row, column in np.ndindex(found.shape):
        icy = [np.float32(last) >= edge, *(fields[member, :, row, column] >= edge)]
        at = [i for i in range(12) if icy[i + 1] == rising and icy[i] != rising]
        if at:
            assert at[0] - 0.5 <= found[member, row, column] <= at[0] + 0.5
        else:
            assert np.isinf(found[member, row, column])
