import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seaice_tf.errors import InputError
from seaice_tf.forecast.data import months


def test_a_month_is_parsed_and_numbered():
    month = months.parse("2012-09")
    assert months.number(month) == 9
    assert months.number(month + 4) == 1
    assert [str(m) for m in months.span(month, month + 1)] == ["2012-09", "2012-10"]


@pytest.mark.parametrize("text", ["2012-13", "2012-9", "201209", "", "2012-00"])
def test_what_is_no_month_is_an_error(text):
    with pytest.raises(InputError, match="expected YYYY-MM"):
        months.parse(text)


def test_numbers_agree_with_the_calendar():
    span = np.arange("1969-01", "1972-01", dtype="datetime64[M]")
    assert [months.number(month) for month in span] == [*range(1, 13)] * 3


@settings(max_examples=50, deadline=None)
@given(st.integers(1000, 9999), st.integers(1, 12), st.integers(0, 60))
def test_months_come_back_from_their_text_and_spans_count_them(year, month, more):
    first = months.parse(f"{year:04}-{month:02}")
    assert months.number(first) == month
    assert str(first) == f"{year:04}-{month:02}"
    span = months.span(first, first + more)
    assert len(span) == more + 1
    assert (span[0], span[-1]) == (first, first + more)
    assert [months.number(each) for each in span[:13]] == [
        (month - 1 + i) % 12 + 1 for i in range(min(13, more + 1))
    ]
