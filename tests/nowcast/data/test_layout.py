from itertools import combinations, pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seaice_tf.errors import InputError
from seaice_tf.grids.windows import Window, whole
from seaice_tf.nowcast.data import layout
from seaice_tf.nowcast.data.layout import STEP

FIRST = np.datetime64("2020-04-01T12:00:00")


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(1, 2), max_size=20), st.integers(1, 6), st.integers(1, 4), st.data())
def test_no_window_crosses_a_gap_or_a_bad_frame(steps, frames, stride, data):
    time = FIRST + np.cumsum([0, *steps]) * STEP
    usable = np.array(data.draw(st.lists(st.booleans(), min_size=len(time), max_size=len(time))))
    starts = layout.starts(time, frames, stride, usable)
    good = [
        start
        for start in range(len(time) - frames + 1)
        if usable[start : start + frames].all()
        and time[start + frames - 1] - time[start] == (frames - 1) * STEP
    ]
    assert set(starts) <= set(good)
    assert all(later - earlier >= stride for earlier, later in pairwise(starts))
    assert layout.starts(time, frames, 1, usable) == good
    assert starts[:1] == good[:1]


def test_windows_on_a_grid_stay_in_their_region_and_reach_its_end():
    region = Window(5, 7, 20, 31)
    windows = layout.grid(region, side=8, stride=6)
    assert {w.top for w in windows} == {5, 11, 17}
    assert {w.left for w in windows} == {7, 13, 19, 25, 30}
    assert max(w.bottom for w in windows) == region.bottom
    assert len(layout.grid(Window(0, 0, 8, 8), 8, 8)) == 1
    with pytest.raises(InputError, match="at least 32 x 32 pixels, got 20 x 31"):
        layout.grid(region, side=32)


def test_regions_partition_the_image():
    shape = (30, 101)
    parts = layout.regions(shape, train=0.6, validation=0.15, test=0.25)
    covered = np.zeros(shape, int)
    for region in parts.values():
        covered[region.slices] += 1
    assert (covered == 1).all()
    cut = {name: layout.grid(region, 10, 7) for name, region in parts.items()}
    for one, other in combinations(cut, 2):
        covered = np.zeros((2, *shape), bool)
        for mask, name in zip(covered, (one, other)):
            for window in cut[name]:
                mask[window.slices] = True
        assert not (covered[0] & covered[1]).any()
    assert parts["test"].right == whole(shape).right


def test_targets_beyond_the_end_are_masked():
    frames = np.arange(25, dtype=np.int16)[:, None, None] * np.ones((1, 128, 128), np.int16)
    past, truth, known = layout.split(frames)
    assert past[:, 0, 0].tolist() == list(range(12))
    assert (truth.shape, truth.dtype) == ((24, 64, 64), np.float32)
    assert truth[:13, 5, 5].tolist() == list(range(12, 25))
    assert known.tolist() == [True] * 13 + [False] * 11
    assert not truth[13:].any()


@pytest.mark.parametrize(
    ("value", "text"),
    [(np.nan, "1 pixels of NaN or infinity"), (1024, "300 to 1024"), (-1, "-1 to 300"), (0, "")],
)
def test_invalid_counts_are_described(value, text):
    frame = np.full((3, 3), 300.0)
    frame[1, 1] = value
    assert layout.invalid_counts(frame) == text
