"""Damped anomaly persistence: the reference forecast that is hardest to beat.

The forecast of a lead is the climatology of the target month plus the last observed month's anomaly
times a regression coefficient of its own for each cell, calendar month and lead, fitted to the past
alone. Its probabilistic form adds the anomalies that such forecasts missed in the past.

Sources: Van den Dool 2006, Empirical Methods in Short-Term Climate Prediction; Niraula and
Goessling 2021, doi:10.1029/2021JC017784, for the probabilistic form.
"""

from collections.abc import Iterator
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
    """Damped anomaly persistence from one init, of leads 1 to 12.

    Attributes, (12, rows, columns) unless said:
        leads: the forecast of each lead in the cells of `icy`.
        icy: (rows, columns) bool, cells that have had ice.
        concentration: fraction.
        climatology: fraction, the mean of the target month over ten years.
        coefficient: the factor of the last month's anomaly.
        probability: of at least 15 % ice, in [0, 1]; 1 or 0 by the concentration where no error of
            a past year is known.
        spread: standard deviation of the errors of past years, fraction.
    """

    leads: tuple["Lead", ...]
    icy: np.ndarray
    concentration: np.ndarray
    climatology: np.ndarray
    coefficient: np.ndarray
    probability: np.ndarray
    spread: np.ndarray

    def members(self) -> Iterator[np.ndarray]:
        """The forecast of each lead with the errors of each past year, (years, rows, columns)."""
        for lead in self.leads:
            each = lead.members()
            result = np.zeros((len(each), *self.icy.shape), np.float32)
            result[:, self.icy] = each
            yield result


@dataclass(frozen=True)
class Lead:
    """The forecast of one lead in the n cells that have had ice.

    Attributes:
        concentration, climatology, coefficient: (n,), as of `Reference`.
        errors: (years, n) fraction, of the same forecast in earlier years, NaN where it could not
            be made.
    """

    concentration: np.ndarray
    climatology: np.ndarray
    coefficient: np.ndarray
    errors: np.ndarray

    def probability(self) -> np.ndarray:
        """Probability of at least 15 % ice: the fraction of past errors with which it comes true.

        Returns:
            (n,) in [0, 1].
        """
        known = ~np.isnan(self.errors)
        ice = (known & (self.concentration + self.errors >= EDGE)).sum(axis=0)
        # One more forecast without an error keeps the probability off 0 and 1 by a single year.
        return (ice + (self.concentration >= EDGE)) / (known.sum(axis=0) + 1)

    def spread(self) -> np.ndarray:
        """Standard deviation of the past errors, an unknown one counted as 0: (n,) fraction."""
        errors, years = np.nan_to_num(self.errors), max(len(self.errors), 1)
        mean = errors.sum(axis=0, dtype=np.float64) / years
        square = np.square(errors, dtype=np.float64).sum(axis=0) / years
        return np.sqrt(np.maximum(square - mean**2, 0))

    def members(self) -> np.ndarray:
        """The forecast with the errors of each past year, an unknown one counted as 0: (years, n).

        Without a past year the forecast alone.
        """
        errors = np.nan_to_num(self.errors) if len(self.errors) else np.zeros(1, np.float32)
        return np.clip(self.concentration + errors, 0, 1).reshape(-1, len(self.concentration))


def ever_icy(past: np.ndarray) -> np.ndarray:
    """Cells that have had any ice: (months, rows, columns) raw counts to (rows, columns) bool."""
    icy = np.zeros(past.shape[1:], bool)
    for month in past:
        icy |= ~counts.flagged(month) & (month > 0)
    return icy


def climatologies(years: np.ndarray, at_most: int = YEARS) -> np.ndarray:
    """For each year the mean of one calendar month over the years before it.

    Args:
        years: (years, ...) uint8 raw counts with flags, of one calendar month.
        at_most: so many years are used.

    Returns:
        (years + 1, ...) float32 fractions, NaN where no year has a value; the last is of the year
        after the record.
    """
    known = ~counts.flagged(years)
    own = np.where(known, years, 0)
    result = np.empty((len(years) + 1, *years.shape[1:]), np.float32)
    total, number = np.zeros((2, *years.shape[1:]), np.int32)
    for year in range(len(result)):
        if year > 0:
            total += own[year - 1]
            number += known[year - 1]
        if year > at_most:
            total -= own[year - 1 - at_most]
            number -= known[year - 1 - at_most]
        with np.errstate(invalid="ignore"):  # 0 / 0
            result[year] = total / (number * np.float32(FULL_ICE))
    return result


def anomalies(years: np.ndarray) -> np.ndarray:
    """Departures of one calendar month from `climatologies`: (years, ...) float32 fractions.

    NaN in the first three years, where flagged, and where no earlier year has a value.
    """
    result = years / np.float32(FULL_ICE)
    result -= climatologies(years)[:-1]
    result[counts.flagged(years)] = np.nan
    result[:FEWEST_YEARS] = np.nan
    return result


def damped_persistence(past: np.ndarray) -> Reference:
    """Forecast the 12 months after a record from its last month's anomaly.

    Args:
        past: (months, rows, columns) uint8 raw counts with flags, up to the init; nothing later is
            used.

    Returns:
        The forecast; cells that are flagged throughout come out as 0.
    """
    icy = ever_icy(past)
    made = tuple(leads(past, icy))
    maps = np.zeros((5, LEADS, *icy.shape), np.float32)
    for i, lead in enumerate(made):
        fitted = lead.concentration, lead.climatology, lead.coefficient
        for field, values in zip(maps[:, i], (*fitted, lead.probability(), lead.spread())):
            field[icy] = values
    return Reference(made, icy, *maps)


def leads(past: np.ndarray, icy: np.ndarray) -> Iterator[Lead]:
    """The forecasts of leads 1 to 12 in the cells of `icy`, (rows, columns) bool.

    A calendar month at a time, so that no array has all months of the record.
    """
    init = len(past) - 1
    of_init = anomalies(past[init % LEADS :: LEADS, icy])
    last = np.nan_to_num(of_init[-1])
    earlier = np.arange(init - LEADS, FEWEST_YEARS * LEADS - 1, -LEADS)
    before = of_init[earlier // LEADS]
    for lead in range(1, LEADS + 1):
        target = past[(init + lead) % LEADS :: LEADS, icy]
        climate = np.nan_to_num(climatologies(target)[-1])
        after = anomalies(target)[(earlier + lead) // LEADS]
        slope = coefficient(before, after, icy)
        guess = np.clip(climate + slope * last, 0, 1)
        yield Lead(guess, climate, slope, after - slope * before)


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
