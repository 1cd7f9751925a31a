"""One record in every format, its gaps, its empty months and its days."""

import re

import netCDF4
import numpy as np
import pytest

from seaice_tf.errors import InputError
from seaice_tf.forecast.data import counts
from seaice_tf.forecast.data.archive import FORMATS, read_archive
from seaice_tf.forecast.data.doctor import examine
from seaice_tf.forecast.data.reading import days_needed
from seaice_tf.grids.polar import EASE_NORTH, EASE_SOUTH, NORTH, SOUTH
from tests.forecast.data.archives import NORTH_ONLY, SOUTH_WRITERS, WRITERS

FIRST = np.datetime64("2008-01")
EVERY_KIND = tuple(WRITERS)
KINDS = (  # one format of each way of reading
    "NSIDC-0051 v1.1",
    "NSIDC-0051 v1.1 daily",
    "NSIDC-0051 v2",
    "Dacon 235706",
    "NOAA/NSIDC climate data record v4",
)


def months(grid, number=3):
    """Months with all flags but "unused", of counts that are whole percents: multiples of 5."""
    rng = np.random.default_rng(0)
    blocks = rng.integers(0, 51, (number, -(-grid.rows // 8), -(-grid.columns // 8)))
    noise = 5 * blocks.repeat(8, axis=1).repeat(8, axis=2)
    result = noise[:, : grid.rows, : grid.columns].astype(np.uint8)
    result[:, :9], result[:, 9] = counts.LAND, counts.COAST
    result[:, 200, 150], result[number // 2, 100, 100] = counts.POLE_HOLE, counts.MISSING
    return result


def grid_of(kind, hemisphere="north"):
    north, south = (EASE_NORTH, EASE_SOUTH) if kind.startswith("OSI") else (NORTH, SOUTH)
    return north if hemisphere == "north" else south


def as_stored(kind, written):
    """What a format can tell of counts: OSI SAF knows neither coast nor pole hole."""
    if not kind.startswith("OSI"):
        return written
    written = np.where(written == counts.COAST, counts.LAND, written)
    return np.where(written == counts.POLE_HOLE, counts.MISSING, written)


@pytest.mark.parametrize("hemisphere", ["north", "south"])
@pytest.mark.parametrize("kind", EVERY_KIND)
def test_all_formats_of_one_record_give_the_same_counts(tmp_path, kind, hemisphere):
    if hemisphere == "south" and ("daily" in kind or kind.startswith(NORTH_ONLY)):
        pytest.skip("one hemisphere shows the days, and Dacon has the north only")
    grid, number = grid_of(kind, hemisphere), 1 if "daily" in kind else 3
    written = months(grid, number)
    write = SOUTH_WRITERS.get(kind, WRITERS[kind]) if hemisphere == "south" else WRITERS[kind]
    write(tmp_path / "data", FIRST, written)
    archive = read_archive(tmp_path / "data")
    np.testing.assert_array_equal(archive.counts, as_stored(kind, written))
    assert archive.counts.dtype == np.uint8
    assert (archive.first, archive.last, archive.grid) == (FIRST, FIRST + number - 1, grid)
    assert archive.kind == kind + ("" if hemisphere == "north" else " south")
    assert archive.kind in archive.source or archive.synthetic
    assert bool(archive.citation) == (not archive.synthetic)
    assert archive.days is None or archive.days.tolist() == [20] * number
    assert (archive.days is None) == ("daily" not in kind)
    assert len(archive.files) == (1 if kind.endswith("v6") else 20 if "daily" in kind else 3)


@pytest.mark.parametrize("kind", KINDS)
def test_the_doctor_reads_every_kind(tmp_path, kind):
    written = months(NORTH)
    written[1, 100, 100] = 0
    WRITERS[kind](tmp_path / "data", FIRST, written)
    findings = examine(tmp_path / "data")
    assert findings.problems == ()
    np.testing.assert_array_equal(findings.grids, written)
    assert findings.hole_sizes() == [(FIRST, 1)]
    next(path for path in sorted((tmp_path / "data").iterdir()) if "200802" in path.name).unlink()
    problem = " | ".join(examine(tmp_path / "data").problems)
    few, gap = "20 days with data in 2008-02, got 19", "2008-01 to 2008-03, got none for 2008-02"
    assert (few if "daily" in kind else gap) in problem


@pytest.mark.parametrize("kind", EVERY_KIND)
def test_real_months_are_the_same_in_every_format(tmp_path, real_months, kind):
    """1987-08 and 1987-09: the sensor and with it the pole hole change."""
    if kind.startswith("OSI") or ("daily" in kind and kind not in KINDS):
        pytest.skip("another grid, or the same as the monthly files")
    WRITERS[kind](tmp_path, np.datetime64("1987-08"), real_months)
    found = read_archive(tmp_path).counts
    flags = counts.flagged(real_months)
    np.testing.assert_array_equal(found[flags], real_months[flags])
    # The climate data record holds whole percents, 2.5 counts each.
    tolerance = 1 if kind.startswith("NOAA") else 0
    assert np.abs(found.astype(int) - real_months).max() <= tolerance


def test_every_format_is_tried():
    assert {form.title for form in FORMATS} == {kind.removesuffix(" daily") for kind in WRITERS}


@pytest.mark.parametrize("kind", KINDS)
def test_a_gap_is_one_clear_line(tmp_path, writers, kind):
    folder = tmp_path / "data"
    writers[kind](folder, FIRST, months(NORTH))
    for path in folder.glob("*200802*"):
        path.unlink()
    with pytest.raises(InputError, match="from 2008-01 to 2008-03, got none for 2008-02; add"):
        read_archive(folder)


@pytest.mark.parametrize("other", ["NOAA/NSIDC climate data record v4", "OSI SAF OSI-450-a"])
def test_algorithms_are_not_mixed(tmp_path, writers, other):
    for kind in (KINDS[0], other):
        writers[kind](tmp_path / "data", FIRST, months(grid_of(kind), 1))
    for read in (read_archive, examine):
        with pytest.raises(InputError, match=f"expected files of one kind, got .*{other}.*move"):
            read(tmp_path / "data")


def test_hemispheres_are_not_mixed(tmp_path, writers):
    for grid in (NORTH, SOUTH):
        writers["NSIDC-0051 v2"](tmp_path / "data", FIRST, months(grid, 1))
    with pytest.raises(InputError, match="1 of NSIDC-0051 v2 and 1 of NSIDC-0051 v2 south; move"):
        read_archive(tmp_path / "data")


@pytest.mark.parametrize("kind", [kind for kind in KINDS if "v1.1" not in kind])
def test_a_month_without_an_observed_cell_is_missing(tmp_path, writers, kind):
    written = months(NORTH, 4)
    written[3] = counts.MISSING
    writers[kind](tmp_path / "end", FIRST, written)
    assert read_archive(tmp_path / "end").last == FIRST + 2
    written[1] = counts.MISSING
    writers[kind](tmp_path / "middle", FIRST, written)
    with pytest.raises(InputError, match=r"got none for 2008-02 \(files without data\)"):
        read_archive(tmp_path / "middle")
    findings = examine(tmp_path / "middle")
    assert len(findings.months) == 2
    text = " | ".join(findings.problems)
    assert "got none for 2008-02 (files without data)" in text
    assert "the land" not in text


def of_the_outage(kind, folder, writers, absent):
    """Half a year around it; its two months have no file, or two days or a file without data."""
    first = np.datetime64("1987-10")
    written = months(NORTH, 6)
    if not absent and "daily" not in kind:
        written[2:4] = counts.unobserved(written[2])
    writers[kind](folder, first, written)
    for digits in ("198712", "198801") if absent or "daily" in kind else ():
        for path in sorted(folder.glob(f"*{digits}*"))[0 if absent else 2 :]:
            path.unlink()
    return written


@pytest.mark.parametrize("absent", [True, False], ids=["no file", "files"])
@pytest.mark.parametrize("kind", KINDS)
def test_the_months_without_a_sensor_stay_as_missing(tmp_path, writers, kind, absent):
    written = of_the_outage(kind, tmp_path / "data", writers, absent)
    record = read_archive(tmp_path / "data")
    assert (record.first, record.last) == (np.datetime64("1987-10"), np.datetime64("1988-03"))
    observed = [0, 1, 4, 5]
    np.testing.assert_array_equal(record.counts[observed], written[observed])
    land = counts.land(written[0])
    for month in record.counts[2:4]:
        np.testing.assert_array_equal(month[land], written[0][land])
        assert (month[~land] == counts.MISSING).all()
    assert record.days is None or record.days.tolist() == [20, 20, 0, 0, 20, 20]
    findings = examine(tmp_path / "data")
    assert not [t for t in findings.problems if re.search("1987-?12|1988-?01", t)]
    days = 0 if absent or "daily" not in kind else 2
    assert findings.unobserved() == {np.datetime64(m): days for m in ("1987-12", "1988-01")}
    assert (findings.days is None) == ("daily" not in kind)


def test_a_record_that_begins_after_the_outage_does_not_have_it(tmp_path, writers):
    folder = tmp_path / "data"
    of_the_outage("NSIDC-0051 v2", folder, writers, absent=True)
    for path in folder.glob("*1987*"):
        path.unlink()
    assert read_archive(folder).first == np.datetime64("1988-02")
    assert examine(folder).unobserved() == {}


def test_days_of_the_outage_alone_or_at_an_end_are_too_few(tmp_path, writers):
    folder, first = tmp_path / "data", np.datetime64("1987-12-01")
    writers["NSIDC-0051 v1.1"](folder, first, np.repeat(months(NORTH, 1), 2, axis=0))
    for read in (read_archive, examine):
        with pytest.raises(InputError, match="at least 20 days with data in 1987-12, got 2"):
            read(folder)
    writers["NSIDC-0051 v1.1 daily"](folder, np.datetime64("1987-11"), months(NORTH, 1))
    assert read_archive(folder).last == np.datetime64("1987-11")
    findings = examine(folder)
    assert findings.problems == ()
    assert findings.notes == ("1987-12 is left out: it has 2 days with data, fewer than 20",)


def test_nothing_observed_at_all(tmp_path, writers):
    writers["NSIDC-0051 v2"](tmp_path / "d", FIRST, np.full((2, 448, 304), counts.MISSING, "u1"))
    with pytest.raises(InputError, match="expected observed cells, got none in any of 2 months"):
        read_archive(tmp_path / "d")


def test_days_are_averaged_where_they_observe(tmp_path, writers):
    days = np.random.default_rng(1).integers(0, 256, (31, *SOUTH.shape)).astype(np.uint8)
    days[:, :5] = counts.LAND
    writers["NSIDC-0051 v1.1"](tmp_path / "data", np.datetime64("2008-01-01"), days)
    archive = read_archive(tmp_path / "data")
    np.testing.assert_array_equal(archive.counts[0], counts.month_of_days(days))
    assert archive.days.tolist() == [31]


def test_a_day_without_data_is_no_day(tmp_path, writers, v2_file):
    folder, first = tmp_path / "data", np.datetime64("2008-01-01")
    writers["NSIDC-0051 v2"](folder, first, np.repeat(months(NORTH, 1), 20, axis=0))
    v2_file(folder, first + 20, NORTH, {})
    v2_file(folder, first + 21, NORTH, {"F17": np.full(NORTH.shape, counts.MISSING)})
    assert read_archive(folder).days.tolist() == [20]
    v2_file(folder, first + 19, NORTH, {})
    with pytest.raises(InputError, match="at least 20 days with data in 2008-01, got 19; add"):
        read_archive(folder)
    assert read_archive(folder, minimum_days=19).days.tolist() == [19]


def test_smmr_was_on_every_other_day(tmp_path, writers):
    assert days_needed(np.datetime64("1987-07")) == 10
    assert days_needed(np.datetime64("1987-08")) == 20
    for step in range(0, 20, 2):
        day = np.datetime64("1979-01-01") + step
        writers["NSIDC-0051 v1.1"](tmp_path / "data", day, months(NORTH, 1))
    archive = read_archive(tmp_path / "data")
    assert (archive.first, archive.days.tolist()) == (np.datetime64("1979-01"), [10])


def test_one_day_given_twice_is_an_error(tmp_path, writers):
    folder = tmp_path / "data"
    writers["NSIDC-0051 v1.1 daily"](folder, np.datetime64("1991-12"), months(NORTH, 1))
    path = next(folder.glob("nt_19911205_*"))
    path.with_name("nt_19911205_f99_v1.1_n.bin").write_bytes(path.read_bytes())
    with pytest.raises(InputError, match=r"expected one file for 1991-12-05, got nt_.* and nt_"):
        read_archive(folder)


def test_the_newest_sensor_that_saw_anything_is_read(tmp_path, v2_file):
    field = months(NORTH, 1)[0]
    older, nothing = np.where(field == 5, 10, field), np.full_like(field, counts.MISSING)
    v2_file(tmp_path / "a", FIRST, NORTH, {"F17": field, "F13": older})
    v2_file(tmp_path / "b", FIRST, NORTH, {"N07": older, "F08": field})
    v2_file(tmp_path / "c", FIRST, NORTH, {"F13": field, "F17": nothing})
    for name in "abc":
        np.testing.assert_array_equal(read_archive(tmp_path / name).counts[0], field)


@pytest.mark.parametrize("stored", ["i1", "f4"])
def test_a_climate_record_stored_otherwise(tmp_path, writers, stored):
    """As signed bytes the flags are -5 to -1; as floats they are 2.51 to 2.55."""
    written = months(NORTH)
    fill = {"i1": -1, "f4": -9.0}[stored]
    write = writers["NOAA/NSIDC climate data record v4"]
    write(tmp_path / "data", FIRST, written, stored=stored, fill=fill)
    np.testing.assert_array_equal(read_archive(tmp_path / "data").counts, written)


def test_a_record_that_says_it_is_synthetic_is_shown_as_such(tmp_path, writers):
    for kind in ("NSIDC-0051 v2", "NOAA/NSIDC climate data record v4", "OSI SAF OSI-450-a"):
        folder = tmp_path / kind[-2:]
        writers[kind](folder, FIRST, months(grid_of(kind), 1))
        assert not read_archive(folder).synthetic
        with netCDF4.Dataset(next(folder.iterdir()), "a") as data:
            data.title = "SYNTHETIC ICE, NOT OBSERVED"
        assert read_archive(folder).source.startswith("synthetic, not observed")


def test_a_record_behind_a_link_is_read_again_once_it_changes(tmp_path):
    (tmp_path / "record").mkdir()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "record" / "linked").symlink_to(tmp_path / "elsewhere")
    write = WRITERS["NSIDC-0051 v1.1"]
    write(tmp_path / "elsewhere", FIRST, months(NORTH))
    assert len(read_archive(tmp_path / "record").counts) == 3
    assert read_archive(tmp_path / "record") is read_archive(tmp_path / "record")
    write(tmp_path / "elsewhere", FIRST, months(NORTH, 4))
    assert len(read_archive(tmp_path / "record").counts) == 4
