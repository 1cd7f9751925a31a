"""Bootstrap percentile intervals of a mean over images (Efron 1979)."""

from collections.abc import Sequence

import numpy as np

DRAWS = 2000


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
    rng = np.random.default_rng(seed)
    picks = (rng.integers(len(groups), size=len(groups)) for _ in range(draws))
    means = [sums[picked].sum() / sizes[picked].sum() for picked in picks]
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)
