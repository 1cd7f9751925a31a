"""Packed values by the CF conventions: scale, offset, fill and valid range of an array.

Source: CF conventions 1.11, sections 2.5.1 (missing data) and 8.1 (packed data); NetCDF Users
Guide, attribute conventions, for `valid_range` and `_Unsigned`.
"""

import base64
import binascii
import dataclasses
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import netCDF4
import numpy as np

from seaice_tf.errors import InputError

NAMES = (
    "scale_factor",
    "add_offset",
    "_FillValue",
    "missing_value",
    "valid_min",
    "valid_max",
    "valid_range",
    "_Unsigned",
)
ADVICE = "correct the attribute, or write the values unpacked"


@dataclass(frozen=True)
class Packing:
    """How the stored values of an array become numbers.

    Attributes:
        stored: type in which the values are compared with fills and limits.
        dtype: type of the numbers; that of the file for an array that is not packed.
        scale, offset: number = stored * scale + offset.
        fills: stored values that mean missing.
        low, high: smallest and largest valid stored value; None for no limit.
    """

    stored: np.dtype
    dtype: np.dtype
    scale: float = 1.0
    offset: float = 0.0
    fills: tuple[float, ...] = ()
    low: float | None = None
    high: float | None = None

    def unpack(self, values: np.ndarray) -> np.ndarray:
        """Numbers of stored values of any shape, NaN where missing or not valid.

        Values that are not packed are returned as they are.
        """
        values = np.asarray(values)
        if values.dtype != self.stored:
            values = values.astype(values.dtype.newbyteorder("=")).view(self.stored)
        missing = [values == fill for fill in self.fills]
        if self.low is not None:
            missing.append(values < self.low)
        if self.high is not None:
            missing.append(values > self.high)
        numbers = values
        if (self.scale, self.offset) != (1.0, 0.0):
            numbers = values * np.float64(self.scale) + np.float64(self.offset)
        numbers = numbers.astype(self.dtype, copy=False)
        missing = [each for each in missing if each.any()]
        if missing:
            numbers = np.where(np.logical_or.reduce(missing), self.dtype.type(np.nan), numbers)
        return numbers


class Unpacked:
    """A netCDF variable or zarr array that gives numbers: a slice of it is unpacked.

    Other attributes than `dtype` are those of the array.
    """

    def __init__(self, array: Any, where: str, fills: tuple[float, ...] = ()):
        """Read the packing of an array; `fills` are further stored values that mean missing."""
        found = packing(array, where)
        if fills:
            found = dataclasses.replace(found, dtype=_real(found.stored), fills=found.fills + fills)
        self.array, self.packing, self.dtype = array, found, found.dtype

    def __getattr__(self, name: str) -> Any:
        return getattr(self.array, name)

    def __getitem__(self, key: Any) -> np.ndarray:
        return self.packing.unpack(self.array[key])


def packing(array: Any, where: str) -> Packing:
    """The packing of a netCDF variable (opened as it is stored) or of a zarr array.

    Raises:
        InputError: the array does not hold numbers, or an attribute makes no sense.
    """
    return from_attributes(attributes(array), np.dtype(array.dtype), where)


def attributes(array: Any) -> dict[str, Any]:
    """Those attributes of a netCDF variable or a zarr array that say how it is packed.

    Without `_FillValue`, that of a netCDF variable is the library's default for its type, and
    that of a zarr array its `fill_value`. A `fill_value` of 0 is zarr's default for chunks that
    were not written, and no mark of missing values.
    """
    if isinstance(array, netCDF4.Variable):
        found = {name: array.getncattr(name) for name in array.ncattrs() if name in NAMES}
        if "_FillValue" not in found and (found or array.dtype.kind == "f"):
            default = array.get_fill_value() if array.dtype.itemsize > 1 else None
            found |= {} if default is None else {"_FillValue": default}
        return found
    found = {name: array.attrs[name] for name in NAMES if name in array.attrs}
    fill = getattr(array, "fill_value", None)
    if "_FillValue" not in found and fill is not None and fill != 0:
        found["_FillValue"] = fill
    return found


def unpack(values: np.ndarray, found: Mapping[str, Any], where: str) -> np.ndarray:
    """Numbers of stored values, from their `attributes`; see `Packing.unpack`.

    >>> unpack(np.array([-32768, 500], "i2"), {"scale_factor": 0.001, "_FillValue": -32768}, "hh")
    array([nan, 0.5], dtype=float32)
    """
    return from_attributes(found, np.asarray(values).dtype, where).unpack(values)


