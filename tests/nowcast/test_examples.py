"""Windows of sequences, shards and pairs with known flow, from the settings."""

import dataclasses
import shutil
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from scipy import ndimage

from seaice_tf import pipeline
from seaice_tf.errors import InputError
from seaice_tf.grids.windows import whole
from seaice_tf.nowcast import examples as data
from seaice_tf.nowcast.cases import FrameOptions
from seaice_tf.nowcast.data.layout import CENTRE
from seaice_tf.nowcast.settings import Perceiver
from seaice_tf.nowcast.task import TASK, EvaluateOptions


def altered(folder, path, change):
    """Write a sequence of the folder with other frames."""
    with np.load(next(folder.glob("*.npz")), allow_pickle=False) as file:
        content = dict(file)
    np.savez(path, **change(content))
    return str(path)


def test_windows_of_the_regions_have_no_common_pixel(frame_settings):
    frames = data.sequences(frame_settings).sequences[0]
    parts = {part: data.region(frame_settings, frames, part) for part in ("train", "validation")}
    test = [place.window for place in _places(frame_settings, "test")]
    assert parts["train"].right <= parts["validation"].left
    assert all(parts["validation"].right <= window.left for window in test)
    named = {
        which: {case.name for case in TASK.data.cases(frame_settings, EvaluateOptions(which))}
        for which in ("test", "validation")
    }
    assert not named["test"] & named["validation"]
    assert "IN SAMPLE" in TASK.data.cases(frame_settings, EvaluateOptions("validation")).source
    assert "IN SAMPLE" in TASK.data.cases(frame_settings, EvaluateOptions("all")).source


def _places(settings, part):
    return [
        place
        for each in data.sequences(settings).sequences
        for place in data.places(settings, each, data.region(settings, each, part))
    ]


def test_leads_beyond_the_end_have_weight_zero(frame_settings):
    examples = data.validation_examples(frame_settings, data.sequences(frame_settings).sequences)
    place = _places(frame_settings, "validation")[0]
    past, targets, weights = examples.fetch(tf.constant(0, tf.int64))
    frames = place.read()
    np.testing.assert_array_equal(past, frames[:12])
    np.testing.assert_array_equal(targets["frames"][:4], frames[12:16, CENTRE, CENTRE])
    assert weights["frames"].numpy().ravel().tolist() == [1] * 4 + [0] * 20


def test_validation_has_at_most_as_many_windows_as_an_epoch(frame_settings):
    every = _places(frame_settings, "validation")
    fewer = dataclasses.replace(frame_settings, windows=len(every) - 1)
    examples = data.validation_examples(fewer, data.sequences(fewer).sequences)
    assert examples.size == len(every) - 1
    first = examples.fetch(tf.constant(0, tf.int64))[0].numpy()
    assert any((first == place.read()[:12]).all() for place in every[:2])


def test_without_test_columns_those_of_validation_are_scored(frame_settings):
    no_tests = dataclasses.replace(frame_settings, train_fraction=0.5, validation_fraction=0.5)
    cases = TASK.data.cases(no_tests)
    assert "IN SAMPLE: these windows chose the epoch" in cases.source
    assert len(cases) == len(TASK.data.cases(no_tests, EvaluateOptions(windows="validation")))


def test_a_short_sequence_gives_its_first_and_last_window(frame_settings):
    starts = {place.start for place in _places(frame_settings, "test")}
    assert starts == {0, 1}  # of 16 frames, with windows of at least 15


def test_draws_are_a_function_of_seed_epoch_and_index(frame_settings):
    examples = data.training_examples(frame_settings, data.sequences(frame_settings).sequences)
    keys = [[tf.constant(k, tf.int64) for k in key] for key in ((1, 0, 0), (1, 0, 0), (1, 1, 0))]
    first, again, other = (examples.draw(*key)[0].numpy() for key in keys)
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()
    assert first.max() <= 1023


def test_bad_frames_are_left_out_of_windows(frame_folder, frame_settings, tmp_path):
    def night(content):
        frames = content["data"].copy()
        frames[0] = 5
        return {**content, "data": frames}

    settings = dataclasses.replace(
        frame_settings, data=altered(frame_folder, tmp_path / "night.npz", night)
    )
    found = data.sequences(settings)
    assert "1 of them left out" in found.source
    (frames,) = found.sequences
    starts = {place.start for place in data.places(settings, frames, whole(frames.shape))}
    assert starts == {1}


BAD = {
    "a gap": lambda c: {**c, "time": np.delete(c["time"], 7), "data": np.delete(c["data"], 7, 0)},
    "night": lambda c: {**c, "data": c["data"] * 0},
    "beyond 10 bits": lambda c: {**c, "data": c["data"] * 0 + 5000},
    "not a number": lambda c: {**c, "data": c["data"] * np.float32("nan")},
    "too few": lambda c: {**c, "time": c["time"][:9], "data": c["data"][:9]},
}
SAID = {
    "a gap": "expected at least 15 frames without a gap, got 8 up to 2020-04-01T11:15:00",
    "night": "16 frames of .* the first: expected known pixels, got none",
    "beyond 10 bits": "the first: expected counts from 0 to 1023, got 5000 to 5000",
    "not a number": "the first: expected known pixels, got none",
    "too few": "expected at least 15 frames without a gap, got 9 up to 2020-04-01T10:40:00",
}


