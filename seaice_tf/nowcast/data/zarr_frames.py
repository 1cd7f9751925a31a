"""Frames in zarr: ClimateHack.AI's, Satip's and Open Climate Fix's layouts, as folder or zip.

`data`, or the only other array of images, has the axes time, rows, columns and optionally channels,
in any order that its dimension names tell; without names it is (time, y, x). Values are unpacked by
the CF conventions, and those of Satip, integers from 0 to 1023 with -1 for unknown, are counts.
"""

import contextlib
import re
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from seaice_tf.errors import InputError
from seaice_tf.files import npz, packed
from seaice_tf.nowcast.data import axes, times, units
from seaice_tf.nowcast.data.source import COUNTS, WAY_OUT, Grid, Source
from seaice_tf.nowcast.data.synthetic import TITLE

DAMAGE = (*npz.DAMAGE, KeyError, OSError, AttributeError)  # errors of zarr and its codecs
GROUP = "a zarr group with data and time in CF units"
INSTALL = "pip install seaice_tf[zarr]"


def read(path: Path, channel: str = "") -> Source:
    """Open a zarr group of frames.

    Raises:
        InputError: not such a group, a codec is missing, or a channel has to be named.
    """
    _require_no_pickles(path)
    try:
        import zarr
    except ImportError as error:
        raise InputError(
            f"{path}: expected the package zarr to read it, got none; {INSTALL}"
        ) from error
    _register_codecs()
    try:
        store = zarr.storage.ZipStore(str(path), mode="r") if path.suffix == ".zip" else str(path)
        group: Any = zarr.open_group(store, mode="r")
        name = _name(path, group, channel)
        time = group.get("time")
        if not isinstance(time, zarr.Array) or "units" not in time.attrs:
            raise InputError(
                f"{path}: expected {GROUP}, got {', '.join(sorted(group.keys()))}; {WAY_OUT}"
            )
        moments = times.decoded(
            np.atleast_1d(time[()] if time.shape == () else time[:]),
            str(time.attrs["units"]),
            str(time.attrs.get("calendar", "standard")),
        )
        return _source(path, group, name, moments, channel)
    except InputError:
        raise
    except DAMAGE as error:
        raise _damaged(path, error, GROUP) from error


def _source(path: Path, group: Any, name: str, moments: np.ndarray, wanted: str) -> Source:
    data = group[name]
    found = _axes(path, data)
    number, channel = _channel(path, group, data, found, "" if wanted == name else wanted)
    channel = channel or ("" if name == "data" else name)
    packing = packed.packing(data, f"{path}: {name}")
    named = data.attrs.get(f"{channel}_units") or data.attrs.get("units")
    array = Array(path, data, packing, found, number, bare=not named)
    of_counts = packing.dtype.kind in "iu"
    osgb = None
    if "x_osgb" in group and "y_osgb" in group:
        osgb = np.stack([np.asarray(group[name][:]) for name in ("x_osgb", "y_osgb")])
    title = str(group.attrs.get("title", ""))
    unit = COUNTS if of_counts or not named else str(named)
    grid = _grid(group, data, found)
    reflectance = not of_counts and units.is_reflectance(data.attrs, channel)
    synthetic = TITLE in title
    return Source(
        path, array, moments, unit, channel, osgb, grid, synthetic, reflectance, of_counts
    )


def _names(array: Any) -> list[str]:
    names = array.attrs.get("_ARRAY_DIMENSIONS")
    if names is None:
        names = getattr(getattr(array, "metadata", None), "dimension_names", None)
    return [str(name) for name in names or ()]


def _name(path: Path, group: Any, wanted: str) -> str:
    """Name of the array of the frames: `data`, the only one of three axes, or the wanted one."""
    import zarr

    arrays = {name: each for name, each in group.arrays() if each.ndim >= 3}
    if isinstance(group.get("data"), zarr.Array):
        arrays = {"data": group["data"]} | ({wanted: arrays[wanted]} if wanted in arrays else {})
    if wanted in arrays:
        return wanted
    if len(arrays) == 1:
        return next(iter(arrays))
    if not arrays:
        raise InputError(
            f"{path}: expected {GROUP}, got {', '.join(sorted(group.keys())) or 'none'}; {WAY_OUT}"
        )
    names = sorted(arrays)
    raise InputError(
        f"{path}: expected an array data, or one array of frames, got {', '.join(names)}; add "
        f"--channel {names[0]}"
    )


def _axes(path: Path, data: Any) -> dict[str, int]:
    """Axis of "time", "y", "x" and, if there is one, "channel"."""
    names = _names(data)
    if len(names) != data.ndim:
        if data.ndim != 3:
            raise InputError(
                f"{path}: expected data (time, y, x) or axes with names, got {tuple(data.shape)} "
                f"without; {WAY_OUT}"
            )
        return {"time": 0, "y": 1, "x": 2}
    found = axes.of_names(names, data.shape)
    if found is None or "time" not in found:
        raise InputError(
            f"{path}: expected axes of time, y, x and perhaps channels, got {', '.join(names)}; "
            f"{WAY_OUT}"
        )
    return found


