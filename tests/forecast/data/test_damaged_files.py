"""Damage to one file of each format: one clear line, and the doctor goes on."""

import netCDF4
import numpy as np
import pytest

from seaice_tf.errors import InputError
from seaice_tf.forecast.data.archive import read_archive
from seaice_tf.forecast.data.counts import LAND
from seaice_tf.forecast.data.doctor import examine
from seaice_tf.grids.polar import NORTH, SOUTH

FIRST = np.datetime64("2008-01")
V2, CONTEST, RECORD = (
    "NSIDC-0051 v2",
    "Dacon 235706",
    "NOAA/NSIDC climate data record v4",
)
NETCDF = {V2: "F17_ICECON", RECORD: "cdr_seaice_conc_monthly"}


@pytest.fixture
def sound(tmp_path, writers):
    """Function of a kind: the folder of three sound months of noise, and the file of the second."""

    def write(kind):
        noise = np.random.default_rng(0).integers(0, 251, (3, *NORTH.shape)).astype(np.uint8)
        noise[:, 0] = LAND
        writers[kind](tmp_path / "data", FIRST, noise)
        return tmp_path / "data", next((tmp_path / "data").glob("*200802*"))

    return write


def refused(folder, victim, message):
    with pytest.raises(InputError, match=message) as caught:
        read_archive(folder)
    assert str(victim) in str(caught.value)
    assert "\n" not in str(caught.value)
    findings = examine(folder)
    assert any(victim.name in problem for problem in findings.problems)
    assert findings.months.tolist() == [m.tolist() for m in (FIRST, FIRST + 2)]


@pytest.mark.parametrize("kind", NETCDF)
@pytest.mark.parametrize("how", ["truncated", "overwritten", "empty", "no netCDF"])
def test_a_broken_netcdf_file(sound, kind, how):
    folder, victim = sound(kind)
    content = bytearray(victim.read_bytes())
    middle = len(content) // 2
    if how == "truncated":
        content = content[:middle]
    elif how == "overwritten":
        content[middle : middle + 20000] = bytes(20000)
    else:
        content = b"" if how == "empty" else b"no netCDF" * 1000
    victim.write_bytes(content)
    refused(folder, victim, "expected a netCDF file, got .*; download the file again")


@pytest.mark.parametrize("kind", NETCDF)
@pytest.mark.parametrize("grid", [NORTH, SOUTH], ids=["turned", "south"])
def test_wrong_dimensions(sound, kind, grid):
    folder, victim = sound(kind)
    shape = grid.shape if grid is SOUTH else grid.shape[::-1]
    replace(victim, NETCDF[kind], np.zeros(shape, np.uint8))
    refused(folder, victim, r"\(1, 448, 304\) on the northern grid, got uint8 \(1, 3\d\d, \d{3}\)")


def replace(path, name, field, **attributes):
    """Write `path` again with one variable (time, y, x)."""
    with netCDF4.Dataset(path, "w") as data:
        for dimension, size in zip(("time", "y", "x"), (1, *field.shape)):
            data.createDimension(dimension, size)
        variable = data.createVariable(name, field.dtype, ("time", "y", "x"))
        variable.setncatts(attributes)
        variable.set_auto_maskandscale(False)
        variable[0] = field


def test_version_2_of_another_type_or_scale(sound):
    folder, victim = sound(V2)
    replace(victim, NETCDF[V2], np.zeros(NORTH.shape, np.float32))
    refused(folder, victim, "expected F17_ICECON as ubyte with scale_factor 0.004, got float32")
    replace(victim, NETCDF[V2], np.zeros(NORTH.shape, np.uint8), scale_factor=0.01)
    refused(folder, victim, "got uint8 with 0.01 and add_offset 0; download")


def test_version_2_whose_scale_is_no_number(sound):
    folder, victim = sound(V2)
    replace(victim, NETCDF[V2], np.zeros(NORTH.shape, np.uint8), scale_factor="0.004 or so")
    refused(folder, victim, "expected numbers as scale_factor, got '0.004 or so'; correct")


def test_version_2_of_something_else(sound):
    folder, victim = sound(V2)
    with netCDF4.Dataset(victim, "w") as data:
        data.createDimension("lon", 360)
    refused(folder, victim, "expected dimensions time, y, x, got lon; download")


def test_version_2_without_a_sensor_is_a_month_without_data(sound):
    folder, victim = sound(V2)
    replace(victim, "ICE", np.zeros(NORTH.shape, np.uint8))
    with pytest.raises(InputError, match=r"got none for 2008-02 \(files without data\)"):
        read_archive(folder)


def test_a_climate_record_without_its_variable(sound):
    folder, victim = sound(RECORD)
    replace(victim, "nsidc_nt_seaice_conc_monthly", np.zeros(NORTH.shape, np.uint8))
    refused(folder, victim, "expected a variable cdr_seaice_conc_monthly, got nsidc_nt_")


@pytest.mark.parametrize("value", [np.uint8(160), np.float32(1.2), np.float32(-3)])
def test_a_climate_record_with_a_value_that_means_nothing(sound, value):
    folder, victim = sound(RECORD)
    field = np.zeros(NORTH.shape, value.dtype)
    field[5, 5] = value
    replace(victim, NETCDF[RECORD], field)
    refused(folder, victim, rf"expected fractions .* got {value:g} times .* in one of 1 cells")


def save(path, array, **options):
    with path.open("wb") as file:
        np.save(file, array, **options)


CONTEST_DAMAGES = {
    "pickled": "cannot be read as one .*Python objects",
    "truncated": "cannot be read as one",
    "empty": "cannot be read as one",
    "no npy": "cannot be read as one",
    "zip": "cannot be read as one",
    "header": "cannot be read as one",
    "size": "cannot be read as one",
    "dtype": r"expected uint8 \(448, 304, 5\), got float32 \(448, 304, 5\); take",
    "shape": r"expected uint8 \(448, 304, 5\), got uint8 \(448, 304\); take",
    "no mask": "expected concentrations from 0 to 250 outside the masks, got 254 in one of 1 cells",
}


@pytest.mark.parametrize("how", CONTEST_DAMAGES)
def test_a_broken_contest_array(sound, how):
    folder, victim = sound(CONTEST)
    content, layers = victim.read_bytes(), np.load(victim)
    if how == "pickled":
        save(victim, np.array([{"any": "object"}], object), allow_pickle=True)
    elif how == "truncated":
        victim.write_bytes(content[:-1])
    elif how == "empty":
        victim.write_bytes(b"")
    elif how == "no npy":
        victim.write_bytes(b"no npy")
    elif how == "zip":
        victim.write_bytes(b"PK\x03\x04" + content[4:])
    elif how == "header":
        victim.write_bytes(content.replace(b"(448, 304, 5)", b"(448, 304, 5 "))
    elif how == "size":
        victim.write_bytes(
            content.replace(b"(448, 304, 5), }      ", b"(448, 304, 9" + b"9" * 8 + b")}")
        )
    elif how == "dtype":
        save(victim, layers.astype(np.float32))
    elif how == "shape":
        save(victim, layers[..., 0])
    elif how == "no mask":
        layers[5, 5, 0] = 254
        save(victim, layers)
    refused(folder, victim, CONTEST_DAMAGES[how])
