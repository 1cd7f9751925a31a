"""Mean Dice coefficient, the score of the competition "Understanding Clouds from Satellite Images".

Source: the competition's evaluation page. For each image and class 2 |X and Y| / (|X| + |Y|) on
masks of 350 x 525 pixels, 1 where both are empty; the score is the mean over images and classes.
Higher is better.
"""

from collections.abc import Iterable

import numpy as np

from seaice_tf.clouds.data.labels import CLASSES


def dice(true: np.ndarray, pred: np.ndarray) -> np.ndarray:
    """Dice coefficient of each image and class.

    Args:
        true: (..., rows, columns, classes) bool.
        pred: of the same shape.

    Returns:
        (..., classes) float64 in [0, 1]; 1 where both masks are empty.

    >>> true = np.array([[1, 1, 0, 0]], bool)[..., None]
    >>> dice(true, np.array([[0, 1, 1, 0]], bool)[..., None])
    array([0.5])
    """
    both = np.count_nonzero(true & pred, axis=(-3, -2))
    sizes = np.count_nonzero(true, axis=(-3, -2)) + np.count_nonzero(pred, axis=(-3, -2))
    return of_counts(both, sizes)


def of_counts(both: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """Dice of pixel counts: those in both masks, and the sum of the counts of each mask."""
    return np.where(sizes == 0, 1.0, 2 * both / np.maximum(sizes, 1))


def table(pairs: Iterable[tuple[np.ndarray, np.ndarray]]) -> np.ndarray:
    """Dice of an iterable of (true, pred) masks (rows, columns, 4): (n, 4)."""
    return np.array([dice(true, pred) for true, pred in pairs]).reshape(-1, len(CLASSES))


def scores(values: np.ndarray) -> dict[str, float]:
    """Means over a table (n, 4) of Dice.

    Returns:
        "dice", the mean of all, and "dice_<class>" of each class; NaN if the table is empty.
    """
    per_class = {f"dice_{kind.lower()}": values[:, i].mean() for i, kind in enumerate(CLASSES)}
    return {name: float(value) for name, value in {"dice": values.mean(), **per_class}.items()}
