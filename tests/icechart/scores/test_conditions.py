import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seaice_tf.icechart.scores import autoice, conditions

RNG = np.random.default_rng(0)
TRUE = RNG.integers(0, 6, (30, 40)).astype(np.uint8)
TRUE[RNG.random(TRUE.shape) < 0.2] = 255
PRED = RNG.integers(0, 6, TRUE.shape).astype(np.uint8)
DOUBT = RNG.random(TRUE.shape)


def test_groups_are_those_of_the_pixels_picked_by_hand():
    group = RNG.integers(0, 3, TRUE.shape)
    found = conditions.by_group(TRUE, PRED, group, 2, 6)
    for each in range(2):
        here = group == each
        np.testing.assert_array_equal(found[each], autoice.confusion(TRUE[here], PRED[here], 6))


def test_levels_add_up_and_tenths_are_the_sorted_pixels():
    levels = conditions.by_level(TRUE, PRED, DOUBT, 6)
    np.testing.assert_array_equal(levels.sum(axis=0), autoice.confusion(TRUE, PRED, 6))
    groups = conditions.tenths(levels)
    pixels = groups.sum(axis=(1, 2))
    assert pixels.sum() == (TRUE != 255).sum()
    assert pixels.min() > 0.8 * pixels.mean()
    known = TRUE != 255
    certain = known & (np.rint(DOUBT * 250) <= np.quantile(np.rint(DOUBT[known] * 250), 0.09))
    np.testing.assert_array_less(
        autoice.confusion(TRUE[certain], PRED[certain], 6).diagonal(), groups[0].diagonal() + 1
    )


def test_pixels_that_are_all_as_certain_stay_together():
    groups = conditions.tenths(conditions.by_level(TRUE, PRED, 0 * DOUBT, 6))
    assert np.count_nonzero(groups.sum(axis=(1, 2))) == 1
    assert (conditions.tenths(np.zeros((251, 6, 6), int)) == 0).all()


def test_reliability_of_hand_made_pixels():
    true, pred = np.array([[0, 1, 1, 255]], np.uint8), np.array([[0, 1, 2, 0]], np.uint8)
    counts = conditions.stated(true, pred, np.array([[0.25, 0.8, 0.9, 0.5]]))
    rows = conditions.reliability(counts)
    assert rows[2] == {"pixels": 1, "stated": 0.25, "right": 1}
    assert rows[8]["stated"] == pytest.approx(0.8)
    assert (rows[9]["pixels"], rows[9]["right"]) == (1, 0)
    assert np.isnan(rows[0]["right"])


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 9999), st.integers(1, 29))
def test_what_is_added_up_is_what_is_counted_at_once(seed, cut):
    rng = np.random.default_rng(seed)
    doubt = rng.random(TRUE.shape) ** 4
    group = rng.integers(0, 4, TRUE.shape)
    halves = slice(None, cut), slice(cut, None)
    for count in (
        lambda h: conditions.by_group(TRUE[h], PRED[h], group[h], 3, 6),
        lambda h: conditions.by_level(TRUE[h], PRED[h], doubt[h], 6),
        lambda h: conditions.stated(TRUE[h], PRED[h], doubt[h]),
    ):
        np.testing.assert_allclose(count(halves[0]) + count(halves[1]), count(slice(None)))
    levels = conditions.by_level(TRUE, PRED, doubt, 6)
    np.testing.assert_array_equal(levels.sum(axis=0), autoice.confusion(TRUE, PRED, 6))
    tenths = conditions.tenths(levels)
    np.testing.assert_array_equal(tenths.sum(axis=0), levels.sum(axis=0))
