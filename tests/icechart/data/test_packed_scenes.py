"""Scenes of packed integers, as other tools write them again, give what the originals give."""

import netCDF4
import numpy as np
import pytest

from seaice_tf.errors import InputError
from seaice_tf.icechart.data import inputs, raw_scene
from seaice_tf.icechart.data import scene as sar_scene
from seaice_tf.icechart.data.charts import CHARTS, COARSE, FINE, SAR
from tests.icechart.data import test_raw_scene as raw

FILL = -32768


def packed(source, path, names, scale=0.001, offset=0.0, missing=np.isnan, mark="_FillValue"):
    """A copy of a scene in which variables are int16 with a scale and a fill."""
    with netCDF4.Dataset(source) as data, netCDF4.Dataset(path, "w") as copy:
        data.set_auto_maskandscale(False)
        copy.setncatts({name: data.getncattr(name) for name in data.ncattrs()})
        for name, dimension in data.dimensions.items():
            copy.createDimension(name, len(dimension))
        for name, variable in data.variables.items():
            values = variable[:]
            if name not in names:
                copy.createVariable(name, variable.dtype, variable.dimensions)[:] = values
                continue
            fill = np.int16(FILL) if mark == "_FillValue" else False
            new = copy.createVariable(name, "i2", variable.dimensions, fill_value=fill)
            new.set_auto_maskandscale(False)
            new.setncatts({"scale_factor": scale, "add_offset": offset})
            if mark != "_FillValue":
                new.setncattr(mark, np.int16(FILL))
            whole = np.rint((np.nan_to_num(values) - offset) / scale)
            new[:] = np.where(missing(values), FILL, whole).astype("i2")
    return path


@pytest.mark.parametrize("mark", ["_FillValue", "missing_value", "variable_fill_value"])
def test_a_packed_scene_gives_the_network_the_same(scene_folder, tmp_path, mark):
    source = sar_scene.find(scene_folder)[0]
    names = (*SAR, *COARSE)
    path = packed(source, tmp_path / source.name, names, missing=lambda x: x == 0, mark=mark)
    scene, true = sar_scene.describe(path), sar_scene.describe(source)
    np.testing.assert_array_equal(sar_scene.read_valid(scene), sar_scene.read_valid(true))
    assert not sar_scene.read_valid(true).all()
    channels = (*FINE, *COARSE)
    got, fraction = inputs.read(scene, channels, factor=2)
    expected, expected_fraction = inputs.read(true, channels, factor=2)
    np.testing.assert_array_equal(fraction, expected_fraction)
    np.testing.assert_allclose(got, expected, atol=2e-3)  # cells are extrapolated to edges


def test_charts_of_16_bits_with_a_fill(scene_folder, tmp_path):
    source = sar_scene.find(scene_folder)[0]
    path = packed(source, tmp_path / source.name, CHARTS, scale=0.5, missing=lambda x: x == 255)
    got = sar_scene.read_charts(sar_scene.describe(path))
    for name, chart in sar_scene.read_charts(sar_scene.describe(source)).items():
        np.testing.assert_array_equal(got[name], chart)


def test_a_packed_raw_scene_becomes_the_same_ready_one(tmp_path):
    (tmp_path / "packed").mkdir()
    source = raw.write(tmp_path)
    path = packed(source, tmp_path / "packed" / raw.NAME, (*SAR, "polygon_icechart"))
    scene, true = raw_scene.describe(path), raw_scene.describe(source)
    sar, valid = raw_scene.read_sar(scene)
    expected, expected_valid = raw_scene.read_sar(true)
    np.testing.assert_array_equal(valid, expected_valid)
    np.testing.assert_allclose(sar, expected, atol=2e-4)
    for name, chart in raw_scene.read_charts(true).items():
        np.testing.assert_array_equal(raw_scene.read_charts(scene)[name], chart)


def test_tie_points_and_cells_with_an_offset(tmp_path):
    (tmp_path / "packed").mkdir()
    source = raw.write(tmp_path)
    names = ("sar_grid_incidenceangle", "btemp_6_9h")
    path = packed(source, tmp_path / "packed" / raw.NAME, names, scale=0.01, offset=100.0)
    scene, true = raw_scene.describe(path), raw_scene.describe(source)
    for read in (raw_scene.read_incidence_angle, lambda s: raw_scene.read_coarse(s, names[1:])):
        np.testing.assert_allclose(read(scene), read(true), atol=6e-3)


def test_a_scale_of_0_is_refused(tmp_path):
    source = raw.write(tmp_path)
    with netCDF4.Dataset(source, "a") as data:
        data["nersc_sar_primary"].scale_factor = 0.0
    with pytest.raises(InputError, match="nersc_sar_primary: expected a finite scale_factor"):
        raw_scene.read_sar(raw_scene.describe(source))
