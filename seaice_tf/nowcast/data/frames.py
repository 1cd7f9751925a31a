"""Sequences of frames of one place, in memory or mapped from files, and the files of a folder.

A sequence is an npz with `data` (T, H, W) and `time` (T,), text or datetime64 in UTC, optionally
`osgb` (2, H, W); a zarr (`zarr_frames`); a netCDF (`netcdf_frames`); or a folder of zarr.zip or
netCDF files with a frame or more each. They are read a window at a time; see `npz` for the cost.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from seaice_tf.errors import InputError
from seaice_tf.files import data_folder, npz
from seaice_tf.grids.windows import Window, require_inside
from seaice_tf.nowcast.data import axes, netcdf_frames, source, times, units, zarr_frames
from seaice_tf.nowcast.data.source import WAY_OUT, Grid, Source
from seaice_tf.nowcast.data.synthetic import TITLE
from seaice_tf.nowcast.data.times import STEP

SUFFIXES = (".npz", ".zarr", ".zarr.zip", ".nc", ".nc4")
EXPECTED = f"frames or a file that ends with {', '.join(SUFFIXES)}"
# Rows of tiles from the top, each from the left: (frames, rows, columns), integers or floats.
# A tile is anything that can be sliced along its three axes at once.
Block = Sequence[Sequence[Any]]


@dataclass(frozen=True)
class Frames:
    """A sequence of frames of one place, in memory or mapped from files.

    Attributes:
        name: of the file.
        time: (T,) datetime64[s], ascending multiples of `step`, possibly with gaps.
        blocks: of frames, one after the other in time; a window is read from few of their tiles.
        osgb: (2, H, W) eastings and northings in metres, None if unknown.
        usable: (T,) bool, frames that windows may contain; None for all of them.
        off: (H, W) bool, pixels that no frame knows, and no window may contain; None without any.
        synthetic: whether the frames are synthetic.
        step: from one frame to the next.
        unit: of the values in the file; "1" for counts.
        limits: values of the file that are read as 0 and 1023 counts.
        channel: name of the channel, empty if unknown.
        grid: coordinates of the pixels, None if unknown.
    """

    name: str
    time: np.ndarray
    blocks: tuple[Block, ...]
    osgb: np.ndarray | None = None
    usable: np.ndarray | None = None
    off: np.ndarray | None = None
    synthetic: bool = False
    step: np.timedelta64 = STEP
    unit: str = source.COUNTS
    limits: tuple[float, float] = units.RANGE
    channel: str = ""
    grid: Grid | None = None

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        rows = self.blocks[0]
        return sum(row[0].shape[1] for row in rows), sum(tile.shape[2] for tile in rows[0])

    @property
    def visible(self) -> bool:
        """Whether the channel may be one of reflected sunlight, which is dark at night."""
        return self.limits == units.RANGE and not self.channel.upper().startswith(("IR", "WV"))

    def __len__(self):
        return len(self.time)

    def read(self, start: int, number: int, window: Window) -> np.ndarray:
        """Counts of a window of `number` frames from `start`: (number, h, w).

        Integers, or float32 where values are packed, unknown (NaN) or in another unit.

        Raises:
            InputError: the window is not inside the frames.
        """
        require_inside(window, self.shape, self.name)
        if not 0 <= start < start + number <= len(self):
            raise InputError(
                f"{self.name}: expected frames from 0 to {len(self) - 1}, got {number} from "
                f"{start}; choose others"
            )
        stored = self.blocks[0][0][0].dtype
        whole = np.issubdtype(stored, np.integer)
        kind = np.promote_types(stored, np.int16) if whole else np.float32
        result = np.empty((number, window.height, window.width), kind)
        first = 0
        for block in self.blocks:
            length = block[0][0].shape[0]
            frames, into = _overlap(first, length, start, number)
            first += length
            if frames.start < frames.stop:
                _copy(block, frames, window, result[into])
        return units.to_counts(result, self.limits)


def _copy(block: Block, frames: slice, window: Window, into: np.ndarray) -> None:
    top = 0
    for row in block:
        height, left = row[0].shape[1], 0
        rows, into_rows = _overlap(top, height, window.top, window.height)
        top += height
        if rows.start >= rows.stop:
            continue
        for tile in row:
            width = tile.shape[2]
            columns, into_columns = _overlap(left, width, window.left, window.width)
            left += width
            if columns.start < columns.stop:
                into[:, into_rows, into_columns] = tile[frames, rows, columns]


def _overlap(first: int, length: int, start: int, number: int) -> tuple[slice, slice]:
    """Slices of a part of `length` from `first`, and of the result, where the two overlap."""
    low, high = max(start, first), min(start + number, first + length)
    return slice(low - first, high - first), slice(low - start, high - start)


@dataclass(frozen=True)
class Reading:
    """How sequences are read.

    Attributes:
        channel: that is read of files with several.
        minutes: from one frame to the next.
        limits: values that are read as 0 and 1023 counts; () for counts as they are, and for the
            range of the values in any other unit.
        until: time of the last frame that a range, and the multiples of the step, are learnt from;
            None for all frames.
    """

    channel: str = ""
    minutes: int = 5
    limits: tuple[float, ...] = ()
    until: np.datetime64 | None = None


def find(path: Path) -> list[Path]:
    """The sequences in a folder, sorted by name, or `path` if it is one.

    The zarr.zip and netCDF files of a folder are frames of one sequence, the folder. A damaged npz
    file is included: reading it gives the error.

    Raises:
        InputError: there are none.
    """
    if path.name.endswith(SUFFIXES):
        if path.exists():
            return [path]
        raise InputError(f"{path}: expected a sequence of frames, got no such file; check its name")
    data_folder.require(path, EXPECTED)
    found = [p for p in sorted(path.glob("*.npz")) if _may_be_sequence(p)]
    found += sorted(path.glob("*.zarr"))
    if frame_files(path):
        found.append(path)
    if not found:
        raise InputError(
            f"{path}: expected .npz files with data and time, .zarr, .zarr.zip or .nc, got none; "
            f"{WAY_OUT}"
        )
    return found


def stems(names: Sequence[str]) -> list[str]:
    """Names of sequences without their suffixes, with them where they would be the same.

    >>> stems(["msg.a.npz", "msg.b.zarr.zip", "c.npz", "c.nc"])
    ['msg.a', 'msg.b', 'c.npz', 'c.nc']
    """
    short = [next((n[: -len(s)] for s in SUFFIXES if n.endswith(s)), n) for n in names]
    return [n if short.count(each) > 1 else each for n, each in zip(names, short)]


def frame_files(folder: Path) -> list[Path]:
    """The zarr.zip and netCDF files of a folder, sorted by name."""
    every = sorted(folder.iterdir()) if folder.is_dir() and folder.suffix != ".zarr" else []
    return [path for path in every if path.name.endswith((".zarr.zip", ".nc", ".nc4"))]


def _may_be_sequence(path: Path) -> bool:
    try:
        return "time" in npz.keys(path)
    except InputError:
        return True


def read(path: Path, reading: Reading | None = None) -> Frames:
    """Open a sequence without loading its frames, but for the range of values in another unit.

    Raises:
        InputError: arrays are missing or their shapes differ, the times do not ascend, there are
            several channels and none is named, or zarr is not installed.
    """
    reading = reading or Reading()
    paths = frame_files(path) or [path]
    sources = sorted((_open(each, reading.channel) for each in paths), key=lambda s: s.time[0])
    first = sources[0]
    for each in sources:
        _require_consistent(each)
        if each.data.shape[1:] != first.data.shape[1:]:
            raise InputError(
                f"{each.path}: expected frames of {first.data.shape[1:]} pixels as in "
                f"{first.path.name}, got {each.data.shape[1:]}; {WAY_OUT}"
            )
    time = np.concatenate([each.time for each in sources])
    step, until = np.timedelta64(reading.minutes, "m"), reading.until
    kept, snapped = times.on_grid(time, step, str(path), until)
    blocks = _kept([each.data for each in sources], kept)
    found = Frames(
        path.name,
        snapped,
        blocks,
        first.osgb,
        synthetic=first.synthetic,
        step=step,
        unit=first.unit,
        channel=first.channel,
        grid=first.grid,
    )
    past = len(found) if until is None else np.count_nonzero(snapped <= until + step // 4)
    return units.with_limits(found, reading.limits, str(path), first, int(past) or len(found))


def _open(path: Path, channel: str) -> Source:
    if path.name.endswith((".zarr", ".zarr.zip")):
        return zarr_frames.read(path, channel)
    if path.suffix in (".nc", ".nc4"):
        return netcdf_frames.read(path, channel)
    return _npz(path, channel)


def _require_consistent(source: Source) -> None:
    data, time, osgb, path = source.data, source.time, source.osgb, source.path
    if len(data.shape) != 3 or 0 in data.shape or data.dtype.kind not in "iuf":
        raise InputError(
            f"{path}: expected data (frames, rows, columns) of counts, got {data.dtype} "
            f"{tuple(data.shape)}; {WAY_OUT}"
        )
    if time.shape != data.shape[:1]:
        raise InputError(
            f"{path}: expected a time for each of {data.shape[0]} frames, got {time.shape}; "
            f"{WAY_OUT}"
        )
    if osgb is not None and (osgb.shape != (2, *data.shape[1:]) or osgb.dtype.kind not in "iuf"):
        raise InputError(
            f"{path}: expected osgb {(2, *data.shape[1:])} in metres, got {osgb.dtype} "
            f"{osgb.shape}; {WAY_OUT}"
        )


def _kept(data: Sequence[Any], kept: np.ndarray) -> tuple[Block, ...]:
    """Blocks of the frames that are kept, (T,) bool, one after the other."""
    if kept.all():
        return tuple([[each]] for each in data)
    blocks, first = [], 0
    for each in data:
        of_file = np.flatnonzero(kept[first : first + each.shape[0]])
        first += each.shape[0]
        blocks += [[[_One(each, int(number))]] for number in of_file]
    return tuple(blocks)


class _One:
    """One frame of an array: (1, H, W)."""

    def __init__(self, array: Any, number: int):
        self.array, self.number = array, number
        self.shape, self.dtype = (1, *array.shape[1:]), array.dtype

    def __getitem__(self, key) -> np.ndarray:
        return self.array[slice(self.number, self.number + 1), *key[1:]]


def _npz(path: Path, channel: str) -> Source:
    axes.warn_of_name(path, channel)
    names = npz.keys(path)
    osgb = npz.mapped(path, "osgb") if "osgb" in names else None
    title = str(npz.mapped(path, "title")) if "title" in names else ""
    data, time = npz.mapped(path, "data"), npz.mapped(path, "time")
    moments, synthetic = _times(path, time), TITLE in title
    return Source(path, data, moments, channel=channel, osgb=osgb, synthetic=synthetic)


def _times(path: Path, values: np.ndarray) -> np.ndarray:
    """Times from text or datetime64: datetime64[s]."""
    if values.dtype.kind not in "SUM":
        raise InputError(
            f"{path}: expected times as text or datetime64, got {values.dtype}; {WAY_OUT}"
        )
    try:
        if values.dtype.kind != "M":
            values = np.char.rstrip(values.astype(str), "Z")
        time = values.astype("datetime64[s]")
        if np.isnat(time).any():
            raise ValueError("NaT")
        return time
    except ValueError as error:
        raise InputError(
            f"{path}: expected times such as 2020-04-01T12:00:00, got {error}; {WAY_OUT}"
        ) from error
