"""What the nowcast does beyond what every task must."""

import dataclasses
from functools import partial

import numpy as np
import pytest
from PIL import Image

from seaice_tf import pipeline
from seaice_tf.errors import InputError
from seaice_tf.networks.weights import named_weights
from seaice_tf.nowcast.cases import FrameOptions
from seaice_tf.nowcast.networks.perceiver import FLOW_SOURCES, flow_perceiver
from seaice_tf.nowcast.settings import CnnCnn, ConvLSTM, Flow, FlowUNet, Perceiver, Settings
from seaice_tf.nowcast.task import TASK
from seaice_tf.nowcast.training import NETWORKS
from tests.nowcast.data.test_variables import write as write_netcdf
from tests.nowcast.test_examples import BAD, altered


def test_two_images_give_their_flow(frame_settings, tmp_path):
    rng = np.random.default_rng(0)
    coarse = rng.integers(0, 255, (14, 14)).astype(np.uint8)
    scene = np.asarray(Image.fromarray(coarse).resize((112, 112), Image.Resampling.BICUBIC))
    names = []
    for i, (top, left) in enumerate([(8, 8), (6, 9)]):  # motion of 2 down, 1 to the left
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


@pytest.mark.parametrize(
    ("lost", "first", "end"),  # numbers of frames from the end
    [([-6], -5, 0), ([-6, -9], -5, 0), ([-1], -13, -1), ([-1, -2, -7], -6, -2)],
)
@pytest.mark.parametrize("how", ["unknown", "absent"])
def test_a_frame_without_known_pixels_is_a_gap(
    frame_folder, frame_settings, tmp_path, caplog, how, lost, first, end
):
    def without_frames(content):
        if how == "absent":
            kept = np.setdiff1d(np.arange(len(content["data"])), np.array(lost) % 16)
            return {"data": content["data"][kept], "time": content["time"][kept]}
        data = content["data"].astype(np.float32)
        data[lost] = np.nan
        return {"data": data, "time": content["time"]}

    path = altered(frame_folder, tmp_path / "bad.npz", without_frames)
    with np.load(next(frame_folder.glob("*.npz"))) as whole:
        times, data = whole["time"], whole["data"]
    (case,) = TASK.data.future(dataclasses.replace(frame_settings, data=path))
    np.testing.assert_array_equal(case.inputs, data[16 + first : 16 + end])
    assert str(case.context.last) == str(times[15 + end]).rstrip("Z")[:19]
    if how == "unknown":
        named = str(times[max(n for n in lost if n < end)] if min(lost) < first else times[-1])
        assert f"frame of {named.rstrip('Z')[:19]}: no pixel is known; it is tak" in caplog.text
    if end - first < 12:
        assert f"bad.npz: {end - first} frames are used, those after the gap" in caplog.text


def test_of_too_few_frames_after_a_gap_the_way_out_is_an_earlier_time(
    frame_folder, frame_settings, tmp_path
):
    kept = [*range(14), 15]
    path = altered(
        frame_folder, tmp_path / "gap.npz", lambda c: {n: c[n][kept] for n in ("time", "data")}
    )
    with pytest.raises(InputError, match=r"got 1 up to .*, or --at a time before the gap$"):
        list(TASK.data.future(dataclasses.replace(frame_settings, data=path)))


def test_the_frame_of_a_time_that_cannot_be_used_is_named(frame_folder, frame_settings, tmp_path):
    def without_frame(content):
        data = content["data"].astype(np.float32)
        data[-3] = np.nan
        return {**content, "data": data}

    path = altered(frame_folder, tmp_path / "bad.npz", without_frame)
    with np.load(path) as file:
        time = str(file["time"][-3])[:19]
    settings = dataclasses.replace(frame_settings, data=path)
    (make,) = TASK.data.future(settings, FrameOptions(at=time)).make
    with pytest.raises(InputError, match=f"bad.npz: frame of {time}: expected known pixels"):
        make()


ALIKE = {
    "night": lambda c: {**c, "data": 10 + c["data"] % 3},
    "beyond 10 bits": lambda c: {**c, "data": c["data"] * 0 + 5000},
    "not a number": lambda c: {**c, "data": c["data"] * np.float32("nan")},
    "fractions": lambda c: {**c, "data": c["data"] / np.float32(1023)},
    "kelvin": lambda c: {**c, "data": 200 + c["data"] / np.float32(10)},
    "no times": lambda c: {"data": c["data"]},
    "not frames": lambda c: {**c, "data": c["data"][0]},
}


@pytest.mark.parametrize("name", ALIKE)
def test_every_verb_says_the_same_of_a_bad_sequence(
    name, frame_folder, frame_settings, tmp_path, capsys
):
    path = altered(frame_folder, tmp_path / "bad.npz", ALIKE[name])
    settings = dataclasses.replace(frame_settings, data=path)
    said = [TASK.data.doctor(settings, None)[0]]
    for verb in (TASK.data.cases, TASK.data.future):
        with pytest.raises(InputError) as error:
            list(verb(settings))
        said.append(str(error.value))
    assert {text[text.index("expected") :] for text in said} == {
        said[0][said[0].index("expected") :]
    }
    assert all("bad.npz: " in text and "; " in text for text in said)


def test_too_short_a_sequence_is_the_same_problem_of_doctor_and_predict(
    frame_folder, frame_settings, tmp_path, capsys
):
    path = altered(
        frame_folder, tmp_path / "a.npz", lambda c: {"time": c["time"][:3], "data": c["data"][:3]}
    )
    settings = dataclasses.replace(frame_settings, data=path)
    (problem,) = TASK.data.doctor(settings, None)
    with pytest.raises(InputError) as error:
        list(TASK.data.future(settings))
    assert problem == str(error.value)


