import dataclasses
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from scipy import ndimage
from skimage.morphology import convex_hull_image

from seaice_tf.clouds.data import postprocessing
from seaice_tf.clouds.data.postprocessing import DEFAULT, Decisions, expected_dice
from seaice_tf.clouds.scores import dice
from seaice_tf.errors import InputError

MASKS = arrays(bool, array_shapes(min_dims=2, max_dims=2, max_side=9))
MAPS = arrays(np.float32, (3, 4, 4), elements=st.floats(0, 1, width=32))


@given(MAPS)
def test_the_defaults_are_a_threshold_of_one_half(probabilities):
    np.testing.assert_array_equal(
        postprocessing.masks(probabilities, np.zeros(4), DEFAULT), probabilities >= 0.5
    )


def test_each_class_has_its_own_parameters():
    map_ = np.array([[0.9, 0.6, 0.1, 0.0], [0.1, 0.6, 0.1, 0.4], [0.0, 0.0, 0.0, 0.0]])
    probabilities = np.repeat(map_[..., None], 4, axis=-1)
    decisions = Decisions(
        thresholds=(0.5, 0.4, 0.4, 0.5),
        min_areas=(0, 2 / 12, 0, 0),
        gates=(0, 0, 0, 0.3),
        shapes=("box", "none", "one_box", "none"),
    )
    got = postprocessing.masks(probabilities, np.full(4, 0.2), decisions)
    np.testing.assert_array_equal(got[:2, :, 0], [[1, 1, 0, 0], [1, 1, 0, 0]])
    np.testing.assert_array_equal(got[:2, :, 1], [[1, 1, 0, 0], [0, 1, 0, 0]])
    np.testing.assert_array_equal(got[:2, :, 2], np.ones((2, 4)))
    assert not got[..., 3].any()
    assert not got[2].any()


def test_decisions_survive_json_and_an_array():
    decisions = Decisions(thresholds=(0.1, 0.2, 0.3, 0.4), shapes=("box",) * 4)
    fields = json.loads(json.dumps(dataclasses.asdict(decisions)))
    listed = {name: tuple(values) for name, values in fields.items() if name != "rule"}
    assert Decisions(fields["rule"], **listed) == decisions
    assert postprocessing.from_array(postprocessing.to_array(decisions)) == decisions


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"gates": (0.5,)}, "decisions: expected 4 gates"),
        ({"min_areas": (2, 0, 0, 0)}, "decisions: expected min_areas from 0 to 1"),
        ({"shapes": ("circle",) * 4}, "shapes: expected 'none' or 'box' .*, got 'circle'"),
        ({"rule": "best"}, "rule: expected .*, got 'best'"),
    ],
)
def test_invalid_decisions(fields, message):
    with pytest.raises(InputError, match=message):
        Decisions(**fields)


@given(MAPS, arrays(np.float64, 4, elements=st.floats(0.05, 1)))
def test_no_other_threshold_has_a_larger_expected_dice(probabilities, class_probabilities):
    got = expected_dice(probabilities, class_probabilities)
    for i, present in enumerate(class_probabilities):
        given_class = np.clip(probabilities[..., i] / present, 0, 1).astype(np.float64)

        def value(mask, given_class=given_class, present=present):
            if not mask.any():
                return 1 - present
            both = given_class[mask].sum()
            return present * 2 * both / (mask.sum() + given_class.sum())

        others = [value(given_class >= level) for level in [*given_class.ravel(), 2]]
        assert value(got[..., i]) == pytest.approx(max(others))


def test_the_expected_dice_by_hand():
    """A class that is present with probability 0.75, and then on the left half of the image."""
    left = np.zeros((2, 4, 4), bool)
    left[:, :2] = True
    probabilities = np.where(left, 0.75, 0.0)
    class_probabilities = np.full(4, 0.75)
    got = expected_dice(probabilities, class_probabilities)
    np.testing.assert_array_equal(got, left)
    assert 0.75 * dice.dice(left, got)[0] > 0.25
    assert not expected_dice(probabilities / 2, class_probabilities / 2).any()


def test_a_class_of_probability_zero_is_empty():
    ones = np.ones((2, 3, 4))
    assert not expected_dice(ones, np.zeros(4)).any()


def test_small_components_are_removed_and_corners_connect():
    mask = np.array([[1, 0, 0, 1], [0, 1, 0, 0], [0, 0, 0, 0]], bool)
    np.testing.assert_array_equal(
        postprocessing.remove_small(mask, 2), [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 0, 0]]
    )
    np.testing.assert_array_equal(postprocessing.remove_small(mask, 0), mask)


def test_shapes_around_two_components():
    mask = np.array([[1, 0, 0, 0], [1, 1, 0, 0], [0, 0, 0, 0], [0, 0, 0, 1]], bool)
    boxes = np.array([[1, 1, 0, 0], [1, 1, 0, 0], [0, 0, 0, 0], [0, 0, 0, 1]], bool)
    np.testing.assert_array_equal(postprocessing.fit_shape(mask, "none"), mask)
    np.testing.assert_array_equal(postprocessing.fit_shape(mask, "box"), boxes)
    np.testing.assert_array_equal(postprocessing.fit_shape(mask, "hull"), mask)
    assert postprocessing.fit_shape(mask, "one_box").all()
    one = [[1, 0, 0, 0], [1, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]
    np.testing.assert_array_equal(postprocessing.fit_shape(mask, "one_hull"), one)


@pytest.mark.parametrize("shape", postprocessing.SHAPES)
@given(mask=MASKS)
def test_a_shape_contains_its_mask_and_is_idempotent(shape, mask):
    got = postprocessing.fit_shape(mask, shape)
    assert (got >= mask).all()
    if shape.startswith("one_"):
        np.testing.assert_array_equal(postprocessing.fit_shape(got, shape), got)


def test_the_convex_hull_equals_that_of_scikit_image():
    rng = np.random.default_rng(0)
    for _ in range(20):
        mask = ndimage.gaussian_filter(rng.standard_normal((20, 30)), 2) > 0.15
        np.testing.assert_array_equal(
            postprocessing.convex_hull(mask), convex_hull_image(mask, offset_coordinates=False)
        )
