"""Checks of files of frames: their content, and all problems at once."""

import dataclasses
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from seaice_tf import progress
from seaice_tf.errors import InputError
from seaice_tf.nowcast.data import climatehack, faults, frames, layout, units
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
    problems, means, blocks = [], [], [0]
    if found.osgb is not None and not np.isfinite(found.osgb).any():
        problems.append(f"{found.name}: {faults.NO_PLACES}")

    def look(frame: np.ndarray) -> None:
        known = np.isfinite(frame)
        means.append(frame[known].mean(dtype=np.float64) if known.any() else np.nan)
        if faults.has_known(frame):
            blocks.append(layout.zeros(frame))

    scan = faults.scan(found, look)
    if max(blocks):
        problems.append(faults.zeros(found.name, max(blocks)))
    problems += faults.lines(found, scan.faults)
    for gap in layout.gaps(found.time, found.step):
        before, after = found.time[gap : gap + 2]
        problems.append(f"{found.name}: a gap from {before} to {after}; no window crosses it")
    if min(height, width) < SIDE:
        problems.append(faults.small(found.name, found.shape))
    longest, last = faults.longest(found)
    if longest < MIN_FRAMES:
        problems.append(faults.short(found.name, MIN_FRAMES, longest, last))
    mean = np.nanmean(means) if np.isfinite(means).any() else np.nan
    line = (
        f"{path.name}: {len(found)} frames of {height} x {width} pixels, {found.time[0]} to "
        f"{found.time[-1]}, mean of {mean:.0f} counts"
    )
    if longest <= FRAMES_IN:
        line += f"; {longest} without a gap are enough to forecast, more than {FRAMES_IN} to train"
    if scan.off is not None:
        line += f"; {scan.off.mean():.1%} of the pixels are unknown in all frames, as off the disc"
    if found.limits != units.RANGE:
        low, high = found.limits
        unit = "" if found.unit.lower() in units.OF_COUNTS else f" {found.unit}"
        line += f"; {low:g} to {high:g}{unit} are read as 0 to 1023 counts"
    return Findings((line,), tuple(problems), np.array(means))


def checked(found: Frames) -> Frames:
    """The sequence with its usable frames, with valid counts of the day, and unknown pixels."""
    scan = faults.scan(found)
    usable = np.array([not fault for fault in scan.faults])
    return dataclasses.replace(found, usable=usable, off=scan.off)


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
        problems += filter(None, [windows.night(index, values)])
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
