"""Which patch of which scene is drawn: a function of (seed, epoch, index) alone."""

from collections.abc import Sequence

import numpy as np

from seaice_tf.errors import InputError
from seaice_tf.transforms.windows import Window

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

    It takes 4 bytes a pixel: build it on the downscaled grid that the patches are drawn from.
    """

    def __init__(self, mask: np.ndarray) -> None:
        self.shape: tuple[int, int] = mask.shape[0], mask.shape[1]
        self._table = np.zeros((mask.shape[0] + 1, mask.shape[1] + 1), np.int32)
        np.cumsum(mask, axis=0, out=self._table[1:, 1:])
        np.cumsum(self._table, axis=1, out=self._table)

    def shares(self, tops: np.ndarray, lefts: np.ndarray, side: int) -> np.ndarray:
        """Share of valid pixels in the squares at (n,) tops and lefts: (n,) in [0, 1]."""
        table, bottoms, rights = self._table, tops + side, lefts + side
        inside = table[bottoms, rights] - table[tops, rights]
        return (inside - table[bottoms, lefts] + table[tops, lefts]) / side**2


def _random(*key: int) -> np.random.Generator:
    return np.random.default_rng(key)
