import numpy as np
import pytest

from seaice_tf import baselines_nowcast
from seaice_tf.baselines_nowcast import BASELINES
from seaice_tf.readers import frames
from seaice_tf.scores import nowcast as scores
from seaice_tf.transforms import nowcast, synthetic_frames
from seaice_tf.transforms.windows import Window


@pytest.fixture(scope="module")
def case():
    return nowcast.split(synthetic_frames.sequence(1, synthetic_frames.times(36), (128, 128)))


def test_all_give_the_centre_of_24_frames(case):
    past, _, _ = case
    for name, baseline in BASELINES.items():
        pred = baseline(past)
        assert (pred.shape, pred.dtype) == ((24, 64, 64), np.float32), name
        assert np.isfinite(pred).all()


def test_persistence_and_mean_stand_still(case):
    past, _, _ = case
    assert (baselines_nowcast.persistence(past) == past[-1, 32:96, 32:96]).all()
    expected = past.mean(axis=0)[32:96, 32:96]
    assert np.abs(baselines_nowcast.mean(past) - expected).max() < 0.01


def test_flow_follows_clouds_that_move():
    """What goes down a row a frame is one row further in the first frame forecast."""
    rows, columns = np.indices((128, 128)) / 8
    frames = np.stack([np.sin(rows - step / 8) + np.sin(columns) for step in range(36)])
    past, truth, _ = nowcast.split((400 + 150 * frames).astype(np.int16))
    found = baselines_nowcast.flow(past)
    for lead in (0, 5):
        still = np.abs(past[-1, 32:96, 32:96] - truth[lead]).mean()
        assert np.abs(found[lead] - truth[lead]).mean() < 0.2 * still


def test_on_made_up_clouds_flow_beats_persistence_and_blur_helps(case):
    past, truth, known = case
    known = known & (np.arange(24) < 12)
    chosen = ("persistence", "flow", "flow_blurred")
    values = {
        name: scores.scores([scores.of_window(truth, BASELINES[name](past), known)])["ms_ssim"]
        for name in chosen
    }
    assert values["persistence"] < values["flow"] < values["flow_blurred"]


def test_on_real_clouds_too(real_data):
    """Two windows of the real sequence."""
    found = frames.read(frames.find(real_data / "hrv")[0])
    leads: dict[str, list] = {"persistence": [], "flow": [], "flow_blurred": []}
    for top, left in ((300, 200), (500, 600)):
        past, truth, known = nowcast.split(found.read(0, 24, Window(top, left, 128, 128)))
        for name, each in leads.items():
            each.append(scores.of_window(truth, BASELINES[name](past), known))
    values = {name: scores.scores(each)["ms_ssim"] for name, each in leads.items()}
    assert values["persistence"] + 0.05 < values["flow"] < values["flow_blurred"]
