"""A sequence of frames in blocks of which a window touches few, in memory or mapped from files."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from seaice_tf.errors import InputError
from seaice_tf.grids.windows import Window, require_inside

# Rows of tiles from the top, each from the left: (frames, rows, columns) of whole or real counts.
# All that a tile must know is to be sliced along its three axes at once.
Block = Sequence[Sequence[Any]]


@dataclass(frozen=True)
class Frames:
    """Frames of one place.

    Attributes:
        name: of the file.
        time: (T,) datetime64[s], ascending, perhaps with gaps.
        blocks: one after the other in time, all of the same place.
        osgb: (2, H, W) eastings and northings in metres, None if they are not known.
        usable: (T,) bool, frames that windows may hold; None for all of them.
        synthetic: made up.
    """

    name: str
    time: np.ndarray
    blocks: tuple[Block, ...]
    osgb: np.ndarray | None = None
    usable: np.ndarray | None = None
    synthetic: bool = False

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        rows = self.blocks[0]
        return sum(row[0].shape[1] for row in rows), sum(tile.shape[2] for tile in rows[0])

    def __len__(self):
        return len(self.time)

    def read(self, start: int, number: int, window: Window) -> np.ndarray:
        """A window of the frames from `start` on: (number, h, w) integers, or float32.

        Raises:
            InputError: it leaves the frames.
        """
        require_inside(window, self.shape, self.name)
        if not 0 <= start < start + number <= len(self):
            raise InputError(
                f"{self.name}: expected frames from 0 to {len(self) - 1}, got {number} from "
                f"{start} on; choose others"
            )
        stored = self.blocks[0][0][0].dtype
        whole = np.issubdtype(stored, np.integer)
        kind = np.promote_types(stored, np.int16) if whole else np.float32
        result = np.empty((number, window.height, window.width), kind)
        first = 0
        for block in self.blocks:
            length = block[0][0].shape[0]
            frames, into = _overlap(first, length, start, number)
            first += length
            if frames.start < frames.stop:
                _copy(block, frames, window, result[into])
        return result


def _copy(block: Block, frames: slice, window: Window, into: np.ndarray) -> None:
    top = 0
    for row in block:
        height, left = row[0].shape[1], 0
        rows, into_rows = _overlap(top, height, window.top, window.height)
        top += height
        if rows.start >= rows.stop:
            continue
        for tile in row:
            width = tile.shape[2]
            columns, into_columns = _overlap(left, width, window.left, window.width)
            left += width
            if columns.start < columns.stop:
                into[:, into_rows, into_columns] = tile[frames, rows, columns]


def _overlap(first: int, length: int, start: int, number: int) -> tuple[slice, slice]:
    """What `number` from `start` on takes of a part, and where that comes to stand."""
    low, high = max(start, first), min(start + number, first + length)
    return slice(low - first, high - first), slice(low - start, high - start)
