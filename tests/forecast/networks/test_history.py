import numpy as np
import pytest
import tensorflow as tf

from seaice_tf.errors import InputError
from seaice_tf.forecast.data import counts
from seaice_tf.forecast.networks import history as ice_history
from seaice_tf.forecast.networks.history import IceHistory

YEARS = 4


@pytest.fixture
def history():
    """(1, 48, 20, 24): random ice, land, coast, a hole that shrinks, a missing cell."""
    rng = np.random.default_rng(0)
    grids = rng.integers(0, 251, (12 * YEARS, 20, 24)).astype(np.uint8)
    grids[:, :2], grids[:, 2] = counts.LAND, counts.COAST
    grids[:24, 8:14, 8:14] = counts.POLE_HOLE
    grids[24:, 10:12, 10:12] = counts.POLE_HOLE
    grids[5, 18, 3] = counts.MISSING
    return grids[None]


@pytest.mark.parametrize("how", ["neighbours", "image_median"])
def test_the_graph_fills_as_numpy_does(history, how):
    filled = ice_history.fill_hole(tf.constant(history), how).numpy()
    expected = np.stack([counts.fill_hole(month, how) for month in history[0]])
    np.testing.assert_array_equal(filled[0], expected)


def test_a_history_without_a_hole_is_left_alone(history):
    history = np.where(history == counts.POLE_HOLE, 77, history).astype(np.uint8)
    for how in ("neighbours", "image_median"):
        filled = ice_history.fill_hole(tf.constant(history), how).numpy()
        np.testing.assert_array_equal(filled, history)


def test_the_climate_is_the_mean_of_the_observed_years(history):
    _, climate, sea = IceHistory(YEARS, YEARS, "neighbours")(history)
    years = counts.by_year(history[0], YEARS)
    observed = (~counts.flagged(years)).any(axis=0)
    expected = counts.mean(years) / 250
    np.testing.assert_allclose(climate[0].numpy()[observed], expected[observed], atol=1e-6)
    never = climate[0].numpy()[:, 10:12, 10:12]
    filled = np.stack([counts.fill_hole(month) for month in history[0]])[:, 10:12, 10:12]
    np.testing.assert_allclose(never, filled.reshape(YEARS, 12, 2, 2).mean(0) / 250, atol=1e-6)
    np.testing.assert_array_equal(sea[0, 0], 1 - counts.land(history[0, -1]))


def test_slopes_are_those_of_a_line_through_the_observed_years(history):
    features, *_ = IceHistory(YEARS, YEARS, "neighbours")(history)
    slope = features.numpy()[0, 3, :, :, 5]
    years = counts.by_year(history[0], YEARS)[:, 3] / 250
    for row, column, used in ((5, 5, slice(0, 4)), (9, 9, slice(2, 4))):
        expected = np.polyfit(np.arange(YEARS)[used], years[used, row, column], 1)[0]
        assert slope[row, column] == pytest.approx(expected, abs=1e-5)


def test_flags_never_reach_the_features(history):
    features, *_ = IceHistory(YEARS, YEARS, "neighbours")(history)
    assert features.shape[-1] == ice_history.CHANNELS
    assert np.abs(features).max() <= 1
    assert not features.numpy()[0, :, :3, :, :8].any()


def test_clipping_passes_gradients():
    x = tf.constant([-0.5, 0.5, 1.5])
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = ice_history.clip_with_gradient(x)
    np.testing.assert_array_equal(y, [0, 0.5, 1])
    np.testing.assert_array_equal(tape.gradient(y, x), [1, 1, 1])


def test_an_unknown_fill_of_the_hole_is_refused(history):
    for fill in (counts.fill_hole, lambda month, how: ice_history.fill_hole(month[None], how)):
        with pytest.raises(InputError, match="expected neighbours or image_median, got 'median'"):
            fill(history[0], "median")
