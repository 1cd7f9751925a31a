import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from seaice_tf.grids.windows import Window
from seaice_tf.icechart.data import downscale


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 30), st.integers(1, 30), st.sampled_from(downscale.FACTORS))
def test_windows_of_downscaled_pixels_cover_each_pixel_once(height, width, factor):
    covered = np.zeros((height, width), int)
    rows, columns = downscale.size(covered.shape, factor)
    for row in range(rows):
        for column in range(columns):
            part = Window(row, column, 1, 1).times(factor, covered.shape)
            assert covered[part.slices].shape == (part.height, part.width)
            covered[part.slices] += 1
    assert (covered == 1).all()
