from dataclasses import replace

import numpy as np
import pytest

from seaice_tf.geopose.data import sightlines, synthetic, synthetic_city
from seaice_tf.geopose.data.pose import CITIES, Pose, flow


def march(height, x, y):
    """Reference implementation: the cell hit at each pixel by a ray followed in small steps."""
    source = np.empty(height.shape, int)
    for i, j in np.ndindex(height.shape):
        for z in np.arange(height.max(), -0.02, -0.02):
            row, column = round(i + z * y), round(j + z * x)
            inside = 0 <= row < height.shape[0] and 0 <= column < height.shape[1]
            if inside and height[row, column] >= z - 1e-6:
                break
        source[i, j] = row * height.shape[1] + column
    return source


@pytest.mark.parametrize(("x", "y"), [(0, 1), (-1, 0), (0.6, -0.6)])
def test_visible_cells_equal_ray_marching(x, y):
    rng = np.random.default_rng(2)
    height = np.zeros((14, 15), np.float32)
    height[5:9, 4:9], height[3:5, 9:12], height[10, 10] = 3.9, 2.3, 2.9
    height += rng.choice([0, 0.2], height.shape)
    found = sightlines.visible(height, x, y)
    # A ray changes cell where it rounds, lines of pixels where they do: neighbours may differ.
    expected = march(height, x, y)
    rows = np.abs(found // 15 - expected // 15)
    columns = np.abs(found % 15 - expected % 15)
    assert np.mean(np.maximum(rows, columns) <= 1) > 0.98
    assert np.mean(found == expected) > 0.85


def test_a_hand_drawn_tower():
    """3 m high, viewed from below: its roof is 3 pixels up, its wall in between."""
    height = np.zeros((8, 3), np.float32)
    height[5, 1] = 3
    rows = sightlines.visible(height, 0, 1) // 3
    assert rows[:, 1].tolist() == [0, 1, 5, 5, 5, 5, 6, 7]
    assert rows[:, 0].tolist() == list(range(8))
    shade = sightlines.shadow(height, 0, 1, drop=1.0)
    assert shade[:, 1].tolist() == [0, 0, 0, 1, 2, 3, 0, 0]


@pytest.mark.parametrize("angle", [0.4, 1.7, 2.9, 4.0, 5.9])
def test_views_satisfy_the_equations_of_the_data_set(angle):
    """Pixel plus flow is the visible cell; roofs have the height of that cell."""
    pose = Pose(1.1, angle)
    ground = synthetic_city.scene("ATL", 3, (64, 80), 0.8, synthetic.reach("ATL", pose))
    cells, agl, wall = synthetic.surface(ground, pose)
    view = synthetic.render(ground, pose)
    np.testing.assert_array_equal(view.agl, agl)
    rows, columns = np.indices(agl.shape) + ground.margin
    vectors = flow(agl, pose)
    ground_point = np.stack([rows + vectors[..., 1], columns + vectors[..., 0]])
    cell = np.stack(np.divmod(cells, ground.height.shape[1]))
    assert np.abs(ground_point - cell)[:, wall].max() <= 1
    distance = np.abs(ground_point - cell)[:, ~wall]  # a cell may be visible at several pixels
    assert distance.max() < 2.5
    assert distance.mean() < 0.4
    np.testing.assert_array_equal(agl[~wall], ground.height.reshape(-1)[cells[~wall]])
    assert (agl <= ground.height.reshape(-1)[cells] + 1e-4).all()
    assert wall.any()
    assert (~wall & (agl > 2)).any()


def test_shift_of_a_single_roof():
    """Ground point and height determine the pixel: the inverse of the data set's equation."""
    pose = Pose(1.5, 0.9)
    blank = synthetic_city.scene("OMA", 0, (60, 60), 0.5, 40)
    height = np.zeros_like(blank.height)
    height[80:85, 70:75] = 12
    scene = replace(blank, height=height, shade=height)
    agl = synthetic.render(scene, pose).agl
    x, y = flow(np.array([[12.0]]), pose)[0, 0]
    roof = np.argwhere(agl == 12)
    np.testing.assert_allclose(roof.mean(axis=0), [82 - 40 - y, 72 - 40 - x], atol=1.2)


def test_a_view_is_a_function_of_its_seed():
    first, again = (synthetic.tile("ARG", 1, 2, (40, 44)) for _ in range(2))
    np.testing.assert_array_equal(first.image, again.image)
    np.testing.assert_array_equal(first.agl, again.agl)
    assert first.pose == again.pose
    other = synthetic.tile("ARG", 1, 3, (40, 44))
    assert other.pose != first.pose
    assert (other.image != first.image).mean() > 0.5
    assert first.image.shape == (40, 44, 3)
    assert first.image.dtype == np.uint8
    assert np.isnan(first.agl).mean() == pytest.approx(synthetic.UNKNOWN_FRACTION, abs=0.01)


def test_cities_look_different():
    views = {city: synthetic.tile(city, 4, 0, (200, 200), gsd=0.8) for city in CITIES}
    colours = {tuple(view.image.mean(axis=(0, 1)).round(1)) for view in views.values()}
    assert len(colours) == len(CITIES)
    assert max(views, key=lambda city: np.nanmax(views[city].agl)) == "ATL"


def test_shadows_are_dark():
    ground = synthetic_city.scene("OMA", 7, (120, 120), 0.6, 10)
    lit = synthetic.render(replace(ground, shade=0 * ground.shade - 1), Pose(0, 0))
    real = synthetic.render(ground, Pose(0, 0))
    darker = real.image.astype(int).sum(-1) < lit.image.astype(int).sum(-1) - 20
    assert 0.05 < darker.mean() < 0.6
    assert not (real.image.astype(int).sum(-1) > lit.image.astype(int).sum(-1)).any()
