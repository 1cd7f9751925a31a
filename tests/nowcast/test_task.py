"""What the nowcast does beyond what every task must."""

import dataclasses
import shutil
from pathlib import Path
from typing import get_args, get_type_hints

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image
from scipy import ndimage

from seaice_tf import pipeline
from seaice_tf.errors import InputError
from seaice_tf.grids.windows import whole
from seaice_tf.networks.weights import named_weights
from seaice_tf.nowcast import examples as data
from seaice_tf.nowcast.data.layout import CENTRE
from seaice_tf.nowcast.task import TASK, EvaluateOptions, Settings
from seaice_tf.nowcast.training import NETWORKS
from seaice_tf.settings import Training


def spoilt(folder, path, change):
    """A sequence of the folder with other frames."""
    with np.load(next(folder.glob("*.npz")), allow_pickle=False) as file:
        content = dict(file)
    np.savez(path, **change(content))
    return str(path)


def test_windows_of_the_parts_share_no_pixel(frame_settings):
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


def test_examples_are_windows_and_what_is_known_of_their_leads(frame_settings):
    examples = data.validation_examples(frame_settings, data.sequences(frame_settings).sequences)
    place = _places(frame_settings, "validation")[0]
    past, targets, weights = examples.fetch(tf.constant(0, tf.int64))
    frames = place.read()
    np.testing.assert_array_equal(past, frames[:12])
    np.testing.assert_array_equal(targets["frames"][:4], frames[12:16, CENTRE, CENTRE])
    assert weights["frames"].numpy().ravel().tolist() == [1] * 4 + [0] * 20


def test_no_more_windows_choose_the_epoch_than_are_in_one(frame_settings):
    every = _places(frame_settings, "validation")
    fewer = dataclasses.replace(frame_settings, windows=len(every) - 1)
    examples = data.validation_examples(fewer, data.sequences(fewer).sequences)
    assert examples.size == len(every) - 1
    first = examples.fetch(tf.constant(0, tf.int64))[0].numpy()
    assert any((first == place.read()[:12]).all() for place in every[:2])


def test_without_columns_for_tests_those_of_validation_score(frame_settings):
    all_learnt = dataclasses.replace(frame_settings, train_share=0.5, validation_share=0.5)
    cases = TASK.data.cases(all_learnt)
    assert "IN SAMPLE: these windows chose the epoch" in cases.source
    assert len(cases) == len(TASK.data.cases(all_learnt, EvaluateOptions(windows="validation")))


def test_both_ends_of_a_short_sequence_are_looked_at(frame_settings):
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
        frame_settings, data=spoilt(frame_folder, tmp_path / "night.npz", night)
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


@pytest.mark.parametrize("name", BAD)
def test_frames_of_which_no_window_is_left_are_refused(
    frame_folder, frame_settings, tmp_path, name
):
    path = spoilt(frame_folder, tmp_path / "bad.npz", BAD[name])
    settings = dataclasses.replace(frame_settings, data=path)
    with pytest.raises(InputError, match="expected 15 usable frames"):
        TASK.data.splits(settings)
    with pytest.raises(InputError, match="expected"):
        list(TASK.data.future(settings))


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


def test_two_images_give_their_flow(frame_settings, tmp_path):
    rng = np.random.default_rng(0)
    coarse = rng.integers(0, 255, (14, 14)).astype(np.uint8)
    scene = np.asarray(Image.fromarray(coarse).resize((112, 112), Image.Resampling.BICUBIC))
    names = []
    for i, (top, left) in enumerate([(8, 8), (6, 9)]):  # what is seen moves 2 down, 1 to the left
        names.append(str(tmp_path / f"{i}.png"))
        Image.fromarray(scene[top : top + 96, left : left + 96]).save(names[-1])
    settings = dataclasses.replace(frame_settings, data=",".join(names))
    (case,) = TASK.data.future(settings)
    fields = case.pieces(None)
    written = TASK.products.write([(case, fields)], tmp_path / "out", "")
    assert [path.name for path in written] == ["flow.npz", "flow.png"]
    with np.load(written[0], allow_pickle=False) as file:
        assert file["flow"].shape == (96, 96, 2)
        np.testing.assert_allclose(np.median(file["flow"], axis=(0, 1)), (2, -1), atol=0.1)
    with pytest.raises(InputError, match="expected two images"):
        TASK.data.future(dataclasses.replace(settings, data=",".join(names * 2)))


