"""What an oblique camera sees of a height field, and where the sun's shadow reaches.

Both look along straight lines of pixels: a step along the nearer axis at a time, the other
coordinate rounded, so each pixel is on one line and nothing is interpolated. A field seen from the
other side is the same field flipped, exactly.
"""

import numpy as np


def visible(height: np.ndarray, x: float, y: float) -> np.ndarray:
    """The ground cell whose column of matter is seen at each pixel.

    A point `z` above cell g is drawn at g - z (x, y); of those drawn at one pixel the farthest
    along (x, y) hides the others, since the camera is on that side.

    Args:
        height: (H, W) metres, at least 0.
        x, y: pixels to the right and down for each metre: the flow of a metre of height.

    Returns:
        (H, W) int64 index of the cell into the flattened field.
    """
    numbers = np.arange(height.size).reshape(height.shape)
    if x == 0 and y == 0:
        return numbers
    turned, cells = _facing(height, x, y), _facing(numbers, x, y)
    step = max(abs(x), abs(y))
    offsets = _offsets(len(turned), x, y)
    rows = np.arange(len(turned), dtype=np.int32)[:, None]
    columns = np.arange(turned.shape[1], dtype=np.int32)
    highest = np.ceil(rows - turned * np.float32(step) - np.float32(0.5)).astype(np.int32)
    np.clip(highest, 0, None, out=highest)
    at = columns - offsets[:, None] + offsets[highest]
    inside = (at >= 0) & (at < turned.shape[1])
    target = (highest * np.int64(turned.shape[1]) + at)[inside]
    seen = np.broadcast_to(rows, turned.shape).copy()
    np.maximum.at(seen.reshape(-1), target, np.broadcast_to(rows, turned.shape)[inside])
    for row in range(1, len(seen)):
        _keep(seen[row], seen[row - 1], offsets[row] - offsets[row - 1])
    found = cells[seen, np.clip(columns + offsets[seen] - offsets[:, None], 0, len(columns) - 1)]
    result = np.empty_like(numbers)
    _facing(result, x, y)[...] = found
    return result


def shadow(height: np.ndarray, x: float, y: float, drop: float) -> np.ndarray:
    """The height up to which each cell is in shadow: (H, W) float32 metres, its own at least.

    Args:
        height: (H, W) metres.
        x, y: towards the sun, to the right and down, of any length.
        drop: metres that a sunbeam falls in a pixel.
    """
    result = height.astype(np.float32)
    turned = _facing(result, x, y)
    offsets = _offsets(len(turned), x, y)
    fall = np.float32(drop * np.hypot(x, y) / max(abs(x), abs(y)))
    for row in range(len(turned) - 2, -1, -1):
        _keep(turned[row], turned[row + 1] - fall, offsets[row] - offsets[row + 1])
    return result


def _facing(field: np.ndarray, x: float, y: float) -> np.ndarray:
    """A view of the field in which (x, y) points down the rows, more than across."""
    if abs(x) > abs(y):
        field, y = field.T, x
    return field[::-1] if y < 0 else field


def _offsets(rows: int, x: float, y: float) -> np.ndarray:
    """How far the line through the middle has gone across at each row, in whole pixels."""
    along, across = (x, y) if abs(x) > abs(y) else (y, x)
    # From the middle, so that a flipped field has the same lines.
    steps = np.arange(rows) - (rows - 1) / 2
    return np.rint(steps * (across / abs(along))).astype(np.int32)


def _keep(row: np.ndarray, before: np.ndarray, shift: int) -> None:
    """The maximum of a row and its neighbour's, which lies `shift` pixels further across."""
    if shift > 0:
        np.maximum(row[shift:], before[:-shift], out=row[shift:])
    elif shift < 0:
        np.maximum(row[:shift], before[-shift:], out=row[:shift])
    else:
        np.maximum(row, before, out=row)
