from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seaice_tf.errors import InputError
from seaice_tf.grids import tiles

lengths = st.integers(1, 40)


@settings(max_examples=40, deadline=None)
@given(lengths, st.integers(1, 12), st.data())
def test_windows_cover_an_axis_and_overlap_enough(length, side, data):
    overlap = data.draw(st.integers(0, side - 1))
    starts = tiles.starts(length, side, overlap)
    covered = np.zeros(max(length, side), int)
    for start in starts:
        covered[start : start + side] += 1
    assert covered[:length].all()
    assert starts[-1] + side == max(length, side)
    assert all(b - a <= side - overlap for a, b in pairwise(starts))
    assert len(set(starts)) == len(starts)


@settings(max_examples=40, deadline=None)
@given(st.tuples(lengths, lengths), st.integers(1, 12), st.integers(1, 5), st.data())
def test_an_image_that_is_cut_and_blended_comes_back(shape, side, batch, data):
    overlap = data.draw(st.integers(0, side - 1))
    image = np.random.default_rng(0).normal(size=(*shape, 2)).astype(np.float32)
    sizes = []

    def predict(windows):
        sizes.append(len(windows))
        return np.stack([tiles.cut(image, window) for window in windows])

    rows = list(tiles.blend(shape, side, overlap, predict, batch))
    assert [first for first, _ in rows] == list(np.cumsum([0, *(len(r) for _, r in rows)])[:-1])
    np.testing.assert_allclose(np.concatenate([r for _, r in rows]), image, atol=1e-5)
    assert max(sizes) <= batch
    assert max(len(r) for _, r in rows) <= side


@settings(max_examples=40, deadline=None)
@given(st.tuples(lengths, lengths), st.integers(2, 10), st.data())
def test_blending_is_the_weighted_mean(shape, side, data):
    overlap = data.draw(st.integers(0, side - 1))
    noise = np.random.default_rng(1)
    pads = tuple(max(n, side) for n in shape)
    total, weights = np.zeros(pads), np.zeros(pads)
    square = np.outer(*[tiles.ramp(side, overlap)] * 2)
    answers = {}
    for window in (w for band in tiles.tiles(shape, side, overlap) for w in band):
        answers[window] = noise.normal(size=(side, side, 1))
        total[window.slices] += square * answers[window][..., 0]
        weights[window.slices] += square

    def predict(windows):
        return np.stack([answers[window] for window in windows])

    blended = np.concatenate([r for _, r in tiles.blend(shape, side, overlap, predict)])
    expected = (total / weights)[: shape[0], : shape[1]]
    np.testing.assert_allclose(blended[..., 0], expected, atol=1e-4)


def test_an_overlap_as_large_as_the_window_is_refused():
    with pytest.raises(InputError, match="overlap from 0 to 3"):
        tiles.starts(9, 4, 4)
