"""Overlapping windows over an image of any size, and blending of their predictions.

Windows are processed in bands from the top, so that memory holds one band of the image.
"""

from collections.abc import Callable, Iterator

import numpy as np

from seaice_tf.errors import InputError
from seaice_tf.grids.windows import Window

Predict = Callable[[list[Window]], np.ndarray]


def starts(length: int, side: int, overlap: int) -> list[int]:
    """First pixels of the windows along an axis; the last window ends with the axis.

    An axis shorter than a window has one window, which extends beyond the end.

    >>> starts(10, 4, 1), starts(11, 4, 1), starts(3, 4, 1)
    ([0, 3, 6], [0, 3, 6, 7], [0])
    """
    if not 0 <= overlap < side:
        raise InputError(
            f"tiles: expected an overlap from 0 to {side - 1} pixels for windows of {side}, got "
            f"{overlap}; choose a smaller one"
        )
    last = max(length - side, 0)
    return [*range(0, last, side - overlap), last]


def tiles(shape: tuple[int, int], side: int, overlap: int) -> list[list[Window]]:
    """Square windows that cover `shape`: bands from the top, each from the left."""
    lefts = starts(shape[1], side, overlap)
    return [
        [Window(top, left, side, side) for left in lefts] for top in starts(shape[0], side, overlap)
    ]


def ramp(side: int, overlap: int) -> np.ndarray:
    """Weights of the pixels of a window along an axis: (side,) float32 in (0, 1].

    >>> ramp(6, 2).round(2)
    array([0.33, 0.67, 1.  , 1.  , 0.67, 0.33], dtype=float32)
    """
    near = np.minimum(np.arange(side) + 1, side - np.arange(side))
    return np.minimum(near / (overlap + 1), 1).astype(np.float32)


def blend(
    shape: tuple[int, int], side: int, overlap: int, predict: Predict, batch: int = 4
) -> Iterator[tuple[int, np.ndarray]]:
    """Blend the predictions of overlapping windows by weighted means.

    Args:
        shape: rows and columns of the image.
        side: pixels along a side of a window.
        overlap: minimum overlap of neighbouring windows, in pixels.
        predict: up to `batch` windows -> (n, side, side, C) float. For an image smaller than a
            window, the window extends beyond its end (see `cut`).
        batch: windows per call of `predict`.

    Yields:
        Index of the first row, and the next complete rows (n, columns, C) float32.
    """
    weight = ramp(side, overlap)
    square = (weight[:, None] * weight)[..., None]
    bands = tiles(shape, side, overlap)
    total: np.ndarray | None = None
    sums = np.zeros((side, shape[1], 1), np.float32)
    for band, following in zip(bands, [*bands[1:], None]):
        for first in range(0, len(band), batch):
            windows = band[first : first + batch]
            for window, pred in zip(windows, predict(windows)):
                if total is None:
                    total = np.zeros((side, shape[1], pred.shape[-1]), np.float32)
                width = min(side, shape[1] - window.left)
                inside = slice(window.left, window.left + width)
                total[:, inside] += (pred * square)[:, :width]
                sums[:, inside] += square[:, :width]
        top = band[0].top
        done = (following[0].top if following else shape[0]) - top
        assert total is not None
        yield top, total[:done] / sums[:done]
        total, sums = _scrolled(total, done), _scrolled(sums, done)


def _scrolled(rows: np.ndarray, done: int) -> np.ndarray:
    kept = rows[done:]
    return np.concatenate(
        [kept, np.zeros((rows.shape[0] - kept.shape[0], *rows.shape[1:]), rows.dtype)]
    )


def parts(
    shape: tuple[int, int], side: int, halo: int, align: int
) -> Iterator[list[tuple[Window, Window]]]:
    """Disjoint windows that cover `shape`, each with a halo.

    Args:
        shape: rows and columns of the image.
        side: maximum side of a window in pixels.
        halo: pixels around a window, as far as the image extends.
        align: side and halo are rounded up to multiples of it.

    Yields:
        Bands from the top: pairs (window, window with halo) from the left.
    """
    side, halo = (-(-n // align) * align for n in (max(side, 1), halo))
    tops, lefts = (range(0, length, side) for length in shape)
    for top in tops:
        band = []
        for left in lefts:
            height, width = min(side, shape[0] - top), min(side, shape[1] - left)
            first = max(top - halo, 0), max(left - halo, 0)
            last = min(top + height + halo, shape[0]), min(left + width + halo, shape[1])
            outer = Window(*first, last[0] - first[0], last[1] - first[1])
            band.append((Window(top, left, height, width), outer))
        yield band


def inside(values: np.ndarray, window: Window, outer: Window) -> np.ndarray:
    """The pixels of a window in values (h, w, ...) of the larger window `outer`."""
    top, left = window.top - outer.top, window.left - outer.left
    return values[top : top + window.height, left : left + window.width]


def cut(image: np.ndarray, window: Window) -> np.ndarray:
    """A window of an image (H, W, ...), padded beyond its end with the last row and column."""
    rows, columns = window.slices
    inside = image[rows, columns]
    short = (window.height - inside.shape[0], window.width - inside.shape[1])
    if not any(short):
        return inside
    return np.pad(inside, [(0, n) for n in short] + [(0, 0)] * (image.ndim - 2), mode="edge")
