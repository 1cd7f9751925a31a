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
    valid = ~counts.flagged(history)
    year = np.arange(1 - len(history), 1).reshape(-1, 1, 1, 1)
    number = np.maximum(valid.sum(axis=0), 1)
    centred = np.where(valid, year - (year * valid).sum(axis=0) / number, 0)
    level = counts.mean(history)
    rise = (centred * np.where(valid, history, 0)).sum(axis=0)
    spread = (centred**2).sum(axis=0)  # 0, or at least 0.5: two years next to each other
    slope = rise / np.maximum(spread, 0.5)
    ahead = 1 - (year * valid).sum(axis=0) / number
    return np.clip((level + slope * ahead) / FULL_ICE, 0, 1)


def anomaly_persistence(past: np.ndarray, years: int = 10) -> np.ndarray:
    """Climatology plus the anomaly of the last month, at every lead."""
    climate = climatology(past, years)
    anomaly = np.where(counts.flagged(past[-1]), 0, past[-1] / FULL_ICE - climate[-1])
    return np.clip(climate + anomaly, 0, 1)
