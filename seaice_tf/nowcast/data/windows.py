"""Windows of frames to train on, random in space and time: a function of (seed, epoch, index)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from seaice_tf.errors import InputError
from seaice_tf.grids.windows import Window
from seaice_tf.nowcast.data import layout as nowcast
from seaice_tf.nowcast.data.layout import FRAMES, SIDE
from seaice_tf.nowcast.data.pixels import Frames


@dataclass(frozen=True)
class Drawing:
    """How windows are drawn.

    Attributes:
        side: pixels along a side.
        least: frames that a window has at least; it has up to 36 if so many follow.
        flips: mirror at random.
        turns: turn by quarters at random.
    """

    side: int = SIDE
    least: int = FRAMES
    flips: bool = False
    turns: bool = False


class Windows:
    """Windows of some sequences, each within its region; all windows are as likely.

    Args:
        sequences: to draw from.
        regions: of the image, one for each sequence.
        drawing: how.

    Raises:
        InputError: no sequence has so many frames without a gap, or a region is smaller than a
            window.
    """

    def __init__(self, sequences: Sequence[Frames], regions: Sequence[Window], drawing: Drawing):
        self.drawing = drawing
        self._parts = []
        for frames, region in zip(sequences, regions, strict=True):
            nowcast.grid(region, drawing.side)
            ahead = nowcast.ahead(frames.time, frames.usable)
            starts = np.flatnonzero(ahead >= drawing.least)
            self._parts.append((frames, region, starts, ahead))
        self._edges = np.cumsum(
            [len(starts) * _places(r, drawing) for _, r, starts, _ in self._parts]
        )
        if not self._parts or self._edges[-1] == 0:
            raise InputError(
                f"frames: expected {drawing.least} usable frames without a gap, got none; add "
                f"longer sequences"
            )

    def position(self, seed: int, epoch: int, index: int) -> tuple[int, int, int, Window]:
        """The sequence, its first frame, how many frames, and where."""
        rng = np.random.default_rng((seed, epoch, index, 0))
        which = int(np.searchsorted(self._edges, rng.integers(self._edges[-1]), "right"))
        _, region, starts, ahead = self._parts[which]
        start, side = int(rng.choice(starts)), self.drawing.side
        top = region.top + int(rng.integers(region.height - side, endpoint=True))
        left = region.left + int(rng.integers(region.width - side, endpoint=True))
        return which, start, min(int(ahead[start]), FRAMES), Window(top, left, side, side)

    def draw(self, seed: int, epoch: int, index: int) -> np.ndarray:
        """Counts of a window: (12 to 36, side, side), mirrored and turned as one."""
        which, start, number, window = self.position(seed, epoch, index)
        frames = self._parts[which][0].read(start, number, window)
        rng = np.random.default_rng((seed, epoch, index, 1))
        quarters = int(rng.integers(4)) if self.drawing.turns else 0
        mirrored = self.drawing.flips and rng.random() < 0.5
        turned = np.rot90(frames[..., ::-1] if mirrored else frames, quarters, axes=(1, 2))
        return np.ascontiguousarray(turned)


def _places(region: Window, drawing: Drawing) -> int:
    return (region.height - drawing.side + 1) * (region.width - drawing.side + 1)
