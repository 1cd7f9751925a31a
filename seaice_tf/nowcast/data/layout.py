"""What a nowcast is of: windows of frames without a gap in time, and parts of an image kept apart.

Source: the ClimateHack.AI 2022 contest: 12 frames of 128 x 128 counts of the high-resolution
visible channel, 5 minutes apart, are given, and the centre of the next 24 is asked for.
"""

import numpy as np

from seaice_tf.errors import InputError
from seaice_tf.grids.windows import Window

FRAMES_IN, FRAMES_OUT = 12, 24
FRAMES = FRAMES_IN + FRAMES_OUT
SIDE = 128  # pixels along a side of what is given
CENTRE = slice(32, 96)  # rows and columns of it that are asked for
TARGET = CENTRE.stop - CENTRE.start
HIGHEST = 1023  # 10-bit counts
STEP = np.timedelta64(5, "m")
DARK = 40  # mean counts; by day even the open sea is brighter


def gaps(time: np.ndarray) -> list[int]:
    """The frames that are not followed by one 5 minutes later: (T,) datetime64 -> their numbers.

    >>> gaps(np.array(["2020-04-01T12:00", "2020-04-01T12:05", "2020-04-01T12:15"], "M8[m]"))
    [1]
    """
    return np.flatnonzero(np.diff(time) != STEP).tolist()


def ahead(time: np.ndarray, usable: np.ndarray | None = None) -> np.ndarray:
    """How many usable frames without a gap begin with each: (T,) datetime64 -> (T,) int.

    Args:
        time: of the frames.
        usable: (T,) bool; all of them are if it is left out.

    >>> ahead(np.array(["2020-04-01T12:00", "2020-04-01T12:05", "2020-04-01T12:15"], "M8[m]"))
    array([2, 1, 1])
    """
    ends = set(gaps(time))
    result = np.zeros(len(time) + 1, int)
    for i in reversed(range(len(time))):
        follows = 0 if i in ends else result[i + 1]
        result[i] = 1 + follows if usable is None or usable[i] else 0
    return result[:-1]


def starts(
    time: np.ndarray, frames: int = FRAMES, stride: int = 1, usable: np.ndarray | None = None
) -> list[int]:
    """First frames of the windows of `frames` frames that no gap interrupts, from `ahead`.

    Args:
        time: (T,) datetime64.
        frames: in a window.
        stride: frames from one window to the next at least.
        usable: (T,) bool, as of `ahead`.
    """
    found: list[int] = []
    for start in np.flatnonzero(ahead(time, usable) >= frames).tolist():
        if not found or start - found[-1] >= stride:
            found.append(start)
    return found


def grid(region: Window, side: int = SIDE, stride: int = SIDE) -> list[Window]:
    """Square windows inside a region, row by row; the last ones end where the region ends.

    Raises:
        InputError: the region is smaller than a window.
    """
    if side > min(region.height, region.width):
        raise InputError(
            f"frames: expected at least {side} x {side} pixels, got {region.height} x "
            f"{region.width}; use larger frames, or give a part of them a larger share"
        )
    tops, lefts = (
        [*range(start, start + length - side, stride), start + length - side]
        for start, length in ((region.top, region.height), (region.left, region.width))
    )
    return [Window(top, left, side, side) for top in tops for left in lefts]


def regions(shape: tuple[int, int], **shares: float) -> dict[str, Window]:
    """Strips from the first column to the last, one for each share; no two have a common pixel.

    Windows of different strips share no pixel either, at any time.

    >>> regions((10, 100), train=0.6, test=0.4)["test"]
    Window(top=0, left=60, height=10, width=40)
    """
    edges = np.rint(np.cumsum([0, *shares.values()]) / sum(shares.values()) * shape[1]).astype(int)
    return {
        name: Window(0, int(left), shape[0], int(right - left))
        for name, left, right in zip(shares, edges, edges[1:])
    }


def split(frames: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A window to what is given, what is asked for, and which of that is known.

    Args:
        frames: (12 to 36, 128, 128) counts.

    Returns:
        past (12, 128, 128) of the same type; truth (24, 64, 64) float32, 0 past the end; known
        (24,) bool.
    """
    later = frames[FRAMES_IN:, CENTRE, CENTRE]
    truth = np.zeros((FRAMES_OUT, TARGET, TARGET), np.float32)
    truth[: len(later)] = later
    return frames[:FRAMES_IN], truth, np.arange(FRAMES_OUT) < len(later)


def beyond(frame: np.ndarray) -> str:
    """What a frame holds that are no counts, empty if nothing: (H, W) numbers -> text."""
    low, high = float(frame.min()), float(frame.max())
    if not np.isfinite(low + high):
        return f"{np.count_nonzero(~np.isfinite(frame))} pixels that are no numbers"
    return f"{low:.0f} to {high:.0f}" if low < 0 or high > HIGHEST else ""


def dark(frame: np.ndarray) -> bool:
    """Whether a frame shows the night."""
    return bool(frame.mean(dtype=np.float64) < DARK)
