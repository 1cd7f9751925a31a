import numpy as np
import pytest

from seaice_tf.transforms import nsidc0051
from seaice_tf.transforms.nsidc0051 import Name, header, parse_name, stamp

NAME = Name(np.datetime64("2008-11"), "f17")


def test_names_round_trip():
    assert str(NAME) == "nt_200811_f17_v1.1_n.bin"
    assert parse_name(str(NAME)) == NAME


@pytest.mark.parametrize(
    "name", ["nt_200811_f17_v1.1_s.bin", "nt_20081101_f17_v1.1_n.bin", "nt_200813_f17_v1.1_n.bin"]
)
def test_other_names_are_none_of_ours(name):
    assert parse_name(name) is None


def test_a_header_says_what_its_name_says_and_that_it_is_synthetic():
    head = header(NAME)
    assert len(head) == nsidc0051.HEADER
    assert stamp(head) == ("200811", "f17")
    assert nsidc0051.is_synthetic(head)


def test_a_header_has_the_fields_of_a_real_one(real_data):
    real = (real_data / "nsidc0051" / str(NAME)).read_bytes()[: nsidc0051.HEADER]
    ours = header(NAME)
    assert not nsidc0051.is_synthetic(real)
    assert stamp(real) == stamp(ours)
    # The 21 fields of 6 bytes end alike, and the first three are missing value, columns, rows.
    assert [real[i] for i in range(5, 126, 6)] == [ours[i] for i in range(5, 126, 6)]
    assert real[:18].split() == ours[:18].split()
