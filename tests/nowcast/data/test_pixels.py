import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seaice_tf.errors import InputError
from seaice_tf.grids.windows import Window
from seaice_tf.nowcast.data import synthetic as synthetic_frames
from seaice_tf.nowcast.data.pixels import Frames

LENGTHS = st.lists(st.integers(1, 4), min_size=1, max_size=3)


def edges(lengths):
    return [slice(end - n, end) for n, end in zip(lengths, np.cumsum(lengths))]


@settings(max_examples=40, deadline=None)
@given(LENGTHS, LENGTHS, LENGTHS, st.sampled_from(["u1", "<i2", "<u2", "f8"]), st.data())
def test_any_window_of_any_tiles_is_that_of_the_whole(times, rows, columns, kind, data):
    shape = (sum(times), sum(rows), sum(columns))
    whole = np.random.default_rng(0).integers(0, 200, shape).astype(kind)
    blocks = tuple(
        [[whole[t, r, c] for c in edges(columns)] for r in edges(rows)] for t in edges(times)
    )
    frames = Frames("a", synthetic_frames.times(shape[0]), blocks)
    assert (len(frames), frames.shape) == (shape[0], shape[1:])
    start, top, left = (data.draw(st.integers(0, n - 1)) for n in shape)
    number, height, width = (
        data.draw(st.integers(1, n - first)) for n, first in zip(shape, (start, top, left))
    )
    window = Window(top, left, height, width)
    found = frames.read(start, number, window)
    np.testing.assert_array_equal(found, whole[start : start + number][:, *window.slices])
    for outside in (Window(top, left, shape[1] - top + 1, width), Window(-1, left, height, width)):
        with pytest.raises(InputError):
            frames.read(start, number, outside)
