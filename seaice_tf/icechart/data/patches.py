"""Training patches of downscaled scenes: where they lie and how they are augmented.

Every patch is a function of (seed, epoch, index) alone.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from seaice_tf.errors import InputError
from seaice_tf.grids.coarse_grid import bilinear
from seaice_tf.grids.windows import Window
from seaice_tf.icechart.data import buffers
from seaice_tf.icechart.data.charts import MASK
from seaice_tf.icechart.data.names import SceneName
from seaice_tf.icechart.data.symmetry import Symmetry

ALL_VALID = 255  # a pixel whose SAR pixels are all valid
CELLS = 1 << 18  # of a summed-area table, 4 bytes each
POSITIONS = 100  # candidate positions of a patch
CUTMIX_OFFSET = 1 << 40  # added to the index of a patch for the one that is pasted into it

Patch = tuple[np.ndarray, np.ndarray]  # channels and charts


@dataclass(frozen=True)
class Band:
    """Consecutive rows of a downscaled scene, in memory or memory-mapped."""

    channels: np.ndarray  # (rows, columns, C) float16
    valid_fraction: np.ndarray  # (rows, columns) uint8, valid SAR pixels in each, 255 for all
    charts: np.ndarray  # (rows, columns, 3) uint8 in the order of CHARTS, 255 masked


@dataclass(frozen=True)
class Pixels:
    """A downscaled scene with its charts, in bands from the top.

    A patch touches few bands, so a scene that is memory-mapped need not fit into memory.
    """

    name: SceneName
    area: str
    bands: tuple[Band, ...]

    @property
    def shape(self) -> tuple[int, int]:
        rows = sum(len(band.valid_fraction) for band in self.bands)
        return rows, self.bands[0].valid_fraction.shape[1]

    def read(self, window: Window, out: Patch | None = None) -> Patch:
        """Read a window of the scene.

        Args:
            window: inside the scene.
            out: arrays for the result; None makes them.

        Returns:
            Channels, (height, width, C) in the stored type, and charts, (height, width, 3) uint8,
            which are masked where there is no valid SAR pixel.
        """
        channels, charts = self.empty(window.height, window.width) if out is None else out
        top = 0
        for band in self.bands:
            bottom = top + len(band.valid_fraction)
            if top < window.bottom and window.top < bottom:
                rows = slice(max(window.top - top, 0), window.bottom - top)
                here = rows, slice(window.left, window.right)
                there = slice(max(top - window.top, 0), bottom - window.top)
                channels[there] = band.channels[here]
                charts[there] = band.charts[here]
                invalid = band.valid_fraction[here] == 0
                for i in range(charts.shape[-1]):  # one by one is faster than all at once
                    charts[there][..., i][invalid] = MASK
            top = bottom
        return channels, charts

    def empty(self, *shape: int, make: Callable[..., np.ndarray] = np.empty) -> Patch:
        """Arrays for channels and charts of this shape, of any content, by `make(shape, dtype)`."""
        first = self.bands[0]
        return (
            make((*shape, first.channels.shape[-1]), first.channels.dtype),
            make((*shape, first.charts.shape[-1]), first.charts.dtype),
        )

    def labelled(self) -> np.ndarray:
        """Pixels with valid SAR and at least one chart: (H, W) bool."""
        return np.concatenate(
            [(band.valid_fraction > 0) & (_all_bits(band.charts) != MASK) for band in self.bands]
        )


def _all_bits(charts: np.ndarray) -> np.ndarray:
    """MASK, all bits set, where all three charts are masked; any() over three is slower."""
    return charts[..., 0] & charts[..., 1] & charts[..., 2]


@dataclass(frozen=True)
class PatchOptions:
    """Size and augmentation of patches.

    Attributes:
        side: pixels along a side.
        min_valid_fraction: fraction of labelled pixels that a patch should have, in [0, 1].
        flips: flip at random.
        rot90: rotate by multiples of 90 degrees at random.
        cutmix: probability of pasting a rectangle of another patch (CutMix, Yun et al. 2019,
            arXiv:1905.04899).
        scale: squares of 1 / scale to scale times `side` pixels are resampled to `side`.
        channels: names of the scenes' channels; wind components are rotated with the image.
    """

    side: int
    min_valid_fraction: float
    flips: bool
    rot90: bool
    cutmix: float
    scale: float = 1.0
    channels: tuple[str, ...] = ()


class PatchSampler:
    """Random patches of several scenes.

    Args:
        scenes: the scenes.
        weights: sampling weight of each scene, (scenes,).
        options: size and augmentation of the patches.
    """

    def __init__(self, scenes: Sequence[Pixels], weights: np.ndarray, options: PatchOptions):
        self.scenes, self.weights, self.options = scenes, weights, options
        self._tables: dict[int, SummedAreaTable] = {}

    def batch(self, seed: int, epochs: Sequence[int], indices: Sequence[int]) -> Patch:
        """Draw patches, each into its place in the batch.

        Args:
            seed: of all.
            epochs, indices: of each patch.

        Returns:
            Channels, (n, side, side, C) in the stored type, and charts, (n, side, side, 3) uint8.
        """
        side = self.options.side
        images, charts = self.scenes[0].empty(len(indices), side, side, make=buffers.empty)
        for epoch, index, *out in zip(epochs, indices, images, charts):
            self.draw(seed, epoch, index, tuple(out))
        return images, charts

    def draw(self, seed: int, epoch: int, index: int, out: Patch | None = None) -> Patch:
        """Draw a patch.

        Args:
            seed, epoch, index: the random key.
            out: arrays for the result; None makes them.

        Returns:
            Channels, (side, side, C) in the stored type, and charts, (side, side, 3) uint8.
        """
        side = self.options.side
        patch = self.scenes[0].empty(side, side) if out is None else out
        self._augmented(seed, epoch, index, patch)
        rng = np.random.default_rng((seed, epoch, index, 3))
        if rng.random() < self.options.cutmix:
            other = self.scenes[0].empty(side, side)
            self._augmented(seed, epoch, index + CUTMIX_OFFSET, other)
            here = _cutmix_rectangle(rng, side)
            for target, pasted in zip(patch, other):
                target[here] = pasted[here]
        return patch

    def _augmented(self, seed: int, epoch: int, index: int, out: Patch) -> None:
        number = draw_scene(seed, epoch, index, self.weights)
        if number not in self._tables:
            self._tables[number] = SummedAreaTable(self.scenes[number].labelled())
        table, options = self._tables[number], self.options
        rng = np.random.default_rng((seed, epoch, index, 2))
        rot90 = int(rng.integers(4)) if options.rot90 else 0
        symmetry = Symmetry(rot90, options.flips and rng.random() < 0.5)
        side = round(options.side * options.scale ** rng.uniform(-1, 1))
        side = min(side, max(options.side, min(table.shape)))
        window, _ = draw_window(seed, epoch, index, table, side, options.min_valid_fraction)
        scene = self.scenes[number]
        if side == options.side and symmetry == Symmetry():
            scene.read(window, out)
            return
        image, charts = resample(*scene.read(window), options.side)
        out[0][...] = symmetry.apply_to_channels(image, options.channels)
        out[1][...] = symmetry.apply(charts)


def draw_scene(seed: int, epoch: int, index: int, weights: Sequence[float] | np.ndarray) -> int:
    """Draw the index of a scene with probability proportional to its weight."""
    edges = np.cumsum(np.asarray(weights, float))
    drawn = edges[-1] * np.random.default_rng((seed, epoch, index, 0)).random()
    return min(int(np.searchsorted(edges, drawn, "right")), edges.size - 1)


def draw_window(
    seed: int,
    epoch: int,
    index: int,
    table: "SummedAreaTable",
    side: int,
    min_valid_fraction: float = 0.0,
) -> tuple[Window, float]:
    """Draw a square window of a scene, uniformly over all positions inside it.

    Args:
        seed, epoch, index: the random key.
        table: counts of the scene's valid pixels.
        side: pixels along a side of the window.
        min_valid_fraction: fraction of valid pixels that the window should have, in [0, 1].

    Returns:
        The first of 100 random windows with that fraction, or the one with the largest fraction if
        none has it; and its fraction of valid pixels.

    Raises:
        InputError: the scene is smaller than the window.
    """
    height, width = table.shape
    if side > min(height, width):
        raise InputError(
            f"patch: expected a scene of {side} x {side} pixels or more, got {height} x {width}; "
            f"use smaller patches"
        )
    rng = np.random.default_rng((seed, epoch, index, 1))
    tops = rng.integers(0, height - side, POSITIONS, endpoint=True)
    lefts = rng.integers(0, width - side, POSITIONS, endpoint=True)
    fractions = table.fractions(tops, lefts, side)
    enough = fractions >= min_valid_fraction
    chosen = int(np.argmax(enough)) if enough.any() else int(np.argmax(fractions))
    window = Window(int(tops[chosen]), int(lefts[chosen]), side, side)
    return window, float(fractions[chosen])


class SummedAreaTable:
    """Counts of valid pixels in any square of a scene, in constant time.

    It has at most CELLS cells, 1 MiB, so that those of all scenes fit into memory: a cell of a
    larger scene is a block of pixels, and edges of squares are rounded to the nearest block.

    Args:
        mask: valid pixels, (H, W) bool.
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

    def fractions(self, tops: np.ndarray, lefts: np.ndarray, side: int) -> np.ndarray:
        """Fraction of valid pixels in the squares at (n,) tops and lefts: (n,) in [0, 1]."""
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
        """The cell edge nearest to a pixel edge; the end of the scene maps to the last edge."""
        nearest = (edge + self.block // 2) // self.block
        return np.where(edge == length, cells - 1, np.minimum(nearest, cells - 1))


def resample(image: np.ndarray, charts: np.ndarray, side: int) -> tuple[np.ndarray, np.ndarray]:
    """Resample a square patch to `side` pixels: channels bilinearly, charts by nearest neighbour.

    Args:
        image: channels, (n, n, C).
        charts: classes, (n, n, 3).
        side: pixels along a side of the result.
    """
    if len(image) == side:
        return image, charts
    at = (np.arange(side) + 0.5) * len(image) / side - 0.5
    nearest = np.clip(np.rint(at).astype(int), 0, len(image) - 1)
    inside = np.clip(at, 0, len(image) - 1)
    resized = bilinear(image.astype(np.float32), inside, inside).astype(image.dtype)
    return resized, charts[np.ix_(nearest, nearest)]


def _cutmix_rectangle(rng: np.random.Generator, side: int) -> tuple[slice, slice]:
    """A random rectangle whose share of the area is uniform in [0, 1], clipped at the edges."""
    half = side * np.sqrt(rng.random()) / 2
    spans = [(middle - half, middle + half) for middle in rng.uniform(0, side, 2)]
    rows, columns = (slice(max(int(low), 0), min(round(high), side)) for low, high in spans)
    return rows, columns
