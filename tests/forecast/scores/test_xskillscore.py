"""Scores of forecasts against those of xskillscore, which climpred brings along."""

import numpy as np
import pytest

from seaice_tf.forecast.data.counts import EDGE
from seaice_tf.forecast.scores import hindcasts, ice_edge, period, probability

xs = pytest.importorskip("xskillscore")
xr = pytest.importorskip("xarray")

SHAPE = (7, 9)
MEMBERS = 11


@pytest.fixture(scope="module")
def drawn():
    """Observed counts, a forecast with its members, and areas, as arrays by name."""
    rng = np.random.default_rng(0)
    true = rng.integers(0, 251, SHAPE).astype(np.uint8)
    members = np.clip(true / 250 + rng.normal(0, 0.2, (MEMBERS, *SHAPE)), 0, 1)
    return {
        "true": true,
        "members": members,
        "mean": members.mean(axis=0),
        "probability": probability.probability_of_ice(members),
        "climatology": rng.random(SHAPE),
        "area": rng.uniform(400, 650, SHAPE),
    }


def cells(field):
    return xr.DataArray(field, dims=("y", "x"))


def of_members(field):
    return xr.DataArray(field, dims=("member", "y", "x"))


@pytest.fixture(scope="module")
def pooled(drawn):
    """Scores by area of `hindcasts`, with the CRPS of the members."""
    target = hindcasts.Target(
        *(np.datetime64("2005-03"), 2, drawn["true"], drawn["climatology"]),
        *(np.ones(SHAPE, bool), drawn["area"]),
    )
    crps = period.distribution_crps(drawn["true"][None], [drawn["members"]])[0]
    forecast = hindcasts.Forecast(
        drawn["mean"], drawn["probability"], drawn["members"].std(axis=0), crps
    )
    return hindcasts.pooled([(target, forecast)])


def test_pooled_errors(drawn, pooled):
    maps = cells(drawn["true"] / 250), cells(drawn["mean"])
    area = cells(drawn["area"])
    assert pooled["rmse"] == pytest.approx(100 * xs.rmse(*maps, weights=area).item())
    assert pooled["mae"] == pytest.approx(100 * xs.mae(*maps, weights=area).item())


def test_pooled_brier_score(drawn, pooled):
    ice = cells(drawn["true"] / 250 >= EDGE)
    likely, area = cells(drawn["probability"]), cells(drawn["area"])
    assert pooled["brier"] == pytest.approx(xs.brier_score(ice, likely, weights=area).item())


def test_pooled_crps(drawn, pooled):
    true, area = cells(drawn["true"] / 250), cells(drawn["area"])
    expected = xs.crps_ensemble(true, of_members(drawn["members"]), weights=area).item()
    assert pooled["crps"] == pytest.approx(100 * expected, rel=1e-5)  # of float32


def test_pooled_anomaly_correlation(drawn, pooled):
    """Anomalies are not centred again: with their mirror images their mean is 0."""

    def mirrored(field):
        anomaly = cells(field - drawn["climatology"])
        return xr.concat([anomaly, -anomaly], "sign")

    area = xr.concat([cells(drawn["area"])] * 2, "sign")
    expected = xs.pearson_r(mirrored(drawn["true"] / 250), mirrored(drawn["mean"]), weights=area)
    assert pooled["anomaly_correlation"] == pytest.approx(expected.item())


def test_scores_of_one_month(drawn):
    true, usual = drawn["true"] / 250, drawn["climatology"]
    own = ice_edge.month_scores(true, drawn["mean"], usual, np.ones(SHAPE, bool), drawn["area"])
    maps = cells(true), cells(drawn["mean"])
    assert own["rmse"] == pytest.approx(100 * xs.rmse(*maps).item())
    expected = xs.pearson_r(cells(true - usual), cells(drawn["mean"] - usual)).item()
    assert own["anomaly_correlation"] == pytest.approx(expected)


def test_brier_and_reliability(drawn):
    true = drawn["true"] / 250
    own = probability.brier(true, drawn["probability"])
    ice, likely = cells(true >= EDGE), cells(drawn["probability"])
    assert own.scores()["brier"] == pytest.approx(xs.brier_score(ice, likely).item())
    threshold = xs.threshold_brier_score(cells(true), of_members(drawn["members"]), EDGE)
    assert own.scores()["brier"] == pytest.approx(threshold.item())
    # Bins of xskillscore hold their upper ends, ours their lower ones: probabilities between.
    inside = np.random.default_rng(1).uniform(0, 1, SHAPE)
    table = probability.brier(true, inside).reliability
    expected = xs.reliability(
        ice, cells(inside), probability_bin_edges=probability.PROBABILITY_BINS
    )
    np.testing.assert_allclose(table.means()[1], expected)
    np.testing.assert_array_equal(table.count, expected["samples"])


def test_crps_of_members(drawn):
    true, members = cells(drawn["true"] / 250), of_members(drawn["members"])
    own = probability.crps(true.values, members.values)
    np.testing.assert_allclose(own, xs.crps_ensemble(true, members, dim=[]), atol=1e-12)
    weighted = probability.ensemble(true.values, members.values, drawn["area"]).scores()["crps"]
    expected = xs.crps_ensemble(true, members, weights=cells(drawn["area"])).item()
    assert weighted == pytest.approx(100 * expected)


def test_crps_of_a_normal_far_from_its_limits():
    mean = np.linspace(0.4, 0.6, 12)
    true, deviation = mean + np.linspace(-0.1, 0.1, 12), np.linspace(0.01, 0.04, 12)
    arrays = (xr.DataArray(each, dims="x") for each in (true, mean, deviation))
    expected = xs.crps_gaussian(*arrays, dim=[])
    own = probability.crps_normal(true, mean, deviation)
    np.testing.assert_allclose(own, expected, atol=1e-9)


def test_crps_from_quantiles_is_that_of_the_distribution():
    """Of 200 quantiles of a normal distribution, as the members of `members.levels`."""
    scipy_stats = pytest.importorskip("scipy.stats")
    levels = (np.arange(200) + 0.5) / 200
    true = np.array([[0.45, 0.5, 0.62]])
    quantiles = scipy_stats.norm(0.5, 0.05).ppf(levels)[:, None, None] * np.ones_like(true)
    counts = (true * 250).round().astype(np.uint8)
    own = period.distribution_crps(counts[None], [quantiles])[0]
    expected = xs.crps_gaussian(cells(counts / 250), 0.5, 0.05, dim=[])
    np.testing.assert_allclose(own, expected, rtol=2e-3)
