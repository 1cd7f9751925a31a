import zipfile

import numpy as np
import pytest

from seaice_tf.errors import InputError
from seaice_tf.files import npz

VALUES = np.arange(24, dtype=np.int16).reshape(2, 3, 4)


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
@pytest.mark.parametrize(
    "values", [VALUES, np.asfortranarray(VALUES), np.array("text"), VALUES[:0]]
)
def test_arrays_come_back_without_being_held(tmp_path, save, values):
    path = tmp_path / "a.npz"
    save(path, before=np.ones(3), data=values)
    found = npz.mapped(path, "data")
    np.testing.assert_array_equal(found, values)
    assert found.dtype == values.dtype
    assert isinstance(found, np.memmap) == (values.size > 0)
    assert npz.keys(path) == ("before", "data")
    assert npz.shape(path, "data") == values.shape
    assert not found.flags.writeable or not values.size


def test_an_array_outlives_its_file(tmp_path):
    path = tmp_path / "a.npz"
    np.savez_compressed(path, data=VALUES)
    found = npz.mapped(path, "data")
    path.unlink()
    np.testing.assert_array_equal(found, VALUES)


def test_objects_are_not_unpickled(tmp_path):
    path = tmp_path / "a.npz"
    np.savez(path, data=np.array([{}, None], object))
    with pytest.raises(InputError, match="Python objects"):
        npz.mapped(path, "data")


HEADERS = {
    "a bracket that stays open": b"{'descr': '<i2', 'fortran_order': False, 'shape': (2, 3,",
    "no type": b"{'descr': 7, 'fortran_order': False, 'shape': (2, 3)}",
    "records": b"{'descr': [('a', '<i2')], 'fortran_order': False, 'shape': (24,)}",
    "a size beyond any integer": b"{'descr': '<i2', 'fortran_order': False, 'shape': (2**64,)}",
    "sizes whose product overflows": b"{'descr': '<i2', 'fortran_order': False, "
    b"'shape': (4294967296, 4294967296)}",
    "no number as size": b"{'descr': '<i2', 'fortran_order': False, 'shape': ('x',)}",
    "a negative size": b"{'descr': '<i2', 'fortran_order': False, 'shape': (-24,)}",
}


@pytest.mark.parametrize("header", HEADERS.values(), ids=HEADERS)
def test_headers_that_lie_are_refused(tmp_path, header):
    path, text = tmp_path / "a.npz", header + b"\n"
    content = b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text + VALUES.tobytes()
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("data.npy", content)
    for read in (npz.read, lambda path: npz.mapped(path, "data")):
        with pytest.raises(InputError, match="expected an array 'data' that can be read"):
            read(path)


@pytest.mark.parametrize("order", "<>")
def test_letters_beyond_unicode_are_refused(tmp_path, order):
    path, text = tmp_path / "a.npz", np.array(["a", "b\U0010ffff"], f"{order}U3")
    np.savez(path, title=text)
    np.testing.assert_array_equal(npz.mapped(path, "title"), text)
    np.savez(path, title=np.array([0x110000], f"{order}u4").view(f"{order}U1"))
    with pytest.raises(InputError, match="invalid characters"):
        npz.mapped(path, "title")


def test_all_arrays_are_read_into_memory(tmp_path):
    path = tmp_path / "a.npz"
    np.savez(path, **{"conv/kernel": VALUES, "name": np.array("text")})
    found = npz.read(path)
    path.unlink()
    assert list(found) == ["conv/kernel", "name"]
    np.testing.assert_array_equal(found["conv/kernel"], VALUES)
    assert str(found["name"]) == "text"


def test_damage_is_named(tmp_path):
    path = tmp_path / "a.npz"
    rng = np.random.default_rng(0)
    np.savez_compressed(path, data=rng.integers(0, 1000, 50_000))
    whole = path.read_bytes()
    path.write_bytes(whole[:-60])
    with pytest.raises(InputError, match="expected an npz file"):
        npz.mapped(path, "data")
    path.write_bytes(whole[:20_000] + bytes(2_000) + whole[22_000:])
    with pytest.raises(InputError, match="expected an array 'data' that can be read"):
        npz.mapped(path, "data")
    with pytest.raises(InputError, match="expected an array 'x', got data"):
        npz.mapped(path, "x")
