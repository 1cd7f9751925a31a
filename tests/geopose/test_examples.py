"""Crops, folds and shards of tiles to train on."""

import dataclasses
import tracemalloc
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import tensorflow as tf

from seaice_tf import pipeline
from seaice_tf.errors import InputError
from seaice_tf.files import images
from seaice_tf.geopose import examples as data
from seaice_tf.geopose.data import pose, synthetic_tiles
from seaice_tf.geopose.data import shards as geopose_shards
from seaice_tf.geopose.data.augment import NONE
from seaice_tf.geopose.prepare import prepare
from seaice_tf.geopose.task import TASK, EvaluateOptions, Settings
from seaice_tf.grids.windows import Window
from seaice_tf.runs import fit

ALIKE = dict.fromkeys(pose.CITIES, 1.0)


@pytest.fixture(scope="module")
def shards(geopose_settings, tmp_path_factory):
    out = tmp_path_factory.mktemp("shards") / "out"
    prepare(geopose_settings, out)
    return out


@pytest.fixture(scope="module")
def sources(geopose_settings):
    train, *_ = data.split(geopose_settings, data.labelled(geopose_settings))
    return data.sources(geopose_settings, train)


def drawn(examples, epoch, index, seed=3):
    numbers = (tf.constant(n, tf.int64) for n in (seed, epoch, index))
    (image, *_), targets, _ = examples.draw(*numbers)
    return image.numpy(), targets["angle"].numpy()


def test_no_two_draws_are_alike_in_epochs_and_workers(geopose_settings, sources):
    """Whoever makes a crop, it is that of (seed, epoch, index), and no other is the same."""
    examples = data.training_examples(geopose_settings, sources, ALIKE)
    keys = [(epoch, index) for epoch in range(3) for index in range(geopose_settings.crops)]
    alone = [drawn(examples, *key) for key in keys]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda key: drawn(examples, *key), keys))
    for (image, angle), (other, other_angle) in zip(alone, together):
        np.testing.assert_array_equal(image, other)
        np.testing.assert_array_equal(angle, other_angle)
    assert len({image.tobytes() for image, _ in alone}) == len(keys)
    assert (drawn(examples, 0, 0, seed=4)[0] != alone[0][0]).any()


def test_two_passes_of_the_pipeline_differ_and_a_resumed_one_does_not(geopose_settings, sources):
    examples = data.training_examples(geopose_settings, sources, ALIKE)
    stream = [x[0][0].numpy() for x in pipeline.training_stream(examples, 4, 3).take(4)]
    resumed = next(iter(pipeline.training_stream(examples, 4, 3, first_step=3)))[0][0].numpy()
    np.testing.assert_array_equal(stream[3], resumed)
    assert len({crop.tobytes() for batch in stream for crop in batch}) == 16


def test_the_tiles_take_turns(geopose_settings, sources):
    asked = []
    watched = [
        source._replace(view=lambda w, s=source: asked.append(s.name) or s.view(w))
        for source in sources
    ]
    examples = data.training_examples(geopose_settings, watched, ALIKE)
    for key in ((e, i) for e in range(3) for i in range(geopose_settings.crops)):
        drawn(examples, *key)
    counts = [asked.count(source.name) for source in sources]
    assert max(counts) - min(counts) <= 1


def test_a_crop_is_a_window_of_its_tile(sources):
    rng = np.random.default_rng(0)
    whole = sources[0].view(None)
    view = data.random_crop(sources[0], 32, NONE, rng)
    found = [
        (top, left)
        for top in range(17)
        for left in range(17)
        if (whole.image[top : top + 32, left : left + 32] == view.image).all()
    ]
    assert len(found) == 1
    top, left = found[0]
    np.testing.assert_array_equal(whole.agl[top : top + 32, left : left + 32], view.agl)


def test_only_the_window_of_a_crop_is_read(geopose_settings, monkeypatch):
    (tile, _), *_ = data.labelled(geopose_settings)
    (source,) = data.sources(geopose_settings, [tile])
    asked = []
    read = images.read
    monkeypatch.setattr(
        images, "read", lambda path, window=None: asked.append(window) or read(path, window)
    )
    data.random_crop(source, 32, NONE, np.random.default_rng(0))
    assert [(w.height, w.width) for w in asked] == [(32, 32)] * 2


def test_unknown_heights_weigh_nothing(geopose_settings, sources):
    examples = data.validation_examples(geopose_settings, sources, ALIKE)
    for index in range(3):
        (image, city, gsd), targets, weight = examples.fetch(tf.constant(index, tf.int64))
        view = sources[0].view(None) if index == 0 else None
        known = weight["agl"].numpy()[..., 0] > 0
        assert np.isfinite(targets["agl"]).all()
        assert (targets["agl"].numpy()[..., 0][~known] == 0).all()
        if view is not None:
            np.testing.assert_array_equal(known, np.isfinite(view.agl[:32, :32]))
            np.testing.assert_array_equal(image, view.image[:32, :32])
            assert (pose.CITIES[int(np.argmax(city))], float(gsd[0])) == (sources[0].city, 1.0)
            sine, cosine = targets["angle"].numpy()
            assert np.arctan2(sine, cosine) % (2 * np.pi) == pytest.approx(view.pose.angle)
            assert float(targets["scale"][0]) == pytest.approx(view.pose.scale)


