"""Long sequences of frames: npz files with `data` and `time`, and the contest's zarr.

npz: `data` (T, H, W) counts, `time` (T,) text or datetime64 in UTC, perhaps `osgb` (2, H, W).
zarr (pip install seaice_tf[zarr]): `data` (time, y, x), `time` in CF units, perhaps `x_osgb` and
`y_osgb` (y, x). Either is read a window at a time; see `npz` for what that costs.
"""

from pathlib import Path
from typing import Any

import netCDF4
import numpy as np

from seaice_tf.errors import InputError
from seaice_tf.files import npz
from seaice_tf.nowcast.data.pixels import Frames
from seaice_tf.nowcast.data.synthetic import TITLE

DAMAGE = (*npz.DAMAGE, KeyError, OSError)  # what zarr and its codecs raise
WAY_OUT = "give a file with the frames of one place and their times"


def find(path: Path) -> list[Path]:
    """The sequences of a folder in the order of their names, or the one that `path` is.

    A damaged npz file counts as one: reading it tells what is wrong.

    Raises:
        InputError: there is none.
    """
    if path.suffix in (".npz", ".zarr") and path.exists():
        return [path]
    found = [p for p in sorted(path.glob("*.npz")) if _may_be_one(p)]
    found += sorted(path.glob("*.zarr"))
    if not found:
        raise InputError(
            f"{path}: expected .npz files with data and time, or a .zarr, got none; {WAY_OUT}"
        )
    return found


def _may_be_one(path: Path) -> bool:
    try:
        return "time" in npz.keys(path)
    except InputError:
        return True


def read(path: Path) -> Frames:
    """A sequence, not yet in memory.

    Raises:
        InputError: the arrays are not there or do not fit each other, the times do not ascend, or
            zarr is not installed.
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
    """Text or datetime64 as datetime64[s]."""
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
    """A zarr array of which a damaged chunk is an InputError."""

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
    """InputError if an array is packed by the codec that runs what it reads."""
    for place in (path, *(path / name for name in ("data", "time", "x_osgb", "y_osgb"))):
        for name in (".zarray", ".zmetadata", "zarr.json"):
            if (file := place / name).is_file() and b"pickle" in file.read_bytes():
                raise InputError(
                    f"{file}: expected numbers, got pickles, which are programs; save plain arrays"
                )
