import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seaice_tf.grids import coarse_grid
from seaice_tf.grids.windows import Window, whole
from seaice_tf.icechart.data import downscale

SHAPE = (203, 251)  # pixels of 80 m: 9 x 11 cells, the last ones cut
CELLS = (9, 11)


def plane(rows, columns):
    """In units of SAR pixels of 80 m."""
    return 3.0 + 0.02 * np.asarray(rows)[:, None] - 0.05 * np.asarray(columns)


@settings(max_examples=40, deadline=None)
@given(
    d=st.sampled_from([1, 2, 5, 10]),
    corner=st.tuples(st.floats(0, 1), st.floats(0, 1)),
    size=st.tuples(st.integers(1, 40), st.integers(1, 40)),
)
def test_a_patch_anywhere_is_the_same_window_of_the_scene(d, corner, size):
    coarse = np.random.default_rng(0).normal(size=(*CELLS, 2)).astype(np.float32)
    grid = downscale.size(SHAPE, d)
    full = coarse_grid.place(coarse, whole(grid), downscale=d)
    height, width = (min(n, m) for n, m in zip(size, grid))
    top, left = (int(c * (n - m)) for c, n, m in zip(corner, grid, (height, width)))
    window = Window(top, left, height, width)
    patch = coarse_grid.place(coarse, window, downscale=d)
    np.testing.assert_array_equal(patch, full[window.slices])
    assert patch.dtype == np.float32


@pytest.mark.parametrize("d", [1, 2, 5, 10])
@pytest.mark.parametrize("cell", [25, 50])
def test_a_plane_stays_a_plane_to_the_very_border(d, cell):
    middles = [(np.arange(n) + 0.5) * cell - 0.5 for n in CELLS]
    coarse = plane(*middles)
    grid = downscale.size([n * cell - 3 for n in CELLS], d)
    placed = coarse_grid.place(coarse, whole(grid), downscale=d, cell=cell)
    pixels = [(np.arange(n) + 0.5) * d - 0.5 for n in grid]
    np.testing.assert_allclose(placed, plane(*pixels), atol=1e-12)
    small = coarse_grid.place(coarse.astype(np.float32), whole(grid), downscale=d, cell=cell)
    np.testing.assert_allclose(small, plane(*pixels), atol=2e-6)


def test_the_centre_of_a_cell_has_its_value():
    coarse = np.arange(12.0).reshape(3, 4) ** 2
    pixel = coarse_grid.place(coarse, Window(37, 62, 1, 1))  # 1.5 and 2.5 cells of 25
    assert pixel.item() == coarse[1, 2]


def test_placing_agrees_with_four_neighbours_by_hand():
    coarse = np.random.default_rng(1).normal(size=(4, 5))
    placed = coarse_grid.place(coarse, whole((100, 125)))
    for line, sample in ((0, 0), (13, 12), (50, 77), (99, 124)):
        y, x = ((p + 0.5) / 25 - 0.5 for p in (line, sample))
        i, j = min(max(int(np.floor(y)), 0), 2), min(max(int(np.floor(x)), 0), 3)
        v, u = y - i, x - j
        expected = (1 - v) * ((1 - u) * coarse[i, j] + u * coarse[i, j + 1])
        expected += v * ((1 - u) * coarse[i + 1, j] + u * coarse[i + 1, j + 1])
        assert placed[line, sample] == pytest.approx(expected)


def test_one_row_of_cells_is_the_same_everywhere():
    assert (coarse_grid.place(np.array([[2.0]]), whole((9, 9))) == 2).all()


def test_tie_points_keep_their_degrees_and_share_out_what_lies_between():
    shape, points = (201, 401), 21
    latitude = np.linspace(70, 68, points)[:, None] + np.zeros(points)
    longitude = np.zeros((points, 1)) + np.linspace(-60, -50, points)
    north, east = coarse_grid.latitude_longitude(latitude, longitude, shape, whole(shape))
    np.testing.assert_allclose(north, np.linspace(70, 68, 201)[:, None] + np.zeros(401))
    np.testing.assert_allclose(east, np.linspace(-60, -50, 401) + np.zeros((201, 1)))


@pytest.mark.parametrize("d", [1, 2, 5])
def test_a_scene_across_the_180th_meridian_has_no_seam(d):
    shape = (100, 100)
    longitude = (np.linspace(175, 187, 21) + np.zeros((21, 1)) + 180) % 360 - 180
    latitude = np.full((21, 21), 72.0)
    grid = whole(downscale.size(shape, d))
    _, east = coarse_grid.latitude_longitude(latitude, longitude, shape, grid, downscale=d)
    assert ((east >= -180) & (east < 180)).all()
    step = 12 / 99 * d
    np.testing.assert_allclose(np.diff(east % 360, axis=1), step, atol=1e-9)
    window = Window(2, 3, 5, 6)
    part = coarse_grid.latitude_longitude(latitude, longitude, shape, window, downscale=d)
    np.testing.assert_array_equal(part[1], east[window.slices])


def test_december_is_near_january():
    months = np.array([coarse_grid.season(month) for month in range(1, 13)])
    steps = np.linalg.norm(months - np.roll(months, 1, axis=0), axis=1)
    np.testing.assert_allclose(steps, steps[0])
