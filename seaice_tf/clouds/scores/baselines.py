"""The dumb predictors of masks that a network has to beat: the same masks for every image."""

import numpy as np

from seaice_tf.clouds.data.classes import CLASSES

LEVELS = 100  # thresholds tried


def empty(shape: tuple[int, int]) -> np.ndarray:
    """No mask of any class: (rows, columns, 4) bool. As about half are empty, hard to beat."""
    return np.zeros((*shape, len(CLASSES)), bool)


def mean_masks(truths: np.ndarray, given_class: bool = False) -> np.ndarray:
    """Where the mean of the training masks is above the threshold of the best training Dice.

    Without knowing which classes an image has, a class comes out empty where that scores better:
    on the contest's images all four do. With `given_class` only images that have the class are
    looked at: what to draw once something else has told that the class is there.

    Args:
        truths: (n, rows, columns, 4) bool of the training images.
        given_class: see above.

    Returns:
        (rows, columns, 4) bool.
    """
    layers = [_mean_mask(truths[..., i], given_class) for i in range(truths.shape[-1])]
    return np.stack(layers, axis=-1)


def _mean_mask(truths: np.ndarray, given_class: bool) -> np.ndarray:
    there = truths.any(axis=(1, 2))
    nothing = np.zeros(truths.shape[1:], bool)
    if not there.any():
        return nothing
    mean = truths[there].mean(axis=0)
    order = np.argsort(-mean, axis=None, kind="stable")
    levels = np.unique(np.quantile(mean, np.linspace(0, 1, LEVELS)))
    drawn = (mean.ravel() >= levels[:, None]).sum(axis=1)  # pixels
    # Against a mask of the class; where there is none, anything drawn scores 0.
    values = np.zeros(levels.size)
    for truth in truths[there]:
        both = np.cumsum(truth.ravel()[order])[drawn - 1]
        values += 2 * both / (drawn + truth.sum())
    best = int(values.argmax())
    if not given_class and values[best] <= (~there).sum():
        return nothing
    return mean >= levels[best]
