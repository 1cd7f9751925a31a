"""The nowcast on the files of ClimateHack.AI, and with its evaluator."""

import dataclasses

import numpy as np
import pytest

from seaice_tf.errors import InputError
from seaice_tf.nowcast import climatehack_evaluator as evaluator
from seaice_tf.nowcast.data import climatehack, synthetic
from seaice_tf.nowcast.data.layout import CENTRE
from seaice_tf.nowcast.products import outputs
from seaice_tf.nowcast.task import TASK, EvaluateOptions
from seaice_tf.nowcast.verification import BASELINES
from seaice_tf.runs import predict


@pytest.fixture(scope="module")
def competition(tmp_path_factory):
    folder = tmp_path_factory.mktemp("climatehack")
    synthetic.write_climatehack(folder, 2, seed=3, later=12)
    return folder


def still(case):
    """A forecast that needs no network."""
    return {
        "frames": BASELINES["persistence"](case)["frames"],
        "flow": np.zeros((128, 128, 2), np.float32),
    }


def test_features_are_scored_by_targets(competition, frame_settings):
    settings = dataclasses.replace(frame_settings, data=str(competition))
    cases = TASK.data.cases(settings)
    assert len(cases) == 2
    case = next(iter(cases))
    assert case.context.known.sum() == 12
    scores = TASK.verification.score(
        [(case, {"frames": case.truth})], EvaluateOptions(by=("lead",))
    )
    assert scores["ms_ssim"] == pytest.approx(1)
    leads = [name for name in scores if name.endswith("/ms_ssim")]
    assert leads == [f"lead_{lead:02d}/ms_ssim" for lead in range(1, 13)]


def test_a_forecast_of_features_is_predictions_npz(
    competition, frame_settings, tmp_path, monkeypatch
):
    monkeypatch.setattr(outputs, "DRAWN", 0)  # drawing takes seconds
    for path in (competition, competition / "features.npz"):
        settings = dataclasses.replace(frame_settings, data=str(path))
        cases = TASK.data.future(settings)
        assert [case.truth for case in cases] == [None, None]
    pairs = [(case, still(case)) for case in cases]
    written = TASK.products.write(pairs, tmp_path, "still")
    assert {"predictions.npz", "nowcast.nc"} <= {path.name for path in written}
    with np.load(tmp_path / "predictions.npz", allow_pickle=False) as file:
        expected = np.stack([fields["frames"] for _, fields in pairs])
        np.testing.assert_array_equal(file["data"], expected)


def test_features_of_another_number_of_frames_are_refused(frame_settings, tmp_path):
    few = [np.full((9, 128, 128), 300, np.int16)]
    path = climatehack.write(tmp_path / "features.npz", 1, few)
    settings = dataclasses.replace(frame_settings, data=str(path))
    with pytest.raises(InputError, match="expected 12 frames in each window, got 9"):
        TASK.data.future(settings)


@pytest.mark.parametrize("bad", [0, 51, np.nan])
def test_one_bad_window_among_others_is_named_and_the_others_are_forecast(
    frame_settings, tmp_path, bad, monkeypatch
):
    monkeypatch.setattr(outputs, "DRAWN", 0)
    past = np.random.default_rng(0).uniform(200, 600, (3, 12, 128, 128)).astype(np.float32)
    past[1] = bad  # night, in counts that begin at 0 and in raw ones, or NaN
    np.savez(tmp_path / "features.npz", data=past)
    settings = dataclasses.replace(frame_settings, data=str(tmp_path / "features.npz"))
    cases = TASK.data.future(settings)
    (left_out,) = predict.predict(TASK, cases, still, "still", tmp_path / "out").left_out
    assert "features.npz: window 1" in left_out
    with np.load(tmp_path / "out" / "predictions.npz", allow_pickle=False) as file:
        assert np.isnan(file["data"][1]).all()
        np.testing.assert_array_equal(file["data"][[0, 2], 0], past[[0, 2], -1, CENTRE, CENTRE])
    with pytest.raises(InputError, match=r"features\.npz: window 1"):
        predict.predict(TASK, cases, still, "still", tmp_path / "strict", strict=True)
    assert not list((tmp_path / "strict").glob("*"))


def test_the_evaluator_is_answered_file_by_file(competition, tmp_path):
    replies = []
    lines = ["Process features.npz\n", "Process features.npz\n"]
    evaluator.answer(still, lines, competition, tmp_path / "out", replies.append)
    assert replies == ["STARTUP", "Exported features.npz", "Exported features.npz"]
    with np.load(tmp_path / "out" / "features.npz", allow_pickle=False) as file:
        predictions = file["data"]
    with np.load(competition / "features.npz", allow_pickle=False) as file:
        last = file["data"][:, -1, CENTRE, CENTRE]
    assert predictions.shape == (2, 24, 64, 64)
    np.testing.assert_array_equal(predictions[:, 23], last)


@pytest.mark.parametrize("line", ["Remove features.npz\n", "Process ../features.npz\n", "\n"])
def test_other_requests_are_refused(competition, tmp_path, line):
    with pytest.raises(InputError, match="standard input: expected 'Process '"):
        evaluator.answer(still, [line], competition, tmp_path, lambda line: None)
