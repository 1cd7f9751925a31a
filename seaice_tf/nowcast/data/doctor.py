"""Checks of files of frames: their content, and all problems at once."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from seaice_tf import progress
from seaice_tf.errors import InputError
from seaice_tf.grids.windows import whole
from seaice_tf.nowcast.data import climatehack, frames, layout, units
from seaice_tf.nowcast.data.frames import Frames, Reading
from seaice_tf.nowcast.data.layout import FRAMES_IN, MIN_FRAMES, SIDE


@dataclass(frozen=True)
class Findings:
    """Result of a check.

    Attributes:
        lines: description of the content.
        problems: one line each.
        means: (T,) mean counts of each frame.
    """

    lines: tuple[str, ...]
    problems: tuple[str, ...]
    means: np.ndarray


def examine(path: Path, reading: Reading | None = None) -> Findings:
    """Check a sequence, a ClimateHack.AI file, or a folder of either.

    Args:
        path: of the file or folder.
        reading: how sequences are read.

    Raises:
        InputError: there are no frames.
    """
    lines: list[str] = []
    problems: list[str] = []
    means = []
    for file in _files(path):
        try:
            contest = file.name in climatehack.NAMES
            found = _climatehack(file) if contest else sequence(file, reading)
        except InputError as error:
            problems.append(str(error))
            continue
        lines += found.lines
        problems += found.problems
        means.append(found.means)
    return Findings(tuple(lines), tuple(problems), np.concatenate([*means, np.empty(0)]))


def sequence(path: Path, reading: Reading | None = None) -> Findings:
    """Check every frame of a sequence, one at a time.

    Raises:
        InputError: the file is not a sequence.
    """
    found = frames.read(path, reading)
    height, width = found.shape
    problems, means, dark, blocks = [], [], [], 0
    if found.osgb is not None and not np.isfinite(found.osgb).any():
        problems.append(f"{path}: coordinates osgb are all NaN; products have none of them")
    for number, time in enumerate(progress.track(found.time, "reading frames")):
        frame = _frame(found, number)
        means.append(np.nanmean(frame, dtype=np.float64) if np.isfinite(frame).any() else np.nan)
        blocks = max(blocks, layout.zeros(frame))
        if values := layout.invalid_counts(frame):
            problems.append(f"{path}: {time}: expected counts from 0 to 1023, got {values}")
        elif found.visible and layout.is_night(frame):
            dark.append(number)
    if blocks:
        problems.append(
            f"{path}: {blocks} pixels of exactly 0 in a frame, as where values are missing; mark "
            f"them by NaN or _FillValue"
        )
    problems += [f"{path}: {night}" for night in _nights(found.time, np.array(dark, int), means)]
    for gap in layout.gaps(found.time, found.step):
        before, after = found.time[gap : gap + 2]
        problems.append(f"{path}: a gap from {before} to {after}; no window crosses it")
    if min(height, width) < SIDE:
        problems.append(
            f"{path}: expected at least {SIDE} pixels along each side, got {height} x {width}"
        )
    longest = int(max(layout.ahead(found.time, step=found.step)))
    if longest < MIN_FRAMES:
        problems.append(f"{path}: expected {MIN_FRAMES} frames or more without a gap")
    line = (
        f"{path.name}: {len(found)} frames of {height} x {width} pixels, {found.time[0]} to "
        f"{found.time[-1]}, mean of {np.nanmean(means):.0f} counts"
    )
    if longest <= FRAMES_IN:
        line += f"; {longest} without a gap are enough to forecast, more than {FRAMES_IN} to train"
    if found.limits != units.RANGE:
        low, high = found.limits
        line += f"; {low:g} to {high:g} {found.unit} are read as 0 to 1023 counts"
    return Findings((line,), tuple(problems), np.array(means))


def usable(found: Frames) -> np.ndarray:
    """Which frames have valid counts of the day: (T,) bool; frames are read one at a time."""
    every = (_frame(found, number) for number in range(len(found)))
    bad = [
        bool(layout.invalid_counts(frame)) or (found.visible and layout.is_night(frame))
        for frame in every
    ]
    return ~np.array(bad)


def _nights(time: np.ndarray, dark: np.ndarray, means: list[float]) -> Iterator[str]:
    """One line for each run of successive night frames."""
    if not dark.size:
        return
    for night in np.split(dark, np.flatnonzero(np.diff(dark) > 1) + 1):
        mean = f"mean of {np.mean([means[i] for i in night]):.0f} counts"
        if night.size == 1:
            yield f"{time[night[0]]}: night, {mean}"
        else:
            yield f"{time[night[0]]} to {time[night[-1]]}: {night.size} frames of night, {mean}"


def _frame(frames: Frames, number: int) -> np.ndarray:
    return frames.read(number, 1, whole(frames.shape))[0]


def _climatehack(path: Path) -> Findings:
    of_features = path.name == climatehack.FEATURES
    windows = climatehack.features(path) if of_features else climatehack.targets(path)
    problems, means = [], []
    if not of_features and (features := path.with_name(climatehack.FEATURES)).exists():
        climatehack.targets(path, len(climatehack.features(features)))
    for index in progress.track(range(len(windows)), "reading windows"):
        try:
            values = windows.read(index)
        except InputError as error:
            problems.append(str(error))
            continue
        means += values.mean(axis=(1, 2), dtype=np.float64).tolist()
        if night := sum(layout.is_night(frame) for frame in values):
            problems.append(f"{path}: window {index}: {night} frames of night")
    number, length, side, _ = windows.data.shape
    line = f"{path.name}: {number} windows of {length} frames of {side} x {side} pixels"
    return Findings((line,), tuple(problems), np.array(means))


def _files(path: Path) -> list[Path]:
    if path.name in climatehack.NAMES:
        return [path]
    if path.is_dir() and path.suffix != ".zarr":
        found = [path / name for name in climatehack.NAMES if (path / name).exists()]
        return found or frames.find(path)
    return frames.find(path)
