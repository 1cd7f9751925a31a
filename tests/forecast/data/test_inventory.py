"""Every file of a folder is read or left out for a reason; records are joined where they may be."""

import gzip
import shutil

import netCDF4
import numpy as np
import pytest

from seaice_tf.errors import InputError
from seaice_tf.forecast.data import counts, inventory
from seaice_tf.forecast.data.archive import read_archive
from seaice_tf.forecast.data.doctor import examine
from seaice_tf.forecast.data.nsidc0051 import write_synthetic
from seaice_tf.grids.polar import GRIDS, NORTH, SOUTH
from tests.forecast.data import archives
from tests.forecast.data.archives import WRITERS
from tests.forecast.data.test_archive import EVERY_KIND, as_stored, grid_of, months

FIRST = np.datetime64("2008-01")
RECORD = "NOAA/NSIDC climate data record"


def renamed(folder, name):
    """Give every file of a folder a name that tells nothing."""
    for number, path in enumerate(sorted(folder.iterdir())):
        path.rename(folder / name.format(number))


@pytest.mark.parametrize("kind", [k for k in EVERY_KIND if "daily" not in k and "Dacon" not in k])
def test_a_file_is_recognised_by_its_content(tmp_path, kind):
    written = months(grid_of(kind), 2)
    WRITERS[kind](tmp_path, FIRST, written)
    renamed(tmp_path, "download{}.dat")
    archive = read_archive(tmp_path)
    np.testing.assert_array_equal(archive.counts, as_stored(kind, written))
    assert (archive.first, archive.kind) == (FIRST, kind)


def test_days_are_recognised_by_their_content(tmp_path):
    days = np.repeat(months(SOUTH, 1), 20, axis=0)
    first = np.datetime64("2018-07-01")
    for folder, write in (
        ("nrt", lambda f: archives.write_binary(f, first, days, "nrt")),
        ("v2", lambda f: archives.write_v2(f, first, days, product="NSIDC0081_SEAICE_PS")),
        ("amsr2", lambda f: archives.write_v2(f, first, days, [""], "NSIDC0803_SIC")),
        ("icdr", lambda f: archives.write_icdr(f, first, days)),
    ):
        write(tmp_path / folder)
        expected = read_archive(tmp_path / folder)
        renamed(tmp_path / folder, "{}")
        found = read_archive(tmp_path / folder)
        assert (found.kind, found.days.tolist()) == (expected.kind, [20]), folder
        np.testing.assert_array_equal(found.counts, expected.counts)


@pytest.mark.parametrize("version", ["v01", "v2.0"])
def test_other_names_of_the_binaries(tmp_path, version):
    written = months(NORTH, 2)
    archives.write_binary(tmp_path, FIRST, written, version, title="SEA ICE")
    archive = read_archive(tmp_path)
    np.testing.assert_array_equal(archive.counts, written)
    assert archive.kind == ("NSIDC-0051 v1.1" if version == "v01" else "NSIDC-0051 v2")


@pytest.mark.parametrize("kind", ["NSIDC-0051 v1.1", "NSIDC-0051 v2", f"{RECORD} v6"])
def test_upper_case_compressed_and_in_folders_by_date(tmp_path, kind):
    written = months(NORTH, 3)
    WRITERS[kind](tmp_path / "plain", FIRST, written)
    for number, path in enumerate(sorted((tmp_path / "plain").iterdir())):
        folder = tmp_path / "data" / f"2008.0{number + 1}.01"
        folder.mkdir(parents=True)
        (folder / f"{path.name.upper()}.gz").write_bytes(gzip.compress(path.read_bytes(), 1))
    np.testing.assert_array_equal(read_archive(tmp_path / "data").counts, written)
    damaged = next((tmp_path / "data").glob("*/*.gz"))
    damaged.write_bytes(damaged.read_bytes()[:-500])
    with pytest.raises(InputError, match=r"expected a gzip file, got .*download"):
        read_archive(tmp_path / "data")


