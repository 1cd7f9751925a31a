"""The check of written nowcasts: sound ones pass, and each fault is named."""

import numpy as np
import pytest
import xarray as xr

from seaice_tf.cli import main as cli
from seaice_tf.nowcast.data import climatehack
from seaice_tf.nowcast.data.times import STEP
from seaice_tf.nowcast.products import netcdf
from seaice_tf.nowcast.products.check import check

SHAPE = (3, 24, 64, 64)
LAST = np.array(["2020-04-01T12:00"] * 3, "datetime64[s]")


@pytest.fixture
def frames():
    return np.random.default_rng(0).uniform(100, 900, SHAPE).astype(np.float32)


@pytest.fixture
def features(tmp_path):
    windows = np.full((3, 12, 128, 128), 500, np.int16)
    return climatehack.write(tmp_path / "features.npz", 3, windows)


def test_predictions(frames, features, tmp_path, capsys):
    path = climatehack.write(tmp_path / "predictions.npz", 3, frames)
    assert check(path, features) == [] == check(path, tmp_path)
    frames[1] = np.nan
    frames[2, 3, 4, 5], frames[2, 3, 4, 6] = np.nan, 1100
    climatehack.write(path, 3, frames)
    assert cli.main(["doctor", "nowcast", "--data", str(path)]) == 1
    shown = capsys.readouterr().out
    assert "window 2: expected a value in every pixel, got none in 1" in shown
    assert "window 2: expected counts from 0 to 1023, got 1100 to 1100 in 1 pixels" in shown
    assert "expected frames in every window, got none in 1 of 3 (1)" in shown
    climatehack.write(path, 2, frames[:2])
    assert "expected 3 windows, as features.npz has, got 2" in check(path, features)[0]
    climatehack.write(path, 3, frames[:, :23])
    assert "expected data (windows, 24, 64, 64) of counts" in check(path)[0]
    assert check(features) is None  # data, and no product


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda data: data.transpose("lead", ...), "expected hrv_counts with the dimensions"),
        (lambda data: data.isel(lead=slice(0, 20)), "expected 24 frames of 64 x 64"),
        (lambda data: data.assign_coords(lead=-data.lead), "expected leads in minutes"),
        (
            lambda data: data.assign_coords(valid_time=data.valid_time + np.timedelta64(1, "h")),
            "expected valid_time to be forecast_reference_time + lead",
        ),
        (lambda data: data.where(data.lead > 5), "got none in 4096"),
    ],
)
def test_faults_of_a_rewritten_file(frames, tmp_path, change, problem):
    path = netcdf.write(tmp_path / "nowcast.nc", 3, frames, "tiny", last=LAST, step=STEP)
    assert check(path) == []
    with xr.open_dataset(path, decode_timedelta=False) as data:
        change(data.load()).to_netcdf(tmp_path / "other.nc")
    assert any(problem in each for each in check(tmp_path / "other.nc"))


def test_pixels_of_an_image_are_known_or_marked(tmp_path):
    values = np.full((3, 8, 9), 200.0)
    known = np.ones((3, 8, 9), np.int8)
    values[1, 2, 3], known[1, 2, 3] = np.nan, 0
    dimensions = ("lead", "y", "x")
    data = xr.Dataset(
        {"hrv_counts": (dimensions, values), "known": (dimensions, known)}, {"lead": [5, 10, 15]}
    )
    path = tmp_path / "image.nc"
    data.to_netcdf(path)
    assert check(path) == []
    data["known"][2] = 0
    data["hrv_counts"][0, 0, :4] = np.nan
    data.to_netcdf(path)
    first, last = check(path)
    assert "hrv_counts, lead 1: expected a value in every pixel, got none in 4" in first
    assert "lead 3: expected known pixels, got none" in last


def test_a_sequence_is_no_product(frame_folder):
    assert check(next(frame_folder.rglob("*.npz"))) is None
