"""Intervals of the scores of forecasts from every month, by a bootstrap over years (Künsch 1989).

Forecasts from neighbouring months have nearly the same errors, so that whole years of inits are
resampled, with the same years for the model and its baselines.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from seaice_tf.grids.bootstrap import DRAWS

# Score -> the sum that weighs its years, and the power of it that is a mean over them.
SCORES = {"rmse": ("cells", 2), "iiee": ("maps", 1), "brier": ("cells", 1), "crps": ("cells", 1)}
LEVEL = 0.95

Scores = Mapping[str, float]


def intervals(
    scores: Scores, baselines: Mapping[str, Scores], seed: int = 0, draws: int = DRAWS
) -> dict[str, Any]:
    """Percentile intervals of 95 % of the scores, and of their ratios to each baseline.

    Args:
        scores: of `hindcasts.results`, with those of each year of inits.
        baselines: the same by the baselines' names.
        seed: of the random numbers.
        draws: number of resamples.

    Returns:
        {"level": 0.95, "blocks": number of years, "scores": {"rmse": [low, high], ...},
        "ratios": {baseline: {"rmse": [ratio, low, high], ...}}}; {} for fewer than two years.
    """
    years = sorted({key.split("/")[0] for key in scores if key.startswith("year_")})
    years = [year for year in years if scores[f"{year}/cells"] > 0]
    if len(years) < 2:
        return {}
    rng = np.random.default_rng(seed)
    picked = rng.integers(len(years), size=(draws, len(years)))
    everything = np.arange(len(years))[None]
    found: dict[str, list[float]] = {}
    ratios: dict[str, dict[str, list[float]]] = {name: {} for name in baselines}
    for score in SCORES:
        own = _resampled(scores, years, picked, score)
        found[score] = _bounds(own)
        for name, other in baselines.items():
            if any(f"{year}/{score}" not in other for year in years):
                continue
            both = _resampled(other, years, picked, score)
            whole = [_resampled(each, years, everything, score)[0] for each in (scores, other)]
            with np.errstate(divide="ignore", invalid="ignore"):
                ratios[name][score] = [float(np.divide(*whole)), *_bounds(own / both)]
    return {"level": LEVEL, "blocks": len(years), "scores": found, "ratios": ratios}


def _resampled(scores: Scores, years: list[str], picked: np.ndarray, score: str) -> np.ndarray:
    """A score pooled over the years of each row of `picked`, (draws, years) -> (draws,)."""
    weight, power = SCORES[score]
    weights = np.array([scores[f"{year}/{weight}"] for year in years])
    sums = weights * np.array([scores[f"{year}/{score}"] for year in years]) ** power
    return (sums[picked].sum(axis=1) / weights[picked].sum(axis=1)) ** (1 / power)


def _bounds(values: np.ndarray) -> list[float]:
    return [float(each) for each in np.quantile(values, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])]
