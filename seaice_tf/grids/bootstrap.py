"""Bootstrap percentile intervals of a mean over images (Efron 1979)."""

from collections.abc import Sequence

import numpy as np

DRAWS = 2000
BLOCK = 1 << 18  # random numbers at once


def interval(
    values: np.ndarray, *, level: float = 0.95, seed: int = 0, draws: int = DRAWS
) -> tuple[float, float]:
    """Confidence interval of the mean over images, resampled with replacement.

    To compare two predictors on the same images, pass the differences of their values.

    Args:
        values: (images, ...); an image is resampled with all of its values.
        level: confidence level.
        seed: of the random numbers.
        draws: number of resamples.

    Returns:
        Lower and upper bound.
    """
    images = values.reshape(len(values), -1).mean(axis=1)
    return interval_of_groups(images[:, None], level=level, seed=seed, draws=draws)


def interval_of_groups(
    groups: Sequence[np.ndarray] | np.ndarray,
    *,
    level: float = 0.95,
    seed: int = 0,
    draws: int = DRAWS,
) -> tuple[float, float]:
    """Confidence interval of the mean of all values, with whole groups resampled.

    Args:
        groups: (n,) values each, of similar images.
        level, seed, draws: as in `interval`.

    Returns:
        Lower and upper bound.
    """
    sums = np.array([each.sum() for each in groups])
    sizes = np.array([each.size for each in groups])
    if len(groups) == 1:
        mean = float(sums[0] / sizes[0])
        return mean, mean
    rng = np.random.default_rng(seed)
    rows = max(BLOCK // len(groups), 1)
    means = []
    for first in range(0, draws, rows):
        picked = rng.integers(len(groups), size=(min(rows, draws - first), len(groups)))
        means.append(sums[picked].sum(axis=1) / sizes[picked].sum(axis=1))
    low, high = np.quantile(np.concatenate(means), [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)
