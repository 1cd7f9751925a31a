"""Training crops, folds and shards of tiles."""

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
from seaice_tf.geopose.cases import EvaluateOptions
from seaice_tf.geopose.data import pose, synthetic
from seaice_tf.geopose.data import shards as geopose_shards
from seaice_tf.geopose.data.augment import NONE
from seaice_tf.geopose.settings import Settings
from seaice_tf.geopose.task import TASK, prepare
from seaice_tf.grids.windows import Window
from seaice_tf.networks import encoders
from seaice_tf.runs import fit

EQUAL_WEIGHTS = dict.fromkeys(pose.CITIES, 1.0)


@pytest.fixture(scope="module")
def shards(geopose_settings, tmp_path_factory):
    out = tmp_path_factory.mktemp("shards") / "out"
    prepare(geopose_settings, out)
    return out


@pytest.fixture(scope="module")
def sources(geopose_settings):
    train, *_ = data.split(geopose_settings, data.labelled(geopose_settings))
    return data.sources(geopose_settings, train)


def crop_of(examples, epoch, index, seed=3):
    numbers = (tf.constant(n, tf.int64) for n in (seed, epoch, index))
    (image, *_), targets, _ = examples.draw(*numbers)
    return image.numpy(), targets["angle"].numpy()


def test_crops_are_functions_of_seed_epoch_and_index(geopose_settings, sources):
    """In any thread a crop is the same, and no two crops are equal."""
    examples = data.training_examples(geopose_settings, sources, EQUAL_WEIGHTS)
    keys = [(epoch, index) for epoch in range(3) for index in range(geopose_settings.crops)]
    sequential = [crop_of(examples, *key) for key in keys]
    with ThreadPoolExecutor(4) as pool:
        parallel = list(pool.map(lambda key: crop_of(examples, *key), keys))
    for (image, angle), (other, other_angle) in zip(sequential, parallel):
        np.testing.assert_array_equal(image, other)
        np.testing.assert_array_equal(angle, other_angle)
    assert len({image.tobytes() for image, _ in sequential}) == len(keys)
    assert (crop_of(examples, 0, 0, seed=4)[0] != sequential[0][0]).any()


def test_two_passes_of_the_pipeline_differ_and_a_resumed_one_does_not(geopose_settings, sources):
    examples = data.training_examples(geopose_settings, sources, EQUAL_WEIGHTS)
    stream = [x[0][0].numpy() for x in pipeline.training_stream(examples, 4, 3).take(4)]
    resumed = next(iter(pipeline.training_stream(examples, 4, 3, first_step=3)))[0][0].numpy()
    np.testing.assert_array_equal(stream[3], resumed)
    assert len({crop.tobytes() for batch in stream for crop in batch}) == 16


def test_crops_come_from_all_tiles_equally(geopose_settings, sources):
    requested = []
    recorded = [
        source._replace(view=lambda w, s=source: requested.append(s.name) or s.view(w))
        for source in sources
    ]
    examples = data.training_examples(geopose_settings, recorded, EQUAL_WEIGHTS)
    for key in ((e, i) for e in range(3) for i in range(geopose_settings.crops)):
        crop_of(examples, *key)
    counts = [requested.count(source.name) for source in sources]
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
    requested = []
    read = images.read
    monkeypatch.setattr(
        images, "read", lambda path, window=None: requested.append(window) or read(path, window)
    )
    data.random_crop(source, 32, NONE, np.random.default_rng(0))
    assert [(w.height, w.width) for w in requested] == [(32, 32)] * 2


def test_unknown_heights_have_weight_zero(geopose_settings, sources):
    examples = data.validation_examples(geopose_settings, sources, EQUAL_WEIGHTS)
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


def test_r2_weights_are_inverse_variances_and_fits_have_magnitudes(geopose_settings, sources):
    requested = dataclasses.replace(geopose_settings, loss="r2", scale_by="fit")
    weights = data.city_weights(requested, sources)
    examples = data.validation_examples(requested, sources, weights)
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


