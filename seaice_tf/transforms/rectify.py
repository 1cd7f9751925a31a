"""Oblique images moved to the ground: each pixel goes along its flow, and the taller wins."""

from dataclasses import dataclass

import numpy as np

from seaice_tf.transforms.geopose import Pose, direction

PASSES = 4  # of the filter that tells a hole from ground that was not seen
REACH = 2  # pixels: filters look at 5 x 5


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
    the most, by a median filter four times over, they stay unseen.
    Pixels of unknown height are left where they are.

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
        filled = _close(moved, heights, seen, np.nonzero(holes))
        seen[filled], holes[filled] = True, False
    return Rectified(moved, heights, seen)


def sources(agl: np.ndarray, pose: Pose, stretch: float = 1.0) -> np.ndarray:
    """Which pixel ends where, when each goes `stretch` times its flow, rounded to whole pixels.

    Of several the tallest wins, of equally tall ones the last in the order of the array. Those that
    leave the image are dropped.

    Args:
        agl: (H, W) metres, at least 0; NaN counts as 0.
        pose: how the image was taken.
        stretch: 1 moves to the ground, negative numbers away from it.

    Returns:
        (H, W) int64 index into the flattened image, -1 where none fell.
    """
    rows, columns = agl.shape
    height = np.fmax(agl.astype(np.float32, copy=False), 0)
    # float32 throughout: in double the time and memory of 2048 x 2048 are twice as much.
    x, y = (direction(pose.angle) * pose.scale * stretch).astype(np.float32)
    column = np.floor(height * x + np.float32(0.5)).astype(np.int32)
    column += np.arange(columns, dtype=np.int32)
    row = np.floor(height * y + np.float32(0.5)).astype(np.int32)
    row += np.arange(rows, dtype=np.int32)[:, None]
    inside = (row >= 0) & (row < rows) & (column >= 0) & (column < columns)
    # The bits of floats that are not negative have their order; below them stands the pixel.
    key = height.view(np.uint32).astype(np.int64) << 32
    key |= np.arange(agl.size).reshape(agl.shape)
    target = row * np.int64(columns) + column
    if not inside.all():
        target, key = target[inside], key[inside]
    best = np.full(agl.size, -1, np.int64)
    np.maximum.at(best, target.ravel(), key.ravel())
    return np.where(best < 0, -1, best & 0xFFFFFFFF).reshape(agl.shape)


def unseen(missed: np.ndarray) -> np.ndarray:
    """The median in 5 x 5, four times: (H, W) bool -> (H, W) bool; edges are repeated."""
    result = missed.astype(np.uint8)
    for _ in range(PASSES):
        padded = np.pad(result, REACH, mode="edge")
        size = 2 * REACH + 1
        down = np.zeros((len(missed), padded.shape[1]), np.uint8)
        for i in range(size):
            down += padded[i : i + len(missed)]
        number = np.zeros(missed.shape, np.uint8)
        for j in range(size):
            number += down[:, j : j + missed.shape[1]]
        result = (number > size**2 // 2).astype(np.uint8)
    return result.astype(bool)


def _close(image: np.ndarray, agl: np.ndarray, seen: np.ndarray, holes) -> tuple:
    """Fill holes that have a seen pixel in 5 x 5, in place; gives their rows and columns."""
    reach = np.arange(-REACH, REACH + 1)
    rows = np.clip(holes[0][:, None, None] + reach[:, None], 0, seen.shape[0] - 1)
    columns = np.clip(holes[1][:, None, None] + reach, 0, seen.shape[1] - 1)
    near = (rows * seen.shape[1] + columns).reshape(len(rows), reach.size**2)
    known = np.take(seen, near)
    heights = np.where(known, np.take(agl, near), np.nan)
    order = np.argsort(heights, axis=1, kind="stable")  # NaN goes to the end
    middle = np.maximum(np.isfinite(heights).sum(axis=1) - 1, 0) // 2
    each = np.arange(len(near))
    source = near[each, order[each, middle]]
    can = np.take(seen, source)
    filled = holes[0][can], holes[1][can]
    agl[filled] = np.take(agl, source[can])
    image[filled] = np.take(image.reshape(-1, image.shape[-1]), source[can], axis=0)
    return filled
