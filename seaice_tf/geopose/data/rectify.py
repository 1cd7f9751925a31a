"""Oblique images moved to the ground: each pixel goes along its flow, and the taller wins."""

from dataclasses import dataclass

import numpy as np

from seaice_tf.geopose.data.pose import Pose, direction

PASSES = 4  # of the filter that tells a hole from ground that was not seen
REACH = 2  # pixels: filters look at 5 x 5
SIZE = 2 * REACH + 1
INFINITE, UNSEEN = np.uint32(0x7F800000), np.uint32(0xFFFFFFFF)  # as bits of float32 heights
BAND, PART = 32, 1 << 14  # rows and holes treated at once: as many as stay in the cache


@dataclass(frozen=True)
class Rectified:
    """As seen from straight above.

    Attributes:
        image: (H, W, 3) uint8, 0 where not seen.
        agl: (H, W) float32 metres, NaN where not seen or unknown.
        seen: (H, W) bool; False on ground that stands behind something, or outside the image.
    """

    image: np.ndarray
    agl: np.ndarray
    seen: np.ndarray


def rectify(image: np.ndarray, agl: np.ndarray, pose: Pose) -> Rectified:
    """Move an image and its heights to the ground and close the small holes.

    Holes come from the grid: a pixel that none falls on in the midst of others takes the height and
    colour of that of its neighbours in 5 x 5 which is the median in height. Where unseen pixels are
    the most, by a median filter four times over, they stay unseen. Pixels of unknown height stay
    where they are.

    Args:
        image: (H, W, 3) uint8.
        agl: (H, W) metres; NaN where unknown.
        pose: how the image was taken.
    """
    source = sources(agl, pose)
    missed = source < 0
    clipped = np.maximum(source, 0)
    moved = np.take(image.reshape(-1, 3), clipped, axis=0)
    heights = np.take(agl.astype(np.float32, copy=False), clipped)
    moved[missed], heights[missed] = 0, np.nan
    seen, holes = ~missed, missed & ~unseen(missed)
    for _ in range(PASSES):
        if not holes.any():
            break
        filled = _close(moved, heights, seen, np.nonzero(holes))
        seen[filled], holes[filled] = True, False
    return Rectified(moved, heights, seen)


def sources(agl: np.ndarray, pose: Pose) -> np.ndarray:
    """Which pixel ends where, when each goes along its flow, rounded to whole pixels.

    Of several the tallest wins, of equally tall ones the last in the order of the array. Those that
    leave the image are dropped.

    Args:
        agl: (H, W) metres; NaN and what is below 0 count as 0.
        pose: how the image was taken.

    Returns:
        (H, W) int64 index into the flattened image, -1 where none fell.
    """
    rows, columns = agl.shape
    vector = (direction(pose.angle) * pose.scale).astype(np.float32)
    best = np.full(agl.size, -1, np.int64)
    for top in range(0, rows, BAND):
        height = np.fmax(agl[top : top + BAND].astype(np.float32, copy=False), 0)
        target = _targets(height, vector, top, rows)
        # The bits of the height, and below them the pixel.
        key = _ordered(height).astype(np.int64) << 32
        key |= np.arange(top * columns, top * columns + height.size).reshape(height.shape)
        inside = target >= 0
        np.maximum.at(best, target[inside], key[inside])
    missed = best < 0
    best &= 0xFFFFFFFF
    best[missed] = -1
    return best.reshape(agl.shape)


def _targets(height: np.ndarray, vector: np.ndarray, top: int, rows: int) -> np.ndarray:
    """Index of the pixel on which each pixel of a band falls, -1 outside the image."""
    columns = height.shape[1]
    column, row = (np.floor(height * part + np.float32(0.5)).astype(np.int32) for part in vector)
    column += np.arange(columns, dtype=np.int32)
    row += np.arange(top, top + len(height), dtype=np.int32)[:, None]
    inside = (row >= 0) & (row < rows) & (column >= 0) & (column < columns)
    return np.where(inside, row * np.int64(columns) + column, -1)


def unseen(missed: np.ndarray) -> np.ndarray:
    """The median in 5 x 5, four times: (H, W) bool -> (H, W) bool; edges are repeated."""
    result = missed.astype(np.uint8)
    for _ in range(PASSES):
        padded = np.pad(result, REACH, mode="edge")
        down = np.zeros((len(missed), padded.shape[1]), np.uint8)
        for i in range(SIZE):
            down += padded[i : i + len(missed)]
        number = np.zeros(missed.shape, np.uint8)
        for j in range(SIZE):
            number += down[:, j : j + missed.shape[1]]
        result = (number > SIZE**2 // 2).astype(np.uint8)
    return result.astype(bool)


def _close(image: np.ndarray, agl: np.ndarray, seen: np.ndarray, holes) -> tuple:
    """Fill holes that have a seen pixel in 5 x 5, in place; gives their rows and columns."""
    bits = np.where(seen, _ordered(np.maximum(agl, 0)), UNSEEN)
    bits = np.pad(bits, REACH, constant_values=UNSEEN)
    corners = holes[0] * bits.shape[1] + holes[1]
    parts = [corners[first : first + PART] for first in range(0, len(corners), PART)]
    places = np.concatenate([_middle(bits, part) for part in parts])
    can = places >= 0
    filled = holes[0][can], holes[1][can]
    source = filled[0] + places[can] // SIZE - REACH, filled[1] + places[can] % SIZE - REACH
    agl[filled], image[filled] = agl[source], image[source]
    return filled


def _middle(bits: np.ndarray, corners: np.ndarray) -> np.ndarray:
    """Where in its 5 x 5 the median known height is, of two the lower: (n,) 0 to 24, -1 for none.

    Heights that are unknown are taken where none is known.
    """
    reach = (np.arange(SIZE)[:, None] * bits.shape[1] + np.arange(SIZE)).reshape(-1)
    around = np.take(bits, corners[:, None] + reach)
    # Sorted with its place in the lowest bits: numbers, then NaN, then what is not seen.
    keys = np.sort((around.astype(np.int64) << 5) | np.arange(SIZE**2), axis=1)
    number = (around < INFINITE).sum(axis=1)
    chosen = keys[np.arange(len(keys)), np.maximum(number - 1, 0) // 2]
    return np.where(chosen >> 5 == UNSEEN, -1, chosen & 31)


def _ordered(height: np.ndarray) -> np.ndarray:
    """Bits of float32 heights as uint32, in their order; NaN is above all, minus 0 is 0."""
    return (height + np.float32(0)).view(np.uint32)
