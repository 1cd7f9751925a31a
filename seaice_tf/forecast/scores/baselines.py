"""The dumb predictors that a network has to beat.

Sea-ice ones take `past`, (months, rows, columns) raw counts with flags up to the last month
observed, and give the concentration of the next 12 months as a fraction, (12, rows, columns).
A cell flagged in all the years used comes out as 0.
"""

import numpy as np

from seaice_tf.grids import counts
from seaice_tf.grids.counts import FULL_ICE

DAMPING = 0.5  # of an anomaly, a month; chosen on 1998-2009 of NSIDC-0051
TREND_YEARS = 40  # chosen likewise


def last_year(past: np.ndarray) -> np.ndarray:
    """The same month of the year before (seasonal persistence), of two before if it is missing."""
    return counts.mean(counts.carried(counts.by_year(past, 2))[-1:]) / FULL_ICE


def mean(past: np.ndarray, years: int) -> np.ndarray:
    """Mean of the same month over the last `years` years, flagged cells left out."""
    return counts.mean(counts.by_year(past, years)) / FULL_ICE


def trend(past: np.ndarray, years: int = TREND_YEARS) -> np.ndarray:
    """Straight line by least squares through the same month of the last years, one year on."""
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


def damped_anomaly(past: np.ndarray, years: int = 10, damping: float = DAMPING) -> np.ndarray:
    """Mean of `years` years plus the last month's anomaly, halved with every month of lead."""
    climate = mean(past, years)
    anomaly = np.where(counts.flagged(past[-1]), 0, past[-1] / FULL_ICE - climate[-1])
    lead = np.arange(1, 13).reshape(-1, 1, 1)
    return np.clip(climate + anomaly * damping**lead, 0, 1)
