"""How far probabilities of classes are from what comes true, and the temperature that mends most.

Source: Guo et al. 2017, arXiv:1706.04599.
"""

import numpy as np

COLDEST, HOTTEST = 0.02, 50.0
ROUNDS = 40


def log_likelihood(logits: np.ndarray, true: np.ndarray, temperature: float = 1.0) -> float:
    """Mean log of the probability given to the true class: at most 0.

    Args:
        logits: (n, classes).
        true: (n,) classes.
        temperature: what logits are divided by.
    """
    scaled = logits / temperature
    scaled = scaled - scaled.max(axis=-1, keepdims=True)
    hit = np.take_along_axis(scaled, true[:, None].astype(int), axis=-1)[:, 0]
    return float((hit - np.log(np.exp(scaled).sum(axis=-1))).mean())


def temperature(logits: np.ndarray, true: np.ndarray) -> float:
    """The temperature of the highest likelihood, 0.02 to 50; 1 for no pixel."""
    if not true.size:
        return 1.0
    # Golden section in its logarithm: the likelihood has one summit in 1 / temperature.
    low, high = np.log(COLDEST), np.log(HOTTEST)
    ratio = (np.sqrt(5) - 1) / 2
    for _ in range(ROUNDS):
        first, second = high - ratio * (high - low), low + ratio * (high - low)
        better = log_likelihood(logits, true, np.exp(first)) > log_likelihood(
            logits, true, np.exp(second)
        )
        low, high = (low, second) if better else (first, high)
    return float(np.exp((low + high) / 2))


def calibration_error(chances: np.ndarray, true: np.ndarray, bins: int = 10) -> float:
    """Expected calibration error of the likeliest class: in [0, 1], NaN for no pixel.

    The mean over `bins` of equal width of |share that was right - mean probability|, by pixels.

    >>> calibration_error(np.array([[0.2, 0.8], [0.2, 0.8]]), np.array([1, 0])).__round__(3)
    0.3
    """
    if not true.size:
        return np.nan
    top = chances.max(axis=-1)
    right = chances.argmax(axis=-1) == true
    which = np.minimum((top * bins).astype(int), bins - 1)
    gap = np.bincount(which, right - top, bins)
    return float(np.abs(gap).sum() / true.size)
