import re
import shutil

import numpy as np
import pytest

from seaice_tf.errors import InputError
from seaice_tf.forecast.data import counts, months, nsidc0051
from seaice_tf.forecast.data.archive import read_archive
from seaice_tf.forecast.data.doctor import examine
from seaice_tf.forecast.data.formats import Name
from seaice_tf.forecast.data.nsidc0051 import (
    file_name,
    header,
    parse_name,
    sides,
    size,
    stamp,
    write_synthetic,
)
from seaice_tf.grids.polar import NORTH, SOUTH

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


FIRST = np.datetime64("2008-01")


@pytest.fixture
def folder(tmp_path):
    """Four months with land, a coast and a pole hole, values a function of the month."""
    grids = np.zeros((4, 448, 304), np.uint8)
    grids += np.arange(1, 5, dtype=np.uint8).reshape(4, 1, 1)
    grids[:, :, 200:] += 1
    grids[:, :9], grids[:, 9], grids[:, 200, 150] = counts.LAND, counts.COAST, counts.POLE_HOLE
    write_synthetic(tmp_path / "data", FIRST, grids)
    return tmp_path / "data"


def path_of(folder, month):
    return folder / file_name(Name(np.datetime64(month), "f17"))


def test_what_is_written_is_read(folder):
    archive = read_archive(folder)
    assert (archive.first, archive.last) == (FIRST, FIRST + 3)
    assert archive.synthetic
    assert "synthetic" in archive.source
    assert [int(grid[20, 20]) for grid in archive.counts] == [1, 2, 3, 4]
    assert archive.counts[2, 200, 150] == counts.POLE_HOLE
    assert len(archive.until(FIRST + 1)) == 2


def test_a_month_outside_the_archive_is_an_error(folder):
    archive = read_archive(folder)
    with pytest.raises(InputError, match="expected data for 2010-05, got 2008-01 to 2008-04"):
        archive.index(np.datetime64("2010-05"))


def damage(folder, kind):
    victim = path_of(folder, "2008-02")
    content = victim.read_bytes()
    if kind == "truncated":
        victim.write_bytes(content[:-1])
    elif kind == "empty":
        victim.write_bytes(b"")
    elif kind == "oversized":
        victim.write_bytes(content + b"\0")
    elif kind == "southern size":
        victim.write_bytes(bytes(size(SOUTH)))
    elif kind == "header of another month":
        shutil.copy(path_of(folder, "2008-03"), victim)
    elif kind == "no header":
        victim.write_bytes(bytes(300) + content[300:])
    elif kind == "missing":
        victim.unlink()
    elif kind == "twice":
        shutil.copy(victim, folder / "nt_200802_f13_v1.1_n.bin")
    elif kind == "southern names":
        for path in list(folder.iterdir()):
            path.rename(path.with_name(path.name.replace("_n.bin", "_s.bin")))
    elif kind == "one southern name":
        victim.rename(victim.with_name(victim.name.replace("_n.bin", "_s.bin")))
    elif kind == "no files":
        shutil.rmtree(folder)
        folder.mkdir()
    elif kind == "no folder":
        shutil.rmtree(folder)


DAMAGES = {
    "truncated": "nt_200802.*expected 136492 bytes .*got 136491.*download",
    "empty": "expected 136492 bytes .*got 0",
    "oversized": "got 136493",
    "southern size": r"expected the northern grid, .*southern one \(332 x 316\); restore",
    "header of another month": "expected the header to name the same date.*got 200803_f17",
    "no header": "expected a header that gives 304 x 448 .*got none",
    "missing": "expected every month from 2008-01 to 2008-04, got none for 2008-02",
    "twice": "expected one file for 2008-02, got nt_200802_f13.*nt_200802_f17.*move one",
    "southern names": r"expected the southern grid, .*northern one \(448 x 304\)",
    "one southern name": "expected files of one kind, got 3 of NSIDC-0051 v1.1 and 1 of NSIDC-0051 "
    "v1.1 south; move",
    "no files": "expected files of NSIDC-0051.*got 0 other files",
    "no folder": "expected a folder",
}


@pytest.mark.parametrize("kind", DAMAGES)
def test_damage_is_one_clear_line(folder, kind):
    damage(folder, kind)
    with pytest.raises(InputError, match=DAMAGES[kind]) as caught:
        read_archive(folder)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("kind", ["truncated", "missing", "twice", "header of another month"])
def test_the_doctor_finds_it_too_and_goes_on(folder, kind):
    damage(folder, kind)
    findings = examine(folder)
    assert any("200802" in t or "2008-02" in t for t in findings.problems)
    assert len(findings.months) >= 3


def test_the_doctor_finds_impossible_values_and_a_changing_coast(folder):
    victim = path_of(folder, "2008-01")
    content = bytearray(victim.read_bytes())
    content[300], content[300 + 304 * 20], content[300 + 304 * 21] = 253, 252, 255
    victim.write_bytes(content)
    text = " | ".join(examine(folder).problems)
    assert re.search(
        r"expected no 252, a value that does not exist, got 1 cells of nt_200801", text
    )
    assert "got 1 cells of nt_200801_f17_v1.1_n.bin missing" in text
    assert re.search(
        "the coast of 1 months differs.*other 3, got 1 cells unlike it in 2008-01", text
    )
    assert "the land of 1 months differs" in text


def test_a_sound_folder_has_no_problem(folder):
    findings = examine(folder)
    assert findings.problems == ()
    assert findings.hole_sizes() == [(FIRST, 1)]


def test_the_real_record(real_data):
    archive = read_archive(real_data / "nsidc0051")
    assert archive.counts.shape == (410, 448, 304)
    assert not archive.synthetic
    assert archive.source == "NSIDC-0051 v1.1, 1978-11 to 2012-12"
    assert (archive.grid, archive.days) == (NORTH, None)
    land = (archive.counts == counts.LAND).sum(axis=(1, 2))
    assert (land == 63212).all()
    # September 2012 holds the least ice of the record.
    ice = ((archive.counts >= counts.ICE_EDGE) & ~counts.flagged(archive.counts)).sum(axis=(1, 2))
    assert archive.first + int(ice.argmin()) == months.parse("2012-09")


def test_the_doctor_on_the_real_record(real_data):
    findings = examine(real_data / "nsidc0051")
    assert findings.problems == ()
    sizes = [(str(month), cells) for month, cells in findings.hole_sizes()]
    assert sizes == [("1978-11", 1799), ("1987-09", 468), ("2008-01", 44)]
