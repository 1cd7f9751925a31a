"""Months and days that are unlike the record, and files that contradict their names."""

import netCDF4
import numpy as np
import pytest

from seaice_tf.errors import InputError
from seaice_tf.forecast.data import consistency, counts
from seaice_tf.forecast.data.archive import read_archive
from seaice_tf.forecast.data.counts import FULL_ICE, LAND, MISSING
from seaice_tf.forecast.data.doctor import examine
from seaice_tf.forecast.data.nsidc0051 import write_synthetic
from seaice_tf.grids.polar import NORTH, SOUTH
from tests.forecast.data import archives
from tests.forecast.data.test_archive import months

START = np.datetime64("2000-01")


def climate(years=7, shape=(56, 38)):
    """A record of round ice caps with a season, weather and land in a corner: (months, ...)."""
    rows, columns = np.mgrid[: shape[0], : shape[1]]
    distance = np.hypot(rows - 20, columns - 19)
    rng = np.random.default_rng(0)
    season = 14 + 5 * np.cos(2 * np.pi * (np.arange(12 * years) - 2) / 12)
    edge = season + rng.normal(0, 0.2, 12 * years)
    ice = np.clip((edge[:, None, None] - distance) / 3, 0, 1) * FULL_ICE
    ice[:, 45:, :8] = LAND
    return ice.astype(np.uint8)


@pytest.fixture
def record():
    return START + np.arange(84), climate()


def found(record):
    return [str(problem) for problem in consistency.month_problems("data", *record)]


def test_a_sound_record_has_no_problem(record):
    assert found(record) == []


