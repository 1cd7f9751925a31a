"""The package as a library: what a user imports, loads, predicts and scores."""

import re
import subprocess
import sys
from pathlib import Path

import matplotlib
import numpy as np
import pytest
import xarray as xr

import seaice_tf
from seaice_tf import library
from seaice_tf.forecast import evaluate, open_archive
from seaice_tf.tasks import NAMES

LIGHT = """
import sys
import seaice_tf
heavy = {"tensorflow", "keras", "xarray", "pandas", "matplotlib", "numpy", "tyro", "rich"}
assert not heavy & set(sys.modules), heavy & set(sys.modules)
seaice_tf.forecast.open_archive(sys.argv[1])
from seaice_tf.tasks import TASKS
for name in TASKS:
    TASKS[name].settings()
    getattr(seaice_tf, name).scores
    getattr(seaice_tf, name).maps
assert "tensorflow" not in sys.modules
"""


def test_importing_and_reading_files_load_no_tensorflow(ice_archive):
    command = [sys.executable, "-c", LIGHT, str(ice_archive)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_the_public_names_are_there():
    assert {"load", "released", "InputError", *NAMES} <= set(dir(seaice_tf))
    for room in (seaice_tf, *(getattr(seaice_tf, name) for name in NAMES)):
        assert all(getattr(room, name) is not None for name in room.__all__)
    for name in NAMES:
        system = getattr(seaice_tf, name)
        for part in (system.scores, system.networks):
            assert all(callable(getattr(part, each)) for each in part.__all__)
    with pytest.raises(AttributeError, match="no attribute 'lod'"):
        seaice_tf.lod  # noqa: B018


@pytest.fixture(scope="module")
def record(ice_archive):
    return open_archive(ice_archive)


@pytest.fixture(scope="module")
def unet(trained):
    return seaice_tf.load(trained("forecast-unet"))


def test_a_record_has_axes_flags_and_cf_attributes(record):
    assert record.siconc.dims == ("time", "y", "x")
    assert record.siconc.shape == (72, 448, 304)
    assert record.siconc.attrs["standard_name"] == "sea_ice_area_fraction"
    assert str(record.time.values[0])[:7] == "2006-01"
    assert 5e12 < (record.area * (record.siconc.sel(time="2006-03") > 0.15)).sum() < 3e13
    land = record.mask == 0
    assert np.isnan(record.siconc.where(land)).all()
    assert (record.status_flag.where(record.siconc.notnull()).fillna(0) == 0).all()
    assert np.isclose(record.lat.max(), 89.8, atol=0.2)


def test_a_record_survives_a_file_and_a_slice(record, unet, ice_archive, tmp_path):
    part = record.sel(time=slice(None, "2011-06"))
    part.to_netcdf(tmp_path / "record.nc")
    found = unet.predict(xr.load_dataset(tmp_path / "record.nc", decode_coords="all"))
    assert str(found.time.values[0])[:7] == "2011-07"
    xr.testing.assert_allclose(
        unet.predict(record).sea_ice_area_fraction,
        unet.predict(ice_archive).sea_ice_area_fraction,
    )


def test_a_record_with_a_gap_is_refused(record, unet):
    gap = xr.concat([record.isel(time=slice(0, 30)), record.isel(time=slice(31, 72))], "time")
    with pytest.raises(seaice_tf.InputError, match="expected consecutive months"):
        unet.predict(gap)
    with pytest.raises(seaice_tf.InputError, match="expected a Dataset with siconc"):
        unet.predict(record.drop_vars("status_flag"))


@pytest.fixture(scope="module")
def forecast(record, unet):
    return unet.predict(record.sel(time=slice(None, "2010-12")))


def test_a_forecast_is_scored_beside_the_baselines(record, unet, forecast):
    assert forecast.sea_ice_area_fraction.attrs["standard_name"] == "sea_ice_area_fraction"
    table = evaluate(forecast, record)
    assert {"forecast", "climatology_5_years", "damped_anomaly_persistence"} <= set(table.index)
    assert table.iiee.is_monotonic_increasing
    assert table.attrs["months"] == "2011-01 to 2011-12"
    whole = unet.evaluate(record)
    for name in ("iiee", "contest_mae"):
        assert table.loc["forecast", name] == pytest.approx(whole.loc["run", name], rel=1e-5)
        assert table.loc["linear_trend", name] == pytest.approx(whole.loc["linear_trend", name])


def test_a_perfect_forecast_has_no_error(record, forecast):
    truth = record.siconc.sel(time="2011").to_numpy()
    forecast = forecast.copy(deep=True)
    forecast.sea_ice_area_fraction[:] = np.nan_to_num(truth)
    assert evaluate(forecast, record).loc["forecast", "iiee"] == pytest.approx(0, abs=1e-6)
    with pytest.raises(seaice_tf.InputError, match="expected 24 months before 2011-01"):
        evaluate(forecast, record.sel(time=slice("2010-01", None)))


EXPECTED = {
    "icechart": ("SOD", ("line", "sample")),
    "nowcast": ("hrv_counts", ("lead", "y", "x")),
    "clouds": ("mask", ("organisation", "row", "column")),
    "geopose": ("agl", ("row", "column")),
}


@pytest.mark.parametrize(
    "variant", [pytest.param(v, marks=pytest.mark.slow) if v == "nowcast" else v for v in EXPECTED]
)
def test_the_tutorials_end_with_a_picture(variant, trained, tmp_path, monkeypatch):
    page = (Path(__file__).parents[1] / "docs" / "tutorials.md").read_text()
    blocks = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    (block,) = (each for each in blocks if f'"{variant}.png"' in each)
    monkeypatch.chdir(tmp_path)
    matplotlib.use("Agg")
    model = seaice_tf.load(trained(variant))
    names = {"FILES": model.settings.data, "RUN": model.run}
    exec(block, names)
    matplotlib.pyplot.close("all")
    assert (tmp_path / f"{variant}.png").stat().st_size > 5000
    (found,) = (each for each in names.values() if isinstance(each, xr.Dataset))
    variable, dims = EXPECTED[variant]
    assert found[variable].dims == dims
    assert found.attrs["Conventions"].startswith("CF-")
    assert found.attrs["case"]
    assert all(
        each.attrs.get("long_name") or each.attrs.get("standard_name")
        for each in found.data_vars.values()
    )


def test_released_models_load_by_name():
    assert {"forecast/arctic", "forecast/antarctic"} <= set(seaice_tf.released())
    model = seaice_tf.load("forecast/arctic")
    assert model.task.name == "forecast"
    assert "forecast" in model.card
    assert model.scores["primary"] in model.scores["scores"]
    assert (model.saved_model / "saved_model.pb").exists()
    with pytest.raises(ValueError, match="did you mean forecast/arctic"):
        seaice_tf.load("forecast/artic")


def test_a_run_gives_its_network(unet):
    network = unet.network()
    assert network.output["concentration"].shape[1] == 12


def test_mistakes_are_told_apart(unet, record, trained, tmp_path):
    with pytest.raises(seaice_tf.InputError, match="did you mean members"):
        unet.predict(record, member=3)
    with pytest.raises(seaice_tf.InputError, match="expected the folder of a complete run"):
        seaice_tf.load(tmp_path)
    with pytest.raises(seaice_tf.InputError, match="expected the path of files"):
        seaice_tf.load(trained("clouds")).predict(record)


def test_the_page_about_the_library_runs(unet, record, tmp_path, monkeypatch, ice_archive):
    """In one namespace, with the small network in place of the released one."""
    page = (Path(__file__).parents[1] / "docs" / "library.md").read_text()
    blocks = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    assert len(blocks) >= 7
    monkeypatch.chdir(tmp_path)
    (tmp_path / "FILES").symlink_to(ice_archive)
    monkeypatch.setattr(library, "load", lambda name: unet)
    names: dict = {}
    for block in blocks:
        exec(block, names)
    seaice_tf.progress.show(False)
    assert xr.load_dataset("forecast.nc").sizes["time"] == 12
    assert names["table"].attrs["months"] == "2011-01 to 2011-12"
    assert (tmp_path / "attention.keras").exists()
