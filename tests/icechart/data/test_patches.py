import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seaice_tf.errors import InputError
from seaice_tf.icechart.data import patches
from seaice_tf.icechart.data.patches import Valid


def test_patches_reach_every_corner_of_a_scene():
    valid = Valid(np.ones((6, 7), bool))
    drawn = {patches.position(0, 0, index, valid, 5)[0] for index in range(200)}
    assert {(w.top, w.left) for w in drawn} == {(i, j) for i in range(2) for j in range(3)}


def test_a_patch_is_a_function_of_seed_epoch_and_index():
    valid = Valid(np.ones((50, 60), bool))
    first = [patches.position(1, 2, index, valid, 8) for index in range(9)]
    again = [patches.position(1, 2, index, valid, 8) for index in reversed(range(9))]
    assert first == again[::-1]
    assert first != [patches.position(1, 3, index, valid, 8) for index in range(9)]


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 9), st.integers(0, 99))
def test_shares_of_valid_pixels(side, seed):
    rng = np.random.default_rng(seed)
    mask = rng.random((9, 11)) < 0.5
    tops, lefts = rng.integers(0, 10 - side, 5), rng.integers(0, 12 - side, 5)
    expected = [mask[i : i + side, j : j + side].mean() for i, j in zip(tops, lefts)]
    np.testing.assert_allclose(Valid(mask).shares(tops, lefts, side), expected)


def test_patches_have_the_share_that_is_asked_for():
    mask = np.zeros((40, 40), bool)
    mask[:, 25:] = True
    for index in range(50):
        window, share = patches.position(0, 0, index, Valid(mask), 10, least=0.8)
        assert share == mask[window.slices].mean() >= 0.8


def test_a_scene_without_enough_gives_its_best():
    mask = np.zeros((12, 12), bool)
    mask[0, 0] = True
    window, share = patches.position(0, 0, 0, Valid(mask), 10, least=0.5)
    assert (window.top, window.left, share) == (0, 0, 0.01)


def test_a_scene_smaller_than_a_patch_is_refused():
    with pytest.raises(InputError, match="use smaller patches"):
        patches.position(0, 0, 0, Valid(np.ones((5, 9), bool)), 6)


def test_scenes_are_drawn_by_their_weights():
    drawn = [patches.scene(5, 0, index, [1, 0, 3]) for index in range(2000)]
    shares = np.bincount(drawn, minlength=3) / 2000
    np.testing.assert_allclose(shares, [0.25, 0, 0.75], atol=0.04)


def test_a_table_of_blocks_is_close_and_exact_at_their_edges(monkeypatch):
    mask = np.random.default_rng(0).random((50, 61)) < 0.3
    mask[20:45, 30:] = True
    exact = patches.Valid(mask)
    monkeypatch.setattr(patches, "CELLS", 200)
    blocks = patches.Valid(mask)
    assert (exact.block, blocks.block) == (1, 4)
    at = np.array([0, 4, 26]), np.array([0, 8, 37])  # the last ends at both ends of the scene
    np.testing.assert_allclose(blocks.shares(*at, 24)[:2], exact.shares(*at, 24)[:2])
    tops, lefts = np.arange(0, 27), np.arange(10, 37)
    difference = blocks.shares(tops, lefts, 24) - exact.shares(tops, lefts, 24)
    assert np.abs(difference).max() < 0.15
