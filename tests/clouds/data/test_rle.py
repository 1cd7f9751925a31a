import csv

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from seaice_tf.clouds.data import rle
from seaice_tf.clouds.data.classes import LABEL_SHAPE
from seaice_tf.errors import InputError

MASKS = arrays(bool, array_shapes(min_dims=2, max_dims=2, max_side=12))
CODES = st.lists(st.integers(-1, 25), max_size=8).map(lambda n: " ".join(map(str, n)))


def slow(text, shape):
    """The rule, a pixel at a time; None for a code that is not one."""
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
def test_any_code_is_read_or_refused_as_pixel_by_pixel(text):
    expected = slow(text, (4, 5))
    if expected is None:
        with pytest.raises(InputError):
            rle.decode(text, (4, 5))
    else:
        np.testing.assert_array_equal(rle.decode(text, (4, 5)), expected)


@pytest.mark.parametrize("text", ["", "  ", "\n"])
def test_no_code_is_an_empty_mask(text):
    assert not rle.decode(text, (3, 4)).any()


def test_runs_may_touch():
    assert rle.decode("1 2 3 1", (2, 2)).sum() == 3


@pytest.mark.parametrize(
    ("text", "told"),
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
def test_a_bad_code_is_told_with_its_place(text, told):
    with pytest.raises(InputError) as error:
        rle.decode(text, (2, 3), "train.csv line 7")
    assert str(error.value).startswith("train.csv line 7: expected")
    assert told.removeprefix("whole numbers from 1 up, ") in str(error.value)


def test_the_contest_masks_come_back_as_they_were(real_data):
    csv.field_size_limit(2**31 - 1)
    with (real_data / "clouds" / "train.csv").open(newline="") as file:
        codes = [row["EncodedPixels"] for row in csv.DictReader(file)]
    for code in codes[::20]:
        assert rle.encode(rle.decode(code, LABEL_SHAPE)) == code
