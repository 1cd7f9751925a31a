import numpy as np
import pytest

from seaice_tf.forecast.data import counts
from seaice_tf.forecast.networks.history import IceHistory
from seaice_tf.forecast.networks.unet import correction_unet

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


def test_a_new_network_forecasts_the_mean(history):
    model = correction_unet(20, 24, years=YEARS, base_years=2, filters=(3, 4))
    _, climate, sea = IceHistory(2, 2, "neighbours")(history[:, -24:])
    got = model(history)["concentration"]
    np.testing.assert_allclose(got, np.clip(climate * sea, 0, 1), atol=1e-6)


def test_a_side_may_vary_and_be_odd(history):
    model = correction_unet(None, None, years=YEARS, base_years=1, filters=(3, 4, 4))
    for rows, columns in ((20, 24), (17, 23)):
        maps = model(history[:, :, :rows, :columns])["concentration"]
        assert maps.shape == (1, 12, rows, columns)
