import csv

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from seaice_tf.clouds.data import rle
from seaice_tf.clouds.data.labels import LABEL_SHAPE
from seaice_tf.errors import InputError

MASKS = arrays(bool, array_shapes(min_dims=2, max_dims=2, max_side=12))
SHAPES = st.tuples(st.integers(1, 11), st.integers(1, 11))
SMALL = arrays(bool, array_shapes(min_dims=2, max_dims=2, max_side=9))
CODES = st.lists(st.integers(-1, 25), max_size=8).map(lambda n: " ".join(map(str, n)))


def slow(text, shape):
    """Reference implementation, pixel by pixel; None for an invalid code."""
    numbers = [int(word) for word in text.split()]
    if len(numbers) % 2:
        return None
    mask, after = np.zeros(shape, bool), 1
    for start, length in zip(numbers[::2], numbers[1::2]):
        if start < after or length < 1 or start + length - 1 > mask.size:
            return None
        after = start + length
        for pixel in range(start - 1, after - 1):
            mask[pixel % shape[0], pixel // shape[0]] = True
    return mask


def test_a_hand_drawn_mask():
    mask = np.array([[0, 1], [1, 1]], bool)  # down the columns: 0 1 1 1
    assert rle.encode(mask) == "2 3"
    np.testing.assert_array_equal(rle.decode("2 3", (2, 2)), mask)


@given(MASKS)
def test_round_trip(mask):
    np.testing.assert_array_equal(rle.decode(rle.encode(mask), mask.shape), mask)


@given(CODES)
def test_any_code_is_decoded_or_rejected_as_by_a_loop_over_pixels(text):
    expected = slow(text, (4, 5))
    if expected is None:
        with pytest.raises(InputError):
            rle.decode(text, (4, 5))
    else:
        np.testing.assert_array_equal(rle.decode(text, (4, 5)), expected)


@pytest.mark.parametrize("text", ["", "  ", "\n"])
def test_an_empty_code_is_an_empty_mask(text):
    assert not rle.decode(text, (3, 4)).any()


def test_runs_may_touch():
    assert rle.decode("1 2 3 1", (2, 2)).sum() == 3


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1 2 3", "pairs of start and length, got 3 numbers"),
        ("1 2.5", "whole numbers, got '2.5'"),
        ("1 nan", "whole numbers, got 'nan'"),
        ("1 -2", "whole numbers from 1 up, got '-2'"),
        ("1 1_0", "whole numbers from 1 up, got '1_0'"),
        ("1 ²", "whole numbers from 1 up, got '²'"),
        ("1 1 0 1", "whole numbers from 1 up, got 0 as number 3"),
        ("1 0", "whole numbers from 1 up, got 0 as number 2"),
        ("1 3 3 1", 'without overlap, got "3 1" as run 2'),
        ("5 1 1 1", 'without overlap, got "1 1" as run 2'),
        ("6 2", 'within 2 x 3 = 6 pixels, got "6 2" as run 1'),
        ("1 " + "9" * 30, "within 2 x 3 = 6 pixels"),
        ("9" * 30 + " 1", "within 2 x 3 = 6 pixels"),
    ],
)
def test_an_invalid_code_is_reported_with_its_place(text, message):
    with pytest.raises(InputError) as error:
        rle.decode(text, (2, 3), "train.csv line 7")
    assert str(error.value).startswith("train.csv line 7: expected")
    assert message.removeprefix("whole numbers from 1 up, ") in str(error.value)


def test_codes_of_the_competition_survive_a_round_trip(real_data):
    csv.field_size_limit(2**31 - 1)
    with (real_data / "clouds" / "train.csv").open(newline="") as file:
        codes = [row["EncodedPixels"] for row in csv.DictReader(file)]
    for code in codes[::20]:
        assert rle.encode(rle.decode(code, LABEL_SHAPE)) == code


def slow_coverage(mask, shape):
    """Reference implementation: pixels repeated to a common multiple, then averaged."""
    fine = mask.repeat(shape[0], axis=0).repeat(shape[1], axis=1)
    rows, columns = mask.shape
    return fine.reshape(shape[0], rows, shape[1], columns).mean(axis=(1, 3))


@given(SMALL, SHAPES)
def test_coverage_is_the_mean_over_each_cell(mask, shape):
    got = rle.run_coverage(*rle.mask_runs(mask), mask.shape, shape)
    np.testing.assert_allclose(got, slow_coverage(mask, shape), atol=1e-9)


@given(SMALL, SHAPES)
def test_decoding_to_another_grid_equals_resizing_the_mask(mask, shape):
    np.testing.assert_array_equal(
        rle.decode_resized(rle.encode(mask), mask.shape, shape), rle.resize(mask, shape)
    )


@given(SMALL, SHAPES)
def test_a_resized_mask_is_empty_only_if_the_mask_is(mask, shape):
    assert rle.resize(mask, shape).any() == mask.any()


@given(arrays(np.int8, (4, 5), elements=st.integers(0, 4)))
def test_no_other_threshold_is_closer_to_the_area(quarters):
    fraction = quarters / 4
    got = abs(rle.threshold_at_area(fraction).sum() - fraction.sum())
    others = [(fraction >= level).sum() for level in np.unique(fraction[fraction > 0])]
    assert got == pytest.approx(min(abs(n - fraction.sum()) for n in others or [0]))


def test_four_by_four_blocks():
    mask = np.zeros((8, 12), bool)
    mask[:4, :6] = True  # one block and half of the next
    fraction = rle.run_coverage(*rle.mask_runs(mask), mask.shape, (2, 3))
    np.testing.assert_array_equal(fraction, [[1, 0.5, 0], [0, 0, 0]])
    np.testing.assert_array_equal(rle.resize(mask, (8, 12)), mask)
