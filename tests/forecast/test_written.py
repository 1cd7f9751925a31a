"""What `evaluate` scores is what `predict` writes: contest.csv, and the quantiles."""

import csv

import numpy as np
import pytest

from seaice_tf.files import maps
from seaice_tf.forecast.cases import EvaluateOptions
from seaice_tf.forecast.members import levels
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


def test_the_crps_is_that_of_the_quantiles(distribution_settings):
    """Every cell forecast with the same quantiles, against the definition by pairs of them."""
    options = EvaluateOptions("2011-03", "2011-03", init_frequency="monthly")
    (case,) = TASK.data.cases(distribution_settings, options)
    assert len(case.inputs[0]) % 12 == 0

    def serve(batch, endpoint):
        levels = batch[2]
        assert endpoint == "quantiles"
        flat = np.ones((1, 12, *case.truth.shape[1:]), np.float32)
        shape = (1, len(levels), *flat.shape[1:])
        quantiles = np.broadcast_to((levels**2).reshape(1, -1, 1, 1, 1), shape)
        maps = {"concentration": 0.4 * flat, "probability": 0.6 * flat, "spread": 0.1 * flat}
        return {**maps, "quantiles": quantiles}

    found = TASK.verification.score([(case, case.pieces(serve))], options)
    members = levels(20) ** 2
    truth = case.truth[0] / 250
    own = case.context.past[(len(case.context.past)) % 12 :: 12]
    icy = (((own >= 37.5) & (own <= 250)).any(axis=0)) & (case.truth[0] <= 250)
    area = case.context.grid.cell_area()[icy]
    near = np.abs(members[:, None] - truth[icy]).mean(axis=0)
    crps = near - np.abs(members[:, None] - members).mean() / 2
    assert found["crps"] == pytest.approx(100 * np.average(crps, weights=area), rel=1e-5)
