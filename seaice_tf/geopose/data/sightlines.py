"""Visibility of a height field from an oblique camera, and shadows.

Both are computed along straight lines of pixels, one step along the dominant axis at a time with
the other coordinate rounded: every pixel is on exactly one line and nothing is interpolated. The
view from the opposite side is exactly that of the flipped field.
"""

import numpy as np


def visible(height: np.ndarray, x: float, y: float) -> np.ndarray:
    """Ground cell of the column that is visible at each pixel.

    A point `z` metres above cell g is projected to g - z (x, y); among the points projected to a
    pixel the farthest along (x, y), which is nearest to the camera, hides the others.

    Args:
        height: (H, W) metres, at least 0.
        x, y: flow of a metre of height, pixels to the right and down.

    Returns:
        (H, W) int64 index of the cell into the flattened field.
    """
    numbers = np.arange(height.size).reshape(height.shape)
    if x == 0 and y == 0:
        return numbers
    oriented, cells = _oriented(height, x, y), _oriented(numbers, x, y)
    step = max(abs(x), abs(y))
    offsets = _offsets(len(oriented), x, y)
    rows = np.arange(len(oriented), dtype=np.int32)[:, None]
    columns = np.arange(oriented.shape[1], dtype=np.int32)
    highest = np.ceil(rows - oriented * np.float32(step) - np.float32(0.5)).astype(np.int32)
    np.clip(highest, 0, None, out=highest)
    at = columns - offsets[:, None] + offsets[highest]
    inside = (at >= 0) & (at < oriented.shape[1])
    target = (highest * np.int64(oriented.shape[1]) + at)[inside]
    source = np.broadcast_to(rows, oriented.shape).copy()
    np.maximum.at(source.reshape(-1), target, np.broadcast_to(rows, oriented.shape)[inside])
    for row in range(1, len(source)):
        _maximum(source[row], source[row - 1], offsets[row] - offsets[row - 1])
    column = np.clip(columns + offsets[source] - offsets[:, None], 0, len(columns) - 1)
    result = np.empty_like(numbers)
    _oriented(result, x, y)[...] = cells[source, column]
    return result


def shadow(height: np.ndarray, x: float, y: float, drop: float) -> np.ndarray:
    """Height of the shadow above each cell.

    Args:
        height: (H, W) metres.
        x, y: direction towards the sun, to the right and down, of any length.
        drop: descent of a sunbeam, metres per pixel.

    Returns:
        (H, W) float32 metres up to which a cell is in shadow, at least its own height.
    """
    result = height.astype(np.float32)
    oriented = _oriented(result, x, y)
    offsets = _offsets(len(oriented), x, y)
    fall = np.float32(drop * np.hypot(x, y) / max(abs(x), abs(y)))
    for row in range(len(oriented) - 2, -1, -1):
        _maximum(oriented[row], oriented[row + 1] - fall, offsets[row] - offsets[row + 1])
    return result


def _oriented(field: np.ndarray, x: float, y: float) -> np.ndarray:
    """A view of the field with axes such that (x, y) points mainly down the rows."""
    if abs(x) > abs(y):
        field, y = field.T, x
    return field[::-1] if y < 0 else field


def _offsets(rows: int, x: float, y: float) -> np.ndarray:
    """Column offset at each row of the line through the centre, in whole pixels."""
    along, across = (x, y) if abs(x) > abs(y) else (y, x)
    # From the centre, so that a flipped field has the same lines.
    steps = np.arange(rows) - (rows - 1) / 2
    return np.rint(steps * (across / abs(along))).astype(np.int32)


def _maximum(row: np.ndarray, before: np.ndarray, shift: int) -> None:
    """Maximum, in place, of a row and its neighbour shifted by `shift` pixels."""
    if shift > 0:
        np.maximum(row[shift:], before[:-shift], out=row[shift:])
    elif shift < 0:
        np.maximum(row[:shift], before[-shift:], out=row[:shift])
    else:
        np.maximum(row, before, out=row)
