from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seaice_tf.errors import InputError
from seaice_tf.grids.windows import Window
from seaice_tf.icechart.data import buffers, patches
from seaice_tf.icechart.data import names as scene_names
from seaice_tf.icechart.data.charts import MASK
from seaice_tf.icechart.data.patches import (
    Band,
    PatchOptions,
    PatchSampler,
    Pixels,
    SummedAreaTable,
    resample,
)

NAME = scene_names.parse("20180124T194759_dmi_prep.nc")
PLAIN = PatchOptions(side=4, min_valid_fraction=0.0, flips=False, rot90=False, cutmix=0.0)


def pixels(shape=(11, 9), heights=(4, 4, 3), seed=0, valid=255):
    """A scene of two channels, index of the pixel and 1 where labelled, in bands."""
    rng = np.random.default_rng(seed)
    number = np.arange(shape[0] * shape[1]).reshape(shape)
    charts = rng.integers(0, 6, (*shape, 3), dtype=np.uint8)
    charts[rng.random(shape) < 0.3] = MASK
    channels = np.stack([number, charts[..., 0] != MASK], axis=-1).astype(np.float16)
    fractions = np.full(shape, valid, np.uint8)
    edges = np.cumsum((0, *heights))
    bands = [Band(channels[a:b], fractions[a:b], charts[a:b]) for a, b in pairwise(edges)]
    return Pixels(NAME, "North", tuple(bands)), channels, charts


@pytest.mark.parametrize("window", [Window(0, 0, 11, 9), Window(3, 2, 3, 4), Window(8, 5, 3, 4)])
def test_a_window_equals_that_part_of_the_scene(window):
    scene, channels, charts = pixels()
    assert scene.shape == (11, 9)
    found = scene.read(window)
    np.testing.assert_array_equal(found[0], channels[window.slices])
    np.testing.assert_array_equal(found[1], charts[window.slices])
    np.testing.assert_array_equal(scene.labelled(), (charts != MASK).any(axis=-1))


def test_charts_are_masked_without_sar():
    scene, *_ = pixels(valid=0)
    assert (scene.read(Window(0, 0, 2, 2))[1] == MASK).all()
    assert not scene.labelled().any()


def test_a_patch_is_a_function_of_seed_epoch_and_index():
    scene, *_ = pixels()
    options = PatchOptions(4, 0.2, True, True, 0.5)
    first, second = (PatchSampler([scene], np.ones(1), options) for _ in range(2))
    second.draw(1, 1, 1)  # earlier draws have no influence
    for one, other in zip(first.draw(3, 2, 1), second.draw(3, 2, 1)):
        np.testing.assert_array_equal(one, other)
    drawn = {first.draw(*key)[0].tobytes() for key in np.ndindex(2, 3, 4)}
    assert len(drawn) > 20


def test_every_pixel_can_be_drawn_including_the_last_row_and_column():
    scene, *_ = pixels((6, 5), (6,))
    sampler = PatchSampler([scene], np.ones(1), PLAIN)
    drawn = {int(n) for i in range(60) for n in sampler.draw(0, 0, i)[0][..., 0].ravel()}
    assert drawn == set(range(30))


def test_channels_and_charts_move_together():
    scene, *_ = pixels()
    for cutmix in (0.0, 1.0):
        sampler = PatchSampler([scene], np.ones(1), PatchOptions(5, 0.0, True, True, cutmix))
        for i in range(20):
            image, charts = sampler.draw(0, 0, i)
            assert image.shape == (5, 5, 2)
            np.testing.assert_array_equal(image[..., 1], charts[..., 0] != MASK)


def test_scenes_are_drawn_by_their_weights():
    scenes = [pixels(seed=seed, valid=255)[0] for seed in range(2)]
    marked = [
        Pixels(
            s.name,
            s.area,
            tuple(Band(b.channels * 0 + i, b.valid_fraction, b.charts) for b in s.bands),
        )
        for i, s in enumerate(scenes)
    ]
    sampler = PatchSampler(marked, np.array([0.5, 1.5]), PLAIN)
    drawn = [sampler.draw(0, 0, i)[0][0, 0, 0] for i in range(400)]
    assert np.mean(drawn) == pytest.approx(0.75, abs=0.06)


def test_resampling_keeps_a_plane_and_a_class():
    plane = np.add.outer(np.arange(10.0), 3 * np.arange(10.0))[..., None].astype(np.float32)
    charts = np.full((10, 10, 3), 4, np.uint8)
    for side in (5, 14):
        image, classes = resample(plane, charts, side)
        at = (np.arange(side) + 0.5) * 10 / side - 0.5
        inner = (at >= 0) & (at <= 9)
        expected = np.add.outer(at, 3 * at)[np.ix_(inner, inner)]
        np.testing.assert_allclose(image[..., 0][np.ix_(inner, inner)], expected, atol=1e-4)
        assert classes.shape == (side, side, 3)
        assert (classes == 4).all()