def test_a_file_that_does_not_tell_its_period_is_taken_by_its_digits_or_left_out(tmp_path):
    written = months(NORTH, 1)
    archives.write_v2(tmp_path, FIRST, written)
    (path,) = tmp_path.iterdir()
    with netCDF4.Dataset(path, "a") as data:
        del data.time_coverage_duration, data["F17_ICECON"].legacy_binary_header
    for name, expected in (("ice 2008-01.nc", FIRST), ("ice.20080101.nc", None), ("ice.nc", None)):
        path = path.rename(tmp_path / name)
        if expected is not None:
            assert read_archive(tmp_path).first == expected
            continue
        with pytest.raises(
            InputError, match=r"1 other files|at least 20 days .* in 2008-01, got 1"
        ):
            read_archive(tmp_path)


def test_every_file_is_accounted_for(tmp_path, caplog):
    write_synthetic(tmp_path, FIRST, months(NORTH, 2))
    for name, content in (
        ("README.txt", b"read"),
        ("index.html", b"<html>"),
        (".hidden", b""),
        ("nt_200803_f17_v1.1_n.bin.part", b"half"),
        ("unknown.bin", b"\0" * 1000),
        ("login.nc", b"<!DOCTYPE html>"),
        ("other.nc", b"\x89HDF no more"),
    ):
        (tmp_path / name).write_bytes(content)
    copied = tmp_path / "nt_200801_f17_v1.1_n.bin"
    shutil.copy(copied, tmp_path / "nt_200801_f17_v1.1_n (1).bin")
    findings = examine(tmp_path)
    assert len(findings.record.files) == 2
    reasons = {each.path.name: each.reason for each in findings.record.left_out}
    assert len(reasons) == 8
    assert reasons["nt_200801_f17_v1.1_n (1).bin"] == "a copy of nt_200801_f17_v1.1_n.bin"
    assert reasons["login.nc"] == "an HTML page, as of a login that has ended"
    assert reasons["nt_200803_f17_v1.1_n.bin.part"] == "an unfinished download by its name"
    text = " | ".join(findings.problems)
    for name in ("unknown.bin", "other.nc", "login.nc", "(1).bin", ".part"):
        assert name in text
    assert "README" not in text
    assert any("README.txt" in note for note in findings.notes)
    read_archive(tmp_path)
    assert "not recognised by its name or its content: unknown.bin" in caplog.text


def test_two_files_of_a_date_are_no_copies_if_they_differ(tmp_path):
    write_synthetic(tmp_path, FIRST, months(NORTH, 2))
    other = tmp_path / "another.bin"
    content = (tmp_path / "nt_200801_f17_v1.1_n.bin").read_bytes()
    other.write_bytes(content[:-1] + b"\x07")
    with pytest.raises(InputError, match=r"expected one file for 2008-01, got another.bin and nt_"):
        read_archive(tmp_path)


def test_long_lists_are_summarised(tmp_path):
    write_synthetic(tmp_path, FIRST, months(NORTH, 40))
    for number, path in enumerate(sorted(tmp_path.iterdir())):
        if 2 <= number < 20 or number == 30:
            path.unlink()
    gap, *_ = examine(tmp_path).problems
    assert "got none for 2008-03 to 2009-08 (18 months) and 2010-07; add" in gap


def test_an_aggregate_and_the_months_after_it_are_one_record(tmp_path):
    written = months(SOUTH, 6)
    archives.write_aggregate(tmp_path, FIRST, written[:3])
    archives.write_aggregate(tmp_path, FIRST, written[:4])
    archives.write_ecdr(tmp_path, FIRST + 3, written[3:])
    archive = read_archive(tmp_path)
    np.testing.assert_array_equal(archive.counts, written)
    assert archive.kind == f"{RECORD} v6 south"
    (older,) = [each for each in examine(tmp_path).record.left_out]
    assert older.path.name == "sic_pss25_200801-200803_v06r00.nc"
    assert "2008-04" in older.reason or "200804" in older.reason


