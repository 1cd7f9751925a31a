"""Frames as other tools write them: zarr with channels, netCDF, folders of frames, odd times."""

import zipfile

import netCDF4
import numpy as np
import pytest

from seaice_tf.errors import InputError
from seaice_tf.grids.windows import Window
from seaice_tf.nowcast.data import doctor, frames, layout, times, units
from seaice_tf.nowcast.data.frames import Reading

COUNTS = np.random.default_rng(0).integers(60, 1000, (4, 20, 30)).astype(np.int16)
WHOLE = Window(0, 0, 20, 30)


def write_zarr(folder, data, dimensions, start=0, **attributes):
    """A group as Satip and Open Climate Fix write them."""
    zarr = pytest.importorskip("zarr", reason="no zarr: pip install '.[zarr]'")
    group = zarr.open_group(str(folder), mode="w", zarr_format=2)
    length = dict(zip(dimensions, data.shape))
    group.create_array("data", data=data)
    group["data"].attrs.update({"_ARRAY_DIMENSIONS": dimensions, **attributes})
    group.create_array("time", data=start + 5 * np.arange(length["time"]))
    group["time"].attrs.update(units="minutes since 2023-12-20 11:35:00")
    if "variable" in length:
        group.create_array("variable", data=np.array(["HRV", "IR_108"]))
    for axis, name in (("x", "x_geostationary"), ("y", "y_geostationary")):
        group.create_array(name, data=3000.0 * np.arange(length[name]) + (axis == "y"))
        group[name].attrs.update(units="meter")
    return folder


def zipped(folder):
    path = folder.with_name(f"{folder.name}.zip")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for file in sorted(p for p in folder.rglob("*") if p.is_file()):
            archive.write(file, file.relative_to(folder))
    return path


@pytest.mark.parametrize(
    "dimensions",
    [
        ("time", "y_geostationary", "x_geostationary", "variable"),
        ("time", "x_geostationary", "y_geostationary", "variable"),
        ("variable", "time", "y_geostationary", "x_geostationary"),
    ],
)
def test_a_channel_of_axes_in_any_order(tmp_path, dimensions):
    named = ("time", "y_geostationary", "x_geostationary", "variable")
    data = np.stack([COUNTS, COUNTS[::-1]], axis=-1)
    data[0, 3, 4, 1] = -1
    ordered = np.transpose(data, [named.index(name) for name in dimensions])
    path = write_zarr(tmp_path / "a.zarr", ordered, dimensions)
    found = frames.read(path, Reading("IR_108"))
    values = found.read(0, 4, WHOLE)
    assert np.isnan(values[0, 3, 4])
    values[0, 3, 4] = -1
    np.testing.assert_array_equal(values, data[..., 1])
    np.testing.assert_array_equal(found.grid.x, 3000.0 * np.arange(30))
    assert not found.visible
    with pytest.raises(InputError, match="expected one of the channels HRV, IR_108, got none"):
        frames.read(path)


def test_packed_values_are_unpacked_and_their_range_is_learnt(tmp_path):
    dimensions = ("time", "y_geostationary", "x_geostationary")
    attributes = {"scale_factor": 0.1, "add_offset": 200.0, "_FillValue": -32768, "units": "K"}
    data = COUNTS.copy()
    data[1, 2, 3] = -32768
    path = write_zarr(tmp_path / "a.zarr", data, dimensions, **attributes)
    found = frames.read(path)
    low, high = found.limits
    assert low < 200 + 0.1 * COUNTS.min() + 1
    assert high > 200 + 0.1 * COUNTS.max() - 1
    values = units.from_counts(found.read(0, 4, WHOLE), found.limits)
    assert np.isnan(values[1, 2, 3])
    known = np.isfinite(values)
    np.testing.assert_allclose(values[known], (200 + 0.1 * COUNTS)[known], atol=0.05)
    given = frames.read(path, Reading(limits=(200.0, 302.3)))
    np.testing.assert_allclose(given.read(2, 1, WHOLE)[0], COUNTS[2], atol=0.05)


