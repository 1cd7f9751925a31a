"""What is in files of frames, and all that is wrong with them at once."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from seaice_tf.errors import InputError
from seaice_tf.grids.windows import whole
from seaice_tf.nowcast.data import climatehack, frames
from seaice_tf.nowcast.data import layout as nowcast
from seaice_tf.nowcast.data.layout import FRAMES_IN, SIDE
from seaice_tf.nowcast.data.pixels import Frames


@dataclass(frozen=True)
class Findings:
    """What was found.

    Attributes:
        lines: what is there, in words.
        troubles: what is wrong, one line each.
        means: (T,) mean counts of each frame that was looked at.
    """

    lines: tuple[str, ...]
    troubles: tuple[str, ...]
    means: np.ndarray


def examine(path: Path) -> Findings:
    """Look at a sequence, a folder of them, a contest file, or a folder with these.

    Raises:
        InputError: there are no frames.
    """
    lines: list[str] = []
    troubles: list[str] = []
    means = []
    for file in _files(path):
        try:
            found = _contest(file) if file.name in climatehack.NAMES else sequence(file)
        except InputError as error:
            troubles.append(str(error))
            continue
        lines += found.lines
        troubles += found.troubles
        means.append(found.means)
    return Findings(tuple(lines), tuple(troubles), np.concatenate([*means, np.empty(0)]))


def sequence(path: Path) -> Findings:
    """Look at every frame of a sequence, one at a time.

    Raises:
        InputError: it cannot be read as one.
    """
    held = frames.read(path)
    height, width = held.shape
    troubles, means, dark = [], [], []
    for number, time in enumerate(held.time):
        frame = _frame(held, number)
        means.append(frame.mean(dtype=np.float64))
        if values := nowcast.beyond(frame):
            troubles.append(f"{path}: {time}: expected counts from 0 to 1023, got {values}")
        elif nowcast.dark(frame):
            dark.append(number)
    troubles += [f"{path}: {night}" for night in _nights(held.time, np.array(dark, int), means)]
    for gap in nowcast.gaps(held.time):
        before, after = held.time[gap : gap + 2]
        troubles.append(f"{path}: a gap from {before} to {after}; no window crosses it")
    if min(height, width) < SIDE:
        troubles.append(
            f"{path}: expected at least {SIDE} pixels along each side, got {height} x {width}"
        )
    if max(nowcast.ahead(held.time)) <= FRAMES_IN:
        troubles.append(f"{path}: expected more than {FRAMES_IN} frames without a gap")
    line = (
        f"{path.name}: {len(held)} frames of {height} x {width} pixels, {held.time[0]} to "
        f"{held.time[-1]}, mean of {np.mean(means):.0f} counts"
    )
    return Findings((line,), tuple(troubles), np.array(means))


def usable(held: Frames) -> np.ndarray:
    """Which frames hold counts by day: (T,) bool; they are read one at a time."""
    every = (_frame(held, number) for number in range(len(held)))
    return np.array([not nowcast.beyond(frame) and not nowcast.dark(frame) for frame in every])


def _nights(time: np.ndarray, dark: np.ndarray, means: list[float]) -> Iterator[str]:
    """One line for dark frames that follow each other."""
    if not dark.size:
        return
    for night in np.split(dark, np.flatnonzero(np.diff(dark) > 1) + 1):
        mean = f"mean of {np.mean([means[i] for i in night]):.0f} counts"
        if night.size == 1:
            yield f"{time[night[0]]}: night, {mean}"
        else:
            yield f"{time[night[0]]} to {time[night[-1]]}: {night.size} frames of night, {mean}"


def _frame(held: Frames, number: int) -> np.ndarray:
    return held.read(number, 1, whole(held.shape))[0]


def _contest(path: Path) -> Findings:
    given = path.name == climatehack.FEATURES
    windows = climatehack.features(path) if given else climatehack.targets(path)
    troubles, means = [], []
    if not given and (features := path.with_name(climatehack.FEATURES)).exists():
        climatehack.targets(path, len(climatehack.features(features)))
    for index in range(len(windows)):
        try:
            values = windows.read(index)
        except InputError as error:
            troubles.append(str(error))
            continue
        means += values.mean(axis=(1, 2), dtype=np.float64).tolist()
        if night := sum(nowcast.dark(frame) for frame in values):
            troubles.append(f"{path}: window {index}: {night} frames of night")
    number, length, side, _ = windows.data.shape
    line = f"{path.name}: {number} windows of {length} frames of {side} x {side} pixels"
    return Findings((line,), tuple(troubles), np.array(means))


def _files(path: Path) -> list[Path]:
    if path.name in climatehack.NAMES:
        return [path]
    if path.is_dir() and path.suffix != ".zarr":
        contest = [path / name for name in climatehack.NAMES if (path / name).exists()]
        return contest or frames.find(path)
    return frames.find(path)
