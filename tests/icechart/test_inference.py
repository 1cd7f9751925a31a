"""Tiles and test-time augmentation."""

import dataclasses
import threading

import numpy as np
import pytest
import tensorflow as tf

from seaice_tf.errors import InputError
from seaice_tf.grids import tiles
from seaice_tf.icechart import inference
from seaice_tf.icechart.cases import EvaluateOptions
from seaice_tf.icechart.data import decision
from seaice_tf.icechart.data.charts import CHARTS
from seaice_tf.icechart.inference import PredictOptions
from seaice_tf.icechart.networks.unet import FILTERS, alignment, network
from seaice_tf.icechart.task import TASK
from seaice_tf.networks.unet import context
from tests.icechart.pointwise import pointwise


@pytest.mark.parametrize("tile", [8, 24])  # 24 is higher than the scene
def test_tiles_equal_the_whole_scene(tile, chart_settings):
    at_once = next(iter(TASK.data.cases(chart_settings))).pieces(pointwise)
    options = EvaluateOptions(tile=tile)
    tiled = next(iter(TASK.data.cases(chart_settings, options))).pieces(pointwise)
    assert at_once["SIC"].shape == (21, 26)  # neither is a multiple of the tile
    for chart in CHARTS:
        np.testing.assert_array_equal(tiled[chart], at_once[chart])
    for name in ("SIC_probabilities", "uncertainty"):
        unpacked = decision.unpacked(tiled[name])
        np.testing.assert_allclose(unpacked, at_once[name], atol=0.0021)


@pytest.fixture(scope="module")
def wide(chart_settings):
    """A network of three levels with large weights, whose receptive field is fully used."""
    settings = dataclasses.replace(chart_settings, filters=(3, 4, 4))
    model = TASK.training.build(settings)
    rng = np.random.default_rng(1)
    model.set_weights([rng.uniform(0.2, 1.2, w.shape) * 0.2 for w in model.get_weights()])
    image = rng.normal(size=(61, 67, len(settings.channels))).astype(np.float32)
    return settings, image, lambda batch: np.asarray(model(batch)["SOD"])


def test_items_are_made_ahead_in_one_thread_and_closed_in_it():
    threads, made = [], []

    def items():
        try:
            for i in range(5):
                threads.append(threading.get_ident())
                made.append(i)
                yield i
        finally:
            threads.append(threading.get_ident())

    ahead = inference._ahead(items())
    assert next(ahead) == 0
    assert next(ahead) == 1
    ahead.close()
    assert made[:3] == [0, 1, 2]
    assert len(threads) == len(made) + 1
    assert set(threads) == {threads[0]} != {threading.get_ident()}
    assert list(inference._ahead(iter("abc"))) == ["a", "b", "c"]

    def failing():
        yield 1
        raise InputError("damaged")

    with pytest.raises(InputError, match="damaged"):
        list(inference._ahead(failing()))


def whole_and_tiled(image, serve, side, halo, align):
    whole_image, tiled = serve(image[None])[0], np.full((*image.shape[:2], 6), np.nan, np.float32)
    for band in tiles.parts(image.shape[:2], side, halo, align):
        for window, around in band:
            part = serve(image[around.slices][None])[0]
            tiled[window.slices] = tiles.inside(part, window, around)
    return whole_image, tiled


def test_tiles_with_the_receptive_field_as_halo_equal_the_whole(wide):
    settings, image, serve = wide
    align = alignment(len(settings.filters))
    halo = context(len(settings.filters))
    assert (align, halo) == (4, 26)
    at_once, tiled = whole_and_tiled(image, serve, 16, halo, align)
    scale = np.abs(at_once).max()
    np.testing.assert_allclose(tiled / scale, at_once / scale, atol=1e-5)
    _, too_narrow = whole_and_tiled(image, serve, 16, 8, align)
    assert np.abs(too_narrow - at_once).max() > 1e-3 * scale


@pytest.mark.soak
@pytest.mark.parametrize(("levels", "heads"), [(4, 0), (8, 0), (8, 2)])
def test_tiles_equal_the_whole_scene_of_2048_pixels(levels, heads):
    """To 1e-4 at every pixel; with attention between all pixels the difference is only printed."""
    model = network(3, filters=FILTERS[levels], attention_heads=heads)
    rng = np.random.default_rng(0)
    weights = [w + 0.1 * rng.normal(size=w.shape) * (w.ndim == 1) for w in model.get_weights()]
    model.set_weights([np.abs(w) if w.ndim == 1 else w for w in weights])
    image = rng.normal(size=(2048, 2048, 3)).astype(np.float32)
    # A graph frees intermediate results.
    signature = [tf.TensorSpec((1, None, None, 3))]
    graph = tf.function(lambda x: model(x)["SOD"], input_signature=signature)
    at_once, tiled = whole_and_tiled(
        image, lambda x: graph(x).numpy(), 512, context(levels), alignment(levels)
    )
    most = np.abs(tiled - at_once).max()
    print(f"{levels} levels, {heads} heads: {most:.1e} of values up to {np.abs(at_once).max():.1f}")
    assert heads or most < 1e-4


def test_tta_does_not_change_a_pixelwise_model(chart_settings):
    case = next(iter(TASK.data.cases(chart_settings)))
    at_once = case.pieces(pointwise)
    for tta, tile in (("flips", 64), ("d4", 64), ("d4", 8)):
        options = EvaluateOptions(tta=tta, tile=tile)
        found = next(iter(TASK.data.cases(chart_settings, options))).pieces(pointwise)
        for chart in CHARTS:
            np.testing.assert_array_equal(found[chart], at_once[chart])


def test_options_out_of_range_are_errors(chart_settings):
    with pytest.raises(InputError, match="expected a tile of at least 1"):
        PredictOptions(tile=0)
    with pytest.raises(InputError, match="a halo of at least 0"):
        PredictOptions(halo=-1)
    one = (*chart_settings.channels, "u10m_rotated")
    settings = dataclasses.replace(chart_settings, channels=one, rot90=False)
    TASK.data.future(settings, PredictOptions(tta="flips"))
    with pytest.raises(InputError, match="use --tta flips"):
        TASK.data.future(settings, PredictOptions(tta="d4"))
