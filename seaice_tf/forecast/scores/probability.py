"""Ensembles and probabilities of sea-ice concentration: their maps and their scores.

Sources: Brier 1950 (Brier score); Murphy 1973 (reliability); Naeini et al. 2015 (expected
calibration error); Gneiting and Raftery 2007, doi:10.1198/016214506000001437 (CRPS); Ferro 2014,
doi:10.1002/qj.2270 (fair CRPS); Fortin et al. 2014, doi:10.1175/JHM-D-14-0008.1 (spread and error).

All weighted means are kept as sums, which can be added over parts of the data. Concentrations are
fractions; NaN in `true` marks cells without an observation, and `weight` broadcasts to its shape,
such as the area of the cells.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy import special

from seaice_tf.forecast.data.counts import EDGE

PROBABILITY_BINS = np.linspace(0, 1, 11)
SPREAD_BINS = np.linspace(0, 0.5, 11)  # 0.5 is the largest deviation a fraction can have


def probability_of_ice(members: np.ndarray) -> np.ndarray:
    """Fraction of the members with at least 15 % ice: (members, ...) -> (...)."""
    return (members >= EDGE).mean(axis=0)


def summary(members: np.ndarray) -> dict[str, np.ndarray]:
    """Maps of an ensemble from its members, fractions (m, ...).

    Returns:
        concentration: (...), the mean.
        spread: (...), the standard deviation with m - 1 degrees of freedom; 0 for one member.
        probability: (...) of ice at 15 % or more.
    """
    deviation = members.std(axis=0, ddof=1) if len(members) > 1 else np.zeros(members.shape[1:])
    return {
        "concentration": members.mean(axis=0),
        "spread": deviation,
        "probability": probability_of_ice(members),
    }


def mixture(
    concentration: np.ndarray, spread: np.ndarray, probability: np.ndarray
) -> dict[str, np.ndarray]:
    """Spread and probability of ice of the mixture of m forecasts with equal weights.

    Args:
        concentration, spread, probability: of each forecast, (m, ...).

    Returns:
        spread: (...); its square is the mean of the variances plus the variance of the means.
        probability: (...) of ice at 15 % or more.
    """
    between = concentration.var(axis=0)
    return {
        "spread": np.sqrt((spread**2).mean(axis=0) + between),
        "probability": probability.mean(axis=0),
    }


def mixture_quantiles(quantiles: Sequence[np.ndarray]) -> np.ndarray:
    """Quantiles of the mixture of m forecasts with equal weights.

    Args:
        quantiles: of each forecast, (L, months, ...), rising along the first axis: at the middles
            of L equal parts of (0, 1), as `members.levels` has them.

    Returns:
        (L, months, ...), at the same levels.

    >>> mixture_quantiles([np.array([[0.1], [0.5]]), np.array([[0.3], [0.9]])]).round(1)
    array([[0.2],
           [0.7]])
    """
    number, result = len(quantiles), np.empty_like(quantiles[0])
    for month in range(result.shape[1]):  # one at a time, for memory
        pooled = np.sort(np.concatenate([each[:, month] for each in quantiles]), axis=0)
        # The level of a part of m values lies on the middle one, or between the two.
        low, high = pooled[(number - 1) // 2 :: number], pooled[number // 2 :: number]
        result[:, month] = (low + high) / 2
    return result


def _add(self, other):
    """Add sums field by field."""
    return type(self)(*(a + b for a, b in zip(vars(self).values(), vars(other).values())))


@dataclass(frozen=True)
class Table:
    """Sums of two quantities in bins of a third: (bins,) each."""

    count: np.ndarray
    weight: np.ndarray
    first: np.ndarray  # weighted sums
    second: np.ndarray

    __add__ = _add

    def means(self) -> tuple[np.ndarray, np.ndarray]:
        """Weighted means of the two quantities in each bin; NaN in a bin without weight."""
        known = np.where(self.weight > 0, self.weight, np.nan)
        return self.first / known, self.second / known


def table(by, edges, first, second, weight) -> Table:
    """Sum vectors in the bins between `edges`; values outside count in the outermost bins.

    >>> entry = table(np.array([0.1, 0.9]), [0, 0.5, 1], np.ones(2), np.array([2, 4]), np.ones(2))
    >>> entry.second
    array([2., 4.])
    """
    bins = len(edges) - 1
    index = np.clip(np.searchsorted(edges, by, side="right") - 1, 0, bins - 1)
    sums = [np.bincount(index, w, bins) for w in (weight, weight * first, weight * second)]
    return Table(np.bincount(index, minlength=bins), *sums)


@dataclass(frozen=True)
class Brier:
    """Sums over months for the scores of the probability of ice at 15 % or more."""

    error: float  # weighted squared error of the forecast
    climate_error: float  # of the climatological probability, NaN without one
    reliability: Table  # probability and frequency of ice, by bins of the probability

    __add__ = _add

    def scores(self) -> dict[str, float]:
        """Brier score, its skill and the calibration error.

        Returns:
            brier: in [0, 1].
            brier_skill: in (-inf, 1], against the climatological probability; NaN without one, or
                if that one is perfect.
            calibration_error: in [0, 1], the mean distance of probability and frequency over bins.

        All are NaN if no cell has an observation.
        """
        total = self.reliability.weight.sum()
        if total == 0:
            return dict.fromkeys(("brier", "brier_skill", "calibration_error"), np.nan)
        perfect = self.climate_error == 0
        gap = np.abs(self.reliability.first - self.reliability.second).sum()
        return {
            "brier": float(self.error / total),
            "brier_skill": np.nan if perfect else float(1 - self.error / self.climate_error),
            "calibration_error": float(gap / total),
        }


def brier(
    true: np.ndarray,
    probability: np.ndarray,
    climate: np.ndarray | None = None,
    weight: np.ndarray | float = 1.0,
    edges: np.ndarray = PROBABILITY_BINS,
) -> Brier:
    """Compare a probability of ice at 15 % or more with observations.

    Args:
        true: (...) fraction, NaN for cells without an observation.
        probability: (...) in [0, 1].
        climate: (...) in [0, 1], the climatological probability, the reference of the skill.
        weight: broadcasts to `true`.
        edges: (bins + 1,) of the reliability table.

    >>> brier(np.array([0.9, 0.0]), np.array([1.0, 0.5])).scores()["brier"]
    0.125
    """
    known = ~np.isnan(true)
    ice = (true[known] >= EDGE).astype(np.float64)
    forecast = probability[known].astype(np.float64)
    area = np.broadcast_to(weight, true.shape)[known].astype(np.float64)
    climatology = np.full(ice.shape, np.nan) if climate is None else climate[known]
    return Brier(
        float((area * (forecast - ice) ** 2).sum()),
        float((area * (climatology - ice) ** 2).sum()),
        table(forecast, edges, forecast, ice, area),
    )


@dataclass(frozen=True)
class Ensemble:
    """Sums over months for the scores of an ensemble."""

    crps: float  # weighted sums
    fair_crps: float
    weight: float
    spread: Table  # expected and observed squared error, by bins of the standard deviation

    __add__ = _add

    def scores(self) -> dict[str, float]:
        """CRPS, fair CRPS, spread and RMSE of the ensemble mean.

        Returns:
            crps, fair_crps, ensemble_rmse: in % concentration.
            spread: in % concentration, the root mean variance of the members times
                sqrt((m + 1) / m), which equals the RMSE for a reliable ensemble.
            spread_error_ratio: 1 for a reliable ensemble, less for an overconfident one.

        All are NaN if no cell has an observation; fair_crps and spread of one member are NaN.
        """
        total = self.weight or np.nan
        parts = (self.spread.first, self.spread.second)
        spread, error = (np.sqrt(part.sum() / total) for part in parts)
        return {
            "crps": float(100 * self.crps / total),
            "fair_crps": float(100 * self.fair_crps / total),
            "spread": float(100 * spread),
            "ensemble_rmse": float(100 * error),
            "spread_error_ratio": float(spread / error) if error > 0 else np.nan,
        }


def ensemble(
    true: np.ndarray,
    members: np.ndarray,
    weight: np.ndarray | float = 1.0,
    edges: np.ndarray = SPREAD_BINS,
) -> Ensemble:
    """Compare members, fractions (m, ...), with observations (...), NaN in cells without one.

    The table `spread` has the expected and the observed squared error of the ensemble mean in bins
    of the standard deviation of the members.
    """
    known = ~np.isnan(true)
    truth, values = true[known].astype(np.float64), members[:, known].astype(np.float64)
    area = np.broadcast_to(weight, true.shape)[known].astype(np.float64)
    size = len(values)
    variance = values.var(axis=0, ddof=1) if size > 1 else np.full(truth.shape, np.nan)
    squared = (values.mean(axis=0) - truth) ** 2
    expected = variance * (size + 1) / size
    deviation = np.sqrt(np.nan_to_num(variance))
    return Ensemble(
        float((area * crps(truth, values)).sum()),
        float((area * crps(truth, values, fair=True)).sum()),
        float(area.sum()),
        table(deviation, edges, expected, squared, area),
    )


def crps(true: np.ndarray, members: np.ndarray, fair: bool = False) -> np.ndarray:
    """Continuous ranked probability score of each cell, in the unit of `true`: (...).

    E|X - y| - E|X - X'| / 2 over the members (m, ...), which are the whole distribution. The fair
    score takes them for a sample of it: pairs of a member with itself are left out, and it is NaN
    for one member. The score of one member is its absolute error.

    >>> crps(np.array([0.5]), np.array([[0.0], [1.0]]))
    array([0.25])
    """
    size = len(members)
    ordered = np.sort(members.astype(np.float64), axis=0)
    rank = (2 * np.arange(size) - size + 1).reshape(-1, *[1] * (members.ndim - 1))
    pairs = (rank * ordered).sum(axis=0)  # of |x_i - x_j| over i < j
    distance = np.abs(members - true).mean(axis=0)
    number = size * (size - 1) if fair else size**2
    return distance - pairs / number if number else np.full(distance.shape, np.nan)


def crps_normal(true: np.ndarray, mean: np.ndarray, deviation: np.ndarray) -> np.ndarray:
    """CRPS of a normal distribution censored at 0 and at 1: (...), exact.

    Args:
        true: (...) fraction.
        mean: (...) fraction, of the normal distribution.
        deviation: (...) standard deviation, at least 0; for 0 the CRPS is the absolute error.

    Source: Gneiting et al. 2005, doi:10.1175/MWR2904.1, for the integral without censoring.

    >>> crps_normal(np.array([0.5]), np.array([0.5]), np.array([0.01])).round(5)
    array([0.00234])
    """
    scale = np.where(deviation > 0, deviation, 1)
    low, middle, high = ((limit - mean) / scale for limit in (0, true, 1))
    below = _normal_integral(middle) - _normal_integral(low)
    above = _normal_integral(-middle) - _normal_integral(-high)
    return np.where(deviation > 0, scale * (below + above), np.abs(true - mean))


def _normal_integral(z: np.ndarray) -> np.ndarray:
    """An antiderivative of the squared cumulative distribution of the standard normal."""
    cumulative = special.ndtr(z)
    with np.errstate(over="ignore"):  # the density there is 0
        density = np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi)
    rest = special.ndtr(np.sqrt(2) * z) / np.sqrt(np.pi)
    return z * cumulative**2 + 2 * cumulative * density - rest


def crps_binned(true: np.ndarray, probability: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """CRPS of a distribution that is uniform within bins: (...), exact.

    Args:
        true: (...), may lie outside the bins.
        probability: (bins, ...), adding up to 1.
        edges: (bins + 1,), in order; the probability of a bin without width lies at one point.

    >>> crps_binned(np.array([0.0]), np.array([[1.0]]), np.array([0.0, 1.0])).round(3)
    array([0.333])
    """
    top = np.cumsum(probability.astype(np.float64), axis=0)
    result = np.maximum(edges[0] - true, 0) + np.maximum(true - edges[-1], 0)
    for i, (left, right) in enumerate(pairwise(edges)):
        start, end = (top[i - 1] if i else np.zeros(true.shape)), top[i]
        middle = np.clip(true, left, right)
        part = (middle - left) / (right - left) if right > left else 0.0
        there = start + part * (end - start)
        result = result + _square(start, there) * (middle - left)
        result = result + _square(1 - there, 1 - end) * (right - middle)
    return result


def _square(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Mean square of a linear function from `a` to `b`."""
    return (a * a + a * b + b * b) / 3
