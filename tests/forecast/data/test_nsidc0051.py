import numpy as np
import pytest

from seaice_tf.forecast.data import nsidc0051
from seaice_tf.forecast.data.file_names import Name
from seaice_tf.forecast.data.nsidc0051 import file_name, header, parse_name, sides, stamp
from seaice_tf.grids.polar import SOUTH

NAME = Name(np.datetime64("2008-11"), "f17")
NAMES = {
    "nt_200811_f17_v1.1_n.bin": NAME,
    "nt_200811_f17_v1.1_s.bin": Name(np.datetime64("2008-11"), "f17", SOUTH),
    "nt_19800229_n07_v1.1_n.bin": Name(np.datetime64("1980-02-29"), "n07"),
}


@pytest.mark.parametrize("text", NAMES)
def test_names_round_trip(text):
    assert parse_name(text) == NAMES[text]
    assert file_name(NAMES[text]) == text
    assert parse_name(text).daily == (len(text) > 24)


@pytest.mark.parametrize(
    "name",
    [
        "nt_200813_f17_v1.1_n.bin",
        "nt_20080230_f17_v1.1_n.bin",
        "nt_2008110_f17_v1.1_n.bin",
        "nt_200811_f17_nrt_n.bin",
    ],
)
def test_other_names_are_none_of_ours(name):
    assert parse_name(name) is None


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_a_header_says_what_its_name_says_and_that_it_is_synthetic(name):
    head = header(name)
    assert len(head) == nsidc0051.HEADER
    assert stamp(head) == (name.digits, name.sensor)
    assert sides(head) == ("316 x 332" if name.grid is SOUTH else "304 x 448")
    assert nsidc0051.is_synthetic(head)


def test_a_header_has_the_fields_of_a_real_one(real_data):
    real = (real_data / "nsidc0051" / file_name(NAME)).read_bytes()[: nsidc0051.HEADER]
    ours = header(NAME)
    assert not nsidc0051.is_synthetic(real)
    assert stamp(real) == stamp(ours)
    # The 21 fields of 6 bytes end alike, and the first three are missing value, columns, rows.
    assert [real[i] for i in range(5, 126, 6)] == [ours[i] for i in range(5, 126, 6)]
    assert real[:18].split() == ours[:18].split()
