"""How sure a mean over images is: percentile intervals by the bootstrap (Efron 1979)."""

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
    rng = np.random.default_rng(seed)
    means = [images[rng.integers(images.size, size=images.size)].mean() for _ in range(draws)]
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)