def test_r2_weighs_cities_by_their_variance_and_fits_have_magnitudes(geopose_settings, sources):
    asked = dataclasses.replace(geopose_settings, loss="r2", scale_by="fit")
    weights = data.city_weights(asked, sources)
    examples = data.validation_examples(asked, sources, weights)
    _, targets, weight = examples.fetch(tf.constant(0, tf.int64))
    assert set(targets) == {"agl", "angle", "magnitude"}
    view = sources[0].view(Window(0, 0, 32, 32))
    expected = np.nan_to_num(view.agl) * view.pose.scale
    np.testing.assert_allclose(targets["magnitude"][..., 0], expected, rtol=1e-5)
    for name in ("agl", "magnitude"):
        assert float(tf.reduce_max(weight[name])) == pytest.approx(weights[sources[0].city])
    heights = {c: [s.view(None).agl for s in sources if s.city == c] for c in pose.CITIES}
    variance = {c: np.nanvar(np.stack(each), dtype=np.float64) for c, each in heights.items()}
    for a in pose.CITIES:
        for b in pose.CITIES:
            expected = variance[b] / variance[a]
            assert weights[a] / weights[b] == pytest.approx(expected, rel=1e-3)
    assert np.mean(list(weights.values())) == pytest.approx(1)


def test_folds_share_no_tile_and_have_every_city(geopose_settings):
    found = data.labelled(geopose_settings)
    train, validation, test = data.split(geopose_settings, found)
    assert {case.name for case in TASK.data.cases(geopose_settings)} == {tile.id for tile in test}
    names = [tile.id for tile in (*train, *validation, *test)]
    assert sorted(names) == [tile.id for tile, _ in found]
    for part in (train, validation, test):
        assert {tile.city for tile in part} == set(pose.CITIES)
    assert "IN SAMPLE" not in TASK.data.cases(geopose_settings).source
    assert "IN SAMPLE" in TASK.data.cases(geopose_settings, EvaluateOptions("validation")).source


def test_a_run_on_one_city_keeps_the_folds_of_a_run_on_all(geopose_settings):
    folds = {tile.id: fold for tile, fold in data.labelled(geopose_settings)}
    alone = dataclasses.replace(geopose_settings, cities=("ATL",))
    found = data.labelled(alone)
    assert {fold for _, fold in found} == {0, 1, 2}
    assert all(folds[tile.id] == fold for tile, fold in found)


def test_shards_give_what_tiles_give(geopose_settings, sources, shards):
    mapped = dataclasses.replace(geopose_settings, shards=str(shards))
    train, *_ = data.split(mapped, data.labelled(mapped))
    held = data.sources(mapped, train)
    for one, other in zip(sources, held, strict=True):
        assert (one.name, one.city, one.shape) == (other.name, other.city, other.shape)
        assert one.facts() == other.facts()
        a, b = (each.view(Window(3, 5, 20, 30)) for each in (one, other))
        np.testing.assert_array_equal(a.image, b.image)
        np.testing.assert_array_equal(a.agl, b.agl)
    assert data.facts(mapped) == [source.facts() for source in held]
    assert [file.name for file in TASK.data.splits(mapped).files] == [geopose_shards.MANIFEST]


def test_prepare_keeps_what_is_finished_and_needs_one_tile_of_memory(
    tile_folder, shards, tmp_path, capsys
):
    written = prepare(Settings(data=str(tile_folder)), shards)
    assert "0 shards written, 12 kept" in capsys.readouterr().out
    written[0].write_bytes(b"")
    prepare(Settings(data=str(tile_folder)), shards)
    assert "1 shards written, 11 kept" in capsys.readouterr().out
    peaks = []
    for number in (2, 6):
        folder = tmp_path / str(number)
        synthetic_tiles.write(folder, number, seed=1, side=256, gsd=1.0)
        settings = Settings(data=str(folder))
        tracemalloc.start()
        prepare(settings, folder / "shards")
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.2 * peaks[0] < 12e6  # a tile is a third of a megabyte


@pytest.mark.parametrize("scale_by", ["head", "fit"])
@pytest.mark.parametrize("pose_from", ["both", "bottleneck"])
def test_mixed_precision_trains_and_gives_float32(geopose_settings, scale_by, pose_from, tmp_path):
    training = dataclasses.replace(geopose_settings.training, precision="mixed_bfloat16")
    settings = dataclasses.replace(
        geopose_settings, scale_by=scale_by, pose_from=pose_from, training=training
    )
    model = fit.network(TASK, settings, tmp_path)
    assert "bfloat16" in {layer.compute_dtype for layer in model.layers}
    batch = next(iter(pipeline.in_order(TASK.data.splits(settings).validation, 2)))
    losses = [np.ravel(model.train_on_batch(*batch))[0] for _ in range(6)]
    assert losses[-1] < losses[0]
    assert {np.asarray(head).dtype.name for head in model(batch[0]).values()} == {"float32"}


def test_shards_of_other_tiles_are_refused(geopose_settings, shards, tmp_path):
    synthetic_tiles.write(tmp_path / "other", 8, seed=9, side=48, gsd=1.0)
    other = dataclasses.replace(geopose_settings, data=str(tmp_path / "other"), shards=str(shards))
    with pytest.raises(InputError, match="expected shards of the tiles"):
        TASK.data.splits(other)