def test_an_aggregate_whose_times_are_not_those_of_its_name(tmp_path):
    path = archives.write_aggregate(tmp_path, FIRST, months(SOUTH, 3))
    path.rename(path.with_name("sic_pss25_200801-200804_v06r00.nc"))
    with pytest.raises(InputError, match="expected times from 2008-01 to 2008-04, as the name"):
        read_archive(tmp_path)


def test_versions_of_one_algorithm_are_joined_with_their_seam(tmp_path, caplog):
    """v1.1 to 2009-12 and v2 from 2008-01, which has 10 % more of every concentration."""
    rng = np.random.default_rng(1)
    base = rng.integers(60, 200, (36, 56, 38)).repeat(8, axis=1).repeat(8, axis=2)
    written = np.ascontiguousarray(base).astype(np.uint8)
    write_synthetic(tmp_path / "a", np.datetime64("2007-01"), written[:24])
    archives.write_v2(tmp_path / "b", np.datetime64("2008-01"), written[12:] + 25)
    archive = read_archive(tmp_path)
    assert archive.kind == "NSIDC-0051 v1.1 to 2007-12, then NSIDC-0051 v2"
    np.testing.assert_array_equal(archive.counts[12:], written[12:] + 25)
    (seam,) = archive.seams
    assert (seam.month, seam.months) == (np.datetime64("2008-01"), 12)
    assert seam.concentration == pytest.approx(10)
    assert seam.extent == pytest.approx(0)
    assert "NSIDC-0051 v2 follows NSIDC-0051 v1.1 in 2008-01; over 12 months" in caplog.text
    assert [str(part.first) for part in archive.parts] == ["2007-01", "2008-01"]


def test_provenance_of_a_joined_record(tmp_path):
    written = months(NORTH, 3)
    archives.write_binary(tmp_path, FIRST, written[:2], title="SEA ICE")
    days = np.repeat(written[2:], 31, axis=0)
    archives.write_binary(tmp_path, np.datetime64("2008-03-01"), days, "nrt", title="SEA ICE")
    archive = read_archive(tmp_path)
    assert archive.kind == "NSIDC-0051 v1.1 to 2008-02, then NSIDC-0081 v1 daily"
    assert archive.days.tolist() == [0, 0, 31]
    assert archive.citation.startswith("2008-01 to 2008-02 from NSIDC-0051 version 1.1, doi")
    assert "2008-03 to 2008-03 from NSIDC-0081 version 1" in archive.citation
    assert "no month is given by both, so their difference is not known" in archive.citation


def test_a_part_of_a_month_at_either_end_is_left_out_and_said(tmp_path):
    days = np.repeat(months(SOUTH, 1), 20 + 31 + 7, axis=0)
    write_synthetic(tmp_path, np.datetime64("2008-04-21"), days[:10])
    write_synthetic(tmp_path, np.datetime64("2008-05-01"), days[:31])
    write_synthetic(tmp_path, np.datetime64("2008-06-01"), days[:7])
    archive = read_archive(tmp_path)
    assert (archive.first, archive.last) == (np.datetime64("2008-05"), np.datetime64("2008-05"))
    assert examine(tmp_path).notes == (
        "2008-04 is left out: it has 10 days with data, fewer than 20",
        "2008-06 is left out: it has 7 days with data, fewer than 20",
    )


@pytest.mark.parametrize("hemisphere", ["north", "south"])
def test_months_that_the_climate_data_record_lacks_are_part_of_it(tmp_path, hemisphere):
    grid = NORTH if hemisphere == "north" else SOUTH
    for first, empty in (("1987-11", ["1987-12", "1988-01"]), ("1984-06", ["1984-07"])):
        if (first, hemisphere) == ("1984-06", "south"):
            continue
        folder, written = tmp_path / first, months(grid, len(empty) + 2)
        written[1:-1] = counts.unobserved(written[0])
        archives.write_aggregate(folder, np.datetime64(first), written)
        np.testing.assert_array_equal(read_archive(folder).counts, written)
        assert [str(month) for month in examine(folder).unobserved()] == empty


