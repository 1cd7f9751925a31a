import numpy as np
import pytest
from scipy import ndimage

from seaice_tf import nowcast
from seaice_tf.errors import InputError

MOTION = np.array([1.5, -0.75])  # pixels per frame


@pytest.fixture(scope="module")
def moving():
    noise = np.random.default_rng(0).normal(size=(180, 180))
    scene = ndimage.gaussian_filter(noise, 3)
    rows, columns = np.mgrid[:97, :110] + 40.0
    frames = [
        ndimage.map_coordinates(scene, (rows - k * MOTION[0], columns - k * MOTION[1]), order=3)
        for k in range(8)
    ]
    return np.array(frames, np.float32)


@pytest.mark.parametrize(("scale", "offset"), [(1, 0), (65535, 0), (1e-3, 270)])
def test_the_flow_does_not_depend_on_the_unit(moving, scale, offset):
    flow = nowcast.flow(moving[:4] * scale + offset)
    assert flow.shape == (97, 110, 2)
    np.testing.assert_allclose(np.median(flow, axis=(0, 1)), MOTION, atol=0.03)


def test_a_moving_texture_is_extrapolated(moving):
    later = nowcast.advect(moving[:5], 3)
    inside = (slice(20, -20), slice(20, -20))
    for lead in range(3):
        error = np.abs(later[lead] - moving[5 + lead])[inside].mean()
        still = np.abs(moving[4] - moving[5 + lead])[inside].mean()
        assert error < 0.15 * still


def test_what_comes_from_outside_or_from_nan_is_nan():
    frame = np.arange(48.0).reshape(1, 6, 8)
    frame[0, 2, 3] = np.nan
    flow = np.broadcast_to(np.array([1.0, 2.0], np.float32), (6, 8, 2))
    later = nowcast.advect(frame, 2, flow=flow)
    expected = np.full((2, 6, 8), np.nan, np.float32)
    expected[0, 1:, 2:] = frame[0, :-1, :-2]
    expected[1, 2:, 4:] = frame[0, :-2, :-4]
    # A value between pixels of which one is unknown is unknown.
    known = np.isfinite(later)
    np.testing.assert_array_equal(later[known], expected[known])
    assert not known[0, 3, 5]
    assert known[0].sum() >= 25


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda f: nowcast.advect(f[:1], 2), r"expected 2 or more .* got \(1, 97, 110\)"),
        (lambda f: nowcast.advect(f, 0), "expected 1 step or more, a whole number, got 0"),
        (lambda f: nowcast.advect(f, 1, flow=np.zeros((9, 9, 2))), "expected a flow of shape"),
        (lambda f: nowcast.flow(f, window=30), "expected 1 pair or more and a window"),
        (lambda f: nowcast.flow(f[0]), "frames: expected 2 or more"),
    ],
)
def test_other_arrays_are_refused(moving, call, text):
    with pytest.raises(InputError, match=text):
        call(moving)


def test_masked_pixels_are_unknown(moving):
    masked = np.ma.masked_greater(moving, 1.0 * np.float32(moving.max() / 2))
    masked.data[masked.mask] = -9999
    filled = np.ma.filled(masked, np.nan)
    np.testing.assert_array_equal(nowcast.flow(masked), nowcast.flow(filled))
    for frames in (masked, list(masked)):
        later = nowcast.advect(frames, np.int64(2))
        np.testing.assert_array_equal(later, nowcast.advect(filled, 2))
    assert np.nanmin(later) > -10


@pytest.mark.parametrize("steps", [3.0, "3", None, [1, 2]])
def test_steps_that_are_no_whole_number_are_refused(moving, steps):
    with pytest.raises(InputError, match="expected 1 step or more, a whole number, got"):
        nowcast.advect(moving, steps)
