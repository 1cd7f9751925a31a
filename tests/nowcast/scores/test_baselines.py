import numpy as np
import pytest

from seaice_tf.grids.windows import Window
from seaice_tf.nowcast.data import advection, frames, layout, optical_flow, synthetic
from seaice_tf.nowcast.scores import baselines, frame_scores
from seaice_tf.nowcast.scores.baselines import BASELINES


def score(truth, pred, known):
    return frame_scores.mean_scores([frame_scores.of_window(truth, pred, known)])["ms_ssim"]


@pytest.fixture(scope="module")
def case():
    return layout.split(synthetic.sequence(1, synthetic.times(36), (128, 128)))


@pytest.fixture(scope="module")
def preds(case):
    past, _, _ = case
    return {name: baseline(past) for name, baseline in BASELINES.items()}


def test_all_give_the_centre_of_24_frames(preds):
    for name, pred in preds.items():
        assert (pred.shape, pred.dtype) == ((24, 64, 64), np.float32), name
        assert np.isfinite(pred).all(), name


def test_persistence_and_mean_stand_still(case):
    past, _, _ = case
    assert (baselines.persistence(past) == past[-1, 32:96, 32:96]).all()
    expected = past.mean(axis=0)[32:96, 32:96]
    assert np.abs(baselines.mean(past) - expected).max() < 0.01


def test_flow_follows_clouds_that_move():
    """A pattern that moves down a row per frame is one row further in the first frame."""
    rows, columns = np.indices((128, 128)) / 8
    frames = np.stack([np.sin(rows - step / 8) + np.sin(columns) for step in range(36)])
    past, truth, _ = layout.split((400 + 150 * frames).astype(np.int16))
    found = baselines.flow(past)
    for lead in (0, 5):
        still = np.abs(past[-1, 32:96, 32:96] - truth[lead]).mean()
        assert np.abs(found[lead] - truth[lead]).mean() < 0.2 * still


def test_windows_share_the_flow_of_their_pairs():
    frames = np.random.default_rng(2).integers(0, 1024, (14, 128, 128)).astype(np.uint16)
    asked = []

    def method(earlier, later):
        asked.append(None)
        return np.stack([earlier, later], axis=-1).astype(np.float32) / 1024

    for first in range(3):  # each window has three of its four pairs from the one before
        past = frames[first : first + 12]
        motion = optical_flow.mean_flow(past, method, baselines.PAIRS)
        del asked[:]
        found = baselines.flow(past, method)
        assert len(asked) == (4 if first == 0 else 1)
        expected = advection.extrapolate(past[-1], motion)[:, 32:96, 32:96]
        np.testing.assert_array_equal(found, expected)


def test_on_synthetic_clouds_flow_beats_persistence_and_blur_helps(case, preds):
    _, truth, known = case
    known = known & (np.arange(24) < 12)
    values = {name: score(truth, pred, known) for name, pred in preds.items()}
    assert values["persistence"] < values["flow"] < values["flow_blurred"]
    assert values["persistence"] < values["flow_tv_l1"]


def test_on_real_clouds_too(real_data):
    """A window of the real sequence."""
    found = frames.read(frames.find(real_data / "hrv")[0])
    past, truth, known = layout.split(found.read(0, 24, Window(300, 200, 128, 128)))
    still, flow = (score(truth, BASELINES[name](past), known) for name in ("persistence", "flow"))
    assert still + 0.05 < flow
