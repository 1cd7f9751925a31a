"""Damped anomaly persistence: the reference forecast that is hardest to beat.

The forecast of a lead is the climatology of the target month plus the last observed month's anomaly
times a regression coefficient of its own for each cell, calendar month and lead, fitted to the past
alone. Its probabilistic form adds the anomalies that such forecasts missed in the past.

Sources: Van den Dool 2006, Empirical Methods in Short-Term Climate Prediction; Niraula and
Goessling 2021, doi:10.1029/2021JC017784, for the probabilistic form.
"""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from seaice_tf.forecast.data import counts
from seaice_tf.forecast.data.counts import EDGE, FULL_ICE

YEARS = 10  # of the climatology
FEWEST_YEARS = 3  # that an anomaly of the past is taken from
LEADS = 12
PRIOR = 5.0  # years with a coefficient of 0 that each cell's regression starts from
CELLS_ACROSS = 3  # neighbouring cells whose years are pooled, along each axis


@dataclass(frozen=True)
class Reference:
    """Damped anomaly persistence from one init.

    Attributes:
        concentration: (12, rows, columns) fraction, of leads 1 to 12.
        climatology: (12, rows, columns) fraction, the mean of the target month over ten years.
        coefficient: (12, rows, columns), the factor of the last month's anomaly.
        residuals: (years, 12, rows, columns) fraction, the errors of the same forecast in earlier
            years, NaN where it could not be made.
    """

    concentration: np.ndarray
    climatology: np.ndarray
    coefficient: np.ndarray
    residuals: np.ndarray

    def probability(self) -> np.ndarray:
        """Probability of at least 15 % ice: the fraction of past errors with which it comes true.

        Returns:
            (12, rows, columns) in [0, 1]; 1 or 0 by the concentration where no error is known.
        """
        ice, number = np.zeros((2, *self.concentration.shape), np.float32)
        for errors in self.residuals:
            known = ~np.isnan(errors)
            ice += known & (self.concentration + np.nan_to_num(errors) >= EDGE)
            number += known
        own = self.concentration >= EDGE
        # One more forecast without an error keeps the probability off 0 and 1 by a single year.
        return ((ice + own) / (number + 1)).astype(np.float32)

    def spread(self) -> np.ndarray:
        """Standard deviation of the past errors, an unknown one counted as 0: fraction."""
        total, squares = np.zeros((2, *self.concentration.shape))
        for errors in map(np.nan_to_num, self.residuals):
            total += errors
            squares += errors**2
        number = len(self.residuals)
        return np.sqrt(np.maximum(squares / number - (total / number) ** 2, 0)).astype(np.float32)

    def members(self) -> np.ndarray:
        """The forecast with each past year's errors, clipped: (years, 12, rows, columns)."""
        return np.clip(self.concentration + np.nan_to_num(self.residuals), 0, 1)


def fractions(past: np.ndarray) -> np.ndarray:
    """Raw counts as fractions, NaN where a cell is flagged: (months, rows, columns) float32."""
    result = past / np.float32(FULL_ICE)
    result[counts.flagged(past)] = np.nan
    return result


def climatologies(past: np.ndarray, ahead: int = LEADS, years: int = YEARS) -> np.ndarray:
    """For each month the mean of its calendar month over the years before it.

    Args:
        past: (months, ...) uint8 raw counts with flags.
        ahead: so many months after the record's end, too.
        years: at most as many are used.

    Returns:
        (months + ahead, ...) float32 fractions, NaN where no year has a value.
    """
    known = ~counts.flagged(past)
    own = np.where(known, past, 0)
    result = np.empty((len(past) + ahead, *past.shape[1:]), np.float32)
    sums = np.zeros((LEADS, *past.shape[1:]), np.int32)
    number = np.zeros((LEADS, *past.shape[1:]), np.int32)
    for month in range(len(result)):
        calendar, last, dropped = month % LEADS, month - LEADS, month - LEADS * (years + 1)
        if 0 <= last < len(past):
            sums[calendar] += own[last]
            number[calendar] += known[last]
        if 0 <= dropped < len(past):
            sums[calendar] -= own[dropped]
            number[calendar] -= known[dropped]
        with np.errstate(invalid="ignore"):  # 0 / 0
            result[month] = sums[calendar] / (number[calendar] * np.float32(FULL_ICE))
    return result


def anomalies(past: np.ndarray, usual: np.ndarray) -> np.ndarray:
    """Departures from `climatologies`; NaN in the first three years and where unknown."""
    result = fractions(past)
    result -= usual[: len(result)]
    result[: FEWEST_YEARS * LEADS] = np.nan
    return result


def damped_persistence(past: np.ndarray) -> Reference:
    """Forecast the 12 months after a record from its last month's anomaly.

    Args:
        past: (months, rows, columns) uint8 raw counts with flags, up to the init; nothing later is
            used.

    Returns:
        The forecast; cells that are flagged throughout come out as 0.
    """
    icy = np.any(~counts.flagged(past) & (past > 0), axis=0)
    record = past[:, icy]
    usual = climatologies(record)
    departure = anomalies(record, usual)
    init = len(record) - 1
    last = np.nan_to_num(departure[init])
    earlier = np.arange(init - LEADS, FEWEST_YEARS * LEADS - 1, -LEADS)
    result = np.zeros((3, LEADS, *icy.shape), np.float32)
    residuals = np.full((max(len(earlier), 1), LEADS, *icy.shape), np.nan, np.float32)
    for lead in range(1, LEADS + 1):
        climate = np.nan_to_num(usual[init + lead])
        seen = earlier[earlier + lead <= init]
        before, after = departure[seen], departure[seen + lead]
        slope = coefficient(before, after, icy)
        residuals[: len(seen), lead - 1, icy] = after - slope * before
        guess = np.clip(climate + slope * last, 0, 1)
        result[:, lead - 1, icy] = guess, climate, slope
    concentration, climate_mean, slopes = result
    return Reference(concentration, climate_mean, slopes, residuals)


def coefficient(before: np.ndarray, after: np.ndarray, icy: np.ndarray) -> np.ndarray:
    """Regression of later anomalies on earlier ones, cell by cell, without an intercept.

    Years are pooled over 3 x 3 cells, and shrunk towards 0 as if five years without any relation
    had been seen, so that a cell with few years is not trusted too far.

    Args:
        before, after: (years, n) of the n cells of `icy`, NaN where unknown.
        icy: (rows, columns) bool.

    Returns:
        (n,), from 0 to 1.

    >>> x = np.array([0.1, -0.1, 0.2, -0.2] * 25).reshape(-1, 1)
    >>> round(float(coefficient(x, 0.5 * x, np.ones((1, 1), bool))[0]), 2)
    0.48
    """
    known = ~np.isnan(before) & ~np.isnan(after)
    x, y = np.where(known, before, 0), np.where(known, after, 0)
    products, squares, years = (
        _pooled(part.sum(axis=0, dtype=np.float64), icy) for part in (x * y, x * x, known)
    )
    usual = squares / np.maximum(years, 1e-9)  # mean square of an anomaly
    slope = products / np.maximum(squares + PRIOR * usual, 1e-12)
    return np.clip(slope, 0, 1).astype(np.float32)


def _pooled(values: np.ndarray, icy: np.ndarray) -> np.ndarray:
    """Mean over those of the 3 x 3 cells around each cell of `icy` that are in `icy`: (n,)."""
    field = np.zeros(icy.shape)
    field[icy] = values
    total, number = (
        ndimage.uniform_filter(part, CELLS_ACROSS, mode="constant")
        for part in (field, icy.astype(np.float64))
    )
    return total[icy] / number[icy]
