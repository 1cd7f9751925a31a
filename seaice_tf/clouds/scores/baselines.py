"""Baselines: the same masks for every image."""

import numpy as np

from seaice_tf.clouds.data.labels import CLASSES

LEVELS = 100  # thresholds tried


def empty(shape: tuple[int, int]) -> np.ndarray:
    """Empty masks, (rows, columns, 4) bool, which score the fraction of empty true masks."""
    return np.zeros((*shape, len(CLASSES)), bool)


def mean_masks(truths: np.ndarray, given_class: bool = False) -> np.ndarray:
    """Threshold the mean training mask of each class at the best training Dice.

    Args:
        truths: (n, rows, columns, 4) bool masks of the training images.
        given_class: use only images that contain the class, for masks that are applied where the
            class is known to be present. Otherwise a class is empty if that scores better, as for
            all four classes of the competition's images.

    Returns:
        (rows, columns, 4) bool.
    """
    masks = [_mean_mask(truths[..., i], given_class) for i in range(truths.shape[-1])]
    return np.stack(masks, axis=-1)


def _mean_mask(truths: np.ndarray, given_class: bool) -> np.ndarray:
    present = truths.any(axis=(1, 2))
    nothing = np.zeros(truths.shape[1:], bool)
    if not present.any():
        return nothing
    mean = truths[present].mean(axis=0)
    order = np.argsort(-mean, axis=None, kind="stable")
    levels = np.unique(np.quantile(mean, np.linspace(0, 1, LEVELS)))
    pixels = (mean.ravel() >= levels[:, None]).sum(axis=1)
    # Sum over images with the class; on the others any mask that is not empty scores 0.
    values = np.zeros(levels.size)
    for truth in truths[present]:
        both = np.cumsum(truth.ravel()[order])[pixels - 1]
        values += 2 * both / (pixels + truth.sum())
    best = int(values.argmax())
    if not given_class and values[best] <= (~present).sum():
        return nothing
    return mean >= levels[best]
