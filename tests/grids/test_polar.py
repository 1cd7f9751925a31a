import numpy as np
import pytest

from seaice_tf.errors import InputError
from seaice_tf.grids.polar import NORTH, SOUTH, of_shape

# Hughes 1980
RADIUS, ECCENTRICITY = 6378.273, np.sqrt(1 - (6356.889449 / 6378.273) ** 2)


def test_the_grid_is_that_of_nsidcs_own_files(real_data):
    tools = real_data / "psn25"
    latitude, longitude = NORTH.latitude_longitude()
    for name, ours in (("lats", latitude), ("lons", longitude)):
        theirs = np.fromfile(tools / f"psn25{name}_v3.dat", "<i4").reshape(ours.shape) / 1e5
        difference = (ours - theirs + 180) % 360 - 180
        assert np.abs(difference).max() < 0.6e-5  # they are rounded to 1e-5 degrees
    area = np.fromfile(tools / "psn25area_v3.dat", "<i4").reshape(448, 304) / 1e3
    assert np.abs(NORTH.cell_area() - area).max() < 0.6e-3


def test_areas_and_corners_without_any_file():
    latitude, longitude = NORTH.latitude_longitude()
    assert latitude.shape == NORTH.shape == (448, 304)
    assert 30.9 < latitude[-1, 0] < 34.5
    assert 89.8 < latitude.max() <= 90
    # Row 0 is the far side of the Arctic: east of 90 degrees, either way.
    assert (np.abs(longitude[0]) > 90).all()
    assert 382 < NORTH.cell_area().min() < NORTH.cell_area().max() < 665


def test_the_south_has_nsidcs_edges_and_its_pole_between_four_cells():
    x, y = SOUTH.axes()
    assert (x[0], x[-1], y[0], y[-1]) == (-3937500, 3937500, 4337500, -3937500)
    assert SOUTH.extent == (-3950000, 3950000, -3950000, 4350000)
    latitude, longitude = SOUTH.latitude_longitude()
    nearest = np.argsort(latitude, axis=None, kind="stable")[:4]
    assert {divmod(int(i), 316) for i in nearest} == {
        (173, 157),
        (173, 158),
        (174, 157),
        (174, 158),
    }
    # The meridian of Greenwich points up: the upper right quadrant is east, and up to 90 degrees.
    assert ((longitude[:174, 158:] > 0) & (longitude[:174, 158:] < 90)).all()
    assert round(float(latitude[0, 0]), 2) == -39.36
    assert round(float(longitude[0, 0]), 2) == -42.23


def test_the_south_is_symmetric_about_its_meridians():
    latitude, longitude = SOUTH.latitude_longitude()
    np.testing.assert_allclose(latitude, latitude[:, ::-1], atol=1e-9)
    np.testing.assert_allclose(longitude, -longitude[:, ::-1], atol=1e-9)
    below = latitude[16:, :]  # 174 rows lie above the pole, 158 below
    np.testing.assert_allclose(below, below[::-1], atol=1e-9)
    np.testing.assert_allclose(SOUTH.cell_area(), SOUTH.cell_area()[:, ::-1], rtol=1e-9)


def stretch(latitude):
    """Distance from the pole on the plane over the parallel's radius, up to a constant.

    Snyder, "Map Projections: A Working Manual" (1987), equations 14-15 and 15-9.
    """
    phi = np.radians(np.abs(latitude))
    sine = ECCENTRICITY * np.sin(phi)
    t = np.tan(np.pi / 4 - phi / 2) * ((1 + sine) / (1 - sine)) ** (ECCENTRICITY / 2)
    return t / (np.cos(phi) / np.sqrt(1 - sine**2))


@pytest.mark.parametrize("grid", [NORTH, SOUTH], ids=lambda grid: grid.name)
def test_an_area_is_that_of_the_plane_over_the_square_of_the_scale(grid):
    latitude, _ = grid.latitude_longitude()
    scale = stretch(latitude) / stretch(70)  # true at 70 degrees
    np.testing.assert_allclose(grid.cell_area(), 25**2 / scale**2, rtol=1e-6)


def test_an_array_says_its_grid_by_its_shape():
    assert of_shape((12, 448, 304)) is NORTH
    assert of_shape((332, 316)) is SOUTH
    with pytest.raises(InputError, match=r"expected 448 x 304 .* got \(304, 448\)"):
        of_shape((304, 448))