def test_folds_are_disjoint_and_have_every_city(geopose_settings):
    found = data.labelled(geopose_settings)
    train, validation, test = data.split(geopose_settings, found)
    assert {case.name for case in TASK.data.cases(geopose_settings)} == {tile.id for tile in test}
    names = [tile.id for tile in (*train, *validation, *test)]
    assert sorted(names) == [tile.id for tile, _ in found]
    for part in (train, validation, test):
        assert {tile.city for tile in part} == set(pose.CITIES)
    assert "IN SAMPLE" not in TASK.data.cases(geopose_settings).source
    validated = TASK.data.cases(geopose_settings, EvaluateOptions(tiles="validation"))
    assert "IN SAMPLE" in validated.source


def test_a_run_on_one_city_keeps_the_folds_of_a_run_on_all(geopose_settings):
    folds = {tile.id: fold for tile, fold in data.labelled(geopose_settings)}
    alone = dataclasses.replace(geopose_settings, cities=("ATL",))
    found = data.labelled(alone)
    assert {fold for _, fold in found} == {0, 1, 2}
    assert all(folds[tile.id] == fold for tile, fold in found)


def test_shards_equal_tiles(geopose_settings, sources, shards):
    mapped = dataclasses.replace(geopose_settings, shards=str(shards))
    train, *_ = data.split(mapped, data.labelled(mapped))
    mapped_sources = data.sources(mapped, train)
    for one, other in zip(sources, mapped_sources, strict=True):
        assert (one.name, one.city, one.shape) == (other.name, other.city, other.shape)
        assert one.statistics() == other.statistics()
        a, b = (each.view(Window(3, 5, 20, 30)) for each in (one, other))
        np.testing.assert_array_equal(a.image, b.image)
        np.testing.assert_array_equal(a.agl, b.agl)
    assert data.training_statistics(mapped) == [source.statistics() for source in mapped_sources]
    assert [file.name for file in TASK.data.splits(mapped).files] == [geopose_shards.MANIFEST]


def test_prepare_keeps_finished_shards_and_needs_the_memory_of_one_tile(
    tile_folder, shards, tmp_path, caplog
):
    caplog.set_level("INFO")
    written = prepare(Settings(data=str(tile_folder)), shards)
    assert "0 shards written, 12 kept" in caplog.text
    written[0].write_bytes(b"")
    prepare(Settings(data=str(tile_folder)), shards)
    assert "1 shards written, 11 kept" in caplog.text
    peaks = []
    for number in (2, 6):
        folder = tmp_path / str(number)
        synthetic.write(folder, number, seed=1, side=256, gsd=1.0)
        settings = Settings(data=str(folder))
        tracemalloc.start()
        prepare(settings, folder / "shards")
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.2 * peaks[0] < 12e6  # a tile is a third of a megabyte


@pytest.mark.parametrize(
    ("pose_from", "scale_by", "steps"),
    [("both", "head", 6), ("bottleneck", "fit", 6), ("both", "fit", 0), ("bottleneck", "head", 0)],
)
def test_mixed_precision_trains_and_gives_float32(
    geopose_settings, pose_from, scale_by, steps, tmp_path, monkeypatch
):
    monkeypatch.setattr(encoders, "SMALL_FILTERS", (2, 2, 3, 3, 4))
    training = dataclasses.replace(geopose_settings.training, precision="mixed_bfloat16")
    settings = dataclasses.replace(
        geopose_settings, scale_by=scale_by, pose_from=pose_from, training=training
    )
    model = fit.network(TASK, settings, tmp_path)
    model.run_eagerly = True  # a graph takes longer to build than these steps
    assert "bfloat16" in {layer.compute_dtype for layer in model.layers}
    batch = next(iter(pipeline.in_order(TASK.data.splits(settings).validation, 2)))
    losses = [np.ravel(model.train_on_batch(*batch))[0] for _ in range(steps)]
    assert not losses or losses[-1] < losses[0]
    assert {np.asarray(head).dtype.name for head in model(batch[0]).values()} == {"float32"}


def test_shards_of_other_tiles_are_rejected(geopose_settings, shards, tmp_path):
    synthetic.write(tmp_path / "other", 8, seed=9, side=48, gsd=1.0)
    other = dataclasses.replace(geopose_settings, data=str(tmp_path / "other"), shards=str(shards))
    with pytest.raises(InputError, match="expected shards of the tiles"):
        TASK.data.splits(other)
