"""Decisions chosen by their Dice: all of a grid are scored, each class by itself.

The contest's score is a mean over images and classes, so the best decision of each class is the
best of all four together.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from seaice_tf.clouds.data import masks
from seaice_tf.clouds.data.classes import CLASSES
from seaice_tf.clouds.data.decisions import PLAIN, Decisions, decide
from seaice_tf.clouds.scores import dice
from seaice_tf.grids import bootstrap


@dataclass(frozen=True)
class Grid:
    """What is tried for each class; see Decisions."""

    thresholds: tuple[float, ...] = (0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.5, 0.6, 0.7)
    min_areas: tuple[float, ...] = (0.0, 0.01, 0.02, 0.03, 0.05, 0.07, 0.1, 0.14)
    shapes: tuple[str, ...] = masks.SHAPES
    gates: tuple[float, ...] = tuple(np.arange(0, 1, 0.05).round(2).tolist())


@dataclass(frozen=True)
class Choice:
    """Chosen decisions, and what choosing gains on images that had no say in it.

    Attributes:
        decisions: chosen on all images.
        held_out: (n, 4) Dice of the images of each fold by decisions chosen on the others.
        plain: (n, 4) Dice with thresholds of one half.
    """

    decisions: Decisions
    held_out: np.ndarray
    plain: np.ndarray

    @property
    def gain(self) -> float:
        """Mean Dice won over thresholds of one half."""
        return float((self.held_out - self.plain).mean())

    def interval(self, seed: int = 0) -> tuple[float, float]:
        """Of the gain, 95 %, by a paired bootstrap over images."""
        return bootstrap.interval(self.held_out - self.plain, seed=seed)


def choose(
    probabilities: np.ndarray,
    chances: np.ndarray,
    truths: np.ndarray,
    folds: np.ndarray,
    grid: Grid | None = None,
    shared: bool = False,
) -> Choice:
    """Choose threshold, smallest area, shape and gate of each class together.

    Args:
        probabilities: (n, rows, columns, 4) of pixels, by networks that did not see the image.
            Small maps do: the contest's masks on 88 x 132 and back on 350 x 525 keep a Dice of
            .993, and take some 6 ms per image and class.
        chances: (n, 4) of images.
        truths: (n, rows, columns, 4) bool.
        folds: (n,) fold of each image, at least two.
        grid: what is tried.
        shared: choose once for all classes: with few images that does better on others.
    """
    grid = grid or Grid()
    classes = range(len(CLASSES))
    tables = [
        gated_table(probabilities[..., i], chances[:, i], truths[..., i], grid) for i in classes
    ]
    judged_by = [np.mean(tables, axis=0)] * len(tables) if shared else tables
    best = [_best(table) for table in judged_by]
    held_out = np.empty(chances.shape)
    for fold in np.unique(folds):
        out = folds == fold
        for i in classes:
            held_out[out, i] = tables[i][(out, *_best(judged_by[i][~out]))]
    plain = [dice.dice(t, decide(p, c, PLAIN)) for p, c, t in zip(probabilities, chances, truths)]
    names = (grid.thresholds, grid.min_areas, grid.shapes, grid.gates)
    values = [tuple(options[j] for j in index) for options, index in zip(names, zip(*best))]
    thresholds, min_areas, shapes, gates = values
    decisions = Decisions("thresholds", thresholds, min_areas, gates, shapes)
    return Choice(decisions, held_out, np.array(plain))


def dice_table(probabilities: np.ndarray, truths: np.ndarray, grid: Grid) -> np.ndarray:
    """Dice of every image with every decision but the gate: (n, thresholds, areas, shapes).

    Args:
        probabilities: (n, rows, columns) of one class.
        truths: (n, rows, columns) bool.
        grid: what is tried.
    """
    sizes = tuple(map(len, (grid.thresholds, grid.min_areas, grid.shapes)))
    result = np.empty((len(truths), *sizes))
    for image, (map_, truth) in enumerate(zip(probabilities, truths)):
        total = np.count_nonzero(truth)
        for t, threshold in enumerate(grid.thresholds):
            for areas, fitted in _by_area(map_ >= threshold, grid):
                both = [np.count_nonzero(mask & truth) for mask in fitted]
                pixels = [np.count_nonzero(mask) + total for mask in fitted]
                result[image, t, areas] = dice.of_sizes(np.array(both), np.array(pixels))
    return result


def _by_area(mask: np.ndarray, grid: Grid) -> Iterator[tuple[np.ndarray, list[np.ndarray]]]:
    """Indices of the areas that leave the same parts of a mask, and what they leave by shape."""
    parts, _ = ndimage.label(mask, masks.EIGHT)
    sizes = np.bincount(parts.ravel())
    sizes[0] = 0  # what is not in the mask
    kept = sizes >= np.maximum(np.array(grid.min_areas) * mask.size, 1)[:, None]
    for keep in np.unique(kept, axis=0):
        # Around a single part each shape is the same as around all.
        same = {"box": "one_box", "hull": "one_hull"} if keep.sum() <= 1 else {}
        names = [same.get(shape, shape) for shape in grid.shapes]
        made = {name: masks.fit(keep[parts], name) for name in set(names)}
        yield (kept == keep).all(axis=1), [made[name] for name in names]


def gated_table(
    probabilities: np.ndarray, chances: np.ndarray, truths: np.ndarray, grid: Grid
) -> np.ndarray:
    """Dice of every image with every decision: (n, thresholds, areas, shapes, gates).

    Args:
        probabilities: (n, rows, columns) of one class.
        chances: (n,) of images.
        truths: (n, rows, columns) bool.
        grid: what is tried.
    """
    table = dice_table(probabilities, truths, grid)
    empty = dice.of_sizes(np.zeros(len(truths)), truths.sum(axis=(1, 2)))
    closed = chances[:, None] < np.array(grid.gates)
    return np.where(closed[:, None, None, None], empty[:, None, None, None, None], table[..., None])


def _best(table: np.ndarray) -> tuple[int, ...]:
    """Indices of threshold, area, shape and gate with the largest mean over images."""
    means = table.mean(axis=0)
    return tuple(map(int, np.unravel_index(means.argmax(), means.shape)))
