"""What `evaluate` scores is what `predict` writes: contest.csv by the published rule."""

import csv

import numpy as np
import pytest

from seaice_tf.files import maps
from seaice_tf.forecast.cases import EvaluateOptions
from seaice_tf.forecast.task import TASK


def published(path, truth):
    """Score, MAE and F1 of the Dacon contest, from the rows of the submission."""
    with path.open() as file:
        rows = list(csv.reader(file))[1:]
    pred = np.array([row[1:] for row in rows], float)[: len(truth)]
    true = truth.reshape(len(truth), -1).astype(float)
    pred[true > 250] = 0
    true[true > 250] = 0
    mae = np.abs(true - pred).mean()
    band = (true > 12.5) & (true < 125)
    ice, found = true[band] >= 37.5, pred[band] >= 37.5
    f1 = 2 * (ice & found).sum() / (ice.sum() + found.sum())
    return mae / (f1 + 1e-8), mae, f1


def test_evaluate_gives_what_the_published_rule_gives_the_submission(
    unet_settings, tmp_path, monkeypatch
):
    for name in ("write", "write_gif", "write_pixels", "figure", "pixels"):
        monkeypatch.setattr(maps, name, lambda path, *_, **__: path)
    (case,) = TASK.data.cases(unet_settings, EvaluateOptions("2011-01", "2011-12"))
    ice = TASK.verification.baselines["seasonal_persistence"](case)["concentration"]
    noise = np.random.default_rng(0).normal(0, 0.1, ice.shape)  # also where there is land
    fields = {"concentration": np.clip(ice + noise, 0, 1).astype(np.float32)}
    TASK.products.write([(case, fields)], tmp_path, "tiny")
    found = TASK.verification.score([(case, fields)])
    score, mae, f1 = published(tmp_path / "contest.csv", case.truth)
    assert found["contest_f1"] == pytest.approx(f1, abs=1e-12)
    # The counts of the submission are rounded down to two decimals.
    assert found["contest_mae"] == pytest.approx(mae, abs=0.01)
    assert found["contest_score"] == pytest.approx(score, abs=0.01 / f1)
