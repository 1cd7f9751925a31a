"""Which patch of which scene is drawn: a function of (seed, epoch, index) alone."""

from collections.abc import Sequence

import numpy as np

from seaice_tf.errors import InputError
from seaice_tf.grids.windows import Window

CELLS = 1 << 18  # of the table of a scene, 4 bytes each
TRIES = 100  # positions looked at before the best of them is taken


def scene(seed: int, epoch: int, index: int, weights: Sequence[float] | np.ndarray) -> int:
    """The number of a scene, drawn in proportion to its weight."""
    edges = np.cumsum(np.asarray(weights, float))
    drawn = edges[-1] * _random(seed, epoch, index, 0).random()
    return min(int(np.searchsorted(edges, drawn, "right")), edges.size - 1)


def position(
    seed: int, epoch: int, index: int, valid: "Valid", side: int, least: float = 0.0
) -> tuple[Window, float]:
    """A square window anywhere in a scene, its last row and column included.

    Args:
        seed, epoch, index: what the draw is a function of.
        valid: the pixels of the scene that count.
        side: pixels along a side of the patch.
        least: share of valid pixels that the patch should have, in [0, 1].

    Returns:
        The window and its share of valid pixels. After 100 positions with less than `least`, the
        best of them: a scene with hardly a valid pixel gives what it has.

    Raises:
        InputError: the scene is smaller than the patch.
    """
    height, width = valid.shape
    if side > min(height, width):
        raise InputError(
            f"patch: expected a scene of {side} x {side} pixels or more, got {height} x {width}; "
            f"use smaller patches"
        )
    rng = _random(seed, epoch, index, 1)
    tops = rng.integers(0, height - side, TRIES, endpoint=True)
    lefts = rng.integers(0, width - side, TRIES, endpoint=True)
    shares = valid.shares(tops, lefts, side)
    enough = shares >= least
    chosen = int(np.argmax(enough)) if enough.any() else int(np.argmax(shares))
    window = Window(int(tops[chosen]), int(lefts[chosen]), side, side)
    return window, float(shares[chosen])


class Valid:
    """How many pixels of any square of a scene are valid, in one look: a summed-area table.

    It has at most CELLS cells, 1 MiB, so that those of all scenes fit into memory: of a larger
    scene a cell is a block of pixels, and edges of squares are taken to the nearest one.
    """

    def __init__(self, mask: np.ndarray) -> None:
        self.shape: tuple[int, int] = mask.shape[0], mask.shape[1]
        self.block = max(1, int(np.ceil(np.sqrt(mask.size / CELLS))))
        edges = [np.arange(0, length, self.block) for length in mask.shape]
        cells = np.add.reduceat(mask, edges[0], axis=0, dtype=np.int32)
        cells = np.add.reduceat(cells, edges[1], axis=1)
        self._table = np.zeros((cells.shape[0] + 1, cells.shape[1] + 1), np.int32)
        np.cumsum(cells, axis=0, out=self._table[1:, 1:])
        np.cumsum(self._table, axis=1, out=self._table)

    def shares(self, tops: np.ndarray, lefts: np.ndarray, side: int) -> np.ndarray:
        """Share of valid pixels in the squares at (n,) tops and lefts: (n,) in [0, 1]."""
        ends = [(start, start + side) for start in (tops, lefts)]
        limits = zip(ends, self.shape, self._table.shape)
        (top, bottom), (left, right) = (
            [self._cell(edge, length, cells) for edge in pair] for pair, length, cells in limits
        )
        table = self._table
        inside = table[bottom, right] - table[top, right] - table[bottom, left] + table[top, left]
        height, width = (
            np.minimum(last * self.block, length) - first * self.block
            for first, last, length in ((top, bottom, self.shape[0]), (left, right, self.shape[1]))
        )
        return inside / np.maximum(height * width, 1)

    def _cell(self, edge: np.ndarray, length: int, cells: int) -> np.ndarray:
        """The cell edge nearest to an edge in pixels; the scene's last one is its own."""
        nearest = (edge + self.block // 2) // self.block
        return np.where(edge == length, cells - 1, np.minimum(nearest, cells - 1))


def _random(*key: int) -> np.random.Generator:
    return np.random.default_rng(key)