def test_the_frames_of_a_folder_are_one_sequence(tmp_path):
    for i in (2, 0, 3, 1):
        name = tmp_path / "made" / f"{i}.zarr"
        dimensions = ("time", "y_geostationary", "x_geostationary")
        (tmp_path / "made").mkdir(exist_ok=True)
        path = zipped(write_zarr(name, COUNTS[i : i + 1], dimensions, start=5 * i))
        (tmp_path / "frames").mkdir(exist_ok=True)
        path.rename(tmp_path / "frames" / f"{9 - i}.zarr.zip")
    (folder,) = frames.find(tmp_path / "frames")
    found = frames.read(folder)
    assert not layout.gaps(found.time)
    np.testing.assert_array_equal(found.read(1, 3, Window(2, 3, 5, 6)), COUNTS[1:, 2:7, 3:9])


def write_netcdf(path, values, seconds, kind="i2", name="CMI", **attributes):
    with netCDF4.Dataset(path, "w") as data:
        for dimension, size in zip(("t", "y", "x"), values.shape):
            data.createDimension(dimension, size)
        time = data.createVariable("t", "f8", ("t",))
        time.units = "seconds since 2000-01-01 12:00:00"
        time[:] = seconds
        fill = attributes.pop("_FillValue", None)
        field = data.createVariable(name, kind, ("t", "y", "x"), fill_value=fill)
        field.set_auto_maskandscale(False)
        field.setncatts({"grid_mapping": "proj", **attributes})
        field[:] = values
        proj = data.createVariable("proj", "i4")
        proj.setncatts(
            {"grid_mapping_name": "geostationary", "perspective_point_height": 35786023.0}
        )
        for axis, size in (("y", values.shape[1]), ("x", values.shape[2])):
            variable = data.createVariable(axis, "f8", (axis,))
            variable.units = "rad"
            variable[:] = np.linspace(0.01, 0.02, size)
    return path


def test_a_netcdf_sequence_with_packing_and_its_projection(tmp_path):
    stored = COUNTS.copy()
    stored[0, 1, 1] = -1
    path = write_netcdf(
        tmp_path / "goes.nc",
        stored,
        np.arange(4) * 300,
        scale_factor=0.001,
        add_offset=0.0,
        _FillValue=np.int16(-1),
        units="1",
    )
    with pytest.raises(InputError, match="as if scaled; add --value-range 0 1"):
        frames.read(path)
    found = frames.read(path, Reading(limits=(0.0, 1.023)))
    values = found.read(0, 4, WHOLE)
    assert np.isnan(values[0, 1, 1])
    np.testing.assert_allclose(values[1:], COUNTS[1:], atol=0.1)
    assert found.grid.mapping["grid_mapping_name"] == "geostationary"
    assert found.grid.units == "rad"
    with pytest.raises(InputError, match="expected one of the variables CMI, got C13"):
        frames.read(path, Reading("C13"))


@pytest.mark.parametrize(
    ("seconds", "minutes", "kept"),
    [
        ([4, 298, 605, 895], 5, [0, 1, 2, 3]),  # early and late
        ([0, 300, 600, 900], 15, [0, 3]),  # every third
        ([0, 900, 1800, 2700], 15, [0, 1, 2, 3]),
        ([60, 360, 660, 960], 5, [0, 1, 2, 3]),  # a minute after the hour
        ([0, 20, 300, 600], 5, [0, 2, 3]),  # twice at about the same time
    ],
)
def test_times_are_brought_to_multiples_of_the_step(seconds, minutes, kept):
    step = np.timedelta64(minutes, "m")
    time = np.datetime64("2020-04-01T12:00:00") + np.array(seconds, "timedelta64[s]")
    found, snapped = times.on_grid(time, step, "a")
    assert np.flatnonzero(found).tolist() == kept
    assert not layout.gaps(snapped, step)
    assert np.abs(snapped - time[found]).max() <= step / 4


