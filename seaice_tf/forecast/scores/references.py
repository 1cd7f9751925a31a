"""The reference forecasts by name: a record up to the init -> concentration of 12 months."""

from collections.abc import Callable
from functools import partial

import numpy as np

from seaice_tf.forecast.scores import baselines
from seaice_tf.forecast.scores.damped_persistence import damped_persistence


def _damped(past: np.ndarray) -> np.ndarray:
    return damped_persistence(past).concentration


REFERENCES: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "seasonal_persistence": baselines.seasonal_persistence,
    "climatology_5_years": partial(baselines.climatology, years=5),
    "climatology_10_years": partial(baselines.climatology, years=10),
    "climatology_15_years": partial(baselines.climatology, years=15),
    "linear_trend": baselines.linear_trend,
    "anomaly_persistence": baselines.anomaly_persistence,
    "damped_anomaly_persistence": _damped,
}
"""(months, rows, columns) raw counts -> (12, rows, columns) fractions."""
