"""Scores of ice charts under conditions that change from pixel to pixel, added up over scenes.

All counts are arrays that any number of scenes add to, so memory does not grow with them.
"""

import numpy as np

from seaice_tf.icechart.data.charts import MASK
from seaice_tf.icechart.scores.autoice import confusion

LEVELS = 251  # of an uncertainty in 0 to 1 that is told apart
TENTHS = 10
BLOCK = 1 << 20  # pixels counted at once


def by_group(true: np.ndarray, pred: np.ndarray, group: np.ndarray, groups: int, classes: int):
    """Confusion matrix of the pixels of each group: (H, W) each -> (groups, classes, classes).

    Args:
        true: classes, 255 where there is none.
        pred: classes.
        group: integers from 0; pixels of none of the groups are left out.
    """
    masked = [np.where(group == each, true, np.uint8(MASK)) for each in range(groups)]
    return np.stack([confusion(each, pred, classes) for each in masked])


def by_level(
    true: np.ndarray, pred: np.ndarray, uncertainty: np.ndarray, classes: int
) -> np.ndarray:
    """The same for each level of an uncertainty in 0 to 1: -> (251, classes, classes)."""
    known = true != MASK
    level = np.clip(np.rint(uncertainty[known] * (LEVELS - 1)), 0, LEVELS - 1).astype(np.int32)
    total = np.zeros(LEVELS * classes**2, np.int64)
    truth, guess = true[known], pred[known]
    for first in range(0, truth.size, BLOCK):
        part = slice(first, first + BLOCK)
        codes = (level[part] * classes + truth[part]) * classes + guess[part]
        total += np.bincount(codes, minlength=total.size)
    return total.reshape(LEVELS, classes, classes)


def tenths(levels: np.ndarray) -> np.ndarray:
    """Levels in ten groups of as many pixels as can be: (251, n, n) -> (10, n, n), certain first.

    Pixels of one level stay together, so a group may be empty.
    """
    pixels = levels.sum(axis=(1, 2))
    middle = np.cumsum(pixels) - pixels / 2
    group = np.minimum((TENTHS * middle / max(pixels.sum(), 1)).astype(int), TENTHS - 1)
    result = np.zeros((TENTHS, *levels.shape[1:]), np.int64)
    np.add.at(result, group, levels)
    return result


def stated(true: np.ndarray, pred: np.ndarray, chance: np.ndarray) -> np.ndarray:
    """By tenth of the probability that the charted class was given: (H, W) each -> (10, 3).

    Columns: pixels, sum of the probabilities, pixels that were right.
    """
    known = true != MASK
    told, right = chance[known].astype(np.float64), true[known] == pred[known]
    which = np.minimum((told * TENTHS).astype(int), TENTHS - 1)
    columns = (np.bincount(which, weights, TENTHS) for weights in (None, told, right))
    return np.stack([column.astype(float) for column in columns], axis=-1)


def reliability(counts: np.ndarray) -> list[dict[str, float]]:
    """For each tenth of the stated probability: pixels, mean stated, share that was right.

    >>> reliability(np.array([[4, 1.0, 2]]))
    [{'pixels': 4.0, 'stated': 0.25, 'right': 0.5}]
    """
    pixels, told, right = counts.T
    with np.errstate(invalid="ignore"):
        columns = zip(pixels, told / pixels, right / pixels)
    return [{"pixels": float(n), "stated": float(p), "right": float(r)} for n, p, r in columns]
