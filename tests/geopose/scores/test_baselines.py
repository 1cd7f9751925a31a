import numpy as np
import pytest

from seaice_tf.geopose.data.pose import Pose, TileStatistics, flow
from seaice_tf.geopose.scores import baselines

TILES = [
    TileStatistics("a", "ARG", 0.5, Pose(1.0, np.radians(350)), known=100, total=300.0),
    TileStatistics("b", "ARG", 0.5, Pose(2.0, np.radians(30)), known=300, total=500.0),
    TileStatistics("c", "OMA", 0.5, Pose(0.5, 1.0), known=50, total=500.0),
]


def test_means_are_those_of_the_city():
    assert baselines.mean_height(TILES, "ARG") == 2  # of pixels, not of tiles
    pose = baselines.mean_pose(TILES, "ARG")
    assert pose.scale == 1.5
    assert np.degrees(pose.angle) == pytest.approx(10)


def test_a_city_without_tiles_gets_the_mean_of_all():
    assert baselines.mean_height(TILES, "JAX") == pytest.approx(1300 / 450)
    assert baselines.mean_pose(TILES, "JAX").scale == pytest.approx(3.5 / 3)
    assert baselines.mean_height([], "JAX") == 0
    assert baselines.mean_pose([], "JAX") == baselines.mean_flow([], "JAX") == baselines.ZERO_FLOW


def test_directions_that_cancel_out():
    opposite = [tile._replace(pose=Pose(1.0, k * np.pi)) for k, tile in enumerate(TILES[:2])]
    assert baselines.mean_pose(opposite, "ARG") == Pose(1.0, 0.0)
    assert baselines.mean_flow(opposite, "ARG").scale == pytest.approx(0)


def test_the_mean_flow_has_the_least_error_of_constant_poses():
    agl = np.full((2, 2), 3.0)

    def error(pose):
        true = [flow(agl, tile.pose) for tile in TILES[:2]]
        return sum(((flow(agl, pose) - each) ** 2).sum() for each in true)

    best = baselines.mean_flow(TILES, "ARG")
    rng = np.random.default_rng(0)
    others = [baselines.mean_pose(TILES, "ARG"), baselines.ZERO_FLOW]
    others += [Pose(*rng.uniform(0, [3, 2 * np.pi])) for _ in range(50)]
    assert all(error(best) <= error(other) for other in others)


def test_the_fit_finds_the_scale_through_noise():
    rng = np.random.default_rng(1)
    agl = rng.gamma(1, 5, (40, 40))
    magnitude = 0.8 * agl + rng.normal(0, 0.3, agl.shape)
    expected = np.linalg.lstsq(agl.reshape(-1, 1), magnitude.ravel(), rcond=None)[0][0]
    assert baselines.fitted_scale(agl, magnitude) == pytest.approx(expected)
    agl[0, 0] = np.nan
    assert baselines.fitted_scale(agl, magnitude) == pytest.approx(0.8, abs=0.01)
    assert baselines.fitted_scale(np.zeros(3), np.ones(3)) == 0


def test_constant_heights():
    agl = baselines.constant(2.5, (3, 4))
    assert (agl.shape, agl.dtype, agl.min(), agl.max()) == ((3, 4), np.float32, 2.5, 2.5)