def test_random_scaling_changes_the_pixel_spacing():
    scene, *_ = pixels((40, 40), (40,))
    options = PatchOptions(10, 0.0, False, False, 0.0, scale=2.0)
    sampler = PatchSampler([scene], np.ones(1), options)
    images = [sampler.draw(0, 0, i)[0][..., 0] for i in range(30)]
    assert {image.shape for image in images} == {(10, 10)}
    steps = [np.diff(image[:, 1:-1], axis=1).mean() for image in images]  # between neighbours
    assert 0.5 <= min(steps) < 0.8
    assert 1.4 < max(steps) <= 2.0


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(1, 4), min_size=1, max_size=4), st.integers(1, 6), st.data())
def test_any_window_of_any_bands_equals_that_part_of_the_scene(heights, width, data):
    rng, rows = np.random.default_rng(0), sum(heights)
    channels = rng.random((rows, width, 2)).astype(np.float16)
    valid = rng.integers(0, 3, (rows, width)).astype(np.uint8)
    charts = rng.choice(np.uint8([0, 3, 255]), (rows, width, 3))
    ends = np.cumsum(heights)
    parts = [slice(end - n, end) for n, end in zip(heights, ends)]
    scene = Pixels(NAME, "", tuple(Band(channels[p], valid[p], charts[p]) for p in parts))
    assert scene.shape == (rows, width)
    masked = np.where(valid[..., None] > 0, charts, 255)
    np.testing.assert_array_equal(scene.labelled(), (masked != 255).any(axis=-1))
    top, left = data.draw(st.integers(0, rows - 1)), data.draw(st.integers(0, width - 1))
    height = data.draw(st.integers(1, rows - top))
    window = Window(top, left, height, data.draw(st.integers(1, width - left)))
    found = scene.read(window)
    np.testing.assert_array_equal(found[0], channels[window.slices])
    np.testing.assert_array_equal(found[1], masked[window.slices])


def test_windows_reach_every_corner_of_a_scene():
    table = SummedAreaTable(np.ones((6, 7), bool))
    drawn = {patches.draw_window(0, 0, index, table, 5)[0] for index in range(200)}
    assert {(w.top, w.left) for w in drawn} == {(i, j) for i in range(2) for j in range(3)}


def test_a_window_is_a_function_of_seed_epoch_and_index():
    table = SummedAreaTable(np.ones((50, 60), bool))
    first = [patches.draw_window(1, 2, index, table, 8) for index in range(9)]
    again = [patches.draw_window(1, 2, index, table, 8) for index in reversed(range(9))]
    assert first == again[::-1]
    assert first != [patches.draw_window(1, 3, index, table, 8) for index in range(9)]


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 9), st.integers(0, 99))
def test_fractions_of_valid_pixels(side, seed):
    rng = np.random.default_rng(seed)
    mask = rng.random((9, 11)) < 0.5
    tops, lefts = rng.integers(0, 10 - side, 5), rng.integers(0, 12 - side, 5)
    expected = [mask[i : i + side, j : j + side].mean() for i, j in zip(tops, lefts)]
    np.testing.assert_allclose(SummedAreaTable(mask).fractions(tops, lefts, side), expected)


def test_windows_have_the_minimum_valid_fraction():
    mask = np.zeros((40, 40), bool)
    mask[:, 25:] = True
    for index in range(50):
        window, fraction = patches.draw_window(
            0, 0, index, SummedAreaTable(mask), 10, min_valid_fraction=0.8
        )
        assert fraction == mask[window.slices].mean() >= 0.8


def test_without_the_minimum_the_best_window_is_drawn():
    mask = np.zeros((12, 12), bool)
    mask[0, 0] = True
    window, fraction = patches.draw_window(
        0, 0, 0, SummedAreaTable(mask), 10, min_valid_fraction=0.5
    )
    assert (window.top, window.left, fraction) == (0, 0, 0.01)


def test_a_scene_smaller_than_a_patch_is_refused():
    with pytest.raises(InputError, match="use smaller patches"):
        patches.draw_window(0, 0, 0, SummedAreaTable(np.ones((5, 9), bool)), 6)


def test_indices_of_scenes_are_drawn_by_their_weights():
    drawn = [patches.draw_scene(5, 0, index, [1, 0, 3]) for index in range(2000)]
    shares = np.bincount(drawn, minlength=3) / 2000
    np.testing.assert_allclose(shares, [0.25, 0, 0.75], atol=0.04)


def test_a_table_of_blocks_is_exact_at_block_edges_and_close_elsewhere(monkeypatch):
    mask = np.random.default_rng(0).random((50, 61)) < 0.3
    mask[20:45, 30:] = True
    exact = SummedAreaTable(mask)
    monkeypatch.setattr(patches, "CELLS", 200)
    blocks = SummedAreaTable(mask)
    assert (exact.block, blocks.block) == (1, 4)
    at = np.array([0, 4, 26]), np.array([0, 8, 37])  # the last ends at both ends of the scene
    np.testing.assert_allclose(blocks.fractions(*at, 24)[:2], exact.fractions(*at, 24)[:2])
    tops, lefts = np.arange(0, 27), np.arange(10, 37)
    difference = blocks.fractions(tops, lefts, 24) - exact.fractions(tops, lefts, 24)
    assert np.abs(difference).max() < 0.15


def test_only_batches_take_memory_that_is_kept(monkeypatch):
    monkeypatch.setattr(buffers, "_spare", buffers.defaultdict(list))
    options = PatchOptions(4, 0.2, True, True, 0.5, scale=2.5)
    sampler = PatchSampler([pixels((40, 40), (40,))[0]], np.ones(1), options)
    for epoch in range(20):
        sampler.batch(0, [epoch] * 3, [0, 1, 2])
        sampler.draw(0, epoch, 0)
    assert len(buffers._spare) == 2  # channels and charts


def test_a_batch_is_its_patches_drawn_one_by_one():
    scenes = [pixels(seed=seed)[0] for seed in range(2)]
    options = PatchOptions(4, 0.2, True, True, 0.5, scale=1.5)
    sampler = PatchSampler(scenes, np.ones(2), options)
    epochs, indices = [0, 0, 1], [5, 7, 2]
    found = sampler.batch(3, epochs, indices)
    for i, (epoch, index) in enumerate(zip(epochs, indices)):
        for batch, patch in zip(found, sampler.draw(3, epoch, index)):
            np.testing.assert_array_equal(batch[i], patch)
    assert found[0].shape == (3, 4, 4, 2)
    assert found[0].dtype == np.float16
