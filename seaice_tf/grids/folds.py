"""Folds of images: alike in their classes, with near-duplicates on one side.

Two satellites pass the same place a few hours apart: the same clouds, cut by another gap between
the swaths. Of the contest's 450 images at hand three pairs are of that kind. Their correlation
on THUMBNAIL, without the gap and what is wider than SMOOTH cells, is .76 to .86; that of the
other 101022 pairs is at most .60.
"""

import numpy as np
from scipy import ndimage, sparse

THUMBNAIL = (16, 24)  # rows, columns
SMOOTH = 4  # cells; takes out sun glint and brightness, which images share by geometry
BLACK = 8  # of 255; darker cells are the gap, as the sea is not
ALIKE = 0.68  # correlation from which on two images count as the same clouds
OVERLAP = 0.25  # share of the cells that both must have outside the gap
BLOCK = 512  # images compared at a time, to bound memory


def near_duplicates(thumbnails: np.ndarray, alike: float = ALIKE) -> np.ndarray:
    """Pairs of images of the same clouds: (pairs, 2) indices, the smaller first.

    Args:
        thumbnails: (n, rows, columns) grey, 0 to 255, small as THUMBNAIL.
        alike: correlation from which on they are a pair.
    """
    seen, values = _prepared(thumbnails)
    pairs = [np.empty((0, 2), int)]
    for start in range(0, len(values), BLOCK):
        block = slice(start, start + BLOCK)
        found = np.argwhere(_correlation(seen[block], values[block], seen, values) >= alike)
        found[:, 0] += start
        pairs.append(found[found[:, 0] < found[:, 1]])
    return np.concatenate(pairs)


def _prepared(thumbnails: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Cells away from the gap, and their values without the smooth part: (n, cells) each."""
    grey = thumbnails.astype(np.float64)
    seen = (ndimage.minimum_filter(grey, (1, 3, 3)) > BLACK).astype(np.float64)
    weight, smooth = (ndimage.gaussian_filter(x, (0, SMOOTH, SMOOTH)) for x in (seen, grey * seen))
    fine = (grey - smooth / np.maximum(weight, 1e-3)) * seen
    return seen.reshape(len(grey), -1), fine.reshape(len(grey), -1)


def _correlation(seen: np.ndarray, values: np.ndarray, others_seen, others) -> np.ndarray:
    """Correlation over the cells that both have; -1 where those are few or do not vary."""
    number = seen @ others_seen.T
    cells = np.maximum(number, 1)
    mean, other_mean = values @ others_seen.T / cells, seen @ others.T / cells
    variance = (values**2) @ others_seen.T / cells - mean**2
    other_variance = seen @ (others**2).T / cells - other_mean**2
    covariance = values @ others.T / cells - mean * other_mean
    scale = np.sqrt(np.maximum(variance, 0) * np.maximum(other_variance, 0))
    usable = (number >= OVERLAP * seen.shape[1]) & (scale > 1e-6)
    return np.where(usable, covariance / np.where(usable, scale, 1), -1)


def groups(n: int, pairs: np.ndarray) -> np.ndarray:
    """A number for each of `n` images, the same for those that pairs connect: (n,) int."""
    graph = sparse.coo_matrix((np.ones(len(pairs)), np.transpose(pairs)), shape=(n, n))
    return sparse.csgraph.connected_components(graph, directed=False)[1]


def stratified(
    present: np.ndarray, folds: int, seed: int = 0, together: np.ndarray | None = None
) -> np.ndarray:
    """The fold of each image, from 0: (n,) int, a function of `seed`.

    Every combination of classes is spread over the folds as evenly as the groups allow.

    Args:
        present: (n, classes) bool, the classes that an image has.
        folds: number of folds.
        seed: of the order in which images are dealt out.
        together: (n,) of groups; the images of a group come into one fold.
    """
    together = np.arange(len(present)) if together is None else together
    _, kinds = np.unique(present, axis=0, return_inverse=True)
    table = np.zeros((together.max() + 1, kinds.max() + 1), int)  # a group's combinations
    np.add.at(table, (together, kinds.ravel()), 1)
    shuffled = np.random.default_rng(seed).permutation(len(table))
    # Large groups first, then one combination after the other, so that the folds fill evenly.
    order = np.lexsort((table[shuffled].argmax(axis=1), -table[shuffled].sum(axis=1)))
    dealt = np.zeros((folds, table.shape[1]), int)
    fold_of = np.empty(len(table), int)
    for group in shuffled[order]:
        crowd = dealt @ table[group]  # images of these combinations that a fold has already
        crowd = crowd + dealt.sum(axis=1) * table[group].sum() / table.shape[1]
        fold = int(crowd.argmin())
        dealt[fold] += table[group]
        fold_of[group] = fold
    return fold_of[together]
