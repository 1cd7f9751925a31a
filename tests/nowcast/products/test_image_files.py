import dataclasses

import netCDF4
import numpy as np
import pytest

from seaice_tf.nowcast.cases import Context
from seaice_tf.nowcast.data.frames import Frames
from seaice_tf.nowcast.data.source import Grid
from seaice_tf.nowcast.products import image_files, image_netcdf
from seaice_tf.task import Case

SHAPE = (20, 30)
GEOS = {
    "grid_mapping_name": "geostationary",
    "perspective_point_height": 35785831.0,
    "longitude_of_projection_origin": 9.5,
    "latitude_of_projection_origin": 0.0,
    "semi_major_axis": 6378169.0,
    "inverse_flattening": 295.488065897014,
    "sweep_angle_axis": "y",
}


@pytest.fixture
def case():
    time = np.array(["2023-12-20T12:30:00"], "datetime64[s]")
    block = [[np.zeros((1, *SHAPE), np.int16)]]
    grid = Grid(3000.0 * np.arange(30), 5e6 - 3000.0 * np.arange(20), "m", GEOS)
    sequence = Frames(
        "a", time, (block,), unit="K", limits=(200.0, 302.3), channel="IR_108", grid=grid
    )
    past = np.random.default_rng(0).uniform(200, 600, (12, *SHAPE)).astype(np.float32)
    context = Context("a", past, np.zeros(24, bool), time[0], image=sequence)
    return Case("a_20231220T1230", past, context)


@pytest.fixture
def fields():
    known = np.ones((24, *SHAPE), np.float32)
    known[5:, :4] = 0
    frames = np.full((24, *SHAPE), 512.0, np.float32)
    return {"frames": frames, "known": known, "flow": np.ones((*SHAPE, 2), np.float32)}


def test_the_netcdf_has_unit_mask_coordinates_and_projection(case, fields, tmp_path):
    written = image_files.write(case, fields, tmp_path, "model")
    assert [path.suffix for path in written] == [".nc", ".png", ".png", ".gif"]
    assert all(path.stat().st_size > 0 for path in written)
    with netCDF4.Dataset(written[0]) as data:
        field = data["IR_108_forecast"]
        assert (field.units, field.dimensions) == ("K", ("lead", "y", "x"))
        np.testing.assert_allclose(field[0], 251.2, atol=0.01)
        assert field[5].mask[:4].all()
        assert not field[5].mask[4:].any()
        np.testing.assert_array_equal(data["known"][:], fields["known"])
        assert data["valid_time"][0] - data["forecast_reference_time"][...] == 300
        assert data["lead"][:].tolist() == [5.0 * lead for lead in range(1, 25)]
        np.testing.assert_array_equal(data["x"][:], case.context.image.grid.x)
        assert data["crs"].longitude_of_projection_origin == 9.5
        assert 40 < data["lat"][0, 0] < 65  # y of 5000 km
        assert abs(data["lon"][0, 0] - 9.5) < 1e-6  # x of 0
        assert field.coordinates == "valid_time forecast_reference_time lat lon"


def test_coordinates_of_nan_are_left_out(case, fields, tmp_path):
    osgb = np.full((2, *SHAPE), np.nan)
    image = dataclasses.replace(case.context.image, grid=None, osgb=osgb, limits=(0.0, 1023.0))
    known = fields["known"] >= 0.5
    path = tmp_path / "a.nc"
    image_netcdf.write(path, fields, known, image, case.context.last, "model")
    with netCDF4.Dataset(path) as data:
        assert not {"lat", "lon", "x", "crs"} & set(data.variables)
        assert data["IR_108_forecast"].units == "1"


def test_names_with_dots_stay_apart(case, fields, tmp_path):
    written = [
        path
        for name in ("msg.a_20231220T1230", "msg.b_20231220T1230")
        for path in image_files.write(
            dataclasses.replace(case, name=name), fields, tmp_path, "model"
        )
    ]
    assert len(set(written)) == 8
    assert written[4].name == "msg.b_20231220T1230.nc"


@pytest.mark.parametrize(
    ("unit", "mapping", "standard", "units"),
    [
        ("rad", GEOS, "projection_{}_angular_coordinate", ("rad", "rad")),
        ("m", GEOS, "projection_{}_coordinate", ("m", "m")),
        ("degrees_east", {}, "", ("degrees_east", "degrees_north")),
        (
            "degrees_east",
            {"grid_mapping_name": "latitude_longitude"},
            "",
            ("degrees_east", "degrees_north"),
        ),
    ],
)
def test_coordinates_have_cf_names_and_units(
    case, fields, tmp_path, unit, mapping, standard, units
):
    grid = Grid(0.001 * np.arange(30), 0.05 - 0.001 * np.arange(20), unit, mapping)
    image = dataclasses.replace(case.context.image, grid=grid)
    path = tmp_path / "a.nc"
    image_netcdf.write(path, fields, fields["known"] >= 0.5, image, case.context.last, "model")
    with netCDF4.Dataset(path) as data:
        assert (data["x"].units, data["y"].units) == units
        names = [standard.format(each) for each in "xy"] if standard else ["longitude", "latitude"]
        assert [data[each].standard_name for each in "xy"] == names
