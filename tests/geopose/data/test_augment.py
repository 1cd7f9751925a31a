from dataclasses import replace

import numpy as np
import pytest

from seaice_tf.geopose.data import augment, synthetic, synthetic_city
from seaice_tf.geopose.data.pose import SYMMETRIES, Pose, Symmetry, View, flow, transform

MARGIN = 60
POSE = Pose(0.9, 0.7)


@pytest.fixture(scope="module")
def ground():
    return synthetic_city.scene("OMA", 2, (72, 72), 0.5, MARGIN)


@pytest.fixture(scope="module")
def view(ground):
    return synthetic.render(ground, POSE)


def changed(ground, change):
    """The scene with each of its maps changed."""
    maps = {name: change(a) for name, a in vars(ground).items() if isinstance(a, np.ndarray)}
    return replace(ground, **maps)


@pytest.mark.parametrize("symmetry", SYMMETRIES)
def test_transformed_views_equal_views_of_the_transformed_city(ground, view, symmetry):
    result = augment.transformed(view, symmetry)
    city = changed(ground, lambda a: transform(a, symmetry))
    again = synthetic.render(city, result.pose)
    np.testing.assert_allclose(result.agl, again.agl, atol=1e-4)
    assert np.mean(result.image != again.image) < 0.02  # rays on the edge between two cells
    assert result.pose.scale == POSE.scale


@pytest.mark.parametrize("factor", [1.3, 2.0])
def test_stretched_views_equal_views_of_a_taller_city(factor):
    ground = synthetic_city.scene("OMA", 2, (140, 140), 0.5, 90)
    view = synthetic.render(ground, POSE)
    taller = replace(ground, height=ground.height * np.float32(factor))
    inner = (slice(36, -36),) * 2  # buildings outside lean in
    expected = synthetic.render(taller, POSE).agl[inner]
    agl = augment.stretched(view, factor).agl[inner]
    pixel = factor / POSE.scale  # metres of height that a stretched pixel of a wall is
    near, before = (np.mean(np.abs(a - expected) < 1.1 * pixel) for a in (agl, view.agl[inner]))
    assert near > 0.92
    assert near > before + 0.04
    assert np.corrcoef(agl.ravel(), expected.ravel())[0, 1] > 0.97


@pytest.mark.parametrize(("rotation", "zoom"), [(0.5, 1.0), (0.0, 1.3), (4.0, 0.8), (2.5, 1.2)])
def test_resampled_views_equal_views_of_the_city_resampled(rotation, zoom):
    ground = synthetic_city.scene("OMA", 2, (120, 120), 0.5, MARGIN)
    result = augment.resampled(synthetic.render(ground, POSE), rotation, zoom, 60)
    side = 60 + 2 * MARGIN

    def change(a):
        black = np.zeros((*a.shape[:2], 3), np.uint8)
        layers = np.moveaxis(a.reshape(*a.shape[:2], -1), -1, 0).astype(np.float32)
        views = [View(black, layer, POSE, 1) for layer in layers]
        moved = [augment.resampled(each, rotation, zoom, side).agl for each in views]
        moved = np.nan_to_num(np.stack(moved, axis=-1)).astype(a.dtype)
        return moved if a.ndim == 3 else moved[..., 0]

    city = changed(ground, change)
    right, wrong = (synthetic.render(city, pose).agl for pose in (result.pose, POSE))
    near, before = (np.mean(np.abs(result.agl - each) < 1) for each in (right, wrong))
    assert near > 0.87  # the rest are edges, off by a pixel
    assert near > before + 0.1


@pytest.mark.parametrize(("rotation", "zoom"), [(0.5, 1.0), (0.0, 1.3), (4.0, 0.8)])
def test_ground_points_are_resampled_with_the_image(view, rotation, zoom):
    """The ground point of a resampled pixel is the resampled ground point of the pixel."""
    side = 40
    rows, columns = np.indices(view.agl.shape).astype(np.float32)
    numbered = [replace(view, agl=each) for each in (rows, columns)]
    before = np.stack([augment.resampled(each, rotation, zoom, side).agl for each in numbered])
    after = augment.resampled(view, rotation, zoom, side)
    assert after.gsd * zoom == pytest.approx(view.gsd)
    x, y = np.moveaxis(flow(after.agl, POSE), -1, 0)
    old_ground = np.stack([before[0] + y, before[1] + x]) - (len(rows) - 1) / 2
    new_rows, new_columns = np.indices((side, side))
    x, y = np.moveaxis(flow(after.agl, after.pose), -1, 0)
    new_ground = np.stack([new_rows + y, new_columns + x]) - (side - 1) / 2
    # Counterclockwise on a screen whose rows go down.
    sine, cosine = np.sin(rotation), np.cos(rotation)
    row, column = old_ground
    expected = zoom * np.stack([cosine * row - sine * column, cosine * column + sine * row])
    known = np.isfinite(after.agl)
    assert known.mean() > 0.9
    assert np.abs(new_ground - expected)[:, known].max() < 0.75 * max(zoom, 1)


