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


def serve_last(inputs, endpoint):
    """A model that repeats the last frame."""
    frames = inputs[0]
    if endpoint == "image_flow":
        return {"flow": np.zeros((1, *frames.shape[2:], 2), np.float32)}
    _, _, _, place, points, leads = inputs
    (top, left, height, width), number = place[0], leads.shape[1]
    rows = np.clip(np.arange(top, top + height), 0, frames.shape[2] - 1)
    columns = np.clip(np.arange(left, left + width), 0, frames.shape[3] - 1)
    tile = np.repeat(frames[:, -1:, rows][..., columns], number, axis=1)
    return {"frames": tile, "known": np.ones_like(tile), "points": points}


def test_the_default_range_is_that_of_the_fields(fields, monkeypatch):
    monkeypatch.setattr(adapter.images, "load", lambda run: serve_last)
    seen = []
    monkeypatch.setattr(
        adapter.units,
        "to_counts",
        lambda values, limits: seen.append(limits) or (values - limits[0]) / np.ptp(limits) * 1023,
    )
    for scale, offset in ((1, 0), (20, 40), (500, 500)):  # some could be counts
        found = adapter.forecast(fields * scale + offset, None, np.int64(4))
        assert found.shape == (4, 40, 50)
        np.testing.assert_allclose(found[3], fields[-1] * scale + offset, rtol=1e-3, atol=1e-3)
    spans = np.ptp(seen, axis=1)
    np.testing.assert_allclose(spans / spans[0], [1, 20, 500], rtol=1e-3)
    assert seen[0][0] < fields.min() < fields.max() < seen[0][1]
    adapter.forecast(fields, None, 1, value_range=(-4, 5))
    assert seen[-1] == (-4, 5)


@pytest.mark.parametrize("precip", [np.zeros((40, 50)), np.full((5, 40, 50), np.nan)])
def test_other_fields_are_refused(precip):
    with pytest.raises(InputError, match="precip: expected"):
        adapter.forecast(precip, None, 1)


@pytest.mark.parametrize("steps", [0, 3.5, [], "3"])
def test_other_numbers_of_steps_are_refused(fields, steps):
    with pytest.raises(InputError, match="timesteps: expected whole steps"):
        adapter.advection(fields, np.zeros((2, 40, 50)), steps)
