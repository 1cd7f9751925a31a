from itertools import pairwise

import numpy as np
import pytest

from seaice_tf.grids.windows import Window
from seaice_tf.icechart.data import names as scene_names
from seaice_tf.icechart.data.charts import MASK
from seaice_tf.icechart.data.pixels import Band, Pixels
from seaice_tf.icechart.data.scene_patches import Drawing, Patches, known, scaled

NAME = scene_names.parse("20180124T194759_dmi_prep.nc")
PLAIN = Drawing(side=4, least=0.0, flips=False, turns=False, mixed=0.0)


def pixels(shape=(11, 9), heights=(4, 4, 3), seed=0, share=255):
    """A scene of two channels, number of the pixel and 1 where charted, in bands."""
    rng = np.random.default_rng(seed)
    number = np.arange(shape[0] * shape[1]).reshape(shape)
    charts = rng.integers(0, 6, (*shape, 3), dtype=np.uint8)
    charts[rng.random(shape) < 0.3] = MASK
    channels = np.stack([number, charts[..., 0] != MASK], axis=-1).astype(np.float16)
    shares = np.full(shape, share, np.uint8)
    edges = np.cumsum((0, *heights))
    bands = [Band(channels[a:b], shares[a:b], charts[a:b]) for a, b in pairwise(edges)]
    return Pixels(NAME, "North", tuple(bands)), channels, charts


@pytest.mark.parametrize("window", [Window(0, 0, 11, 9), Window(3, 2, 3, 4), Window(8, 5, 3, 4)])
def test_a_window_is_that_of_the_whole_scene_wherever_the_bands_end(window):
    scene, channels, charts = pixels()
    assert scene.shape == (11, 9)
    found = scene.read(window)
    np.testing.assert_array_equal(found[0], channels[window.slices])
    np.testing.assert_array_equal(found[1], charts[window.slices])
    np.testing.assert_array_equal(scene.counted(), (charts != MASK).any(axis=-1))


def test_charts_are_masked_where_there_is_no_radar():
    scene, *_ = pixels(share=0)
    assert (scene.read(Window(0, 0, 2, 2))[1] == MASK).all()
    assert not scene.counted().any()


def test_a_patch_is_a_function_of_seed_epoch_and_index():
    scene, *_ = pixels()
    drawing = Drawing(4, 0.2, True, True, 0.5)
    first, second = (Patches([scene], np.ones(1), drawing) for _ in range(2))
    second.draw(1, 1, 1)  # what came before has no say
    for one, other in zip(first.draw(3, 2, 1), second.draw(3, 2, 1)):
        np.testing.assert_array_equal(one, other)
    drawn = {first.draw(*key)[0].tobytes() for key in np.ndindex(2, 3, 4)}
    assert len(drawn) > 20


def test_every_pixel_can_be_drawn_the_last_row_and_column_too():
    scene, *_ = pixels((6, 5), (6,))
    patches = Patches([scene], np.ones(1), PLAIN)
    seen = {int(n) for i in range(60) for n in patches.draw(0, 0, i)[0][..., 0].ravel()}
    assert seen == set(range(30))


def test_channels_and_charts_move_together():
    scene, *_ = pixels()
    for mixed in (0.0, 1.0):
        patches = Patches([scene], np.ones(1), Drawing(5, 0.0, True, True, mixed))
        for i in range(20):
            image, charts = patches.draw(0, 0, i)
            assert image.shape == (5, 5, 2)
            np.testing.assert_array_equal(image[..., 1], known(charts)[..., 0])


def test_scenes_are_drawn_by_their_weights():
    scenes = [pixels(seed=seed, share=255)[0] for seed in range(2)]
    marked = [
        Pixels(s.name, s.area, tuple(Band(b.channels * 0 + i, b.share, b.charts) for b in s.bands))
        for i, s in enumerate(scenes)
    ]
    patches = Patches(marked, np.array([0.5, 1.5]), PLAIN)
    drawn = [patches.draw(0, 0, i)[0][0, 0, 0] for i in range(400)]
    assert np.mean(drawn) == pytest.approx(0.75, abs=0.06)


def test_a_plane_and_a_class_survive_scaling():
    plane = np.add.outer(np.arange(10.0), 3 * np.arange(10.0))[..., None].astype(np.float32)
    charts = np.full((10, 10, 3), 4, np.uint8)
    for side in (5, 14):
        image, classes = scaled(plane, charts, side)
        at = (np.arange(side) + 0.5) * 10 / side - 0.5
        inner = (at >= 0) & (at <= 9)
        expected = np.add.outer(at, 3 * at)[np.ix_(inner, inner)]
        np.testing.assert_allclose(image[..., 0][np.ix_(inner, inner)], expected, atol=1e-4)
        assert classes.shape == (side, side, 3)
        assert (classes == 4).all()


def test_scaled_patches_show_more_and_less_of_the_scene():
    scene, *_ = pixels((40, 40), (40,))
    drawing = Drawing(10, 0.0, False, False, 0.0, scale=2.0)
    patches = Patches([scene], np.ones(1), drawing)
    images = [patches.draw(0, 0, i)[0][..., 0] for i in range(30)]
    assert {image.shape for image in images} == {(10, 10)}
    steps = [np.diff(image[:, 1:-1], axis=1).mean() for image in images]  # between neighbours
    assert 0.5 <= min(steps) < 0.8
    assert 1.4 < max(steps) <= 2.0
