"""Sequences of frames: npz files with `data` and `time`, and the zarr of ClimateHack.AI.

npz: `data` (T, H, W) counts, `time` (T,) text or datetime64 in UTC, optionally `osgb` (2, H, W).
zarr (pip install seaice_tf[zarr]): `data` (time, y, x), `time` in CF units, optionally `x_osgb` and
`y_osgb` (y, x). Both are read a window at a time; see `npz` for the cost.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import netCDF4
import numpy as np

from seaice_tf.errors import InputError
from seaice_tf.files import npz
from seaice_tf.grids.windows import Window, require_inside
from seaice_tf.nowcast.data.synthetic import TITLE

DAMAGE = (*npz.DAMAGE, KeyError, OSError)  # errors of zarr and its codecs
WAY_OUT = "give a file with the frames of one place and their times"
# Rows of tiles from the top, each from the left: (frames, rows, columns), integers or floats.
# A tile is anything that can be sliced along its three axes at once.
Block = Sequence[Sequence[Any]]


@dataclass(frozen=True)
class Frames:
    """A sequence of frames of one place, in memory or mapped from files.

    Attributes:
        name: of the file.
        time: (T,) datetime64[s], ascending, possibly with gaps.
        blocks: of frames, one after the other in time; a window is read from few of their tiles.
        osgb: (2, H, W) eastings and northings in metres, None if unknown.
        usable: (T,) bool, frames that windows may contain; None for all of them.
        synthetic: whether the frames are synthetic.
    """

    name: str
    time: np.ndarray
    blocks: tuple[Block, ...]
    osgb: np.ndarray | None = None
    usable: np.ndarray | None = None
    synthetic: bool = False

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        rows = self.blocks[0]
        return sum(row[0].shape[1] for row in rows), sum(tile.shape[2] for tile in rows[0])

    def __len__(self):
        return len(self.time)

    def read(self, start: int, number: int, window: Window) -> np.ndarray:
        """Read a window of `number` frames from `start`: (number, h, w) integers or float32.

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
        return result


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


def find(path: Path) -> list[Path]:
    """The files of the sequences in a folder, sorted by name, or `path` if it is such a file.

    A damaged npz file is included: reading it gives the error.

    Raises:
        InputError: there are none.
    """
    if path.suffix in (".npz", ".zarr") and path.exists():
        return [path]
    found = [p for p in sorted(path.glob("*.npz")) if _may_be_sequence(p)]
    found += sorted(path.glob("*.zarr"))
    if not found:
        raise InputError(
            f"{path}: expected .npz files with data and time, or a .zarr, got none; {WAY_OUT}"
        )
    return found


def _may_be_sequence(path: Path) -> bool:
    try:
        return "time" in npz.keys(path)
    except InputError:
        return True


def read(path: Path) -> Frames:
    """Open a sequence without loading its frames.

    Raises:
        InputError: arrays are missing or their shapes differ, the times do not ascend, or zarr is
            not installed.
    """
    data, time, osgb, title = _zarr(path) if path.suffix == ".zarr" else _npz(path)
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
    if (backward := np.flatnonzero(np.diff(time) <= np.timedelta64(0))).size:
        raise InputError(
            f"{path}: expected times that ascend, got {time[backward[0] + 1]} after "
            f"{time[backward[0]]}; sort the frames"
        )
    if osgb is not None and (osgb.shape != (2, *data.shape[1:]) or osgb.dtype.kind not in "iuf"):
        raise InputError(
            f"{path}: expected osgb {(2, *data.shape[1:])} in metres, got {osgb.dtype} "
            f"{osgb.shape}; {WAY_OUT}"
        )
    return Frames(path.name, time, (((data,),),), osgb, synthetic=TITLE in title)


def _npz(path: Path) -> tuple[Any, np.ndarray, np.ndarray | None, str]:
    names = npz.keys(path)
    osgb = npz.mapped(path, "osgb") if "osgb" in names else None
    title = str(npz.mapped(path, "title")) if "title" in names else ""
    return npz.mapped(path, "data"), _times(path, npz.mapped(path, "time")), osgb, title


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


def _zarr(path: Path) -> tuple[Any, np.ndarray, np.ndarray | None, str]:
    _require_no_pickles(path)
    try:
        import zarr
    except ImportError as error:
        raise InputError(
            f"{path}: expected the package zarr to read it, got none; pip install seaice_tf[zarr]"
        ) from error
    try:
        group: Any = zarr.open_group(str(path), mode="r")
        data, time = group["data"], group["time"]
        if not (isinstance(data, zarr.Array) and isinstance(time, zarr.Array)):
            raise ValueError("groups of these names")
        osgb = None
        if "x_osgb" in group and "y_osgb" in group:
            osgb = np.stack([np.asarray(group[name][:]) for name in ("x_osgb", "y_osgb")])
        dates = netCDF4.num2date(
            np.asarray(time[:]),
            str(time.attrs["units"]),
            str(time.attrs.get("calendar", "standard")),
            only_use_cftime_datetimes=False,
            only_use_python_datetimes=True,
        )
        title = str(group.attrs.get("title", ""))
        return _Chunks(path, data), np.array(dates, "datetime64[s]"), osgb, title
    except DAMAGE as error:
        raise InputError(
            f"{path}: expected a zarr group with data and time in CF units, got {error!r}; "
            f"{WAY_OUT}"
        ) from error


class _Chunks:
    """A zarr array that raises an InputError for a damaged chunk."""

    def __init__(self, path: Path, array: Any):
        self.path, self.array = path, array
        self.shape, self.dtype = array.shape, array.dtype

    def __getitem__(self, key) -> np.ndarray:
        try:
            return self.array[key]
        except DAMAGE as error:
            raise InputError(
                f"{self.path}: expected whole chunks of data, got {error!r}; download it again"
            ) from error


def _require_no_pickles(path: Path) -> None:
    """Raise an InputError if an array uses the pickle codec, which can run any program."""
    for place in (path, *(path / name for name in ("data", "time", "x_osgb", "y_osgb"))):
        for name in (".zarray", ".zmetadata", "zarr.json"):
            if (file := place / name).is_file() and b"pickle" in file.read_bytes():
                raise InputError(
                    f"{file}: expected numbers, got pickles, which are programs; save plain arrays"
                )