def test_dark_windows_in_another_unit_are_no_night(frame_settings):
    dark = dataclasses.replace(frame_settings, value_range=(0.0, 30000.0))
    case = next(iter(TASK.data.cases(dark)))
    assert case.inputs.mean() < 40


def test_the_doctor_reports_gaps(frame_folder, tmp_path, capsys):
    path = altered(frame_folder, tmp_path / "gap.npz", BAD["a gap"])
    problems = TASK.data.doctor(Settings(data=path), tmp_path)
    assert any("gap" in problem for problem in problems)
    assert "15 frames of 128 x 384" in capsys.readouterr().out
    assert (tmp_path / "means.png").stat().st_size > 0


@pytest.mark.parametrize(
    ("network", "changes"),
    [
        (FlowUNet((2, 3), 2, 0, batch_statistics=True, blur="output"), {}),
        (FlowUNet((2, 3), 2, 0, flow_source="perceiver"), {}),
        (CnnCnn(residual_to="persistence", decoder_filters=(2, 3, 3, 4), last_kernel=1), {}),
        (ConvLSTM((2, 3), residual_to="none", blur="none"), {}),
        (Flow(), {"tta": "flips"}),
    ],
)
def test_networks_of_the_settings_take_a_step_and_serve_whole_windows(
    network, changes, frame_settings, monkeypatch
):
    tiny = partial(flow_perceiver, latents=2, width=4, blocks=1, heads=1, bands=2)
    monkeypatch.setitem(FLOW_SOURCES, "perceiver", tiny)
    settings = dataclasses.replace(frame_settings, network=network, **changes)
    model = TASK.training.build(settings)
    model.run_eagerly = True  # one step is faster than its graph
    batch = next(iter(pipeline.in_order(TASK.data.splits(settings).validation, 2)))
    assert np.isfinite(np.ravel(model.train_on_batch(*batch))).all()
    case = next(iter(TASK.data.cases(settings)))
    counts = case.inputs[None]
    frames = np.asarray(TASK.training.serving_model(settings, model)(counts)["frames"])
    assert frames.shape == (1, 24, 64, 64)
    assert frames.min() >= 0
    assert frames.max() <= 1023


def test_a_trained_flow_is_transferred_by_name():
    alone = named_weights(NETWORKS["perceiver"].build(Perceiver()))
    unet = NETWORKS["flow_unet"].build(FlowUNet(flow_source="perceiver"))
    both = named_weights(unet)
    assert {name: both[name].shape for name in alone} == {
        name: weight.shape for name, weight in alone.items()
    }


def test_the_real_sequence_is_twelve_in_and_twelve_or_thirteen_out(real_data):
    settings = Settings(data=str(real_data / "hrv"))
    cases = TASK.data.cases(settings)
    known = {case.context.known.sum() for case in cases}
    assert known == {12, 13}
    assert "25 frames, 2020-04-01T12:00:00" in cases.source
    assert len({case.name for case in cases}) == len(cases)


def test_sequences_of_one_folder_have_names_of_their_own(frame_folder, frame_settings, tmp_path):
    for name in ("msg.a", "msg.b"):
        altered(frame_folder, tmp_path / f"{name}.npz", lambda content: content)
    cases = TASK.data.future(dataclasses.replace(frame_settings, data=str(tmp_path)))
    assert [case.name[:6] for case in cases] == ["msg.a_", "msg.b_"]


def test_windows_of_several_sequences_have_names_of_their_own(
    frame_folder, frame_settings, tmp_path
):
    for name in ("msg.a", "msg.b"):
        altered(frame_folder, tmp_path / f"{name}.npz", lambda content: content)
    names = [
        case.name
        for case in TASK.data.cases(dataclasses.replace(frame_settings, data=str(tmp_path)))
    ]
    assert len(set(names)) == len(names)
    assert {name[:6] for name in names} == {"msg.a_", "msg.b_"}


@pytest.mark.parametrize(("scale", "unit"), [(10.0, "K"), (1000.0, "W m-2")])
def test_a_forecast_from_a_time_knows_nothing_of_later_frames(tmp_path, scale, unit):
    rng = np.random.default_rng(0)
    values = (200 + scale * rng.random((12, 130, 140))).astype(np.float32)
    values[8:] += 20 * scale  # a storm that comes later
    image = (("time", "y", "x"), values, {"units": unit})
    write_netcdf(tmp_path / "all.nc", image=image)
    write_netcdf(tmp_path / "cut.nc", image=(image[0], values[:8], {"units": unit}))
    (late,) = TASK.data.future(
        Settings(data=str(tmp_path / "all.nc")), FrameOptions("2020-04-01T12:35")
    )
    (cut,) = TASK.data.future(Settings(data=str(tmp_path / "cut.nc")))
    assert late.context.image.limits == cut.context.image.limits
    np.testing.assert_array_equal(late.inputs, cut.inputs)
    assert late.context.last == cut.context.last
    assert late.context.known.sum() == 4


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    "at", ["noon", "2020-04-01", "202004011240", "2020-04-01T12:40+01:00", "2020-13-01T12:40"]
)
def test_other_times_are_refused_in_one_sentence(at):
    with pytest.raises(InputError, match=r"^at: expected a time in UTC such as .*, got "):
        FrameOptions(at=at)
