"""How sure a mean over images is: percentile intervals by the bootstrap (Efron 1979)."""

from collections.abc import Sequence

import numpy as np

DRAWS = 2000


def interval(
    values: np.ndarray, *, level: float = 0.95, seed: int = 0, draws: int = DRAWS
) -> tuple[float, float]:
    """The interval of the mean over images, drawn with replacement.

    For the difference of two predictors on the same images pass the difference of their values:
    the pairs stay together, and what makes an image hard for both drops out.

    Args:
        values: (n, ...), the first axis the images; an image is drawn with all of its values.
        level: of the interval.
        seed: of the draws.
        draws: number of samples.
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
    """The interval of the mean of all values, whole groups drawn with replacement.

    Args:
        groups: (n,) values each, of images that are much the same.
        level, seed, draws: as in `interval`.
    """
    sums = np.array([each.sum() for each in groups])
    sizes = np.array([each.size for each in groups])
    rng = np.random.default_rng(seed)
    picks = (rng.integers(len(groups), size=len(groups)) for _ in range(draws))
    means = [sums[picked].sum() / sizes[picked].sum() for picked in picks]
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)
