import netCDF4
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seaice_tf.errors import InputError
from seaice_tf.files import netcdf, packed

CASES = {
    "nothing": ("i2", {}, [0, -5], [0, -5]),
    "scale and fill": ("i2", {"scale_factor": 0.01, "_FillValue": -999}, [-999, 250], [None, 2.5]),
    "offset": ("u1", {"scale_factor": 0.5, "add_offset": -20.0}, [0, 255], [-20, 107.5]),
    "missing_value": ("i4", {"missing_value": [7, 9]}, [7, 8, 9], [None, 8, None]),
    "valid_range stored": (
        "i2",
        {"scale_factor": 0.1, "valid_range": np.array([0, 100], "i2")},
        [-1, 0, 100, 101],
        [None, 0, 10, None],
    ),
    "valid_max as a number": (
        "i2",
        {"scale_factor": 0.1, "valid_max": 10.0},
        [100, 101],
        [10, None],
    ),
    "valid_min of floats": ("f4", {"valid_min": np.float32(0.1)}, [0.1, 0.0], [0.1, None]),
    "unsigned": (
        "i1",
        {"_Unsigned": "true", "_FillValue": np.int8(-1), "scale_factor": 0.5},
        [-1, -2, 1],
        [None, 127, 0.5],
    ),
    "fill of floats": ("f4", {"_FillValue": np.float32(-999.9)}, [-999.9, 1], [None, 1]),
    "fill NaN": ("f4", {"_FillValue": np.float32(np.nan)}, [np.nan, 1], [None, 1]),
    "fill in base 64": ("f8", {"_FillValue": "AAAAAAAA+H8="}, [1], [1]),
    "scale below 0": ("i2", {"scale_factor": -1.0, "valid_max": 5.0}, [-5, -6], [5, None]),
}


@pytest.mark.parametrize(("kind", "attributes", "stored", "true"), CASES.values(), ids=CASES)
def test_cases_that_a_person_can_check(kind, attributes, stored, true):
    got = packed.unpack(np.array(stored, kind), attributes, "a.nc: x")
    true = [np.nan if value is None else value for value in true]
    np.testing.assert_allclose(got.astype(float), true, rtol=1e-6)


WRONG = {
    "scale 0": {"scale_factor": 0.0},
    "scale NaN": {"scale_factor": np.nan},
    "two scales": {"scale_factor": [1.0, 2.0]},
    "text": {"add_offset": "none"},
    "fill of text": {"_FillValue": "missing"},
    "half a range": {"valid_range": [3]},
    "a range from high to low": {"valid_range": [3, 1]},
    "unsigned maybe": {"_Unsigned": "maybe"},
}


@pytest.mark.parametrize("attributes", WRONG.values(), ids=WRONG)
def test_attributes_that_make_no_sense_are_refused(attributes):
    with pytest.raises(InputError, match=r"a\.nc: x: expected .*; correct the attribute"):
        packed.unpack(np.zeros(3, "i2"), attributes, "a.nc: x")


def test_values_that_are_no_numbers_are_refused():
    with pytest.raises(InputError, match="expected numbers, got"):
        packed.unpack(np.array(["a"]), {}, "a.nc: x")


@given(
    st.sampled_from(["i1", "u1", "i2", "u2", "i4", "f4"]),
    st.lists(st.integers(-120, 120), min_size=1, max_size=8),
    st.sampled_from([{}, {"scale_factor": 0.25}, {"scale_factor": 2.0, "add_offset": -3.0}]),
    st.sampled_from([{}, {"valid_min": -50}, {"valid_max": 60}, {"valid_range": [-50, 60]}]),
    st.booleans(),
)
def test_netcdf_variables_as_the_library_unpacks_them(
    tmp_path_factory, kind, values, scaling, limits, fill
):
    path = tmp_path_factory.mktemp("packed") / "a.nc"
    stored = np.abs(values).astype(kind) if kind[0] == "u" else np.array(values, kind)
    with netCDF4.Dataset(path, "w") as data:
        data.createDimension("n", len(values))
        variable = data.createVariable("x", kind, ("n",), fill_value=stored[0] if fill else None)
        variable.setncatts(scaling)
        typed = np.dtype(kind).type
        for name, value in limits.items():
            variable.setncattr(
                name, np.abs(value).astype(typed) if kind[0] == "u" else np.array(value, typed)
            )
        variable.set_auto_maskandscale(False)
        variable[:] = stored
    with netCDF4.Dataset(path) as data:
        true = np.ma.filled(np.ma.asarray(data["x"][:], float), np.nan)
    with netcdf.opened(path) as data:
        got = packed.packing(data["x"], "x").unpack(data["x"][:])
    np.testing.assert_allclose(got.astype(float), true, rtol=1e-6)


@pytest.mark.parametrize("version", [2, 3])
def test_zarr_arrays(tmp_path, version):
    zarr = pytest.importorskip("zarr")
    group = zarr.open_group(str(tmp_path / "a.zarr"), mode="w", zarr_format=version)
    stored = np.array([-999, 0, 5], "i2")
    cases = {
        "plain": (None, {}, [-999, 0, 5]),
        "fill of the array": (-999, {"scale_factor": 0.5}, [np.nan, 0, 2.5]),
        "fill by attribute": (0, {"_FillValue": -999, "add_offset": 1}, [np.nan, 1, 6]),
        "limits": (None, {"valid_range": [0, 4]}, [np.nan, 0, np.nan]),
    }
    for name, (fill, attributes, true) in cases.items():
        array = group.create_array(name, shape=(3,), dtype="i2", fill_value=fill or 0)
        array[:] = stored
        array.attrs.update(attributes)
        numbers = packed.Unpacked(group[name], name)
        assert numbers.shape == (3,)
        np.testing.assert_array_equal(numbers[:], true)
        np.testing.assert_array_equal(numbers[1:], true[1:])
