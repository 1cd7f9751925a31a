import numpy as np

from seaice_tf.nowcast.data import advection
from seaice_tf.nowcast.data import layout as nowcast
from seaice_tf.nowcast.data import synthetic as synthetic_frames

SHAPE = (48, 56)


def test_the_seed_decides_and_frames_do_not_depend_on_how_many_follow():
    time = synthetic_frames.times(6)
    frames = synthetic_frames.sequence(3, time, SHAPE)
    assert (frames.shape, frames.dtype) == ((6, *SHAPE), np.int16)
    np.testing.assert_array_equal(synthetic_frames.sequence(3, time[:2], SHAPE), frames[:2])
    assert (synthetic_frames.sequence(4, time[:2], SHAPE) != frames[:2]).any()
    assert not nowcast.gaps(time)
    assert not any(nowcast.beyond(frame) or nowcast.dark(frame) for frame in frames)


def test_a_gap_in_time_moves_the_clouds_on():
    time = synthetic_frames.times(5)
    every, some = (synthetic_frames.sequence(3, t, SHAPE) for t in (time, time[[0, 4]]))
    np.testing.assert_array_equal(some, every[[0, 4]])


def test_clouds_move_with_the_wind_and_change():
    """The true wind explains the next frame far better than that nothing moves, but not all."""
    frames = synthetic_frames.sequence(5, synthetic_frames.times(4), SHAPE).astype(float)
    flow = synthetic_frames.wind(5, SHAPE)
    inside = (slice(8, -8),) * 2
    still = np.abs(frames[-1] - frames[0])[inside].mean()
    moved = np.abs(frames[-1] - advection.extrapolate(frames[0], flow, 3)[-1])[inside].mean()
    assert 2 < moved < 0.6 * still


def test_it_is_brightest_at_noon_and_dark_by_night():
    light = [synthetic_frames.light(np.datetime64(f"2020-04-01T{h:02}:00:00")) for h in range(24)]
    assert int(np.argmax(light)) == 12
    assert min(light) == light[0] == light[23] == 0.1


def test_coordinates_run_east_and_north():
    east, north = synthetic_frames.osgb((3, 4))
    assert (np.diff(east, axis=1) == 1000).all()
    assert (np.diff(north, axis=0) == -1000).all()
