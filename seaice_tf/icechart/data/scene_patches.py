"""Patches of scenes to train on: a function of (seed, epoch, index) alone."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from seaice_tf.grids.coarse_grid import bilinear
from seaice_tf.icechart.data import patches
from seaice_tf.icechart.data.charts import MASK
from seaice_tf.icechart.data.patches import Valid
from seaice_tf.icechart.data.pixels import Pixels
from seaice_tf.icechart.data.rotation import Turn

OTHER = 1 << 40  # added to the index of a patch: that of what is mixed into it


@dataclass(frozen=True)
class Drawing:
    """How patches are drawn.

    Attributes:
        side: pixels along a side.
        least: share of pixels with SAR and a chart that a patch should have.
        flips: mirror at random.
        turns: turn by quarters at random.
        mixed: share of the patches into which a rectangle of another one is put (CutMix, Yun et
            al. 2019, arXiv:1905.04899).
        scale: sides of 1 / scale to scale times as many pixels are brought to `side`.
        channels: of the scenes; those of the wind are turned along.
    """

    side: int
    least: float
    flips: bool
    turns: bool
    mixed: float
    scale: float = 1.0
    channels: tuple[str, ...] = ()


class Patches:
    """Patches of some scenes, each drawn by its weight."""

    def __init__(self, scenes: Sequence[Pixels], weights: np.ndarray, drawing: Drawing):
        self.scenes, self.weights, self.drawing = scenes, weights, drawing
        self._valid: dict[int, Valid] = {}

    def draw(self, seed: int, epoch: int, index: int) -> tuple[np.ndarray, np.ndarray]:
        """Channels (side, side, C) as the scenes hold them and charts (side, side, 3) uint8."""
        image, charts = self._one(seed, epoch, index)
        rng = np.random.default_rng((seed, epoch, index, 3))
        if rng.random() < self.drawing.mixed:
            other = self._one(seed, epoch, index + OTHER)
            here = _rectangle(rng, self.drawing.side)
            for kept, given in zip((image, charts), other):
                kept[here] = given[here]
        return image, charts

    def _one(self, seed: int, epoch: int, index: int) -> tuple[np.ndarray, np.ndarray]:
        number = patches.scene(seed, epoch, index, self.weights)
        if number not in self._valid:
            self._valid[number] = Valid(self.scenes[number].counted())
        valid, drawing = self._valid[number], self.drawing
        rng = np.random.default_rng((seed, epoch, index, 2))
        quarters = int(rng.integers(4)) if drawing.turns else 0
        turn = Turn(quarters, drawing.flips and rng.random() < 0.5)
        side = round(drawing.side * drawing.scale ** rng.uniform(-1, 1))
        side = min(side, max(drawing.side, min(valid.shape)))
        window, _ = patches.position(seed, epoch, index, valid, side, drawing.least)
        image, charts = scaled(*self.scenes[number].read(window), drawing.side)
        return turn.image(image, drawing.channels), np.ascontiguousarray(turn.of(charts))


def scaled(image: np.ndarray, charts: np.ndarray, side: int) -> tuple[np.ndarray, np.ndarray]:
    """A square patch with `side` pixels along a side: channels bilinear, classes of the nearest."""
    if len(image) == side:
        return image, charts
    at = (np.arange(side) + 0.5) * len(image) / side - 0.5
    nearest = np.clip(np.rint(at).astype(int), 0, len(image) - 1)
    inside = np.clip(at, 0, len(image) - 1)
    resized = bilinear(image.astype(np.float32), inside, inside).astype(image.dtype)
    return resized, charts[np.ix_(nearest, nearest)]


def _rectangle(rng: np.random.Generator, side: int) -> tuple[slice, slice]:
    """A place for a rectangle of a uniformly drawn share of the area, cut at the edges."""
    half = side * np.sqrt(rng.random()) / 2
    spans = [(middle - half, middle + half) for middle in rng.uniform(0, side, 2)]
    rows, columns = (slice(max(int(low), 0), min(round(high), side)) for low, high in spans)
    return rows, columns


def known(charts: np.ndarray) -> np.ndarray:
    """Weights of pixels, 0 where masked: (..., 3) uint8 -> float32."""
    return (charts != MASK).astype(np.float32)
