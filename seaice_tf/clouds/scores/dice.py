"""The score of the contest "Understanding Clouds from Satellite Images": the mean Dice coefficient.

Source: the contest's evaluation page. For each image and class 2 |X and Y| / (|X| + |Y|) on masks
of 350 x 525 pixels, 1 where both are empty; the score is the plain mean. Higher is better.
"""

from collections.abc import Iterable

import numpy as np

from seaice_tf.clouds.data.classes import CLASSES


def dice(true: np.ndarray, pred: np.ndarray) -> np.ndarray:
    """Dice of each image and class in [0, 1]: (..., classes) float64.

    Args:
        true: (..., rows, columns, classes) bool.
        pred: of the same shape.

    >>> true = np.array([[1, 1, 0, 0]], bool)[..., None]
    >>> dice(true, np.array([[0, 1, 1, 0]], bool)[..., None])
    array([0.5])
    """
    both = np.count_nonzero(true & pred, axis=(-3, -2))
    sizes = np.count_nonzero(true, axis=(-3, -2)) + np.count_nonzero(pred, axis=(-3, -2))
    return of_sizes(both, sizes)


def of_sizes(both: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """Dice of numbers of pixels: those in both masks, and the sum of those in each."""
    return np.where(sizes == 0, 1.0, 2 * both / np.maximum(sizes, 1))


def table(pairs: Iterable[tuple[np.ndarray, np.ndarray]]) -> np.ndarray:
    """Dice of (true, pred) masks (rows, columns, 4) taken one by one: (n, 4)."""
    return np.array([dice(true, pred) for true, pred in pairs]).reshape(-1, len(CLASSES))


def scores(values: np.ndarray) -> dict[str, float]:
    """The mean of a table (n, 4) and that of each class; NaN of no image."""
    per_class = {f"dice_{kind.lower()}": values[:, i].mean() for i, kind in enumerate(CLASSES)}
    return {name: float(value) for name, value in {"dice": values.mean(), **per_class}.items()}
