import numpy as np
import pytest

from seaice_tf.errors import InputError
from seaice_tf.grids.windows import Window
from seaice_tf.nowcast.data import synthetic
from seaice_tf.nowcast.data.frames import Frames
from seaice_tf.nowcast.data.windows import Sampling, Windows

SIDE = 8
REGION = Window(2, 3, 12, 20)


def numbered(frames, name="a", gap=None, usable=None):
    """A sequence of which each value is different."""
    time = synthetic.times(frames)
    if gap:
        time[gap:] += np.timedelta64(1, "h")
    data = np.arange(frames * 16 * 25).reshape(frames, 16, 25).astype(np.float32)
    return Frames(name, time, (((data,),),), usable=usable)


def windows(sampling, *sequences):
    return Windows(sequences, [REGION] * len(sequences), sampling)


def test_a_draw_is_a_function_of_seed_epoch_and_index():
    drawn = windows(Sampling(SIDE, 24, flips=True, rot90=True), numbered(40))
    again = windows(Sampling(SIDE, 24, flips=True, rot90=True), numbered(40))
    np.testing.assert_array_equal(drawn.draw(1, 2, 3), again.draw(1, 2, 3))
    assert {drawn.position(*key) for key in ((1, 2, 4), (1, 3, 3), (2, 2, 3))} != {
        drawn.position(1, 2, 3)
    }


def test_every_place_and_time_can_be_drawn_and_no_other():
    drawn = windows(Sampling(SIDE, 24), numbered(40, gap=10), numbered(26, "b"))
    positions = [drawn.position(0, 0, index) for index in range(600)]
    assert {(which, start) for which, start, _, _ in positions} == {
        *((0, start) for start in range(10, 17)),
        *((1, start) for start in range(3)),
    }
    assert {number for which, start, number, _ in positions if (which, start) == (0, 10)} == {30}
    assert {window.top for *_, window in positions} == set(range(2, 7))
    assert {window.left for *_, window in positions} == set(range(3, 16))
    counted = np.bincount([which for which, *_ in positions]) / 600
    np.testing.assert_allclose(counted, [0.7, 0.3], atol=0.07)


def test_no_window_holds_a_bad_frame():
    drawn = windows(Sampling(SIDE, 12), numbered(30, usable=np.arange(30) != 14))
    spans = {drawn.position(0, 0, index)[1:3] for index in range(100)}
    assert spans == {(0, 14), (1, 13), (2, 12), (15, 15), (16, 14), (17, 13), (18, 12)}


def test_longer_runs_give_36_frames():
    drawn = windows(Sampling(SIDE, 13), numbered(60))
    lengths = [len(drawn.draw(0, 0, index)) for index in range(60)]
    assert max(lengths) == 36
    assert min(lengths) >= 13


def test_all_frames_are_augmented_alike():
    plain = windows(Sampling(SIDE, 24), numbered(24))
    turned = windows(Sampling(SIDE, 24, flips=True, rot90=True), numbered(24))
    kinds = set()
    for index in range(40):
        before, after = plain.draw(0, 0, index), turned.draw(0, 0, index)
        options = [np.rot90(b, k, (1, 2)) for b in (before, before[..., ::-1]) for k in range(4)]
        fits = [i for i, option in enumerate(options) if np.array_equal(option, after)]
        assert len(fits) == 1
        kinds |= set(fits)
    assert kinds == set(range(8))


def test_short_sequences_and_small_regions_are_refused():
    with pytest.raises(InputError, match="at least 24 frames without a gap, got 15 up to"):
        windows(Sampling(SIDE, 24), numbered(30, gap=15))
    with pytest.raises(InputError, match="at least 13 x 13 pixels"):
        windows(Sampling(13, 24), numbered(30))