def from_attributes(found: Mapping[str, Any], dtype: np.dtype, where: str) -> Packing:
    """The packing by attributes.

    Args:
        found: attributes; others than `NAMES` are ignored.
        dtype: of the file.
        where: file and variable, for error messages.

    Raises:
        InputError: the type is not a number, or an attribute is none, not finite, or of scale 0.
    """
    if getattr(dtype, "kind", "O") not in "iuf":
        raise InputError(f"{where}: expected numbers, got {dtype}; download the file again")
    found = {name: found[name] for name in NAMES if name in found}
    stored = _stored(found.pop("_Unsigned", None), dtype, where)
    if not found:
        return Packing(stored, stored)
    scale, offset = (
        _number(found.get(name, default), name, where)
        for name, default in (("scale_factor", 1.0), ("add_offset", 0.0))
    )
    if not np.isfinite([scale, offset]).all() or scale == 0:
        raise InputError(
            f"{where}: expected a finite scale_factor other than 0 and a finite add_offset, got "
            f"{scale:g} and {offset:g}; {ADVICE}"
        )
    fills = [
        _as_stored(value, dtype, stored)
        for name in ("_FillValue", "missing_value")
        for value in _numbers(found.get(name, ()), name, where)
        if not np.isnan(value)  # NaN stays NaN
    ]
    low, high = _limits(found, (scale, offset), dtype, stored, where)
    return Packing(stored, _real(dtype), scale, offset, tuple(dict.fromkeys(fills)), low, high)


def _real(dtype: np.dtype) -> np.dtype:
    """The float type that holds the numbers of a stored type."""
    wide = dtype.itemsize > 2 if dtype.kind in "iu" else dtype.itemsize > 4
    return np.dtype(np.float64 if wide else np.float32)


def _stored(unsigned: Any, dtype: np.dtype, where: str) -> np.dtype:
    native = dtype.newbyteorder("=")
    if unsigned is None or dtype.kind == "f":
        return native
    text = str(unsigned).lower()
    if text not in ("true", "false"):
        raise InputError(f"{where}: expected _Unsigned true or false, got {unsigned!r}; {ADVICE}")
    return np.dtype(f"{'u' if text == 'true' else 'i'}{dtype.itemsize}")


def _as_stored(value: float, dtype: np.dtype, stored: np.dtype) -> float:
    """A fill or limit in the type that the values are compared in: -1 of a byte may mean 255."""
    if stored.kind == "f":
        return float(np.asarray(value, stored))  # 0.1 as float32 is not 0.1
    if stored.kind != dtype.kind and float(value).is_integer():
        return float(int(value) % (1 << 8 * dtype.itemsize)) if stored.kind == "u" else value
    return value


def _limits(
    found: Mapping[str, Any],
    scaling: tuple[float, float],
    dtype: np.dtype,
    stored: np.dtype,
    where: str,
) -> tuple[float | None, float | None]:
    """Smallest and largest valid stored value.

    Limits of a float type on packed integers are numbers, not stored values.
    """
    limits: list[float | None] = [None, None]
    for name, places in (("valid_range", (0, 1)), ("valid_min", (0,)), ("valid_max", (1,))):
        if name not in found:
            continue
        values = _numbers(found[name], name, where)
        if len(values) != len(places) or np.isnan(values).any():
            raise InputError(
                f"{where}: expected {len(places)} numbers as {name}, got {found[name]!r}; {ADVICE}"
            )
        unpacked = np.asarray(found[name]).dtype.kind == "f" and dtype.kind in "iu"
        for place, value in zip(places, values):
            scale, offset = scaling
            number = (value - offset) / scale if unpacked else _as_stored(value, dtype, stored)
            limits[1 - place if unpacked and scale < 0 else place] = number
    low, high = limits
    if low is not None and high is not None and low > high:
        raise InputError(f"{where}: expected a valid range, got {low:g} to {high:g}; {ADVICE}")
    return low, high


def _number(value: Any, name: str, where: str) -> float:
    values = _numbers(value, name, where)
    if len(values) != 1:
        raise InputError(f"{where}: expected one number as {name}, got {value!r}; {ADVICE}")
    return values[0]


def _numbers(value: Any, name: str, where: str) -> list[float]:
    """Numbers of an attribute; zarr writes a fill that is no integer as text."""
    try:
        return [_parsed(each) for each in np.ravel(value).tolist()]
    except (TypeError, ValueError, binascii.Error, struct.error) as error:
        raise InputError(f"{where}: expected numbers as {name}, got {value!r}; {ADVICE}") from error


def _parsed(value: Any) -> float:
    if not isinstance(value, str):
        return value if isinstance(value, int) else float(value)
    try:
        return float(value)
    except ValueError:  # a float64 in base 64, as xarray writes it to zarr of format 3
        return struct.unpack("<d", base64.b64decode(value, validate=True))[0]
