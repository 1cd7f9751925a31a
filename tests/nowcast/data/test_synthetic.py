import numpy as np

from seaice_tf.nowcast.data import advection, layout, synthetic

SHAPE = (48, 56)


def test_the_seed_decides_and_frames_do_not_depend_on_how_many_follow():
    time = synthetic.times(6)
    frames = synthetic.sequence(3, time, SHAPE)
    assert (frames.shape, frames.dtype) == ((6, *SHAPE), np.int16)
    np.testing.assert_array_equal(synthetic.sequence(3, time[:2], SHAPE), frames[:2])
    assert (synthetic.sequence(4, time[:2], SHAPE) != frames[:2]).any()
    assert not layout.gaps(time)
    assert not any(layout.invalid_counts(frame) or layout.is_night(frame) for frame in frames)


def test_a_gap_in_time_moves_the_clouds_on():
    time = synthetic.times(5)
    every, some = (synthetic.sequence(3, t, SHAPE) for t in (time, time[[0, 4]]))
    np.testing.assert_array_equal(some, every[[0, 4]])


def test_clouds_move_with_the_wind_and_change():
    """Advection by the true wind is far better than persistence, but not exact."""
    frames = synthetic.sequence(5, synthetic.times(4), SHAPE).astype(float)
    flow = synthetic.wind(5, SHAPE)
    inside = (slice(8, -8),) * 2
    still = np.abs(frames[-1] - frames[0])[inside].mean()
    moved = np.abs(frames[-1] - advection.extrapolate(frames[0], flow, 3)[-1])[inside].mean()
    assert 2 < moved < 0.6 * still


def test_it_is_brightest_at_noon_and_dark_by_night():
    light = [synthetic.light(np.datetime64(f"2020-04-01T{h:02}:00:00")) for h in range(24)]
    assert int(np.argmax(light)) == 12
    assert min(light) == light[0] == light[23] == 0.1


def test_coordinates_run_east_and_north():
    east, north = synthetic.osgb_grid((3, 4))
    assert (np.diff(east, axis=1) == 1000).all()
    assert (np.diff(north, axis=0) == -1000).all()
