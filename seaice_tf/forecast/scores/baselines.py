"""Reference forecasts of monthly sea-ice concentration.

Each takes `past`, (months, rows, columns) raw counts with flags up to the last month observed, and
returns the fractions of the next 12 months, (12, rows, columns). A cell that is flagged in all the
years used is 0.
"""

import numpy as np

from seaice_tf.forecast.data import counts
from seaice_tf.forecast.data.counts import FULL_ICE

TREND_YEARS = 40  # chosen on 1998-2009 of NSIDC-0051


def seasonal_persistence(past: np.ndarray) -> np.ndarray:
    """The same month of the last year; missing cells have the value of the year before."""
    return counts.mean(counts.fill_missing(counts.by_year(past, 2))[-1:]) / FULL_ICE


def climatology(past: np.ndarray, years: int) -> np.ndarray:
    """Mean of the same month over the last `years` years, without flagged cells."""
    return counts.mean(counts.by_year(past, years)) / FULL_ICE


def linear_trend(past: np.ndarray, years: int = TREND_YEARS) -> np.ndarray:
    """Least-squares line through the same month of the last years, extrapolated by one year."""
    history = counts.by_year(past, years)
    # Sums of whole numbers, year by year: no array of all years, and exact.
    number, year_sum, year_square, total, product = np.zeros((5, *history.shape[1:]), np.int32)
    for year, month_counts in enumerate(history, 1 - len(history)):
        valid = ~counts.flagged(month_counts)
        known = np.where(valid, month_counts, 0)
        number += valid
        year_sum += year * valid
        year_square += year**2 * valid
        total += known
        product += np.int32(year) * known
    number = np.maximum(number, 1)
    mean_year, level = year_sum / number, total / number
    spread = year_square - year_sum * mean_year  # 0, or at least 0.5: two years next to each other
    slope = np.where(spread > 0.25, (product - mean_year * total) / np.maximum(spread, 0.5), 0)
    return np.clip((level + slope * (1 - mean_year)) / FULL_ICE, 0, 1)


def anomaly_persistence(past: np.ndarray, years: int = 10) -> np.ndarray:
    """Climatology plus the anomaly of the last month, at every lead."""
    climate = climatology(past, years)
    anomaly = np.where(counts.flagged(past[-1]), 0, past[-1] / FULL_ICE - climate[-1])
    return np.clip(climate + anomaly, 0, 1)
