"""The check of written forecasts: sound ones pass, and each fault is named."""

import csv

import numpy as np
import pytest
import xarray as xr

from seaice_tf.cli import main as cli
from seaice_tf.forecast.data import archive, counts
from seaice_tf.forecast.products import dacon_csv, hindcasts, netcdf
from seaice_tf.forecast.products.check import check
from seaice_tf.grids.polar import NORTH

pytestmark = pytest.mark.filterwarnings("ignore:Variable time has datetime")


@pytest.fixture(scope="module")
def record(ice_archive):
    return archive.read_archive(ice_archive)


@pytest.fixture(scope="module")
def fields(record):
    """The last year of the record as a forecast of the next."""
    year = record.counts[-12:]
    return {"concentration": np.where(year > 250, 0, year / 250).astype(np.float32)}


@pytest.fixture
def maps(record, fields, tmp_path):
    """A function of a change of forecast.nc, as xarray writes it again, that gives its problems."""
    land = counts.land(record.counts[-1])
    path = tmp_path / "forecast.nc"
    months = record.last + np.arange(1, 13)
    netcdf.write(path, months, fields | {"probability": fields["concentration"]}, land, "tiny")

    def problems(change=lambda data: data, target=None, name="other.nc"):
        with xr.open_dataset(path) as data:
            change(data.load()).to_netcdf(tmp_path / name)
        return check(tmp_path / name, target)

    assert check(path) == []
    return problems


def test_a_sound_forecast_has_no_problems(maps, ice_archive):
    assert maps() == []
    assert maps(target=ice_archive) == []


def test_cells_without_a_value_or_beyond_0_to_1(maps, record, ice_archive):
    sea = np.argwhere(~counts.land(record.counts[-1]))[5]

    def holes(data):
        data.sea_ice_area_fraction[3, *sea] = np.nan
        data.probability_of_sea_ice[4:6, *sea] = 1.5
        return data

    hole, beyond = maps(holes)
    assert "sea_ice_area_fraction: expected a value in every cell, got none in 1" in hole
    assert "(1 of 12 maps)" in hole
    assert "probability_of_sea_ice: expected values from 0 to 1, got 1.5" in beyond
    assert "(2 of 12 maps)" in beyond

    def never(data):
        data.sea_ice_area_fraction[:, *sea] = np.nan
        return data

    assert maps(never) == []  # as land is
    (problem,) = maps(never, ice_archive)
    assert "got none in 1" in problem
    assert "(12 of 12 maps)" in problem


def test_ice_on_land_is_found_with_the_record(maps, record, ice_archive):
    land = np.argwhere(counts.land(record.counts[-1]))[5]

    def ice(data):
        data.sea_ice_area_fraction[:, *land] = 0.5
        return data

    (problem,) = maps(ice, ice_archive)
    assert "expected no ice on land, got some in 1 cells" in problem


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda data: data.isel(y=slice(None, None, -1)), "expected x rising and y falling"),
        (lambda data: data.isel(y=slice(1, None)), "expected the cells of a grid"),
        (lambda data: data.isel(time=slice(0, 9)), "expected 12 months, got 9"),
        (lambda data: data.isel(time=[0, *range(2, 12), 1]), "expected consecutive months"),
        (lambda data: data.transpose("y", "x", ...), "expected the dimensions ('time', 'y', 'x')"),
        (lambda data: data.drop_vars(["x", "y"]), "expected the axes x and y"),
        (
            lambda data: data.assign(probability_of_sea_ice=np.nan * data.probability_of_sea_ice),
            "probability_of_sea_ice: expected values, got none in any map",
        ),
    ],
)
def test_faults_of_a_rewritten_file(maps, change, problem):
    assert any(problem in each for each in maps(change))


def test_months_that_do_not_follow_the_record(maps, ice_archive):
    def later(data):
        year = np.timedelta64(366, "D")
        return data.assign_coords(
            time=data.time + year, forecast_reference_time=data.forecast_reference_time + year
        )

    (problem,) = maps(later, ice_archive)
    assert "expected a forecast that begins in the record or the month after it" in problem


def test_hindcasts(record, fields, tmp_path):
    path = tmp_path / "hindcasts.nc"
    land = counts.land(record.counts[-1])
    with hindcasts.writer(path, NORTH, land, "tiny", members=2) as save:
        for init in (record.last - 1, record.last):
            save(init, fields | {"members": np.stack([fields["concentration"]] * 2, axis=1)})
    assert check(path) == []
    with xr.open_dataset(path, decode_timedelta=False) as data:
        data = data.load()
    data.concentration_members[1, 1, 3] = np.where(land, np.nan, 2)
    data["valid_time"] = data.valid_time + np.timedelta64(31, "D")
    data.to_netcdf(tmp_path / "other.nc")
    times, members = check(tmp_path / "other.nc")
    assert "expected valid_time to be init + lead" in times
    assert "concentration_members: expected values from 0 to 1" in members
    assert "(1 of 48 maps)" in members


def test_the_contest_table(record, fields, ice_archive, tmp_path, capsys):
    path = tmp_path / "contest.csv"
    dacon_csv.write(path, record.last + np.arange(1, 13), 250 * fields["concentration"])
    assert check(path, ice_archive) == []
    with path.open() as file:
        rows = list(csv.reader(file))
    rows[1][7], rows[2][9], rows[3][0], rows[4][5] = "nan", "251", "2012-13", "ice"
    with path.open("w") as file:
        csv.writer(file).writerows([*rows[:-2], rows[-2][:-1]])
    assert cli.main(["doctor", "forecast", "--data", str(path)]) == 1
    shown = capsys.readouterr().out
    for problem in (
        "line 2: expected a value in every cell, got none in 1",
        "line 3: expected values from 0 to 250, got 251 to 251 in 1 cells",
        "line 4: expected YYYY-MM and numbers",
        "line 5: expected YYYY-MM and numbers",
        "line 12: expected 136192 cells, got 136191",
        "expected 12 or 24 months, got 10",
    ):
        assert problem in shown


def test_other_files_are_no_products(ice_archive, tmp_path, capsys):
    (tmp_path / "outlook.csv").write_text("init,month\n")
    assert check(tmp_path / "outlook.csv") is None
    assert check(ice_archive) is None
    command = ["doctor", "forecast", "--data", str(ice_archive), "--target", str(ice_archive)]
    assert cli.main(command) == 1
    assert "--target: expected a product that can be checked" in capsys.readouterr().err
