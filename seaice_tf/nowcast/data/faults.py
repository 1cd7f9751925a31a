"""What is wrong with frames: the same sentences, whatever verb finds it."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np

from seaice_tf import progress
from seaice_tf.grids.windows import whole
from seaice_tf.nowcast.data import layout
from seaice_tf.nowcast.data.layout import HIGHEST, SIDE

if TYPE_CHECKING:
    from seaice_tf.nowcast.data.frames import Frames

MAX_OFF = 0.5  # fraction of the pixels that may be unknown in all frames
UNKNOWN = "expected known pixels, got none; leave it out"
NAME_RANGE = f"add --value-range with the values of 0 and of {HIGHEST} counts"
NO_PLACES = "its coordinates osgb are all NaN; the products have none of them"


def has_known(frame: np.ndarray) -> bool:
    """Whether a frame has a known pixel: neither NaN nor 0, which marks unknown ones too."""
    return bool((np.isfinite(frame) & (frame != 0)).any())


def of_frame(frame: np.ndarray, visible: bool) -> str:
    """Why a frame, or its known pixels, cannot be used; empty if it can.

    Args:
        frame: counts of any shape; all of its pixels have to be counts.
        visible: whether a night is dark in its channel.
    """
    if not has_known(frame):
        return UNKNOWN
    return counts(frame) or (night(frame) if visible else "")


def counts(frame: np.ndarray, way_out: str = NAME_RANGE) -> str:
    """Of values that are not counts, with the way out of those outside 0 to 1023."""
    found = layout.invalid_counts(frame)
    advice = way_out if np.isfinite(frame).all() else "leave it out"
    return f"expected counts from 0 to {HIGHEST}, got {found}; {advice}" if found else ""


def night(frame: np.ndarray) -> str:
    """Of a frame of the visible channel by night."""
    if not layout.is_night(frame):
        return ""
    return (
        f"expected an image by day, got a mean of {frame.mean(dtype=np.float64):.0f} counts; the "
        f"visible channel is dark at night, leave it out, or name an infrared one by --channel; of "
        f"values that are no counts of 0 to {HIGHEST}, name the range by --value-range"
    )


@dataclass(frozen=True)
class Scan:
    """What the frames of a sequence are like.

    Attributes:
        faults: `of_frame` of the known pixels of each frame, and which lack more than others.
        off: (H, W) bool, pixels that no frame knows, as those off the disc; None without any.
    """

    faults: list[str]
    off: np.ndarray | None


def scan(found: "Frames", look: Callable[[np.ndarray], None] = lambda frame: None) -> Scan:
    """Read every frame of a sequence, one at a time.

    Args:
        found: the sequence.
        look: is called with each frame.
    """
    faults, missing, off = [], [], np.ones(found.shape, bool)
    for number in progress.track(range(len(found)), "reading frames"):
        frame = found.read(number, 1, whole(found.shape))[0]
        look(frame)
        known = np.isfinite(frame)
        faults.append(of_frame(frame[known], found.visible))
        missing.append(np.count_nonzero(~known))
        if known.any():
            off &= ~known
    number = int(np.count_nonzero(off))
    if not 0 < number <= MAX_OFF * off.size:
        number = 0
    for i, (fault, of_frame_i) in enumerate(zip(faults, missing)):
        if not fault and of_frame_i > number:
            faults[i] = (
                f"expected counts from 0 to {HIGHEST}, got {of_frame_i} pixels of NaN or infinity; "
                "leave it out"
            )
    return Scan(faults, off if number else None)


def lines(found: "Frames", faults: Sequence[str]) -> Iterator[str]:
    """A line for each run of successive frames with faults of the same kind.

    Args:
        found: the sequence.
        faults: those of its `scan`.
    """
    start = 0
    for kind, group in groupby(faults, key=lambda fault: fault.partition(", got")[0]):
        run = list(group)
        first, last = found.time[start], found.time[start + len(run) - 1]
        start += len(run)
        if kind and len(run) == 1:
            yield f"{found.name}: frame of {first}: {run[0]}"
        elif kind:
            yield f"{found.name}: {len(run)} frames of {first} to {last}, the first: {run[0]}"


def zeros(name: str, number: int) -> str:
    """Of a block of pixels of 0 in a frame."""
    return f"{name}: {number} pixels of 0 in a block are taken as unknown; mark them by NaN or fill"


def small(name: str, shape: tuple[int, int]) -> str:
    """Of an image with sides shorter than those of a window."""
    height, width = shape
    return (
        f"{name}: expected at least {SIDE} pixels along each side, got {height} x {width}; use "
        "larger frames"
    )


def short(name: str, needed: int, got: int, last: np.datetime64, gap: bool = False) -> str:
    """Of `got` frames without a gap up to the time `last`, where some more are needed.

    Args:
        name: of the sequence.
        needed: number of frames.
        got: number of frames.
        last: time.
        gap: whether there are frames before, from which a forecast could start.
    """
    return (
        f"{name}: expected at least {needed} frames without a gap, got {got} up to {last}; give a "
        f"longer sequence, or --step{', or --at a time before the gap' if gap else ''}"
    )


def longest(found: "Frames") -> tuple[int, np.datetime64]:
    """Number of frames of the longest run without a gap, and the time of its last frame."""
    ahead = layout.ahead(found.time, step=found.step)
    first = int(np.argmax(ahead))
    return int(ahead[first]), found.time[first + ahead[first] - 1]


def no_windows(sequences: Sequence["Frames"], needed: int) -> str:
    """Why there is no window of `needed` usable frames in sequences."""
    best = max(sequences, key=lambda each: longest(each)[0])
    number, last = longest(best)
    if number < needed:
        return short(best.name, needed, number, last)
    fallback = f"{best.name}: expected {SIDE} x {SIDE} known pixels, got none; use larger frames"
    return next(lines(best, scan(best).faults), fallback)
