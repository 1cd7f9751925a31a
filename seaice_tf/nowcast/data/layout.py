"""Layout of a nowcast: windows of frames without a gap in time, and regions for train and test.

Source: the ClimateHack.AI 2022 competition: the input are 12 frames of 128 x 128 counts of the
high-resolution visible channel, 5 minutes apart, the target is the centre of the next 24.
"""

import numpy as np

from seaice_tf.errors import InputError
from seaice_tf.grids.windows import Window
from seaice_tf.nowcast.data.times import STEP

FRAMES_IN, FRAMES_OUT = 12, 24
FLOW_FRAMES = 7  # that the flow is computed from
MIN_FRAMES = 4  # in the input of a whole image
MIN_KNOWN = 0.5  # fraction of a value that has to come from known pixels
FRAMES = FRAMES_IN + FRAMES_OUT
SIDE = 128  # pixels along a side of the input
CENTRE = slice(32, 96)  # rows and columns of the target
TARGET = CENTRE.stop - CENTRE.start
MARGIN = CENTRE.start  # pixels around the centre
HIGHEST = 1023  # 10-bit counts
BLOCK = 64  # pixels of 0 that are told
NIGHT = 40  # mean counts; by day even the open sea is brighter
# Raw counts are 51 where it is dark; no image by day is as dark and as flat.
RAW_NIGHT, RAW_FLAT = 70, 6  # counts: mean, and standard deviation


def gaps(time: np.ndarray, step: np.timedelta64 = STEP) -> list[int]:
    """Indices of the frames without a next frame a step later: (T,) datetime64 -> list.

    >>> gaps(np.array(["2020-04-01T12:00", "2020-04-01T12:05", "2020-04-01T12:15"], "M8[m]"))
    [1]
    """
    return np.flatnonzero(np.diff(time) != step).tolist()


def ahead(
    time: np.ndarray, usable: np.ndarray | None = None, step: np.timedelta64 = STEP
) -> np.ndarray:
    """Number of usable frames without a gap from each frame on: (T,) datetime64 -> (T,) int.

    Args:
        time: of the frames.
        usable: (T,) bool; None for all of them.
        step: from one frame to the next.

    >>> ahead(np.array(["2020-04-01T12:00", "2020-04-01T12:05", "2020-04-01T12:15"], "M8[m]"))
    array([2, 1, 1])
    """
    ends = set(gaps(time, step))
    result = np.zeros(len(time) + 1, int)
    for i in reversed(range(len(time))):
        follows = 0 if i in ends else result[i + 1]
        result[i] = 1 + follows if usable is None or usable[i] else 0
    return result[:-1]


def starts(
    time: np.ndarray,
    frames: int = FRAMES,
    stride: int = 1,
    usable: np.ndarray | None = None,
    step: np.timedelta64 = STEP,
) -> list[int]:
    """First frames of the windows of `frames` usable frames without a gap.

    Args:
        time: (T,) datetime64.
        frames: in a window.
        stride: smallest distance in frames from one window to the next.
        usable: (T,) bool; None for all of them.
        step: from one frame to the next.
    """
    found: list[int] = []
    for start in np.flatnonzero(ahead(time, usable, step) >= frames).tolist():
        if not found or start - found[-1] >= stride:
            found.append(start)
    return found


def grid(region: Window, side: int = SIDE, stride: int = SIDE) -> list[Window]:
    """Square windows on a grid in a region, row by row; the last ones end at its edges.

    Raises:
        InputError: the region is smaller than a window.
    """
    if side > min(region.height, region.width):
        raise InputError(
            f"frames: expected at least {side} x {side} pixels, got {region.height} x "
            f"{region.width}; use larger frames, or larger fractions for each part"
        )
    tops, lefts = (
        [*range(start, start + length - side, stride), start + length - side]
        for start, length in ((region.top, region.height), (region.left, region.width))
    )
    return [Window(top, left, side, side) for top in tops for left in lefts]


def regions(shape: tuple[int, int], **fractions: float) -> dict[str, Window]:
    """Disjoint strips of columns, from the first to the last, one for each fraction.

    Windows of different strips have no pixel in common, at any time.

    >>> regions((10, 100), train=0.6, test=0.4)["test"]
    Window(top=0, left=60, height=10, width=40)
    """
    sums = np.cumsum([0, *fractions.values()])
    edges = np.rint(sums / sums[-1] * shape[1]).astype(int)
    return {
        name: Window(0, int(left), shape[0], int(right - left))
        for name, left, right in zip(fractions, edges, edges[1:])
    }


def split(frames: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Split a window into input, target, and which leads have a target.

    Args:
        frames: (12 to 36, 128, 128) counts.

    Returns:
        past (12, 128, 128) of the same type; truth (24, 64, 64) float32, 0 beyond the last frame;
        known (24,) bool.
    """
    later = frames[FRAMES_IN:, CENTRE, CENTRE]
    truth = np.zeros((FRAMES_OUT, TARGET, TARGET), np.float32)
    truth[: len(later)] = later
    return frames[:FRAMES_IN], truth, np.arange(FRAMES_OUT) < len(later)


def invalid_counts(frame: np.ndarray) -> str:
    """Description of the values of a frame (H, W) outside 0 to 1023; empty if there are none."""
    low, high = float(frame.min()), float(frame.max())
    if not np.isfinite(low + high):
        return f"{np.count_nonzero(~np.isfinite(frame))} pixels of NaN or infinity"
    return f"{low:.0f} to {high:.0f}" if low < 0 or high > HIGHEST else ""


def zeros(frame: np.ndarray) -> int:
    """Number of pixels of exactly 0 in a frame, if they are a block rather than dark noise.

    Counts of 0 that are spread over a frame are dark; those of a swath's edge or of a lost part
    have neighbours of 0 nearly everywhere.
    """
    zero = frame == 0
    number = int(np.count_nonzero(zero))
    if number < BLOCK:
        return 0
    inner = zero[1:-1, 1:-1] & zero[:-2, 1:-1] & zero[2:, 1:-1] & zero[1:-1, :-2] & zero[1:-1, 2:]
    return number if np.count_nonzero(inner) > 0.5 * number else 0


def is_night(frame: np.ndarray) -> bool:
    """Whether the visible channel shows night, in raw counts or in those that begin at 0."""
    mean = frame.mean(dtype=np.float64)
    return bool(mean < NIGHT or (mean < RAW_NIGHT and frame.std(dtype=np.float64) < RAW_FLAT))
