"""Which variable, axes and unit of a file are the frames."""

import netCDF4
import numpy as np
import pytest

from seaice_tf.errors import InputError
from seaice_tf.grids.windows import Window
from seaice_tf.nowcast.data import frames
from seaice_tf.nowcast.data.frames import Reading

COUNTS = np.random.default_rng(0).integers(60, 1000, (4, 20, 30)).astype(np.int16)
WHOLE = Window(0, 0, 20, 30)


def write(path, time="time", bounds=False, **variables):
    """A netCDF file of variables: name -> (dimensions, values, attributes)."""
    with netCDF4.Dataset(path, "w") as data:
        sizes = {}
        for dimensions, values, _ in variables.values():
            sizes |= dict(zip(dimensions, np.shape(values)))
        for name, size in sizes.items():
            data.createDimension(name, size)
        moments = data.createVariable(time, "f8", (time,) if time in sizes else ())
        moments.units = "minutes since 2020-04-01 12:00"
        moments[...] = 5.0 * np.arange(sizes[time]) if time in sizes else 0.0
        if bounds:
            data.createDimension("bnds", 2)
            moments.bounds = "time_bnds"
            ends = data.createVariable("time_bnds", "f8", (time, "bnds"))
            ends[:] = 5.0 * np.arange(sizes[time])[:, None] + [0, 5]
            for axis in "yx":
                data.createVariable(axis, "f8", (axis,)).bounds = f"{axis}_bnds"
                data.createVariable(f"{axis}_bnds", "f8", (axis, "bnds"))
        for name, (dimensions, values, attributes) in variables.items():
            kind = values.dtype if values.dtype.kind in "iuf" else str
            fill = attributes.pop("_FillValue", None)
            field = data.createVariable(name, kind, dimensions, fill_value=fill)
            if kind is not str:
                field.set_auto_maskandscale(False)
            field.setncatts(attributes)
            field[:] = values
    return path


def test_bounds_of_coordinates_are_no_frames(tmp_path):
    path = write(tmp_path / "a.nc", bounds=True, hrv=(("time", "y", "x"), COUNTS, {}))
    np.testing.assert_array_equal(frames.read(path).read(0, 4, WHOLE), COUNTS)


def test_a_mask_and_positions_beside_frames_are_no_frames(tmp_path):
    places = {name: (("y", "x"), COUNTS[0].astype("f4"), {}) for name in ("sea", "row_of")}
    hrv = (("time", "y", "x"), COUNTS, {"coordinates": "row_of"})
    assert frames.read(write(tmp_path / "a.nc", hrv=hrv, **places)).channel == "hrv"


@pytest.mark.parametrize(
    ("time", "dimensions", "order"),
    [
        ("Time", ("Time", "y", "x"), (0, 1, 2)),
        ("time", ("y", "x", "time"), (1, 2, 0)),
        ("time", ("time", "lon", "lat"), (0, 2, 1)),
        ("time", ("time", "south_north", "west_east"), (0, 1, 2)),
    ],
)
def test_axes_in_any_order(tmp_path, time, dimensions, order):
    hrv = (dimensions, np.transpose(COUNTS, order), {})
    found = frames.read(write(tmp_path / "a.nc", time=time, hrv=hrv))
    np.testing.assert_array_equal(found.read(1, 3, Window(2, 3, 4, 5)), COUNTS[1:, 2:6, 3:8])


@pytest.mark.parametrize("names", [["HRV"], ["HRV", "IR_108"]])
def test_an_axis_of_channels_in_netcdf(tmp_path, names):
    values = np.stack([COUNTS, COUNTS[::-1]], axis=1)[:, : len(names)]
    path = write(
        tmp_path / "a.nc",
        data=(("time", "channel", "y", "x"), values, {}),
        channel=(("channel",), np.array(names, object), {}),
    )
    if len(names) == 1:
        assert frames.read(path).channel == "HRV"
        return
    found = frames.read(path, Reading("IR_108"))
    np.testing.assert_array_equal(found.read(0, 4, WHOLE), COUNTS[::-1])
    assert not found.visible
    with pytest.raises(InputError, match="expected one of the channels HRV, IR_108, got none"):
        frames.read(path)


def test_of_two_variables_one_clear_sentence(tmp_path):
    both = {name: (("time", "y", "x"), COUNTS, {}) for name in ("VIS006", "IR_108")}
    path = write(tmp_path / "a.nc", **both)
    with pytest.raises(InputError) as raised:
        frames.read(path)
    assert str(raised.value) == (
        f"{path}: expected one variable of frames, got VIS006, IR_108; add --channel VIS006"
    )
    assert frames.read(path, Reading("IR_108")).channel == "IR_108"
    with pytest.raises(InputError, match=r"a.nc: expected one of the variables VIS006, IR_1"):
        frames.read(path, Reading("HRV"))


