"""Shards, splits and patches of scenes to train on."""

import dataclasses
import json
import shutil

import netCDF4
import numpy as np
import pytest
import tensorflow as tf

from seaice_tf import pipeline, processes
from seaice_tf.errors import InputError, NotFittedError
from seaice_tf.grids.windows import Window, whole
from seaice_tf.icechart import examples
from seaice_tf.icechart.cases import EvaluateOptions
from seaice_tf.icechart.data import scene as sar_scene
from seaice_tf.icechart.data import shards as scene_shards
from seaice_tf.icechart.data.charts import CHARTS, CLASSES
from seaice_tf.icechart.prepare import prepare
from seaice_tf.icechart.task import TASK


@pytest.fixture(scope="module")
def shards(chart_settings, tmp_path_factory):
    out = tmp_path_factory.mktemp("shards") / "out"
    prepare(chart_settings, out)
    return out


def test_shards_equal_scenes_in_memory(chart_settings, shards):
    loaded = examples.training_source(chart_settings)
    mapped = examples.training_source(dataclasses.replace(chart_settings, shards=str(shards)))
    assert mapped.source == loaded.source
    for one, other in zip(loaded.scenes, mapped.scenes, strict=True):
        assert (one.name, one.area, one.shape) == (
            dataclasses.replace(other.name, area=one.name.area),
            other.area,
            other.shape,
        )
        for window in (whole(one.shape), Window(3, 4, 9, 7)):
            for a, b in zip(one.read(window), other.read(window)):
                np.testing.assert_array_equal(a, b)


def test_shards_are_tf_records(shards):
    (path, *_) = sorted(shards.glob("*.tfrecord"))
    header, channels, valid, charts = (r.numpy() for r in tf.data.TFRecordDataset(str(path)))
    facts = json.loads(header)
    ((rows, columns),) = facts["bands"]
    assert len(channels) == 2 * rows * columns * len(facts["channels"])
    assert (len(valid), len(charts)) == (rows * columns, 3 * rows * columns)


def test_prepare_keeps_sound_shards_and_rewrites_damaged_ones(chart_settings, tmp_path, caplog):
    caplog.set_level("INFO")
    written = prepare(chart_settings, tmp_path)
    first, second = written[:2]
    kept = first.stat().st_mtime_ns
    content = second.read_bytes()
    second.write_bytes(content[:-9])
    assert prepare(chart_settings, tmp_path) == written
    assert "1 shards written, 3 kept" in caplog.text
    assert first.stat().st_mtime_ns == kept
    assert second.read_bytes() == content
    prepare(dataclasses.replace(chart_settings, downscale=5), tmp_path)
    assert "4 shards written, 0 kept" in caplog.text


def test_damaged_or_other_shards_are_errors(chart_settings, shards, tmp_path):
    required = chart_settings.channels, chart_settings.downscale
    with pytest.raises(InputError, match=r"manifest\.json"):
        scene_shards.find(tmp_path, *required)
    with pytest.raises(InputError, match="expected factor 5"):
        scene_shards.find(shards, required[0], 5)
    whole_file = scene_shards.find(shards, *required)[0].read_bytes()
    for damaged in (b"", whole_file[:-20], whole_file[:5], b"\xff" * 40):
        (tmp_path / "x.tfrecord").write_bytes(damaged)
        with pytest.raises(InputError, match="expected a shard"):
            scene_shards.read(tmp_path / "x.tfrecord")


def test_a_training_stream_can_be_resumed(chart_settings):
    train = TASK.data.splits(chart_settings).train
    batch, seed = chart_settings.training.batch_size, chart_settings.training.seed
    whole_run = list(pipeline.training_stream(train, batch, seed).take(5))
    resumed = list(pipeline.training_stream(train, batch, seed, first_step=3).take(2))
    for one, other in zip(whole_run[3:], resumed):
        np.testing.assert_array_equal(one[0], other[0])
        for chart in CHARTS:
            np.testing.assert_array_equal(one[1][chart], other[1][chart])
    assert (whole_run[0][0].numpy() != whole_run[3][0].numpy()).any()  # another epoch


