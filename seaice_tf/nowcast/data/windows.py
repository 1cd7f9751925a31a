"""Random windows of frames for training, as a function of (seed, epoch, index)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from seaice_tf.errors import InputError
from seaice_tf.grids.windows import Window
from seaice_tf.nowcast.data import faults, layout
from seaice_tf.nowcast.data.frames import Frames
from seaice_tf.nowcast.data.layout import FRAMES, SIDE


@dataclass(frozen=True)
class Sampling:
    """How windows are sampled and augmented.

    Attributes:
        side: pixels along a side.
        min_frames: in a window; it has up to 36 if there are as many without a gap.
        flips: mirror at random.
        rot90: rotate by multiples of 90 degrees at random.
    """

    side: int = SIDE
    min_frames: int = FRAMES
    flips: bool = False
    rot90: bool = False


class Windows:
    """Random windows of sequences, each inside a region; all windows are equally likely.

    Args:
        sequences: to sample from.
        regions: of the image, one for each sequence.
        sampling: size, length and augmentation of the windows.

    Raises:
        InputError: no sequence has enough frames without a gap, or a region is smaller than a
            window.
    """

    def __init__(self, sequences: Sequence[Frames], regions: Sequence[Window], sampling: Sampling):
        self.sampling = sampling
        self._parts = []
        for frames, region in zip(sequences, regions, strict=True):
            layout.grid(region, sampling.side)
            ahead = layout.ahead(frames.time, frames.usable, frames.step)
            starts = np.flatnonzero(ahead >= sampling.min_frames)
            corners = None if frames.off is None else _corners(frames.off, region, sampling.side)
            self._parts.append((frames, region, starts, ahead, corners))
        self._edges = np.cumsum(
            [
                len(starts) * (_places(r, sampling) if corners is None else len(corners))
                for _, r, starts, _, corners in self._parts
            ]
        )
        if self._edges[-1] == 0:
            raise InputError(faults.no_windows(sequences, sampling.min_frames))

    def position(self, seed: int, epoch: int, index: int) -> tuple[int, int, int, Window]:
        """Index of the sequence, first frame, number of frames, and pixels of a window."""
        rng = np.random.default_rng((seed, epoch, index, 0))
        which = int(np.searchsorted(self._edges, rng.integers(self._edges[-1]), "right"))
        _, region, starts, ahead, corners = self._parts[which]
        start, side = int(rng.choice(starts)), self.sampling.side
        if corners is None:
            top = region.top + int(rng.integers(region.height - side, endpoint=True))
            left = region.left + int(rng.integers(region.width - side, endpoint=True))
        else:
            top, left = map(int, rng.choice(corners))
        return which, start, min(int(ahead[start]), FRAMES), Window(top, left, side, side)

    def draw(self, seed: int, epoch: int, index: int) -> np.ndarray:
        """Counts of a window, all frames augmented alike: (12 to 36, side, side)."""
        which, start, number, window = self.position(seed, epoch, index)
        frames = self._parts[which][0].read(start, number, window)
        rng = np.random.default_rng((seed, epoch, index, 1))
        quarters = int(rng.integers(4)) if self.sampling.rot90 else 0
        mirrored = self.sampling.flips and rng.random() < 0.5
        rotated = np.rot90(frames[..., ::-1] if mirrored else frames, quarters, axes=(1, 2))
        return np.ascontiguousarray(rotated)


def _corners(off: np.ndarray, region: Window, side: int) -> np.ndarray:
    """First row and column of the windows of a region without a pixel that is off: (n, 2)."""
    sums = np.pad(off[region.slices].astype(np.int64).cumsum(0).cumsum(1), ((1, 0), (1, 0)))
    number = sums[side:, side:] - sums[:-side, side:] - sums[side:, :-side] + sums[:-side, :-side]
    return np.argwhere(number == 0) + np.array([region.top, region.left])


def _places(region: Window, sampling: Sampling) -> int:
    return (region.height - sampling.side + 1) * (region.width - sampling.side + 1)