def test_the_doctor_tells_gaps(frame_folder, tmp_path, capsys):
    path = spoilt(frame_folder, tmp_path / "gap.npz", BAD["a gap"])
    troubles = TASK.data.doctor(Settings(data=path), tmp_path)
    assert any("gap" in trouble for trouble in troubles)
    assert "15 frames of 128 x 384" in capsys.readouterr().out
    assert (tmp_path / "means.png").stat().st_size > 0


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"train_share": 0.9, "validation_share": 0.2}, "of 1 at most together"),
        ({"least": 12}, "least: expected 13 to 36"),
        ({"network": "flow_unet", "difference": "none"}, "add --blur output"),
        ({"difference": "last"}, "a network that has it, flow_unet, cnn_cnn, conv_lstm, got lead_"),
        ({"network": "conv_lstm", "last_kernel": 1}, "last_kernel: expected a network that has it"),
        (
            {"encoder": "resnet50"},
            "encoder: expected a network that has it, cnn_cnn, got lead_unet",
        ),
        ({"network": "flow", "blur": "none"}, "which has no other weights"),
        ({"margin": 40}, "a margin of 0 to 32"),
        ({"flow_share": 1.5}, "flow_share: expected 0 to 1"),
        ({"filters": ()}, "filters: expected one to five"),
        (
            {"training": Training(precision="mixed_bfloat16")},
            "precision: expected float32, got mixed_bfloat16, in which counts of 10 bits",
        ),
    ],
)
def test_settings_that_make_no_sense(changes, message):
    with pytest.raises(InputError, match=message):
        Settings(**changes)


def test_every_network_of_the_settings_is_there():
    assert set(get_args(get_type_hints(Settings)["network"])) == set(NETWORKS)


@pytest.mark.parametrize(
    ("network", "changes"),
    [
        ("flow_unet", {"batch_statistics": True, "blur": "output"}),
        ("flow_unet", {"flow": "perceiver"}),
        ("cnn_cnn", {"difference": "last", "decoder_filters": (2, 3, 3, 4), "last_kernel": 1}),
        ("conv_lstm", {"difference": "none", "blur": "none"}),
        ("flow", {"views": "mirrored"}),
    ],
)
def test_networks_of_the_settings_take_a_step_and_serve_whole_windows(
    network, changes, frame_settings
):
    settings = dataclasses.replace(frame_settings, network=network, **changes)
    model = TASK.training.build(settings)
    batch = next(iter(pipeline.in_order(TASK.data.splits(settings).validation, 2)))
    assert np.isfinite(np.ravel(model.train_on_batch(*batch))).all()
    case = next(iter(TASK.data.cases(settings)))
    counts = case.inputs[None]
    frames = np.asarray(TASK.training.serving_model(settings, model)(counts)["frames"])
    assert frames.shape == (1, 24, 64, 64)
    assert frames.min() >= 0
    assert frames.max() <= 1023


def test_a_learnt_flow_trains_on_frames_moved_by_known_flows(frame_settings):
    settings = dataclasses.replace(frame_settings, network="perceiver")
    splits = TASK.data.splits(settings)
    pair, targets, weights = splits.validation.fetch(tf.constant(0, tf.int64))
    first, second = pair.numpy()
    flow, inside = targets["flow"].numpy(), weights["flow"].numpy() > 0
    rows, columns = np.mgrid[:128, :128] - np.moveaxis(flow, -1, 0)
    came = ndimage.map_coordinates(first, (rows, columns), order=1)
    off, still = (np.abs(each - second)[inside].mean() for each in (came, first))
    assert off < 0.1 * still  # interpolated twice
    assert np.abs(np.diff(flow, axis=0)).max() < 0.5
    served = TASK.training.serving_model(settings, TASK.training.build(settings))
    assert tuple(served.output["frames"].shape) == (None, 24, 64, 64)


def test_a_flow_that_was_learnt_alone_is_taken_over_by_name():
    alone = named_weights(NETWORKS["perceiver"].build(Settings(network="perceiver")))
    unet = NETWORKS["flow_unet"].build(Settings(network="flow_unet", flow="perceiver"))
    both = named_weights(unet)
    assert {name: both[name].shape for name in alone} == {
        name: weight.shape for name, weight in alone.items()
    }


def test_known_flows_differ_by_window_epoch_and_seed_and_are_drawn_alike_again(frame_settings):
    settings = dataclasses.replace(frame_settings, network="perceiver")
    splits = TASK.data.splits(settings)

    def flow(*key):
        return splits.train.draw(*(tf.constant(each, tf.int64) for each in key))[1]["flow"].numpy()

    first = flow(0, 0, 0)
    np.testing.assert_array_equal(first, flow(0, 0, 0))
    others = [flow(*key) for key in ((1, 0, 0), (0, 1, 0), (0, 0, 1))]
    others.append(splits.validation.fetch(tf.constant(0, tf.int64))[1]["flow"].numpy())
    assert all(np.abs(other - first).max() > 0.01 for other in others)


def test_the_real_sequence_is_twelve_in_and_twelve_or_thirteen_out(real_data):
    settings = Settings(data=str(real_data / "hrv"))
    cases = TASK.data.cases(settings)
    known = {case.context.known.sum() for case in cases}
    assert known == {12, 13}
    assert "25 frames, 2020-04-01T12:00:00" in cases.source
    assert len({case.name for case in cases}) == len(cases)
