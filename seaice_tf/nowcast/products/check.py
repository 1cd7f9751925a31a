"""Check of written nowcasts: format, times, and pixels that count as wrong whatever comes.

Source: the rule of ClimateHack.AI, the mean MS-SSIM of all windows on counts of 0 to 1023: a pixel
without a value makes that of its window NaN.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from seaice_tf.files import field_values, netcdf, npz
from seaice_tf.nowcast.data import climatehack
from seaice_tf.nowcast.data.layout import FRAMES_OUT, HIGHEST, TARGET

if TYPE_CHECKING:
    import xarray as xr

WINDOWS = ("window", "lead", "y", "x")
IMAGE = ("lead", "y", "x")
COUNTS = "hrv_counts"
ANY = (-np.inf, np.inf)  # limits


def check(path: Path, target: Path | None = None) -> list[str] | None:
    """Problems of predictions.npz, nowcast.nc, the netCDF file of an image, or flow.npz.

    Args:
        path: of the file.
        target: features.npz or its folder, whose windows the file must have.

    Returns:
        One sentence for each problem; None for a file that is none of these.
    """
    if not path.is_file():
        return None
    if path.suffix == ".npz":
        found = _npz(path, target)
    elif path.suffix == ".nc":
        found = _netcdf(path, target)
    else:
        return None
    return None if found is None else [f"{path}: {problem}" for problem in found]


def _npz(path: Path, target: Path | None) -> list[str] | None:
    keys = npz.keys(path)
    if "flow" in keys:
        flow = npz.mapped(path, "flow")
        if flow.ndim != 3 or flow.shape[2] != 2:
            return [f"expected flow (rows, columns, 2), got {flow.shape}"]
        return list(field_values.problems(flow, "flow", ANY, "pixel"))
    if path.name in climatehack.NAMES or not climatehack.has_windows(path):
        return None
    data = npz.mapped(path, "data")
    shape = (FRAMES_OUT, TARGET, TARGET)
    if data.dtype.kind not in "iuf" or data.shape[1:] != shape:
        return [
            f"expected data (windows, {FRAMES_OUT}, {TARGET}, {TARGET}) of counts, got "
            f"{data.dtype} {data.shape}; write the centre of all {FRAMES_OUT} frames"
        ]
    return [*_number(len(data), target), *_windows(data)]


def _netcdf(path: Path, target: Path | None) -> list[str] | None:
    with netcdf.opened(path) as raw:  # what xarray cannot decode may still be data
        if "lead" not in raw.dimensions or "time" in raw.dimensions:
            return None
    with netcdf.decoded(path) as data:
        found = _windows_file(data, target) if "window" in data.sizes else _image_file(data)
        return list(found)


def _number(number: int, target: Path | None) -> Iterator[str]:
    """Problem of a file with another number of windows than the features."""
    if target is None:
        return
    file = target / climatehack.FEATURES if target.is_dir() else target
    wanted = len(climatehack.features(file))
    if number != wanted:
        yield f"expected {wanted} windows, as {file.name} has, got {number}; predict all of them"


def _windows_file(data: "xr.Dataset", target: Path | None) -> Iterator[str]:
    if COUNTS not in data or data[COUNTS].dims != WINDOWS:
        got = data[COUNTS].dims if COUNTS in data else "none"
        yield f"expected {COUNTS} with the dimensions {WINDOWS}, got {got}"
        return
    if data[COUNTS].shape[1:] != (FRAMES_OUT, TARGET, TARGET):
        shape = data[COUNTS].shape[1:]
        yield f"expected {FRAMES_OUT} frames of {TARGET} x {TARGET} in each window, got {shape}"
    yield from _number(data.sizes["window"], target)
    yield from _times(data)
    yield from _windows(data[COUNTS])


def _image_file(data: "xr.Dataset") -> Iterator[str]:
    names = [name for name, each in data.data_vars.items() if name == COUNTS or _is_forecast(each)]
    if not names:
        yield f"expected {COUNTS} or a forecast with the dimensions {IMAGE}, got neither"
        return
    yield from _times(data)
    for name in names:
        if data[name].dims != IMAGE:
            yield f"{name}: expected the dimensions {IMAGE}, got {data[name].dims}"
            continue
        limits = (0, HIGHEST) if name == COUNTS else ANY
        known = data.get("known")
        yield from _frames(data[name], known, limits)


def _is_forecast(variable: "xr.DataArray") -> bool:
    return str(variable.name).endswith("_forecast")


def _frames(variable: "xr.DataArray", known: "xr.DataArray | None", limits) -> Iterator[str]:
    """Problems of the frames of an image; what the file marks as unknown may be missing."""
    name, pixels = variable.name, variable[0].size
    for lead in range(len(variable)):
        values = variable[lead].to_numpy()
        where = f"{name}, lead {lead + 1}"
        if known is not None:
            sure = known[lead].to_numpy() == 1
            if not sure.any():
                yield f"{where}: expected known pixels, got none; the image has moved out of view"
                continue
            values = values[sure]
        elif (share := np.isnan(values).mean()) > 0:
            yield f"{where}: expected a value at every pixel, got none at {share:.1%} of {pixels}"
            values = values[~np.isnan(values)]
        yield from field_values.problems(values, where, limits, "pixel", "counts")


def _times(data: "xr.Dataset") -> Iterator[str]:
    leads = data["lead"].to_numpy()
    if leads.dtype.kind not in "iuf" or (leads <= 0).any() or len(set(np.diff(leads))) > 1:
        yield "expected leads in minutes in equal steps, got others"
        return
    if not {"valid_time", "forecast_reference_time"} <= set(data.variables):
        return
    valid, issued = data["valid_time"].to_numpy(), data["forecast_reference_time"].to_numpy()
    if valid.dtype.kind != "M" or issued.dtype.kind != "M":
        yield "expected CF times, got numbers; keep units and calendar when rewriting the file"
        return
    ahead = np.rint(leads * 60).astype("timedelta64[s]")
    if (np.abs(valid - issued[..., None] - ahead) > np.timedelta64(30, "s")).any():
        yield "expected valid_time to be forecast_reference_time + lead, got others"


def _windows(data) -> Iterator[str]:
    """Problems of the frames of windows, one at a time: (windows, 24, 64, 64)."""
    absent = []
    for number in range(len(data)):
        values = np.asarray(data[number])
        if np.isnan(values).all():
            absent.append(number)
            continue
        where = f"window {number}"
        yield from field_values.problems(values, where, (0, HIGHEST), "pixel", "counts")
    if absent:
        shown = ", ".join(map(str, absent[:6])) + (" ..." if len(absent) > 6 else "")
        yield (
            f"expected frames in every window, got none in {len(absent)} of {len(data)} ({shown}), "
            "which makes the mean score NaN; their input was left out, mend it and predict again"
        )
