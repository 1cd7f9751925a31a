import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seaice_tf.errors import InputError
from seaice_tf.icechart.data import downscale

shapes = st.tuples(st.integers(1, 23), st.integers(1, 23))
factors = st.sampled_from(downscale.FACTORS)


def blocks(array, d):
    """Reference implementation: each block and its place."""
    for i in range(0, array.shape[0], d):
        for j in range(0, array.shape[1], d):
            yield (i // d, j // d), (slice(i, i + d), slice(j, j + d))


@settings(max_examples=40, deadline=None)
@given(shapes, factors, st.integers(0, 999))
def test_mean_over_valid_pixels(shape, d, seed):
    rng = np.random.default_rng(seed)
    values, valid = rng.normal(size=(*shape, 2)), rng.random(shape) < 0.6
    values[~valid] = np.nan
    means, fraction = downscale.mean(values, valid, d, fill=-7)
    assert fraction.shape == downscale.size(shape, d)
    for place, cut in blocks(valid, d):
        inside = values[cut][valid[cut]]
        expected = inside.mean(axis=0) if len(inside) else [-7, -7]
        np.testing.assert_allclose(means[place], expected, rtol=1e-5, atol=1e-6)
        assert fraction[place] == pytest.approx(valid[cut].mean())
    flat = downscale.mean(values[..., 0], valid, d, -7)[0]
    np.testing.assert_allclose(flat, means[..., 0], rtol=1e-5, atol=1e-6)


@settings(max_examples=40, deadline=None)
@given(shapes, factors, st.integers(0, 999))
def test_majority_of_each_block(shape, d, seed):
    rng = np.random.default_rng(seed)
    chart = rng.choice([0, 1, 2, 255], shape, p=[0.2, 0.2, 0.2, 0.4]).astype(np.uint8)
    result = downscale.majority(chart, d, 3)
    for place, cut in blocks(chart, d):
        block = chart[cut]
        counts = np.bincount(block[block != 255], minlength=3)
        masked = (block == 255).sum()
        expected = 255 if 2 * masked > block.size or not counts.any() else counts.argmax()
        assert result[place] == expected


def test_ties_go_to_the_lower_class_and_a_half_masked_block_is_not_masked():
    chart = np.array([[2, 1, 255, 255, 255, 3], [1, 2, 0, 4, 255, 255]], np.uint8)
    np.testing.assert_array_equal(downscale.majority(chart, 2, 11), [[1, 0, 255]])


@settings(max_examples=40, deadline=None)
@given(shapes, factors)
def test_upsampling_repeats_each_block(shape, d):
    block = np.arange(np.prod(downscale.size(shape, d))).reshape(downscale.size(shape, d))
    large = downscale.enlarge(block, d, shape)
    assert large.shape == shape
    for place, cut in blocks(large, d):
        assert (large[cut] == block[place]).all()


def test_blocks_too_large_for_uint8_are_errors():
    with pytest.raises(InputError, match="at most 15"):
        downscale.majority(np.zeros((32, 32), np.uint8), 16, 3)
