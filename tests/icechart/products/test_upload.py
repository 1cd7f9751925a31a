import netCDF4
import numpy as np
import pytest

from seaice_tf.errors import InputError
from seaice_tf.icechart.data import synthetic_scenes
from seaice_tf.icechart.data.charts import CHARTS, CLASSES
from seaice_tf.icechart.products import upload

NAMES = [label.name.prep for label in synthetic_scenes.labels(20)]


def charts(seed, shape=(7, 9)):
    rng = np.random.default_rng(seed)
    return {c: rng.integers(0, len(CLASSES[c]), shape).astype(np.uint8) for c in CHARTS}


def test_an_upload_has_the_autoice_format(tmp_path):
    shapes = {name[:19]: (7 + i, 9) for i, name in enumerate(NAMES)}
    scenes = ((name, charts(i, shapes[name[:19]])) for i, name in enumerate(NAMES))
    path = upload.write(tmp_path / "upload.nc", scenes)
    assert upload.problems(path) == []
    assert upload.problems(path, NAMES, shapes) == []
    assert [entry.name for entry in tmp_path.iterdir()] == ["upload.nc"]
    with netCDF4.Dataset(path) as data:
        assert len(data.variables) == 60
        variable = data[f"{NAMES[3][:19]}_SIC"]
        assert variable.dimensions == tuple(f"{NAMES[3][:19]}_SIC_dim{i}" for i in range(2))
        assert variable.dtype == np.uint8
        assert variable.filters()["zlib"]
        assert variable.filters()["complevel"] == 1
        assert "_FillValue" not in variable.ncattrs()
    for chart, values in upload.read(path, NAMES[3]).items():
        np.testing.assert_array_equal(values, charts(3, (10, 9))[chart])


def test_problems_of_an_upload(tmp_path):
    path = tmp_path / "upload.nc"
    short = NAMES[0][:19]
    with netCDF4.Dataset(path, "w") as data:
        data.createDimension("x", 3)
        data.createDimension("y", 4)
        data.createVariable(f"{short}_SIC", "f4", ("x", "y"))[:] = 11
        data.createVariable(f"{short}_SOD", "u1", ("x", "x"))[:] = 5
        data.createVariable("else", "u1", ("x",))
    found = "\n".join(upload.problems(path, NAMES[:2], {short: (3, 4)}))
    for text in (
        f"expected {short}_FLOE, got none",
        f"expected {NAMES[1][:19]}_SIC, got none",
        "else is not an expected chart",
        f"{short}_SIC: expected the dimensions",
        f"{short}_SIC: expected uint8",
        f"{short}_SIC: expected classes 0 to 10",
        f"{short}_SOD: expected (3, 4) pixels",
        f"{short} has charts of different shapes",
    ):
        assert text in found
    assert "expected 20 scenes, got 2" in upload.problems(path)
    with pytest.raises(InputError, match="got none; write it again"):
        upload.read(path, short)
    with netCDF4.Dataset(path, "a") as data:
        data.createVariable(f"{short}_FLOE", str, ("x", "y"))
    assert f"{short}_FLOE: expected uint8, got <class 'str'>" in upload.problems(path, NAMES[:1])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda c: c.pop("SOD"), "got no SOD"),
        (lambda c: c.update(SOD=c["SOD"][1:]), "charts of one shape"),
        (lambda c: c.update(FLOE=c["FLOE"] + 7), "expected FLOE of 0 to 6"),
    ],
)
def test_other_charts_are_errors(tmp_path, change, message):
    wrong = charts(0)
    change(wrong)
    with pytest.raises(InputError, match=message):
        upload.write(tmp_path / "upload.nc", [(NAMES[0], charts(1)), (NAMES[1], wrong)])
    assert list(tmp_path.iterdir()) == []


def test_a_repeated_scene_is_an_error(tmp_path):
    with pytest.raises(InputError, match="each scene once"):
        upload.write(tmp_path / "upload.nc", [(NAMES[0], charts(0))] * 2)
