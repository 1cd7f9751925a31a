import dataclasses
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from seaice_tf.clouds.data.decisions import PLAIN, Decisions, decide, expected_dice
from seaice_tf.clouds.scores import dice
from seaice_tf.errors import InputError

MAPS = arrays(np.float32, (3, 4, 4), elements=st.floats(0, 1, width=32))


@given(MAPS)
def test_the_defaults_are_a_threshold_of_one_half(probabilities):
    np.testing.assert_array_equal(decide(probabilities, np.zeros(4), PLAIN), probabilities >= 0.5)


def test_each_class_by_its_own_rules():
    map_ = np.array([[0.9, 0.6, 0.1, 0.0], [0.1, 0.6, 0.1, 0.4], [0.0, 0.0, 0.0, 0.0]])
    probabilities = np.repeat(map_[..., None], 4, axis=-1)
    decisions = Decisions(
        thresholds=(0.5, 0.4, 0.4, 0.5),
        min_areas=(0, 2 / 12, 0, 0),
        gates=(0, 0, 0, 0.3),
        shapes=("box", "none", "one_box", "none"),
    )
    got = decide(probabilities, np.full(4, 0.2), decisions)
    np.testing.assert_array_equal(got[:2, :, 0], [[1, 1, 0, 0], [1, 1, 0, 0]])
    np.testing.assert_array_equal(got[:2, :, 1], [[1, 1, 0, 0], [0, 1, 0, 0]])
    np.testing.assert_array_equal(got[:2, :, 2], np.ones((2, 4)))
    assert not got[..., 3].any()
    assert not got[2].any()


def test_they_come_back_from_json():
    decisions = Decisions(thresholds=(0.1, 0.2, 0.3, 0.4), shapes=("box",) * 4)
    fields = json.loads(json.dumps(dataclasses.asdict(decisions)))
    listed = {name: tuple(values) for name, values in fields.items() if name != "rule"}
    assert Decisions(fields["rule"], **listed) == decisions


@pytest.mark.parametrize(
    "fields", [{"gates": (0.5,)}, {"min_areas": (2, 0, 0, 0)}, {"shapes": ("circle",) * 4}]
)
def test_decisions_that_are_none(fields):
    with pytest.raises(InputError, match="decisions: expected"):
        Decisions(**fields)


@given(MAPS, arrays(np.float64, 4, elements=st.floats(0.05, 1)))
def test_no_threshold_is_expected_to_score_more(probabilities, chances):
    got = expected_dice(probabilities, chances)
    for i, chance in enumerate(chances):
        given_class = np.clip(probabilities[..., i] / chance, 0, 1).astype(np.float64)

        def value(mask, given_class=given_class, chance=chance):
            if not mask.any():
                return 1 - chance
            both = given_class[mask].sum()
            return chance * 2 * both / (mask.sum() + given_class.sum())

        others = [value(given_class >= level) for level in [*given_class.ravel(), 2]]
        assert value(got[..., i]) == pytest.approx(max(others))


def test_the_expected_score_is_that_of_drawing_masks():
    """A class that is there three times in four, and then on the left half of the picture."""
    left = np.zeros((2, 4, 4), bool)
    left[:, :2] = True
    probabilities = np.where(left, 0.75, 0.0)
    chances = np.full(4, 0.75)
    got = expected_dice(probabilities, chances)
    np.testing.assert_array_equal(got, left)
    assert 0.75 * dice.dice(left, got)[0] > 0.25
    assert not expected_dice(probabilities / 2, chances / 2).any()


def test_a_class_without_chance_is_empty():
    ones = np.ones((2, 3, 4))
    assert not expected_dice(ones, np.zeros(4)).any()