def test_masked_pixels_have_weight_0_and_water_is_where_sic_is_0(chart_settings):
    validation = TASK.data.splits(chart_settings).validation
    images, targets, weights = next(iter(pipeline.in_order(validation, 2)))
    assert images.dtype == tf.float16  # as stored; networks cast them
    for chart in CHARTS:
        labelled = targets[chart].numpy() < len(CLASSES[chart])
        np.testing.assert_array_equal(weights[chart].numpy() > 0, labelled)
    np.testing.assert_array_equal(targets["water"] > 0, targets["SIC"] == 0)


def test_splits_are_disjoint(chart_settings):
    train, validation = examples.split(chart_settings, examples.labelled_scenes(chart_settings))
    test = examples.test_scenes(chart_settings)
    names = [scene.name.short for scene in (*train, *validation, *test)]
    assert len(names) == len(set(names)) == 5
    assert (len(validation), len(test)) == (1, 1)
    assert "IN SAMPLE" not in TASK.data.cases(chart_settings).source
    assert (
        "IN SAMPLE" in TASK.data.cases(chart_settings, EvaluateOptions(scenes="validation")).source
    )


def test_a_folder_of_test_scenes_alone_can_be_scored(chart_settings, tmp_path):
    (test,) = examples.test_scenes(chart_settings)
    for path in (test.path, sar_scene.reference(test.path)):
        shutil.copy(path, tmp_path)
    alone = dataclasses.replace(chart_settings, data=str(tmp_path))
    (case,) = TASK.data.cases(alone)
    baselines = dict(TASK.verification.baselines)
    assert (baselines.pop("open_water")(case)["SIC"] == 0).all()
    for baseline in baselines.values():
        with pytest.raises(NotFittedError, match="expected training scenes with charts"):
            baseline(case)
    with pytest.raises(InputError, match="at least 2 scenes with charts"):
        TASK.data.splits(alone)


def test_patches_larger_than_a_scene_are_errors(chart_settings):
    with pytest.raises(InputError, match="smaller --patch"):
        TASK.data.splits(dataclasses.replace(chart_settings, patch=22))


@pytest.mark.soak
def test_prepare_in_two_processes_writes_the_same(chart_settings, shards, tmp_path):
    with processes.workers(2) as executor:
        prepare(chart_settings, tmp_path, executor)
    names = sorted(path.name for path in shards.iterdir())
    assert sorted(path.name for path in tmp_path.iterdir()) == names
    for name in names:
        assert (tmp_path / name).read_bytes() == (shards / name).read_bytes()


def test_sampling_weights_follow_the_target(chart_settings, tmp_path):
    scenes = examples.training_source(chart_settings).scenes
    listed = tmp_path / "target.json"
    listed.write_text(json.dumps([scenes[0].name.prep]))
    targeted = dataclasses.replace(chart_settings, target=str(listed), target_factors=("month",))
    weights = examples.sampling_weights(targeted, examples.scene_list(scenes))
    assert weights.argmax() == 0
    assert weights.mean() == pytest.approx(1)
    assert (examples.sampling_weights(chart_settings, examples.scene_list(scenes)) == 1).all()


def test_a_damaged_scene_is_skipped_on_request(chart_settings, tmp_path, caplog):
    folder = tmp_path / "scenes"
    shutil.copytree(chart_settings.data, folder)
    bad = examples.labelled_scenes(chart_settings)[1].path.name
    with netCDF4.Dataset(folder / bad, "a") as file:
        file["btemp_18_7v"][0, 0] = np.nan
    given = dataclasses.replace(chart_settings, data=str(folder))
    with pytest.raises(InputError, match="expected finite values of btemp_18_7v"):
        examples.training_source(given)
    skipping = dataclasses.replace(given, skip_damaged=True)
    kept = examples.training_source(skipping).scenes
    assert bad not in [each.name.prep for each in kept]
    assert len(kept) == 3
    assert f"{bad}: values of btemp_18_7v" in caplog.text
