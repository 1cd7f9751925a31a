"""Stratified folds of images, with near-duplicates in one fold.

Two satellites pass over the same place a few hours apart and image the same clouds, with the gap
between the swaths at another place. Of 450 images of the Understanding Clouds competition, three
pairs are such near-duplicates. The correlation of their thumbnails, without the gap and high-pass
filtered, is .76 to .86; that of the other 101022 pairs is at most .60.
"""

import numpy as np
from scipy import ndimage, sparse

THUMBNAIL = (16, 24)  # rows, columns
SMOOTH = 4  # cells; sigma of the high-pass filter, against sun glint and brightness
BLACK = 8  # of 255; darker cells are the gap
ALIKE = 0.68  # minimum correlation of near-duplicates
OVERLAP = 0.25  # minimum fraction of cells outside of both gaps
BLOCK = 512  # images compared at a time, to limit memory


def near_duplicates(thumbnails: np.ndarray, alike: float = ALIKE) -> np.ndarray:
    """Find pairs of images of the same clouds.

    Args:
        thumbnails: (n, rows, columns) grey, 0 to 255, of shape THUMBNAIL.
        alike: minimum correlation of a pair.

    Returns:
        (pairs, 2) indices, the smaller one first.
    """
    valid, values = _prepared(thumbnails)
    pairs = [np.empty((0, 2), int)]
    for start in range(0, len(values), BLOCK):
        block = slice(start, start + BLOCK)
        found = np.argwhere(_correlation(valid[block], values[block], valid, values) >= alike)
        found[:, 0] += start
        pairs.append(found[found[:, 0] < found[:, 1]])
    return np.concatenate(pairs)


def _prepared(thumbnails: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mask of the cells outside of the gap, and high-pass filtered values: (n, cells) each."""
    grey = thumbnails.astype(np.float64)
    valid = (ndimage.minimum_filter(grey, (1, 3, 3)) > BLACK).astype(np.float64)
    weight, smooth = (
        ndimage.gaussian_filter(x, (0, SMOOTH, SMOOTH)) for x in (valid, grey * valid)
    )
    fine = (grey - smooth / np.maximum(weight, 1e-3)) * valid
    return valid.reshape(len(grey), -1), fine.reshape(len(grey), -1)


def _correlation(valid: np.ndarray, values: np.ndarray, others_valid, others) -> np.ndarray:
    """Correlation over the common cells; -1 if these are few or constant."""
    number = valid @ others_valid.T
    cells = np.maximum(number, 1)
    mean, other_mean = values @ others_valid.T / cells, valid @ others.T / cells
    variance = (values**2) @ others_valid.T / cells - mean**2
    other_variance = valid @ (others**2).T / cells - other_mean**2
    covariance = values @ others.T / cells - mean * other_mean
    scale = np.sqrt(np.maximum(variance, 0) * np.maximum(other_variance, 0))
    usable = (number >= OVERLAP * valid.shape[1]) & (scale > 1e-6)
    return np.where(usable, covariance / np.where(usable, scale, 1), -1)


def groups(n: int, pairs: np.ndarray) -> np.ndarray:
    """Group numbers of `n` images, equal for images connected by pairs: (n,) int."""
    graph = sparse.coo_matrix((np.ones(len(pairs)), np.transpose(pairs)), shape=(n, n))
    return sparse.csgraph.connected_components(graph, directed=False)[1]


def stratified(
    present: np.ndarray, folds: int, seed: int = 0, group_of: np.ndarray | None = None
) -> np.ndarray:
    """Assign images to folds, with every combination of classes spread as evenly as possible.

    Args:
        present: (n, classes) bool, whether an image has a class.
        folds: number of folds.
        seed: of the order of assignment.
        group_of: (n,) group numbers; a group is not split between folds. None for no groups.

    Returns:
        (n,) int, the fold of each image, from 0.
    """
    group_of = np.arange(len(present)) if group_of is None else group_of
    _, kinds = np.unique(present, axis=0, return_inverse=True)
    table = np.zeros((group_of.max() + 1, kinds.max() + 1), int)  # a group's combinations
    np.add.at(table, (group_of, kinds.ravel()), 1)
    shuffled = np.random.default_rng(seed).permutation(len(table))
    # Large groups first, then one combination after the other, so that the folds fill evenly.
    order = np.lexsort((table[shuffled].argmax(axis=1), -table[shuffled].sum(axis=1)))
    assigned = np.zeros((folds, table.shape[1]), int)
    fold_of = np.empty(len(table), int)
    for group in shuffled[order]:
        crowd = assigned @ table[group]  # images of these combinations already in a fold
        crowd = crowd + assigned.sum(axis=1) * table[group].sum() / table.shape[1]
        fold = int(crowd.argmin())
        assigned[fold] += table[group]
        fold_of[group] = fold
    return fold_of[group_of]
