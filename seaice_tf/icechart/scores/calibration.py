"""Calibration of class probabilities: temperature scaling and expected calibration error.

Source: Guo et al. 2017, arXiv:1706.04599.
"""

import numpy as np

LOWEST, HIGHEST = 0.02, 50.0
ITERATIONS = 40


def log_likelihood(logits: np.ndarray, true: np.ndarray, temperature: float = 1.0) -> float:
    """Mean log-likelihood of the true classes: at most 0.

    Args:
        logits: (n, classes).
        true: (n,) classes.
        temperature: divisor of the logits.
    """
    scaled = logits / temperature
    scaled = scaled - scaled.max(axis=-1, keepdims=True)
    hit = np.take_along_axis(scaled, true[:, None].astype(int), axis=-1)[:, 0]
    return float((hit - np.log(np.exp(scaled).sum(axis=-1))).mean())


def fit_temperature(logits: np.ndarray, true: np.ndarray) -> float:
    """Maximum-likelihood temperature, in [0.02, 50]; 1 without pixels.

    Args:
        logits: (n, classes).
        true: (n,) classes.
    """
    if not true.size:
        return 1.0
    # Golden section search in its logarithm: the likelihood is unimodal in 1 / temperature.
    low, high = np.log(LOWEST), np.log(HIGHEST)
    ratio = (np.sqrt(5) - 1) / 2
    for _ in range(ITERATIONS):
        first, second = high - ratio * (high - low), low + ratio * (high - low)
        better = log_likelihood(logits, true, np.exp(first)) > log_likelihood(
            logits, true, np.exp(second)
        )
        low, high = (low, second) if better else (first, high)
    return float(np.exp((low + high) / 2))


def calibration_error(probabilities: np.ndarray, true: np.ndarray, bins: int = 10) -> float:
    """Expected calibration error of the most probable class: in [0, 1], NaN without pixels.

    The mean of |accuracy - mean probability| over `bins` of equal width, weighted by pixels.

    >>> calibration_error(np.array([[0.2, 0.8], [0.2, 0.8]]), np.array([1, 0])).__round__(3)
    0.3
    """
    if not true.size:
        return np.nan
    top = probabilities.max(axis=-1)
    right = probabilities.argmax(axis=-1) == true
    which = np.minimum((top * bins).astype(int), bins - 1)
    gap = np.bincount(which, right - top, bins)
    return float(np.abs(gap).sum() / true.size)