def test_later_frames_do_not_say_at_which_time_of_day_frames_are():
    time = np.datetime64("2020-04-01T12:10:00") + 5 * np.arange(12).astype("timedelta64[m]")
    step = np.timedelta64(15, "m")
    late, _ = times.on_grid(time, step, "a", time[3])
    cut, _ = times.on_grid(time[:4], step, "a")
    np.testing.assert_array_equal(late[:4], cut)


def test_a_step_of_15_minutes_reads_every_third_frame(tmp_path):
    data = np.repeat(COUNTS, 2, axis=0)
    path = write_netcdf(tmp_path / "a.nc", data, np.arange(8) * 300)
    found = frames.read(path, Reading(minutes=15))
    np.testing.assert_array_equal(found.read(0, 3, WHOLE), data[::3])
    assert layout.ahead(found.time, step=found.step).tolist() == [3, 2, 1]


def test_a_codec_that_is_missing_is_named_with_what_to_install(tmp_path, monkeypatch):
    dimensions = ("time", "y_geostationary", "x_geostationary")
    path = write_zarr(tmp_path / "a.zarr", COUNTS, dimensions)
    metadata = path / "data" / ".zarray"
    text = metadata.read_text()
    compressor = text[text.index('"compressor"') :].split("}", 1)[0] + "}"
    metadata.write_text(text.replace(compressor, '"compressor": {"id": "blosc9"}'))
    with pytest.raises(InputError, match=r"pip install seaice_tf\[zarr\]"):
        frames.read(path)


def test_temperatures_without_a_unit_are_refused_and_counts_of_that_range_are_not(tmp_path):
    time = np.datetime64("2020-04-01T12:00") + 5 * np.arange(4).astype("timedelta64[m]")

    def save(name, data):
        np.savez(tmp_path / name, data=data, time=time.astype(str))
        return tmp_path / name

    kelvin = (190 + COUNTS / 10).astype(np.float32)
    path = save("kelvin.npz", np.where(COUNTS[0, 0, 0] == COUNTS, np.nan, kelvin))
    with pytest.raises(InputError, match=r"kelvin.npz: .* in kelvin; add --value-range 18\d 29\d"):
        frames.read(path)
    assert frames.read(path, Reading(limits=(180.0, 320.0))).limits == (180, 320)
    assert frames.read(path, Reading(limits=units.RANGE)).visible
    for whole_numbers in (np.round(kelvin), kelvin.astype(np.int16)):
        assert frames.read(save("counts.npz", whole_numbers)).limits == units.RANGE
    assert frames.read(save("wide.npz", kelvin + (COUNTS > 900) * 100)).limits == units.RANGE


def test_what_makes_a_forecast_wrong_is_a_problem(tmp_path):
    data = np.repeat(COUNTS, 4, axis=0)
    data[3, 5:15, 10:20] = 0
    time = np.datetime64("2020-04-01T12:00") + 5 * np.arange(16).astype("timedelta64[m]")
    osgb = np.full((2, 20, 30), np.nan)
    np.savez(tmp_path / "a.npz", data=data, time=time.astype(str), osgb=osgb)
    problems = doctor.sequence(tmp_path / "a.npz").problems
    assert any("a.npz: 100 pixels of 0 in a block" in problem for problem in problems)
    assert any("osgb are all NaN" in problem for problem in problems)
    noise = np.where(np.random.default_rng(0).random((40, 40)) < 0.2, 0, 100)
    assert layout.zeros(noise) == 0
    assert layout.is_night(np.full((9, 9), 51) + np.arange(9) % 3)  # raw counts of a night
    assert not layout.is_night(np.where(np.arange(81).reshape(9, 9) % 2, 51, 90))


def test_the_frames_of_an_operational_service(real_data):
    pytest.importorskip("zarr")
    (folder,) = frames.find(real_data / "satip")
    found = frames.read(folder, Reading("VIS008"))
    assert (len(found), found.shape) == (12, (229, 574))
    assert not layout.gaps(found.time)
    values = found.read(11, 1, Window(100, 200, 64, 64))
    assert 0 <= np.nanmin(values) < np.nanmax(values) <= 1023
    assert found.grid.mapping["longitude_of_projection_origin"] == 9.5
    assert found.osgb.shape == (2, 229, 574)