DAMAGES = {
    "open": (
        lambda field: np.where(field <= 250, 0, field),
        "expected ice somewhere, got 0 in 10",
    ),
    "frozen": (lambda field: np.where(field <= 250, 250, field), "expected open water, got 100 %"),
    "missing": (lambda field: np.where(np.arange(38) < 19, MISSING, field), "of the sea missing"),
    "halved": (lambda field: np.where(field <= 250, field // 3, field), "Decembers"),
    "shifted": (lambda field: np.roll(field, 25, axis=0), "land"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_month_unlike_the_record_is_named(record, damage):
    change, text = DAMAGES[damage]
    record[1][47] = change(record[1][47])
    problems = found(record)
    assert problems
    assert all("2003-12" in problem for problem in problems)
    assert text in " | ".join(problems)
    assert problems[0].endswith(("--allow climate", "--allow land"))


def test_a_month_in_the_place_of_another_is_named(record):
    _, grids = record
    grids[47] = grids[42]
    (problem,) = found(record)
    assert "2003-12: expected a map of its own, got that of 2003-07 again" in problem
    grids[47, 20, 19] = 249
    (problem,) = found(record)
    assert "2003-12: expected a map like other Decembers, got one like" in problem


def test_an_idealised_record_may_repeat():
    assert found((START + np.arange(84), np.tile(climate(1), (7, 1, 1)))) == []


def test_the_odd_land_is_named_and_not_the_others(record):
    record[1][10:12, 0, :1] = LAND
    (problem,) = consistency.month_problems("data", *record)
    assert "the land of 2 months differs: expected that of the other 82" in problem.text
    assert "got 1 cells unlike it in 2000-11 to 2000-12 (2 months)" in problem.text
    assert not problem.fatal
    record[1][10:12, :5] = LAND
    assert consistency.month_problems("data", *record)[0].fatal


def test_real_records_have_no_problem_and_their_damages_have(real_data):
    for name, shape in (("nsidc0051", NORTH.shape), ("nsidc0051_south", SOUTH.shape)):
        paths = sorted((real_data / name).iterdir())[-96:]
        raw = [np.frombuffer(path.read_bytes()[300:], np.uint8).reshape(shape) for path in paths]
        # Every third row and column: a tenth of the cells.
        grids, dates = np.stack(raw)[:, ::3, ::3], np.datetime64("2005-01") + np.arange(96)
        assert consistency.month_problems(name, dates, grids) == []
        sound = grids.copy()
        for month, change in (
            (95, lambda field: np.where(field <= 250, 0, field)),
            (50, lambda field: field[::-1]),
            (56, lambda field, other=sound[50]: other),
        ):
            grids[month] = change(sound[month])
            text = " | ".join(map(str, consistency.month_problems(name, dates, grids)))
            assert str(dates[month]) in text
            grids[month] = sound[month]


def days():
    """A month of real-looking days with swaths missing, one day without data."""
    field = climate(1)[0]
    result = np.stack([np.roll(field, i // 15, axis=1) for i in range(31)])
    result[3, :, :9] = MISSING
    result[7] = counts.unobserved(field)
    return np.datetime64("2008-01-01") + np.arange(31), result


@pytest.mark.parametrize(
    ("factor", "text"),
    [(0, "got 0 % everywhere"), (0.6, "of the days beside it, got -4"), (None, "got 100 % every")],
)
def test_a_day_unlike_those_beside_it_is_named(factor, text):
    dates, fields = days()
    names = [f"file{i}" for i in range(31)]
    assert consistency.day_problems("data", dates, fields, names) == []
    sea = fields[12] <= 250
    fields[12][sea] = 250 if factor is None else (fields[12][sea] * factor).astype(np.uint8)
    (problem,) = consistency.day_problems("data", dates, fields, names)
    assert "data: 2008-01-13: expected" in problem.text
    assert text in problem.text
    assert "(file12)" in problem.text


def test_a_zero_day_among_days_is_refused_and_allowed(tmp_path):
    fields = np.repeat(months(SOUTH, 1), 31, axis=0)
    fields[4][fields[4] <= 250] = 0
    write_synthetic(tmp_path, np.datetime64("2008-01-01"), fields)
    with pytest.raises(InputError, match=r"2008-01-05: expected ice.*nt_20080105_.*--allow"):
        read_archive(tmp_path)
    assert read_archive(tmp_path, allow=("climate",)).days.tolist() == [31]


CONTRADICTIONS = {
    "coordinates": r"expected y falling from 5837500 to -5337500 m .*got -5337500 to 5837500 m; "
    "the map is turned over",
    "projection": "expected a projection of the north, got a latitude of -90",
    "time": "expected time 2008-01, as the name says, got 2009-01",
    "sensor": "expected platform F17, as the name says, got F13",
}
WRITE = {
    "NSIDC-0051 v2": ("x", "y", "crs"),
    "NOAA/NSIDC climate data record v4": ("xgrid", "ygrid", "projection"),
    "NOAA/NSIDC climate data record v5": ("x", "y", "crs"),
}


@pytest.mark.parametrize("what", CONTRADICTIONS)
@pytest.mark.parametrize("kind", WRITE)
def test_a_file_that_contradicts_its_name_is_refused_unless_allowed(tmp_path, kind, what):
    if kind == "NSIDC-0051 v2" and what == "sensor":
        pytest.skip("its name has no sensor")
    written = months(NORTH, 2)
    archives.WRITERS[kind](tmp_path, np.datetime64("2008-01"), written)
    path = sorted(tmp_path.iterdir())[0]
    with netCDF4.Dataset(path, "a") as data:
        if what == "coordinates":
            data[WRITE[kind][1]][:] = data[WRITE[kind][1]][:][::-1]
        elif what == "projection":
            data[WRITE[kind][2]].latitude_of_projection_origin = -90.0
        elif what == "time":
            data["time"][:] = data["time"][:] + 366
        else:
            data.platform = "DMSP 5D-2/F13 > Defense Meteorological Satellite Program-F13"
    allowed = {"projection": "coordinates"}.get(what, what)
    with pytest.raises(InputError, match=f"{CONTRADICTIONS[what]}.*--allow {allowed}") as caught:
        read_archive(tmp_path)
    assert str(path) in str(caught.value)
    assert any(path.name in problem for problem in examine(tmp_path).problems)
    np.testing.assert_array_equal(read_archive(tmp_path, allow=(allowed,)).counts, written)


def test_osi_saf_upside_down_is_refused(tmp_path):
    archives.write_osisaf(tmp_path, np.datetime64("2008-01"), months(archives.EASE_NORTH, 1))
    with netCDF4.Dataset(next(tmp_path.iterdir()), "a") as data:
        data["yc"][:] = data["yc"][:][::-1]
    with pytest.raises(InputError, match="turned over"):
        read_archive(tmp_path)


def test_osi_saf_without_flags_has_land_where_nothing_is_ever_observed(tmp_path):
    written = months(archives.EASE_NORTH, 2)
    archives.write_osisaf(tmp_path, np.datetime64("2008-01"), written, flags=False)
    record = read_archive(tmp_path)
    assert counts.land(record.counts[:, :10]).all()
    assert "no file tells land" in " ".join(examine(tmp_path).notes)
