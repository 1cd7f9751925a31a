import numpy as np
import pytest

from seaice_tf.forecast.data import counts, synthetic
from seaice_tf.grids.polar import NORTH

PERIOD = (np.datetime64("2007-08"), np.datetime64("2008-03"))


@pytest.fixture(scope="module")
def ice():
    return synthetic.record(*PERIOD, seed=5)


def test_it_is_a_function_of_the_seed(ice):
    again = synthetic.record(*PERIOD, seed=5)
    np.testing.assert_array_equal(ice, again)
    assert (ice != synthetic.record(*PERIOD, seed=6)).any()


def test_it_looks_like_the_real_record(ice):
    assert ice.shape == (8, *NORTH.shape)
    assert ice.dtype == np.uint8
    assert set(np.unique(ice[ice > 250])) == {counts.POLE_HOLE, counts.COAST, counts.LAND}
    assert [int((month == counts.POLE_HOLE).sum()) for month in (ice[4], ice[5])] == [468, 44]
    assert (counts.land(ice) == counts.land(ice[0])).all()


def test_there_is_more_ice_in_march_than_in_september(ice):
    extent = [((month >= counts.ICE_EDGE) & ~counts.flagged(month)).sum() for month in ice]
    assert extent[1] == min(extent)
    assert extent[7] > 1.5 * extent[1]
