"""Square crops that overlap, and images put together again from them by a pad of counts.

Crops of 64 cells at a stride of 24 tile the 448 x 304 grid exactly: 17 x 11 = 187. On other grids
the last one of an axis lies at its end and overlaps more.
"""

import numpy as np

from seaice_tf.errors import InputError

SIDE, STRIDE = 64, 24  # cells


def starts(length: int, side: int = SIDE, stride: int = STRIDE) -> np.ndarray:
    """The first cell of each crop along an axis of `length` cells.

    Raises:
        InputError: the axis is shorter than a crop, or the stride leaves cells out.

    >>> starts(160), starts(170)
    (array([ 0, 24, 48, 72, 96]), array([  0,  24,  48,  72,  96, 106]))
    """
    if not 1 <= stride <= side <= length:
        raise InputError(
            f"crops: expected at least {side} cells along each axis and a stride of 1 to {side}, "
            f"got {length} cells and a stride of {stride}; use a larger grid"
        )
    whole = np.arange(0, length - side + 1, stride)
    return np.union1d(whole, length - side)


def crop(grids: np.ndarray, side: int = SIDE, stride: int = STRIDE) -> np.ndarray:
    """Copies of all crops: (..., rows, columns) -> (..., down, across, side, side)."""
    rows, columns = (starts(length, side, stride) for length in grids.shape[-2:])
    windows = np.lib.stride_tricks.sliding_window_view(grids, (side, side), axis=(-2, -1))
    return windows[..., rows[:, None], columns, :, :]


def put_together(crops: np.ndarray, rows: int, columns: int, stride: int = STRIDE) -> np.ndarray:
    """Mean of the crops over each cell: (..., down, across, side, side) -> (..., rows, columns).

    Float64, in which the sum of up to 2**29 equal float32 values is exact, so that an image that
    was cropped comes back as it was.
    """
    side = crops.shape[-1]
    total = np.zeros((*crops.shape[:-4], rows, columns))
    for i, top in enumerate(starts(rows, side, stride)):
        for j, left in enumerate(starts(columns, side, stride)):
            total[..., top : top + side, left : left + side] += crops[..., i, j, :, :]
    return total / image_pad(rows, columns, side, stride)


def image_pad(rows: int, columns: int, side: int = SIDE, stride: int = STRIDE) -> np.ndarray:
    """How many crops hold each cell: (rows, columns) int64, at least 1."""
    down, across = (np.bincount(cells(n, side, stride).ravel()) for n in (rows, columns))
    return np.outer(down, across)


def cells(length: int, side: int = SIDE, stride: int = STRIDE) -> np.ndarray:
    """Positions along an axis of each crop's cells: (crops, side)."""
    return starts(length, side, stride)[:, None] + np.arange(side)