@pytest.mark.parametrize("name", BAD)
def test_sequences_without_a_usable_window_are_refused(
    frame_folder, frame_settings, tmp_path, name
):
    path = altered(frame_folder, tmp_path / "bad.npz", BAD[name])
    settings = dataclasses.replace(frame_settings, data=path)
    for verb in (TASK.data.splits, TASK.data.cases):
        with pytest.raises(InputError, match=f"^bad.npz: .*{SAID[name]}"):
            verb(settings)
    if name in ("a gap", "too few"):  # a whole image can be forecast from four frames
        (case,) = TASK.data.future(settings)
        assert len(case.inputs) == {"a gap": 8, "too few": 9}[name]
        return
    with pytest.raises(InputError, match="expected"):
        list(TASK.data.future(settings))


def test_the_frames_after_a_chosen_time_are_the_truth(frame_settings):
    frames = data.sequences(frame_settings).sequences[0]
    at = str(frames.time[12] + np.timedelta64(40, "s"))
    case = next(iter(TASK.data.future(frame_settings, FrameOptions(at=at))))
    pixels = frames.read(0, 16, whole(frames.shape))
    np.testing.assert_array_equal(case.inputs, pixels[1:13])
    assert case.context.known.sum() == 3
    np.testing.assert_array_equal(case.truth[:3], pixels[13:])
    for wrong in ("2019-01-01T12:00", "noon"):
        with pytest.raises(InputError, match="expected a"):
            list(TASK.data.future(frame_settings, FrameOptions(at=wrong)))


def test_shards_give_the_windows_of_the_files(frame_settings, tmp_path):
    written = TASK.data.prepare(frame_settings, tmp_path / "shards")
    assert [path.suffix for path in written] == [".tfrecord", ".json"]
    time = written[0].stat().st_mtime_ns
    TASK.data.prepare(frame_settings, tmp_path / "shards")
    assert written[0].stat().st_mtime_ns == time
    of_shards = dataclasses.replace(frame_settings, shards=str(tmp_path / "shards"))
    alone = dataclasses.replace(of_shards, data="")
    for some in (TASK.data.cases, TASK.data.future):
        for one, other in zip(some(alone), some(frame_settings), strict=True):
            assert one.name == other.name
            np.testing.assert_array_equal(one.inputs, other.inputs)
    path = shutil.copy(next(Path(frame_settings.data).glob("*.npz")), tmp_path / "other.npz")
    with pytest.raises(InputError, match=r"expected shards of the sequences in .*other\.npz, got"):
        TASK.data.splits(dataclasses.replace(of_shards, data=str(path)))
    batches = [
        next(iter(pipeline.training_stream(TASK.data.splits(settings).train, 2, seed=1)))[0]
        for settings in (frame_settings, of_shards)
    ]
    np.testing.assert_array_equal(*batches)


def test_the_perceiver_trains_on_frames_moved_by_known_flows(frame_settings):
    settings = dataclasses.replace(frame_settings, network=Perceiver())
    splits = TASK.data.splits(settings)
    pair, targets, weights = splits.validation.fetch(tf.constant(0, tf.int64))
    first, second = pair.numpy()
    flow, inside = targets["flow"].numpy(), weights["flow"].numpy() > 0
    rows, columns = np.mgrid[:128, :128] - np.moveaxis(flow, -1, 0)
    warped = ndimage.map_coordinates(first, (rows, columns), order=1)
    off, still = (np.abs(each - second)[inside].mean() for each in (warped, first))
    assert off < 0.1 * still  # interpolated twice
    assert np.abs(np.diff(flow, axis=0)).max() < 0.5
    serving = TASK.training.serving_model(settings, TASK.training.build(settings))
    assert tuple(serving.output["frames"].shape) == (None, 24, 64, 64)


def test_known_flows_are_a_function_of_seed_epoch_and_index(frame_settings):
    settings = dataclasses.replace(frame_settings, network=Perceiver())
    splits = TASK.data.splits(settings)

    def flow(*key):
        return splits.train.draw(*(tf.constant(each, tf.int64) for each in key))[1]["flow"].numpy()

    first = flow(0, 0, 0)
    np.testing.assert_array_equal(first, flow(0, 0, 0))
    others = [flow(*key) for key in ((1, 0, 0), (0, 1, 0), (0, 0, 1))]
    others.append(splits.validation.fetch(tf.constant(0, tf.int64))[1]["flow"].numpy())
    assert all(np.abs(other - first).max() > 0.01 for other in others)
