"""Grid search of post-processing decisions for the largest Dice.

The score is a mean over images and classes, so the best decisions of each class are found
independently of the others.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from seaice_tf.clouds.data import postprocessing
from seaice_tf.clouds.data.labels import CLASSES
from seaice_tf.clouds.data.postprocessing import DEFAULT, Decisions
from seaice_tf.clouds.scores import dice
from seaice_tf.grids import bootstrap


@dataclass(frozen=True)
class Grid:
    """Values that are tried for each class; see `postprocessing.Decisions`."""

    thresholds: tuple[float, ...] = (0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.5, 0.6, 0.7)
    min_areas: tuple[float, ...] = (0.0, 0.01, 0.02, 0.03, 0.05, 0.07, 0.1, 0.14)
    shapes: tuple[str, ...] = postprocessing.SHAPES
    gates: tuple[float, ...] = tuple(np.arange(0, 1, 0.05).round(2).tolist())


@dataclass(frozen=True)
class SearchResult:
    """The best decisions, and a cross-validated estimate of their gain.

    Attributes:
        decisions: with the largest Dice over all images.
        held_out: (n, 4) Dice of the images of each fold by decisions chosen on the other folds.
        default: (n, 4) Dice of the default decisions, thresholds of 0.5.
    """

    decisions: Decisions
    held_out: np.ndarray
    default: np.ndarray

    @property
    def gain(self) -> float:
        """Mean Dice on held-out images minus that of the default decisions."""
        return float((self.held_out - self.default).mean())

    def interval(self, seed: int = 0) -> tuple[float, float]:
        """95 % interval of the gain by a paired bootstrap over images."""
        return bootstrap.interval(self.held_out - self.default, seed=seed)


def search(
    probabilities: np.ndarray,
    class_probabilities: np.ndarray,
    truths: np.ndarray,
    folds: np.ndarray,
    grid: Grid | None = None,
    shared: bool = False,
) -> SearchResult:
    """Choose threshold, minimum area, shape and gate of each class together.

    Args:
        probabilities: (n, rows, columns, 4) pixel probabilities of images that the network was not
            trained on. Small maps suffice: masks of the competition resampled to 88 x 132 and back
            to 350 x 525 keep a Dice of 0.993, and take about 6 ms per image and class.
        class_probabilities: (n, 4) of the images.
        truths: (n, rows, columns, 4) bool.
        folds: (n,) fold of each image, at least two, to estimate the gain.
        grid: values that are tried.
        shared: choose the same values for all classes, which generalises better from few images.

    Returns:
        The decisions and their gain.
    """
    grid = grid or Grid()
    classes = range(len(CLASSES))
    tables = [
        gated_table(probabilities[..., i], class_probabilities[:, i], truths[..., i], grid)
        for i in classes
    ]
    criteria = [np.mean(tables, axis=0)] * len(tables) if shared else tables
    best = [_best(table) for table in criteria]
    held_out = np.empty(class_probabilities.shape)
    for fold in np.unique(folds):
        test = folds == fold
        for i in classes:
            held_out[test, i] = tables[i][(test, *_best(criteria[i][~test]))]
    default = [
        dice.dice(true, postprocessing.masks(pixels, present, DEFAULT))
        for pixels, present, true in zip(probabilities, class_probabilities, truths)
    ]
    names = (grid.thresholds, grid.min_areas, grid.shapes, grid.gates)
    values = [tuple(options[j] for j in index) for options, index in zip(names, zip(*best))]
    thresholds, min_areas, shapes, gates = values
    decisions = Decisions("thresholds", thresholds, min_areas, gates, shapes)
    return SearchResult(decisions, held_out, np.array(default))


def dice_table(probabilities: np.ndarray, truths: np.ndarray, grid: Grid) -> np.ndarray:
    """Dice of every image by every threshold, minimum area and shape of a grid.

    Args:
        probabilities: (n, rows, columns) of one class.
        truths: (n, rows, columns) bool.
        grid: values that are tried.

    Returns:
        (n, thresholds, areas, shapes) float64.
    """
    sizes = tuple(map(len, (grid.thresholds, grid.min_areas, grid.shapes)))
    result = np.empty((len(truths), *sizes))
    for image, (map_, truth) in enumerate(zip(probabilities, truths)):
        total = np.count_nonzero(truth)
        for t, threshold in enumerate(grid.thresholds):
            for areas, fitted in _by_area(map_ >= threshold, grid):
                both = [np.count_nonzero(mask & truth) for mask in fitted]
                pixels = [np.count_nonzero(mask) + total for mask in fitted]
                result[image, t, areas] = dice.of_counts(np.array(both), np.array(pixels))
    return result


def _by_area(mask: np.ndarray, grid: Grid) -> Iterator[tuple[np.ndarray, list[np.ndarray]]]:
    """The distinct results of a mask over all minimum areas, for each shape of the grid.

    Yields:
        Which minimum areas give the result, (areas,) bool, and the mask of each shape.
    """
    components, _ = ndimage.label(mask, postprocessing.CONNECTIVITY)
    sizes = np.bincount(components.ravel())
    sizes[0] = 0  # the background
    kept = sizes >= np.maximum(np.array(grid.min_areas) * mask.size, 1)[:, None]
    for keep in np.unique(kept, axis=0):
        # Around a single component each shape is the same as around all.
        same = {"box": "one_box", "hull": "one_hull"} if keep.sum() <= 1 else {}
        names = [same.get(shape, shape) for shape in grid.shapes]
        fitted = {name: postprocessing.fit_shape(keep[components], name) for name in set(names)}
        yield (kept == keep).all(axis=1), [fitted[name] for name in names]


def gated_table(
    probabilities: np.ndarray, class_probabilities: np.ndarray, truths: np.ndarray, grid: Grid
) -> np.ndarray:
    """Dice of every image by every combination of a grid.

    Args:
        probabilities: (n, rows, columns) of one class.
        class_probabilities: (n,) of the images.
        truths: (n, rows, columns) bool.
        grid: values that are tried.

    Returns:
        (n, thresholds, areas, shapes, gates) float64.
    """
    table = dice_table(probabilities, truths, grid)
    empty = dice.of_counts(np.zeros(len(truths)), truths.sum(axis=(1, 2)))
    closed = class_probabilities[:, None] < np.array(grid.gates)
    return np.where(closed[:, None, None, None], empty[:, None, None, None, None], table[..., None])


def _best(table: np.ndarray) -> tuple[int, ...]:
    """Indices of threshold, area, shape and gate with the largest mean over images."""
    means = table.mean(axis=0)
    return tuple(map(int, np.unravel_index(means.argmax(), means.shape)))
