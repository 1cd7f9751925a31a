import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seaice_tf.icechart.scores import autoice, conditions

RNG = np.random.default_rng(0)
TRUE = RNG.integers(0, 6, (30, 40)).astype(np.uint8)
TRUE[RNG.random(TRUE.shape) < 0.2] = 255
PRED = RNG.integers(0, 6, TRUE.shape).astype(np.uint8)
UNCERTAINTY = RNG.random(TRUE.shape)


def test_groups_equal_those_of_selected_pixels():
    group = RNG.integers(0, 3, TRUE.shape)
    found = conditions.confusion_by_group(TRUE, PRED, group, 2, 6)
    for each in range(2):
        here = group == each
        np.testing.assert_array_equal(found[each], autoice.confusion(TRUE[here], PRED[here], 6))


def test_levels_add_up_and_deciles_are_the_sorted_pixels():
    levels = conditions.confusion_by_uncertainty(TRUE, PRED, UNCERTAINTY, 6)
    np.testing.assert_array_equal(levels.sum(axis=0), autoice.confusion(TRUE, PRED, 6))
    groups = conditions.deciles(levels)
    pixels = groups.sum(axis=(1, 2))
    assert pixels.sum() == (TRUE != 255).sum()
    assert pixels.min() > 0.8 * pixels.mean()
    known = TRUE != 255
    certain = known & (
        np.rint(UNCERTAINTY * 250) <= np.quantile(np.rint(UNCERTAINTY[known] * 250), 0.09)
    )
    np.testing.assert_array_less(
        autoice.confusion(TRUE[certain], PRED[certain], 6).diagonal(), groups[0].diagonal() + 1
    )


def test_pixels_of_equal_uncertainty_share_a_decile():
    groups = conditions.deciles(conditions.confusion_by_uncertainty(TRUE, PRED, 0 * UNCERTAINTY, 6))
    assert np.count_nonzero(groups.sum(axis=(1, 2))) == 1
    assert (conditions.deciles(np.zeros((251, 6, 6), int)) == 0).all()


def test_reliability_of_hand_made_pixels():
    true, pred = np.array([[0, 1, 1, 255]], np.uint8), np.array([[0, 1, 2, 0]], np.uint8)
    counts = conditions.reliability_counts(true, pred, np.array([[0.25, 0.8, 0.9, 0.5]]))
    rows = conditions.reliability(counts)
    assert rows[2] == {"pixels": 1, "stated": 0.25, "right": 1}
    assert rows[8]["stated"] == pytest.approx(0.8)
    assert (rows[9]["pixels"], rows[9]["right"]) == (1, 0)
    assert np.isnan(rows[0]["right"])


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 9999), st.integers(1, 29))
def test_counts_of_parts_add_up(seed, cut):
    rng = np.random.default_rng(seed)
    uncertainty = rng.random(TRUE.shape) ** 4
    group = rng.integers(0, 4, TRUE.shape)
    halves = slice(None, cut), slice(cut, None)
    for count in (
        lambda h: conditions.confusion_by_group(TRUE[h], PRED[h], group[h], 3, 6),
        lambda h: conditions.confusion_by_uncertainty(TRUE[h], PRED[h], uncertainty[h], 6),
        lambda h: conditions.reliability_counts(TRUE[h], PRED[h], uncertainty[h]),
    ):
        np.testing.assert_allclose(count(halves[0]) + count(halves[1]), count(slice(None)))
    levels = conditions.confusion_by_uncertainty(TRUE, PRED, uncertainty, 6)
    np.testing.assert_array_equal(levels.sum(axis=0), autoice.confusion(TRUE, PRED, 6))
    deciles = conditions.deciles(levels)
    np.testing.assert_array_equal(deciles.sum(axis=0), levels.sum(axis=0))
