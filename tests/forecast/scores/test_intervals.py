"""Intervals of a constructed case, whose spread over the years is known."""

import numpy as np
import pytest
from rich.console import Console

from seaice_tf.forecast.scores import hindcasts
from seaice_tf.forecast.scores.hindcasts import Forecast, Target
from seaice_tf.forecast.scores.intervals import intervals
from seaice_tf.runs import evaluate

YEARS = 40
SHAPE = (1, 2)
SPREAD = 0.02  # of the error between years, fraction


def pairs(inits, factor=1.0):
    """Forecasts from some months of each year, with one error a year, times a factor."""
    errors = np.random.default_rng(1).normal(0.2, SPREAD, YEARS)
    true = np.full(SHAPE, 125, np.uint8)
    for year, error in enumerate(errors):
        for init in np.datetime64("1950-01") + 12 * year + np.arange(inits):
            target = Target(init, 1, true, np.zeros(SHAPE), np.ones(SHAPE, bool), np.ones(SHAPE))
            yield target, Forecast.certain(np.full(SHAPE, 0.5 + factor * error))


def found(inits):
    scores = hindcasts.pooled(pairs(inits))
    return scores, intervals(scores, {"twice": hindcasts.pooled(pairs(inits, 2))})


def test_the_interval_is_that_of_the_mean_over_years():
    scores, found_intervals = found(inits=1)
    low, high = found_intervals["scores"]["crps"]  # of a certain forecast, its absolute error
    assert found_intervals["blocks"] == YEARS
    assert low < scores["crps"] < high
    expected = 2 * 1.96 * 100 * SPREAD / YEARS**0.5
    assert high - low == pytest.approx(expected, rel=0.25)
    assert found_intervals["scores"]["rmse"][0] < scores["rmse"]


def test_a_year_is_a_block_however_many_inits_it_has():
    """As single cases twelve alike inits a year would make it narrower by the root of twelve."""
    _, once = found(inits=1)
    _, monthly = found(inits=12)
    for score in ("rmse", "crps", "brier", "iiee"):
        assert monthly["scores"][score] == pytest.approx(once["scores"][score])


def test_a_ratio_is_of_the_same_years():
    _, found_intervals = found(inits=2)
    assert found_intervals["ratios"]["twice"]["rmse"] == pytest.approx([0.5, 0.5, 0.5])


def test_one_year_has_no_interval():
    scores = hindcasts.pooled(list(pairs(3))[:3])
    assert intervals(scores, {}) == {}


def test_they_are_printed():
    scores = {"rmse": 12.0, "iiee": 1.0}
    result = {
        "task": "forecast",
        "run": "A",
        "data": "a record",
        "n": 9,
        "primary": "rmse",
        "lower_is_better": True,
        "scores": scores,
        "baselines": {"climate": {"rmse": 24.0, "iiee": 2.0}},
        "best_baseline": "climate",
        "skill": 0.5,
        "intervals": {
            "level": 0.95,
            "blocks": 30,
            "scores": {"rmse": [11.0, 13.0]},
            "ratios": {"climate": {"rmse": [0.5, 0.4, 0.6]}},
        },
    }
    console = Console(width=120, record=True)
    evaluate.show(result, console=console)
    text = console.export_text()
    assert "95% intervals by 30 years" in text
    assert "12.000 [11.000, 13.000]" in text
    assert "0.500 [0.400, 0.600]" in text
