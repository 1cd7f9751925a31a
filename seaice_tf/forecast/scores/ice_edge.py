"""Ice-edge error, extent, area and cell errors of monthly concentration, with true cell areas.

Sources: Goessling et al. 2016, doi:10.1002/2015GL067232 (integrated ice-edge error, IIEE); NSIDC
for extent and area. Maps are fractions (..., rows, columns); NaN in `true` marks cells without an
observation.
"""

from collections.abc import Callable

import numpy as np

from seaice_tf.forecast.data.counts import EDGE


def extent(field: np.ndarray, area: np.ndarray) -> np.ndarray:
    """Total area of the cells with at least 15 % ice, 10^6 km2: (...). NaN cells count as open."""
    return _each(field, lambda one: (area * (one >= EDGE)).sum())


def ice_area(field: np.ndarray, area: np.ndarray) -> np.ndarray:
    """Area of the ice in the cells with at least 15 % ice, 10^6 km2: (...)."""
    return _each(field, lambda one: (area * np.where(one >= EDGE, one, 0)).sum())


def _each(field: np.ndarray, total: Callable[[np.ndarray], float]) -> np.ndarray:
    """A sum in km2 of each map, in 10^6 km2, one map in memory at a time."""
    sums = [total(one) for one in field.reshape(-1, *field.shape[-2:])]
    return np.array(sums).reshape(field.shape[:-2]) / 1e6


def inside_edge(pred: np.ndarray, probability: np.ndarray | None = None) -> np.ndarray:
    """Where a forecast has ice: at least as probable as not, 15 % or more without a probability.

    The mean of a distribution has 15 % far outside of its median edge.
    """
    return pred >= EDGE if probability is None else probability >= 0.5


def expected_extent(
    pred: np.ndarray, probability: np.ndarray | None, area: np.ndarray
) -> np.ndarray:
    """Extent, 10^6 km2: the sum of probability times area, see `extent` without a probability."""
    if probability is None:
        return extent(pred, area)
    return _each(probability, lambda one: (area * one).sum())


def edge_error(true: np.ndarray, pred: np.ndarray, area: np.ndarray):
    """Integrated ice-edge error in its two components, over- and underestimated extent, 10^6 km2.

    >>> true, pred = np.array([[0.9, 0.0, np.nan]]), np.array([[0.1, 0.2, 0.9]])
    >>> over, under = edge_error(true, pred, np.full((1, 3), 1e6))
    >>> float(over), float(under)
    (1.0, 1.0)
    """
    known = ~np.isnan(true)
    over = known & (pred >= EDGE) & (true < EDGE)
    under = known & (pred < EDGE) & (true >= EDGE)
    return tuple((part * area).sum(axis=(-2, -1)) / 1e6 for part in (over, under))


def month_scores(
    true: np.ndarray,
    pred: np.ndarray,
    climate: np.ndarray,
    icy: np.ndarray,
    area: np.ndarray,
    probability: np.ndarray | None = None,
) -> dict[str, float]:
    """Scores of one month's map.

    Args:
        true: (rows, columns) fraction, NaN where there is no observation.
        pred: (rows, columns) fraction.
        climate: (rows, columns) fraction, the climatology of the anomalies.
        icy: (rows, columns) bool, the cells that can hold ice.
        area: (rows, columns) km2.
        probability: (rows, columns) of 15 % or more; None for a deterministic forecast.

    Returns:
        iiee, extent_bias, area_bias: in 10^6 km2, of the edge where ice has a probability of 50 %
            and of the expected extent, if there is a probability.
        mae, rmse: in % concentration, over the cells that can hold ice, with equal weights.
        binary_accuracy: in [0, 1], of ice at 15 % or more, over the same cells.
        anomaly_correlation: in [-1, 1], over the same cells.
        All are NaN without an observation, the correlation also for constant anomalies.
    """
    known = ~np.isnan(true)
    edge = inside_edge(pred, probability)
    over, under = edge_error(true, edge, area) if known.any() else (np.nan, np.nan)
    truth, predicted, climatology = (field[icy & known] for field in (true, pred, climate))
    if not truth.size:
        cells = dict.fromkeys(("mae", "rmse", "binary_accuracy"), np.nan)
    else:
        error = 100 * (predicted - truth)
        cells = {
            "mae": np.abs(error).mean(),
            "rmse": np.sqrt((error**2).mean()),
            "binary_accuracy": (edge[icy & known] == (truth >= EDGE)).mean(),
        }
    biases = dict.fromkeys(("extent_bias", "area_bias"), np.nan)
    if known.any():
        own = area * known
        biases = {
            "extent_bias": expected_extent(pred, probability, own) - extent(true, area),
            "area_bias": ice_area(pred, own) - ice_area(true, area),
        }
    correlation = pearson(truth - climatology, predicted - climatology)
    result = {"iiee": over + under, **biases, **cells}
    return {k: float(v) for k, v in {**result, "anomaly_correlation": correlation}.items()}


def pearson(a: np.ndarray, b: np.ndarray) -> float:
    """Correlation of two vectors; NaN for empty or constant ones."""
    a, b = a - a.mean() if a.size else a, b - b.mean() if b.size else b
    spread = np.sqrt((a**2).sum() * (b**2).sum())
    return float((a * b).sum() / spread) if spread > 0 else np.nan
