import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from seaice_tf.grids.windows import Window
from seaice_tf.icechart.data import names as scene_names
from seaice_tf.icechart.data.pixels import Band, Pixels

NAME = scene_names.parse("20180124T194759_dmi")


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(1, 4), min_size=1, max_size=4), st.integers(1, 6), st.data())
def test_any_window_of_any_bands_is_that_of_the_whole(heights, width, data):
    rng, rows = np.random.default_rng(0), sum(heights)
    channels = rng.random((rows, width, 2)).astype(np.float16)
    share = rng.integers(0, 3, (rows, width)).astype(np.uint8)
    charts = rng.choice(np.uint8([0, 3, 255]), (rows, width, 3))
    ends = np.cumsum(heights)
    parts = [slice(end - n, end) for n, end in zip(heights, ends)]
    pixels = Pixels(NAME, "", tuple(Band(channels[p], share[p], charts[p]) for p in parts))
    assert pixels.shape == (rows, width)
    seen = np.where(share[..., None] > 0, charts, 255)
    np.testing.assert_array_equal(pixels.counted(), (seen != 255).any(axis=-1))
    top, left = data.draw(st.integers(0, rows - 1)), data.draw(st.integers(0, width - 1))
    height = data.draw(st.integers(1, rows - top))
    window = Window(top, left, height, data.draw(st.integers(1, width - left)))
    found = pixels.read(window)
    np.testing.assert_array_equal(found[0], channels[window.slices])
    np.testing.assert_array_equal(found[1], seen[window.slices])
