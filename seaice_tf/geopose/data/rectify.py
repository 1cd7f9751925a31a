"""Rectification of oblique images: each pixel is moved along its flow to the ground."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from seaice_tf.geopose.data.pose import Pose, direction

PASSES = 4  # of the median filter that separates small holes from hidden ground
REACH = 2  # pixels; filters are 5 x 5
SIZE = 2 * REACH + 1
INFINITE, HIDDEN = np.uint32(0x7F800000), np.uint32(0xFFFFFFFF)  # as bits of float32 heights
COLOUR = np.dtype("V3")  # the three bytes of a pixel, which are moved at once
BAND, PART = 1 << 16, 1 << 14  # pixels and holes that are processed at once, by each thread
Result = TypeVar("Result")


@dataclass(frozen=True)
class Rectified:
    """A view from directly above.

    Attributes:
        image: (H, W, 3) uint8, 0 where not visible.
        agl: (H, W) float32 metres, NaN where not visible or unknown.
        visible: (H, W) bool; False on ground that is hidden, or outside the image.
    """

    image: np.ndarray
    agl: np.ndarray
    visible: np.ndarray


def rectify(image: np.ndarray, agl: np.ndarray, pose: Pose) -> Rectified:
    """Rectify an image and its heights, and fill small holes.

    Holes are artefacts of the grid: a pixel without a source takes height and colour of the
    neighbour of median height in 5 x 5. Pixels that stay without a source after four passes of a
    median filter of the mask are hidden and not filled. Pixels of unknown height are not moved.

    Args:
        image: (H, W, 3) uint8.
        agl: (H, W) metres; NaN where unknown.
        pose: of the image.
    """
    source = sources(agl, pose)
    missed = source < 0
    moved, heights = np.empty_like(image), np.empty(agl.shape, np.float32)
    # One more pixel, black and of unknown height, which the index -1 of those without a source is.
    colours = np.concatenate([image.reshape(-1, 3), np.zeros((1, 3), np.uint8)]).view(COLOUR)[:, 0]
    metres = np.append(agl.astype(np.float32, copy=False), np.float32(np.nan))
    holes = np.flatnonzero(missed & ~hidden(missed))

    def move_heights(band: slice) -> None:
        np.take(metres, source[band], out=heights[band], mode="wrap")

    def move_colours(band: slice) -> None:
        np.take(colours, source[band], out=moved.view(COLOUR)[band, :, 0], mode="wrap")

    _in_threads(move_heights, len(agl), _band(agl))
    _close(source, heights, holes)
    _in_threads(move_colours, len(agl), _band(agl))
    return Rectified(moved, heights, source >= 0)


def sources(agl: np.ndarray, pose: Pose) -> np.ndarray:
    """Source pixel of each pixel of the rectified image.

    Flow is rounded to whole pixels. Of several candidates the tallest is the source, of equally
    tall ones the last in the order of the array; pixels that leave the image are dropped.

    Args:
        agl: (H, W) metres; NaN and negative heights count as 0.
        pose: of the image.

    Returns:
        (H, W) int64 index into the flattened image, -1 without a source.
    """
    rows, columns = agl.shape
    vector = (direction(pose.angle) * pose.scale).astype(np.float32)
    best = np.full(agl.size + 1, -1, np.int64)  # the last one is of pixels outside the image
    step = _band(agl)
    for top in range(0, rows, step):
        height = np.fmax(agl[top : top + step].astype(np.float32, copy=False), 0)
        # The height in the upper bits, the pixel in the lower ones.
        key = _ordered(height).astype(np.int64) << 32
        key |= np.arange(top * columns, top * columns + height.size).reshape(height.shape)
        np.maximum.at(best, _targets(height, vector, top, rows).reshape(-1), key.reshape(-1))
    found = best[:-1].reshape(agl.shape)

    def keep_pixel(band: slice) -> None:
        found[band] <<= 32
        found[band] >>= 32  # -1 as it was

    _in_threads(keep_pixel, rows, step)
    return found


def _targets(height: np.ndarray, vector: np.ndarray, top: int, rows: int) -> np.ndarray:
    """Index of the target of each pixel of a band; outside the image, the number of its pixels."""
    columns, size = height.shape[1], rows * height.shape[1]
    column, row = (_rounded(height * part) for part in vector)
    column += np.arange(columns, dtype=np.int32)
    row += np.arange(top, top + len(height), dtype=np.int32)[:, None]
    # As unsigned numbers, negative ones are too large as well.
    outside = (row.view(np.uint32) >= rows) | (column.view(np.uint32) >= columns)
    index = row if size < 1 << 31 else row.astype(np.int64)
    index *= columns
    index += column
    index[outside] = size
    return index.astype(np.int64)


def _rounded(values: np.ndarray) -> np.ndarray:
    """The nearest whole numbers, of halves the upper one, as int32; the values are overwritten."""
    values += np.float32(0.5)
    return np.floor(values, out=values).astype(np.int32)


def hidden(missed: np.ndarray) -> np.ndarray:
    """Median filter in 5 x 5, four passes, edges repeated: (H, W) bool -> (H, W) bool."""
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


def _close(source: np.ndarray, agl: np.ndarray, holes: np.ndarray) -> None:
    """Fill the holes with a visible pixel in 5 x 5, in place, and again those beside filled ones.

    Args:
        source: (H, W), -1 of pixels that are not visible.
        agl: (H, W) metres.
        holes: (n,) their indices in the flattened image.
    """
    rows, columns = agl.shape
    bits = np.full((rows + 2 * REACH, columns + 2 * REACH), HIDDEN)

    def copy(band: slice) -> None:
        inner = bits[REACH:-REACH, REACH:-REACH][band]
        np.copyto(inner, _ordered(np.maximum(agl[band], 0)), where=source[band] >= 0)

    _in_threads(copy, rows, _band(agl))
    flat_source, flat_agl, flat_bits = source.reshape(-1), agl.reshape(-1), bits.reshape(-1)
    steps = np.arange(-REACH, REACH + 1)
    beside = (steps[:, None] * columns + steps).reshape(-1)  # of each place in 5 x 5

    def fill(some: slice) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        own = holes[some]
        corners = own + 2 * REACH * (own // columns)  # of 5 x 5, in the padded array
        places = _median(bits, corners)
        found = places >= 0
        filled = own[found]
        pixel = filled + beside[places[found]]
        heights = flat_agl[pixel]
        flat_source[filled], flat_agl[filled] = flat_source[pixel], heights
        middle = corners[found] + REACH * (bits.shape[1] + 1)
        return middle, _ordered(np.maximum(heights, 0)), own[~found]

    for _ in range(PASSES):
        parts = _in_threads(fill, len(holes), PART)
        for middle, height, _ in parts:  # after all: no hole is filled from one of the same pass
            flat_bits[middle] = height
        left = np.concatenate([holes[:0], *(own for _, _, own in parts)])
        if len(left) == len(holes):
            break
        holes = left


def _median(bits: np.ndarray, corners: np.ndarray) -> np.ndarray:
    """Position in 5 x 5 of the median known height, the lower of two: (n,) 0 to 24, -1 for none.

    Unknown heights are used only where none is known.
    """
    reach = (np.arange(SIZE)[:, None] * bits.shape[1] + np.arange(SIZE)).reshape(-1)
    around = np.take(bits, corners[:, None] + reach, mode="clip")
    # Sorted with the position in the lowest bits: numbers, then NaN, then hidden pixels.
    keys = around.astype(np.int64)
    keys <<= 5
    keys |= np.arange(SIZE**2)
    keys.sort(axis=1)
    # A product with ones: sums along short rows are slow.
    number = ((around < INFINITE).astype(np.float32) @ np.ones(SIZE**2, np.float32)).astype(int)
    chosen = keys[np.arange(len(keys)), np.maximum(number - 1, 0) // 2]
    return np.where(chosen >> 5 == HIDDEN, -1, chosen & 31)


def _ordered(height: np.ndarray) -> np.ndarray:
    """Bits of float32 heights as uint32 of the same order; NaN is largest, -0 equals 0."""
    return (height + np.float32(0)).view(np.uint32)


def _band(agl: np.ndarray) -> int:
    """Rows of `BAND` pixels."""
    return -(-BAND // agl.shape[1])


def _in_threads(function: Callable[[slice], Result], length: int, step: int) -> list[Result]:
    """Results of a function of the parts of an array, in order, computed in threads."""
    parts = [slice(first, first + step) for first in range(0, length, step)]
    if len(parts) < 2:
        return [function(part) for part in parts]
    # numpy releases the interpreter's lock in long loops.
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        return list(threads.map(function, parts))
