"""Square crops that overlap, and images put together again from them by a pad of counts.

Crops of 64 cells at a stride of 24 tile the 448 x 304 grid exactly: 17 x 11 = 187.
"""

import numpy as np

from seaice_tf.errors import InputError

SIDE, STRIDE = 64, 24  # cells


def number(length: int, side: int = SIDE, stride: int = STRIDE) -> int:
    """How many crops lie along an axis of `length` cells.

    Raises:
        InputError: the crops leave cells over.

    >>> number(448), number(304)
    (17, 11)
    """
    if not 1 <= stride <= side <= length or (length - side) % stride:
        raise InputError(
            f"crops: expected {side} + n x {stride} cells along each axis and a stride of 1 to "
            f"{side}, got {length} cells; use another side or stride"
        )
    return (length - side) // stride + 1


def crop(grids: np.ndarray, side: int = SIDE, stride: int = STRIDE) -> np.ndarray:
    """Read-only views (..., rows, columns) -> (..., down, across, side, side)."""
    for length in grids.shape[-2:]:
        number(length, side, stride)
    windows = np.lib.stride_tricks.sliding_window_view(grids, (side, side), axis=(-2, -1))
    return windows[..., ::stride, ::stride, :, :]


def put_together(crops: np.ndarray, stride: int = STRIDE) -> np.ndarray:
    """Mean of the crops over each cell: (..., down, across, side, side) -> (..., rows, columns).

    Float64, in which the sum of up to 2**29 equal float32 values is exact, so that an image that
    was cropped comes back as it was.
    """
    *outer, down, across, side, _ = crops.shape
    rows, columns = (side + (n - 1) * stride for n in (down, across))
    total = np.zeros((*outer, rows, columns))
    for i in range(down):
        for j in range(across):
            top, left = i * stride, j * stride
            total[..., top : top + side, left : left + side] += crops[..., i, j, :, :]
    return total / image_pad(rows, columns, side, stride)


def image_pad(rows: int, columns: int, side: int = SIDE, stride: int = STRIDE) -> np.ndarray:
    """How many crops hold each cell: (rows, columns) int64, at least 1."""
    down, across = (np.bincount(cells(n, side, stride).ravel()) for n in (rows, columns))
    return np.outer(down, across)


def cells(length: int, side: int = SIDE, stride: int = STRIDE) -> np.ndarray:
    """Positions along an axis of each crop's cells: (crops, side)."""
    return stride * np.arange(number(length, side, stride))[:, None] + np.arange(side)