def _channel(
    path: Path, group: Any, data: Any, found: dict[str, int], wanted: str
) -> tuple[int | None, str]:
    """Index and name of the channel."""
    if "channel" not in found:
        axes.warn_of_name(path, wanted)
        return None, wanted
    axis = found["channel"]
    dimension = _names(data)[axis]
    names = [str(i) for i in range(data.shape[axis])]
    if dimension in group:
        names = [str(name) for name in np.asarray(group[dimension][:]).tolist()]
    return axes.channel(path, names, wanted)


def _grid(group: Any, data: Any, found: dict[str, int]) -> Grid | None:
    """Coordinates of the pixels, with the projection that Satip writes as text."""
    names = _names(data)
    if not names or not all(names[found[axis]] in group for axis in "xy"):
        return None
    x, y = (np.asarray(group[names[found[axis]]][:], np.float64) for axis in "xy")
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        return None
    unit = str(group[names[found["x"]]].attrs.get("units", "m"))
    unit = "m" if unit.startswith("met") else unit
    return Grid(x, y, unit, _projection(str(data.attrs.get("area", ""))))


def _projection(area: str) -> dict[str, Any]:
    """CF attributes of a geostationary projection from pyresample's text; empty if unknown."""
    numbers = dict(re.findall(r"^\s+(lon_0|h|a|b|rf):\s*([-\d.]+)\s*$", area, re.MULTILINE))
    if "proj: geos" not in area or not {"lon_0", "h", "a"} <= set(numbers):
        return {}
    values = {name: float(value) for name, value in numbers.items()}
    shape = {"inverse_flattening": values["rf"]} if "rf" in values else {}
    if "b" in values:
        shape = {"semi_minor_axis": values["b"]}
    return {
        "grid_mapping_name": "geostationary",
        "perspective_point_height": values["h"],
        "longitude_of_projection_origin": values["lon_0"],
        "latitude_of_projection_origin": 0.0,
        "semi_major_axis": values["a"],
        "sweep_angle_axis": "y",
        "false_easting": 0.0,
        "false_northing": 0.0,
        **shape,
    }


class Array:
    """The channel of a zarr array as (time, y, x); a damaged chunk is an InputError.

    Integers that are counts use -1 for unknown, and so do floats without a unit, `bare`, that are
    whole numbers.
    """

    def __init__(
        self,
        path: Path,
        array: Any,
        packing: packed.Packing,
        found: dict[str, int],
        number: int | None,
        bare: bool,
    ):
        self.path, self.array, self.packing, self.number = path, array, packing, number
        self.order = [found[name] for name in ("time", "y", "x")]
        self.shape = tuple(array.shape[axis] for axis in self.order)
        self.signed = packing.dtype.kind == "i"
        self.whole = packing.dtype.kind == "f" and bare
        self.dtype = np.dtype(np.float32) if self.signed else packing.dtype

    def __getitem__(self, key) -> np.ndarray:
        place: list[Any] = [self.number] * self.array.ndim
        for axis, part in zip(self.order, key, strict=True):
            place[axis] = part
        try:
            values = self.array[tuple(place)]
        except DAMAGE as error:
            raise _damaged(self.path, error, "whole chunks of data") from error
        kept = np.argsort(np.argsort(self.order))
        values = self.packing.unpack(np.transpose(values, kept))
        if self.signed or (self.whole and (values == -1).any() and _are_whole(values)):
            values = np.where(values < 0, np.float32(np.nan), values)
        return values


def _are_whole(values: np.ndarray) -> bool:
    return bool((np.rint(values) == values)[np.isfinite(values)].all())


def _damaged(path: Path, error: Exception, expected: str) -> InputError:
    if "codec" in str(error) or "blosc2" in str(error):
        return InputError(f"{path}: expected a codec that is installed, got {error!r}; {INSTALL}")
    advice = "download it again" if "chunks" in expected else WAY_OUT
    return InputError(f"{path}: expected {expected}, got {error!r}; {advice}")


def _register_codecs() -> None:
    """Open Climate Fix's blosc2 codec registers itself when it is imported."""
    with contextlib.suppress(ImportError):
        import ocf_blosc2  # noqa: F401


def _require_no_pickles(path: Path) -> None:
    """Raise an InputError if an array uses the pickle codec, which can run any program."""
    if path.suffix == ".zip":
        _require_no_pickles_in_zip(path)
    for place in (path, *(each for each in path.glob("*/") if each.is_dir())):
        for name in (".zarray", ".zmetadata", "zarr.json"):
            if (file := place / name).is_file() and b"pickle" in _codecs(file.read_bytes()):
                raise _pickles(file)


def _require_no_pickles_in_zip(path: Path) -> None:
    npz.require_modest(path)
    try:
        with zipfile.ZipFile(path) as archive:
            for name in archive.namelist():
                if name.endswith((".zarray", "zarr.json")) and b"pickle" in archive.read(name):
                    raise _pickles(path / name)
    except npz.DAMAGE as error:
        raise InputError(f"{path}: expected a zip, got {error!r}; download it again") from error


def _pickles(file: Path) -> InputError:
    return InputError(
        f"{file}: expected numbers, got pickles, which are programs; save plain arrays"
    )


def _codecs(content: bytes) -> bytes:
    """Metadata without the attributes, in which Satip keeps text that names pickles."""
    return re.sub(rb'"[^"]*satpy_id":\s*"(?:[^"\\]|\\.)*"', b"", content)
