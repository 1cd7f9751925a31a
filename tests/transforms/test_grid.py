import numpy as np

from seaice_tf.transforms import grid


def test_the_grid_is_that_of_nsidcs_own_files(real_data):
    tools = real_data / "psn25"
    latitude, longitude = grid.latitude_longitude()
    for name, ours in (("lats", latitude), ("lons", longitude)):
        theirs = np.fromfile(tools / f"psn25{name}_v3.dat", "<i4").reshape(ours.shape) / 1e5
        difference = (ours - theirs + 180) % 360 - 180
        assert np.abs(difference).max() < 0.6e-5  # they are rounded to 1e-5 degrees
    area = np.fromfile(tools / "psn25area_v3.dat", "<i4").reshape(448, 304) / 1e3
    assert np.abs(grid.cell_area() - area).max() < 0.6e-3


def test_areas_and_corners_without_any_file():
    latitude, longitude = grid.latitude_longitude()
    assert latitude.shape == (grid.ROWS, grid.COLUMNS)
    assert 30.9 < latitude[-1, 0] < 34.5
    assert 89.8 < latitude.max() <= 90
    # Row 0 is the far side of the Arctic: east of 90 degrees, either way.
    assert (np.abs(longitude[0]) > 90).all()
    assert 382 < grid.cell_area().min() < grid.cell_area().max() < 665
