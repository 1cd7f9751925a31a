import numpy as np
import pytest

from seaice_tf import nowcast
from seaice_tf.errors import InputError
from seaice_tf.nowcast import pysteps as adapter

RNG = np.random.default_rng(0)


@pytest.fixture(scope="module")
def fields():
    """A checkered texture that moves by one row and two columns a step: (5, 40, 50)."""
    rows, columns = np.mgrid[:40, :50]
    moved = [np.sin((rows - k) / 3) + np.cos((columns - 2 * k) / 4) for k in range(5)]
    return np.array(moved, np.float32)


def test_velocities_have_the_columns_first(fields):
    velocity = adapter.oflow(fields)
    assert velocity.shape == (2, 40, 50)
    np.testing.assert_allclose(np.median(velocity, axis=(1, 2)), (2, 1), atol=0.15)
    later = adapter.advection(fields[-1], velocity, [1, 3])
    flow = np.moveaxis(velocity[::-1], 0, -1)
    np.testing.assert_array_equal(later, nowcast.advect(fields[-1:], 3, flow=flow)[[0, 2]])


def test_other_steps_are_refused(fields):
    with pytest.raises(InputError, match="expected up to 24, got 30"):
        adapter.forecast(fields, None, 30)
    with pytest.raises(InputError, match="expected whole steps"):
        adapter.advection(fields, np.zeros((2, 40, 50)), [0.5])


def test_without_pysteps_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "pysteps", None)
    with pytest.raises(InputError, match=r"pip install seaice_tf\[pysteps\]"):
        adapter.register()


def test_pysteps_calls_the_methods(fields):
    pytest.importorskip("pysteps", reason="no pysteps: pip install '.[pysteps]'")
    from pysteps import motion, nowcasts

    adapter.register()
    velocity = motion.get_method("seaice_tf")(fields)
    theirs = nowcasts.get_method("extrapolation")(fields[-1], velocity, 2)
    ours = nowcasts.get_method("seaice_tf_advection")(fields[-1], velocity, 2)
    both = np.isfinite(ours) & np.isfinite(theirs)
    assert both.mean() > 0.8
    np.testing.assert_allclose(ours[both], theirs[both], atol=0.1)
    later = nowcasts.get_method("seaice_tf")(fields, None, 2)
    assert later.shape == (2, 40, 50)
    assert np.nanmean(np.abs(later[0] - ours[0])) < 0.2
