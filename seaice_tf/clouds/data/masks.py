"""Masks of regions: to another size with their area kept, small parts dropped, shapes fitted."""

import numpy as np
from scipy import ndimage

from seaice_tf.clouds.data import rle

SHAPES = ("none", "box", "hull", "one_box", "one_hull")
TINY = 1e-9  # shares of a cell closer than this are equal
EIGHT = np.ones((3, 3), bool)  # pixels that touch at a corner belong together


def resize(mask: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """A mask (rows, columns) bool on another grid, smaller or larger, with its share of area."""
    return keep_area(coverage(*rle.runs_of(mask), mask.shape, shape))


def decode(
    text: str, coded: tuple[int, int], shape: tuple[int, int], where: str = "mask"
) -> np.ndarray:
    """A code on the grid `coded` as a mask of `shape`, which never takes the large mask's memory.

    Raises:
        InputError: as rle.runs.
    """
    return keep_area(cover(text, coded, shape, where))


def cover(
    text: str, coded: tuple[int, int], shape: tuple[int, int], where: str = "mask"
) -> np.ndarray:
    """The share of each cell of `shape` under a code on the grid `coded`; errors as `decode`."""
    return coverage(*rle.runs(text, coded, where), coded, shape)


def coverage(
    starts: np.ndarray, ends: np.ndarray, coded: tuple[int, int], shape: tuple[int, int]
) -> np.ndarray:
    """The share of each cell of a grid that runs cover: (rows, columns) float64, exact.

    Args:
        starts: (n,) of rle.runs, on the grid `coded`.
        ends: (n,) one past the end.
        coded: (rows, columns) that the runs count.
        shape: (rows, columns) of the result; both cover the same picture.
    """
    if not starts.size:
        return np.zeros(shape)
    rows, columns = shape
    first, last = starts // coded[0], (ends - 1) // coded[0]
    pieces = last - first + 1  # a run may go on in the next columns
    run = np.repeat(np.arange(starts.size), pieces)
    column = np.arange(run.size) - np.repeat(np.cumsum(pieces) - pieces, pieces) + first[run]
    top = np.maximum(starts[run] - column * coded[0], 0) * (rows / coded[0])
    bottom = np.minimum(ends[run] - column * coded[0], coded[0]) * (rows / coded[0])
    target, share = _spread(coded[1], columns)
    # An edge at row x covers the rest of its cell and all cells below: a step at that cell, and
    # what is left of it one further down; the running sum over the rows gives the cover.
    steps = []
    for edge, sign in ((top, 1.0), (bottom, -1.0)):
        cell = edge.astype(int)
        rest = edge - cell
        for down, part in ((0, 1 - rest), (1, rest)):
            index = target[:, column] * (rows + 2) + cell + down
            steps.append((index.ravel(), (sign * part * share[:, column]).ravel()))
    index, weight = map(np.concatenate, zip(*steps))
    total = np.bincount(index, weight, columns * (rows + 2)).reshape(columns, rows + 2)
    return np.clip(np.cumsum(total[:, :rows], axis=1).T, 0, 1)


def _spread(columns: int, target: int) -> tuple[np.ndarray, np.ndarray]:
    """Where each of `columns` falls among `target` ones, and with what share of a target's width.

    Gives (k, columns) int and float64; k is the most targets that a column reaches into.
    """
    left = np.arange(columns) * target / columns
    right = np.arange(1, columns + 1) * target / columns
    reach = np.arange(int((np.ceil(right) - np.floor(left)).max()))[:, None]
    index = np.floor(left).astype(int) + reach
    overlap = np.minimum(right, index + 1) - np.maximum(left, index)
    return np.minimum(index, target - 1), np.clip(overlap, 0, None)


def keep_area(share: np.ndarray) -> np.ndarray:
    """Cells above the threshold that comes nearest to the area: (rows, columns) bool.

    Args:
        share: (rows, columns) cover of each cell in [0, 1]. Equal cells stay together, and
            anything covered keeps at least one cell: a mask never becomes an empty one.
    """
    full = share > 1 - TINY
    part = np.sort(share[(share > TINY) & ~full])[::-1]
    # The threshold may lie after each group of equal cells, or before all of them.
    ends = np.flatnonzero(np.diff(part, append=-1) < -TINY) + 1
    taken = np.concatenate([[0], ends]) if full.any() else ends
    if not taken.size:
        return full
    best = taken[np.argmin(np.abs(taken - part.sum()))]
    return full | (share >= part[best - 1] - TINY) if best else full


def drop_small(mask: np.ndarray, area: float) -> np.ndarray:
    """A mask without the connected parts (corners connect) of fewer than `area` pixels."""
    if area <= 1:
        return mask
    parts, _ = ndimage.label(mask, EIGHT)
    keep = np.bincount(parts.ravel()) >= area
    keep[0] = False  # what is not in the mask
    return keep[parts]


def fit(mask: np.ndarray, shape: str) -> np.ndarray:
    """A mask (rows, columns) bool with shapes of SHAPES around its parts, or one around all.

    "box" and "hull" take each connected part by itself, "one_box" and "one_hull" all together.
    """
    if shape == "none" or not mask.any():
        return mask
    if shape.startswith("one_"):
        return _box(mask) if shape == "one_box" else hull(mask)
    parts, _ = ndimage.label(mask, EIGHT)
    result = mask.copy()
    for i, place in enumerate(ndimage.find_objects(parts)):
        result[place] |= True if shape == "box" else hull(parts[place] == i + 1)
    return result


def _box(mask: np.ndarray) -> np.ndarray:
    result = np.zeros_like(mask)
    result[ndimage.find_objects(mask.astype(np.uint8))[0]] = True
    return result


def hull(mask: np.ndarray) -> np.ndarray:
    """All pixels whose centres lie in the convex hull of the centres of a mask's: bool."""
    rows = np.flatnonzero(mask.any(axis=1))
    if not rows.size:
        return mask
    left = mask[rows].argmax(axis=1)
    right = mask.shape[1] - 1 - mask[rows, ::-1].argmax(axis=1)
    inner = np.arange(rows[0], rows[-1] + 1)
    start = np.ceil(_envelope(rows, left, inner) - 1e-9)
    end = np.floor(-_envelope(rows, -right, inner) + 1e-9)
    result = np.zeros_like(mask)
    columns = np.arange(mask.shape[1])
    result[inner] = (columns >= start[:, None]) & (columns <= end[:, None])
    return result


def _envelope(x: np.ndarray, y: np.ndarray, where: np.ndarray) -> np.ndarray:
    """The largest convex function that lies nowhere above the points, by Andrew's chain."""
    kept: list[tuple[int, int]] = []
    for point in zip(x.tolist(), y.tolist()):
        while len(kept) > 1 and _turns_up(kept[-2], kept[-1], point):
            kept.pop()
        kept.append(point)
    return np.interp(where, *np.transpose(kept))


def _turns_up(a: tuple[int, int], b: tuple[int, int], c: tuple[int, int]) -> bool:
    """Whether b lies on or above the line from a to c."""
    return (b[0] - a[0]) * (c[1] - a[1]) <= (b[1] - a[1]) * (c[0] - a[0])