def test_grids_of_12_km_are_averaged_on_request(tmp_path):
    fine = GRIDS["psn12.5"]
    written = months(NORTH, 2)
    blocks = written.repeat(2, axis=1).repeat(2, axis=2)
    for date, field in zip(FIRST + np.arange(2), blocks):
        name = archives.ecdr_name(fine, [date], "v06r00", "am2")
        archives.write_ecdr_file(tmp_path / name, np.array([date]), field[None], grid=fine)
    with pytest.raises(InputError, match=r"expected a grid of 25 km.*by --average-to-25km"):
        read_archive(tmp_path)
    archive = read_archive(tmp_path, average_to_25km=True)
    np.testing.assert_array_equal(archive.counts, written)
    assert archive.grid is NORTH


def test_a_folder_in_a_circle_is_searched_once(tmp_path):
    write_synthetic(tmp_path / "data", FIRST, months(NORTH, 1))
    (tmp_path / "data" / "again").symlink_to(tmp_path / "data")
    assert len(inventory.find(tmp_path / "data").entries) == 1


def test_a_name_that_is_no_utf_8(tmp_path):
    folder = tmp_path / "caf\udce9 \u2744"
    for kind in ("NSIDC-0051 v1.1", f"{RECORD} v6"):
        WRITERS[kind](tmp_path / "plain", FIRST, months(NORTH, 1))
        shutil.copytree(tmp_path / "plain", folder)
        assert read_archive(folder).first == FIRST
        shutil.rmtree(folder)
        shutil.rmtree(tmp_path / "plain")


@pytest.mark.parametrize("name", ["monthly_nh_202112", "monthly_sh_202112"])
def test_real_files_of_version_4(tmp_path, real_data, name):
    """Their axes, projection, time and sensor are those of their names."""
    path = next((real_data / "g02202_v4").glob(f"*{name}*"))
    shutil.copy(path, tmp_path)
    findings = examine(tmp_path)
    assert findings.problems == ()
    assert findings.source.startswith(f"{RECORD} v4")
    monthly = read_archive(tmp_path).counts[0]
    daily = next((real_data / "g02202_v4").glob(f"*{name}31*".replace("monthly", "daily")))
    shutil.copy(daily, tmp_path)
    np.testing.assert_array_equal(read_archive(tmp_path).counts[0], monthly)
    shutil.rmtree(tmp_path)
    tmp_path.mkdir()
    shutil.copy(daily, tmp_path / "day.nc")
    day = read_archive(tmp_path, minimum_days=1).counts[0]
    assert (counts.land(day) == counts.land(monthly)).all()
    assert np.abs(day.astype(float) - monthly)[~counts.flagged(day)].mean() < 20


@pytest.mark.parametrize("name", ["nsidc0081_daily", "nsidc0081_daily_south"])
def test_real_days_are_read_under_any_name(tmp_path, real_data, name):
    expected = read_archive(real_data / name)
    assert expected.kind.startswith("NSIDC-0081 v1 daily")
    assert examine(real_data / name).problems == ()
    for number, path in enumerate(sorted((real_data / name).iterdir())):
        shutil.copy(path, tmp_path / f"day{number}")
    np.testing.assert_array_equal(read_archive(tmp_path).counts, expected.counts)


def test_a_real_login_page_is_named_as_such(real_data):
    with pytest.raises(InputError, match="got an HTML page, as a server sends when a login"):
        read_archive(real_data / "damaged")


def test_a_netcdf_file_of_something_else_is_left_out(tmp_path):
    write_synthetic(tmp_path, FIRST, months(NORTH, 1))
    with netCDF4.Dataset(tmp_path / "sst.nc", "w") as data:
        data.createDimension("x", 3)
        data.createVariable("sst", "f4", ("x",))
    *_, text = examine(tmp_path).problems
    assert "not recognised by its name or its content: sst.nc" in text