def test_resampling_by_a_quarter_is_a_quarter_turn(view):
    result = augment.resampled(view, np.pi / 2, 1.0, 72)
    expected = augment.transformed(view, Symmetry(1, False))
    inner = (slice(1, -1),) * 2
    np.testing.assert_array_equal(result.agl[inner], expected.agl[inner])
    np.testing.assert_allclose(result.image[inner].astype(int), expected.image[inner], atol=1)
    assert result.pose == pytest.approx(expected.pose)


def test_zooming_out_is_the_coarser_view():
    """A view at half the zoom is that of a city of cells twice as large."""
    height = np.kron(np.pad([[9.0]], ((6, 5), (5, 6))), np.ones((8, 8))).astype(np.float32)
    fine = View(np.zeros((96, 96, 3), np.uint8), height, Pose(1.0, 0.3), 0.5)
    coarse = augment.resampled(fine, 0.0, 0.5, 48)
    assert (coarse.pose.scale, coarse.gsd) == (0.5, 1.0)
    assert (coarse.agl > 0).sum() == pytest.approx((height > 0).sum() / 4, abs=8)


def test_pixels_of_unknown_height_move_with_their_neighbours(view):
    agl = view.agl.copy()
    agl[30:34, 30:34] = np.nan
    result = augment.stretched(replace(view, agl=agl), 1.5)
    whole = augment.stretched(view, 1.5)
    assert 0 < np.isnan(result.agl).sum() < 60
    assert np.mean(result.image == whole.image) > 0.98
    roof = replace(view, agl=np.full_like(agl, 10))  # moves as a whole, including unknown pixels
    hidden = replace(roof, agl=np.where(np.isnan(agl), agl, 10))
    moved, expected = (augment.stretched(each, 1.5).image for each in (hidden, roof))
    np.testing.assert_array_equal(moved, expected)
    assert (moved != roof.image).any()
    blind = augment.stretched(replace(view, agl=np.full_like(agl, np.nan)), 1.5)
    np.testing.assert_array_equal(blind.image, view.image)


def test_draws_follow_the_generator(view):
    def one(*seed):
        rng = np.random.default_rng(seed)
        return augment.draw(view, 40, augment.HEAVY, rng)

    first, again = one(0, 1, 2), one(0, 1, 2)
    np.testing.assert_array_equal(first.image, again.image)
    poses = {one(0, epoch, index).pose for epoch in range(2) for index in range(3)}
    assert len(poses) == 6
    assert first.image.shape == (40, 40, 3)
    assert first.agl.shape == (40, 40)


def test_stretched_heights_are_limited(view):
    tower = replace(view, agl=np.where(view.agl > 3, np.float32(150), view.agl))
    strong = replace(augment.NONE, stretch=3, stretch_probability=1)
    drawn = [
        augment.draw(tower, 72, strong, np.random.default_rng(seed)).agl.max() for seed in range(6)
    ]
    assert 150 < max(drawn) <= 200.01
    assert len(set(drawn)) > 3


def test_no_augmentation_crops_the_centre(view):
    result = augment.draw(view, 40, augment.NONE, np.random.default_rng(0))
    np.testing.assert_array_equal(result.image, view.image[16:56, 16:56])
    assert (result.pose, result.gsd) == (view.pose, view.gsd)


def test_source_side_leaves_no_empty_corner():
    side = 24
    large = augment.source_side(side, augment.HEAVY)
    view = View(np.zeros((large, large, 3), np.uint8), np.zeros((large,) * 2, np.float32), POSE, 1)
    shrink = 1 / augment.HEAVY.zoom
    for rotation in np.linspace(0, np.pi, 9):
        agl = augment.resampled(view, rotation, shrink, side).agl
        assert not np.isnan(agl).any()


def test_colour_changes_and_geometry_does_not(view):
    strong = replace(augment.NONE, colour_jitter=0.4)
    result = augment.draw(view, 72, strong, np.random.default_rng(3))
    assert (result.image != view.image).mean() > 0.5
    np.testing.assert_array_equal(result.agl, view.agl)
