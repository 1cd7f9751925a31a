"""How far the extent of the next month follows that of the last: a regression for each month.

Fitted on the record to the end of the training, for `networks.extent`. In the graph it is weighted
with the extent of the network by the variances of both (Bates and Granger 1969).
"""

import numpy as np

from seaice_tf.forecast.data import months
from seaice_tf.forecast.data.archive import Archive
from seaice_tf.forecast.data.counts import (
    FULL_ICE,
    ICE_EDGE,
    MISSING,
    OPEN_ICE,
    UNUSED,
    PoleHoleFill,
    fill_hole,
)

YEARS = 10  # of a mean; nine before the last month, whose own is the tenth
FEWEST = 8  # pairs of years
USUAL_ERROR = 320  # cells of 25 km, 0.2 million km2: the network's root mean square error at lead 1
MOST_MISSING = 0.001  # of the cells of a month: 136 of the north, less than half of that error


def fit(
    record: Archive, start: int, end: int, pole_hole_fill: PoleHoleFill = "neighbours"
) -> tuple[tuple[float, float, float], ...]:
    """Fit the regressions on the targets from position `start`, 120 or more, to before `end`.

    Returns:
        Rows of the calendar months 1 to 12 of lead 1: the coefficients of the last month's
        departures, see `extent.extent_terms`, and the weight of the regression, 0 to 1; of 0 with
        fewer than `FEWEST` pairs of years. Empty if all are of 0.
    """
    extent, open_ice = extents(record.counts[:end], pole_hole_fill)
    rows = []
    for month in range(1, 13):
        first = start + (month - months.number(record.first + start)) % 12
        targets = range(first, end, 12)
        pairs = np.array([_pair(extent, open_ice, target) for target in targets]).reshape(-1, 3)
        rows.append(_row(pairs[np.isfinite(pairs).all(axis=1)]))
    return tuple(rows) if any(weight for *_, weight in rows) else ()


def extents(
    counts: np.ndarray, pole_hole_fill: PoleHoleFill = "neighbours"
) -> tuple[np.ndarray, np.ndarray]:
    """Numbers of cells with ice and with very open ice: (T, H, W) -> twice (T,), NaN if unknown.

    Cells that are missing from all months are no part of the sea.
    """
    filled = (fill_hole(month, pole_hole_fill) for month in counts)
    number = np.array([_numbers(month) for month in filled], np.float64).reshape(-1, 3)
    number[number[:, 2] - number[:, 2].min() > MOST_MISSING * counts[0].size] = np.nan
    return number[:, 0], number[:, 1]


def _numbers(month: np.ndarray) -> tuple[int, int, int]:
    """Cells with ice, with very open ice, and missing."""
    icy = (month >= ICE_EDGE) & (month <= FULL_ICE)
    open_ice = icy & (month < OPEN_ICE * FULL_ICE)
    return icy.sum(), open_ice.sum(), np.isin(month, (UNUSED, MISSING)).sum()


def _pair(extent: np.ndarray, open_ice: np.ndarray, target: int) -> tuple[float, float, float]:
    """Departures before a target, of extent and very open ice, and that of the target's extent."""
    before = target - 12 * np.arange(1, YEARS + 1)
    last = before + 11
    steps = (x[target - 1] - np.nanmean(x[last[1:]]) for x in (extent, open_ice))
    return *steps, extent[target] - np.nanmean(extent[before])


def _row(pairs: np.ndarray) -> tuple[float, float, float]:
    if len(pairs) < FEWEST:
        return 0.0, 0.0, 0.0
    x, y = pairs[:, :2], pairs[:, 2]
    inverse = np.linalg.pinv(x)
    coefficients = inverse @ y
    # Errors of each year by the fit of all others.
    left_out = (y - x @ coefficients) / np.maximum(1 - np.diag(x @ inverse), 1e-6)
    weight = USUAL_ERROR**2 / (USUAL_ERROR**2 + np.mean(left_out**2))
    ice, open_ice, weight = (round(float(value), 5) for value in (*coefficients, weight))
    return ice, open_ice, weight