ALBEDO = "toa_lambertian_equivalent_albedo_multiplied_by_cosine_solar_zenith_angle"


@pytest.mark.parametrize(
    ("attributes", "highest"),
    [
        ({"units": "1", "standard_name": ALBEDO}, 1),
        ({"units": "%", "standard_name": "toa_bidirectional_reflectance"}, 100),
        ({"units": "%", "calibration": "reflectance"}, 100),
        ({"units": "1", "calibration": "reflectance"}, 1),
    ],
)
def test_reflectance_has_a_fixed_range(tmp_path, attributes, highest):
    packing = {"scale_factor": highest / 4095, "_FillValue": np.int16(-1), "_Unsigned": "true"}
    stored = 4 * COUNTS[0]
    stored[2, 3] = -1
    path = write(tmp_path / "a.nc", time="t", CMI=(("y", "x"), stored, {**attributes, **packing}))
    found = frames.read(path)
    assert found.limits == (0, highest)
    values = found.read(0, 1, WHOLE)[0]
    assert np.isnan(values[2, 3])
    known = stored >= 0
    np.testing.assert_allclose(values[known], stored[known] * (1023 / 4095), atol=0.01)
    assert frames.read(path, Reading(limits=(0.0, 2.0))).limits == (0, 2)


@pytest.mark.parametrize(("unit", "scale"), [("%", 1e-3), ("1", 0.1), ("1", 1.0)])
def test_reflectance_in_another_unit_than_its_attributes_say_is_refused(tmp_path, unit, scale):
    attributes = {"units": unit, "standard_name": "toa_bidirectional_reflectance"}
    values = (COUNTS * scale).astype("f4")
    path = write(tmp_path / "a.nc", hrv=(("time", "y", "x"), values, attributes))
    with pytest.raises(InputError, match=r"expected reflectance from 0 to .*; add --value-range 0"):
        frames.read(path)


@pytest.mark.parametrize("unit", ["unitless", "count", "counts", "DN", "1"])
def test_units_of_counts(tmp_path, unit):
    path = write(tmp_path / "a.nc", hrv=(("time", "y", "x"), COUNTS, {"units": unit}))
    np.testing.assert_array_equal(frames.read(path).read(0, 4, WHOLE), COUNTS)


def write_zarr(folder, **arrays):
    zarr = pytest.importorskip("zarr", reason="no zarr: pip install '.[zarr]'")
    group = zarr.open_group(str(folder), mode="w", zarr_format=2)
    group.create_array("time", data=5 * np.arange(4))
    group["time"].attrs.update(units="minutes since 2023-12-20 11:35:00")
    for name, values in arrays.items():
        group.create_array(name, data=values)
        group[name].attrs["_ARRAY_DIMENSIONS"] = ["time", "y", "x"]
    return folder


@pytest.mark.parametrize("kind", ["i2", "f2", "f8"])
def test_minus_one_is_unknown_in_zarr_without_channels(tmp_path, kind):
    data = COUNTS.astype(kind)
    data[1, 2, 3] = -1
    found = frames.read(write_zarr(tmp_path / "a.zarr", data=data)).read(0, 4, WHOLE)
    assert np.argwhere(np.isnan(found)).tolist() == [[1, 2, 3]]


def test_the_array_of_a_zarr_that_is_not_called_data(tmp_path):
    path = write_zarr(tmp_path / "one.zarr", hrv=COUNTS, x_osgb=COUNTS[0])
    assert frames.read(path).channel == "hrv"
    several = write_zarr(tmp_path / "two.zarr", hrv=COUNTS, ir=COUNTS + 1)
    with pytest.raises(InputError, match=r"two.zarr: .* got hrv, ir; add --channel hrv"):
        frames.read(several)
    np.testing.assert_array_equal(frames.read(several, Reading("ir")).read(0, 4, WHOLE), COUNTS + 1)
    with pytest.raises(InputError, match=r"none.zarr: .* got time"):
        frames.read(write_zarr(tmp_path / "none.zarr"))


def test_a_channel_of_a_file_without_names_is_warned_of(tmp_path, caplog):
    time = np.datetime64("2020-04-01T10:00") + 5 * np.arange(4).astype("timedelta64[m]")
    np.savez(tmp_path / "a.npz", data=COUNTS, time=time)
    for path in (tmp_path / "a.npz", write_zarr(tmp_path / "b.zarr", data=COUNTS)):
        assert frames.read(path).channel == ""
        assert not caplog.records
        found = frames.read(path, Reading("IR_108"))
        assert "its only channel has no name, and is taken for IR_108" in caplog.text
        assert found.channel == "IR_108"
        assert not found.visible
        caplog.clear()
