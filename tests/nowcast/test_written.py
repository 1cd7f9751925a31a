"""What `evaluate` scores is what `predict` writes: predictions.npz by the published rule."""

import dataclasses

import netCDF4
import numpy as np
import pytest
import tensorflow as tf

from seaice_tf.nowcast.data import synthetic
from seaice_tf.nowcast.data.layout import CENTRE
from seaice_tf.nowcast.products import outputs
from seaice_tf.nowcast.task import TASK


def too_bright(case):
    """Frames of which a part exceeds the range of counts."""
    last = case.context.past[-1, CENTRE, CENTRE].astype(np.float32)
    growth = np.linspace(0.5, 4, 24, dtype=np.float32)[:, None, None]
    return {"frames": last * growth - 100, "flow": np.zeros((128, 128, 2), np.float32)}


def published(frames, cases):
    """MS-SSIM as ClimateHack.AI computes it: the frames of a window are the batch."""
    values = []
    for pred, case in zip(frames, cases, strict=True):
        pair = (x[case.context.known][..., None] for x in (case.truth, pred))
        scores = tf.image.ssim_multiscale(
            *(tf.constant(x, tf.float32) for x in pair), 1023.0, filter_size=3
        )
        values.append(scores.numpy().mean())
    return np.mean(values)


def test_evaluate_gives_what_the_published_rule_gives_the_frames(
    frame_settings, tmp_path, monkeypatch
):
    monkeypatch.setattr(outputs, "_draw", lambda *_, **__: [])
    pairs = [(case, too_bright(case)) for case in TASK.data.cases(frame_settings)]
    TASK.products.write(pairs, tmp_path, "tiny")
    with np.load(tmp_path / "predictions.npz") as file:
        frames = file["data"]
    assert frames.max() > 1023
    scored = TASK.verification.score(pairs)["ms_ssim"]
    assert scored == pytest.approx(published(frames, [case for case, _ in pairs]), abs=1e-4)
    with netCDF4.Dataset(tmp_path / "nowcast.nc") as data:
        np.testing.assert_array_equal(data["hrv_counts"][:], np.clip(frames, 0, 1023))


def test_products_of_windows_have_the_step_of_their_frames(frame_settings, tmp_path, monkeypatch):
    time = synthetic.times(16)
    counts = synthetic.sequence(5, time, (128, 384))
    later = time[0] + 3 * (time - time[0])
    np.savez(tmp_path / "slow.npz", data=counts, time=later)
    settings = dataclasses.replace(frame_settings, data=str(tmp_path / "slow.npz"), step=15)
    (first, *_) = TASK.data.cases(settings)
    fields = too_bright(first)
    found = TASK.products.dataset(first, fields, "tiny")
    assert found["lead"].values[[0, -1]].tolist() == [15, 360]
    assert found["flow"].units == "pixels per frame of 15 minutes"
    drawn = []
    for name in ("write_sheet", "animate"):
        monkeypatch.setattr(
            outputs.maps, name, lambda path, *_, minutes, **__: drawn.append(minutes)
        )
    TASK.verification.verify([(first, fields)], tmp_path, "tiny")
    assert drawn == [15, 15]
