"""A record of sea-ice concentration as an xarray.Dataset, and a Dataset as a record again."""

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import xarray as xr

from seaice_tf.errors import InputError
from seaice_tf.forecast.data import counts
from seaice_tf.forecast.data.archive import MINIMUM_DAYS, Archive, read_archive
from seaice_tf.forecast.data.counts import FULL_ICE
from seaice_tf.forecast.data.formats import Check
from seaice_tf.grids.polar import GRIDS, Grid, of_shape

FLAGS = {
    "observed": 0,
    "pole_hole": counts.POLE_HOLE,
    "unused": counts.UNUSED,
    "coast": counts.COAST,
    "land": counts.LAND,
    "missing": counts.MISSING,
}


def open_archive(
    folder: str | os.PathLike,
    *,
    minimum_days: int = MINIMUM_DAYS,
    allow: Sequence[Check] = (),
    average_to_25km: bool = False,
) -> xr.Dataset:
    """Read a folder of sea-ice concentration files, of any format that `seaice-tf doctor` knows.

    Args:
        folder: files of one algorithm and one grid, in it or in folders below it.
        minimum_days: days with data that a month of daily files must have.
        allow: contradictions between files that are accepted.
        average_to_25km: average grids of 12.5 km to 25 km.

    Returns:
        A Dataset with CF attributes:
            siconc (time, y, x): monthly mean sea ice concentration, fraction; NaN without data.
            status_flag (time, y, x): why a cell has no data; 0 where it has.
        Coordinates are time (the middle of each month), x and y in metres, lat and lon in degrees,
        area in m2, and mask, 1 on sea and 0 on land.

    Raises:
        InputError: a gap, a damaged file, or a contradiction that would make a forecast wrong.

    Example:
        >>> record = open_archive("files")  # doctest: +SKIP
        >>> record.siconc.sel(time="2012-09").max()  # doctest: +SKIP
    """
    where = Path(os.path.expandvars(os.fspath(folder))).expanduser()
    return of_archive(read_archive(where, minimum_days, allow, average_to_25km))


def of_archive(archive: Archive) -> xr.Dataset:
    """The Dataset of an archive, see `open_archive`."""
    flagged = counts.flagged(archive.counts)
    ice = np.where(flagged, np.nan, archive.counts / np.float32(FULL_ICE)).astype(np.float32)
    status = np.where(flagged, archive.counts, 0).astype(np.uint8)
    common = {"grid_mapping": "crs"}
    concentration = {
        "standard_name": "sea_ice_area_fraction",
        "long_name": "monthly mean sea ice concentration",
        "units": "1",
        "valid_range": [0.0, 1.0],
        "cell_methods": "time: mean",
        "cell_measures": "area: area",
        "ancillary_variables": "status_flag",
    }
    flags = {
        "standard_name": "status_flag",
        "long_name": "why a cell has no concentration",
        "flag_values": np.array(list(FLAGS.values()), np.uint8),
        "flag_meanings": " ".join(FLAGS),
    }
    maps = ("time", "y", "x")
    span = archive.first + np.arange(len(archive.counts))
    return xr.Dataset(
        {
            "siconc": (maps, ice, concentration | common),
            "status_flag": (maps, status, flags | common),
        },
        coordinates(archive.grid) | time(span) | mask(archive.counts[-1]),
        {
            "Conventions": "CF-1.10",
            "title": "Monthly mean sea ice concentration",
            "source": archive.source,
            "references": archive.citation,
            "product": archive.kind,
            "algorithm": archive.algorithm,
            "grid": archive.grid.code,
            "synthetic": int(archive.synthetic),
        },
    )


def coordinates(grid: Grid) -> dict[str, xr.Variable]:
    """Axes, latitude, longitude, cell area and projection of a grid, with CF attributes."""
    found = {}
    for name, values in zip("xy", grid.axes()):
        attributes = {"standard_name": f"projection_{name}_coordinate", "units": "m"}
        found[name] = xr.Variable(name, values, attributes | {"axis": name.upper()})
    for name, values, units in zip(
        ("latitude", "longitude"), grid.latitude_longitude(), ("degrees_north", "degrees_east")
    ):
        attributes = {"standard_name": name, "long_name": name, "units": units}
        found[name[:3]] = xr.Variable(("y", "x"), values.astype(np.float32), attributes)
    attributes = {"standard_name": "cell_area", "long_name": "true area of the cell", "units": "m2"}
    found["area"] = xr.Variable(("y", "x"), (grid.cell_area() * 1e6).astype(np.float32), attributes)
    pole = 90.0 if grid.name == "north" else -90.0
    projection = grid.crs.to_cf() | {"latitude_of_projection_origin": pole}
    found["crs"] = xr.Variable((), 0, projection)
    return found


def time(span: np.ndarray) -> dict[str, xr.Variable]:
    """The middle of each month, and its bounds: span (n,) datetime64[M]."""
    edges = np.append(span, span[-1] + 1).astype("datetime64[s]").astype("datetime64[ns]")
    middle = edges[:-1] + np.diff(edges) // 2
    attributes = {"standard_name": "time", "long_name": "middle of the month", "axis": "T"}
    bounds = np.stack([edges[:-1], edges[1:]], axis=1)
    return {
        "time": xr.Variable("time", middle, attributes | {"bounds": "time_bounds"}),
        "time_bounds": xr.Variable(("time", "bounds"), bounds),
    }


def mask(raw: np.ndarray) -> dict[str, xr.Variable]:
    """1 on sea and 0 on land, of the raw counts (rows, columns) of a month."""
    attributes = {
        "standard_name": "sea_binary_mask",
        "long_name": "sea",
        "flag_values": np.array([0, 1], np.int8),
        "flag_meanings": "land sea",
    }
    sea = ~counts.land(raw)
    return {"mask": xr.Variable(("y", "x"), sea.astype(np.int8), attributes)}


def to_archive(record: xr.Dataset) -> Archive:
    """The archive of a Dataset of `open_archive`, or of a part of it in time.

    Raises:
        InputError: a variable is missing, or months are missing or not in order.
    """
    if not isinstance(record, xr.Dataset) or not {"siconc", "status_flag"} <= set(record):
        raise InputError(
            "record: expected a Dataset with siconc and status_flag, got another; open the files "
            "with seaice_tf.forecast.open_archive"
        )
    if record.siconc.dims != ("time", "y", "x") or not record.sizes["time"]:
        raise InputError(
            f"record: expected siconc of (time, y, x), got {record.siconc.dims} of "
            f"{record.siconc.shape}; keep its dimensions"
        )
    span = months_of(record)
    if not (np.diff(span).astype(int) == 1).all():
        raise InputError("record: expected consecutive months, got others; keep all in a slice")
    ice, status = record.siconc.to_numpy(), record.status_flag.to_numpy().astype(np.uint8)
    values = np.clip(np.rint(np.nan_to_num(ice) * FULL_ICE), 0, FULL_ICE).astype(np.uint8)
    raw = np.where(status > 0, status, np.where(np.isnan(ice), counts.MISSING, values))
    return Archive(
        raw.astype(np.uint8),
        span[0],
        (),
        bool(record.attrs.get("synthetic", 0)),
        record.attrs.get("product", "Dataset"),
        GRIDS.get(record.attrs.get("grid", "")) or of_shape(raw.shape),
        citation=record.attrs.get("references", ""),
        algorithm=record.attrs.get("algorithm", Archive.algorithm),
    )


def months_of(dataset: xr.Dataset) -> np.ndarray:
    """The months of the time axis: (n,) datetime64[M]; InputError if two are of one month."""
    if "time" not in dataset.dims or not np.issubdtype(dataset["time"].dtype, np.datetime64):
        raise InputError("dataset: expected a time axis of dates, got none; keep the dimension")
    span = dataset["time"].to_numpy().astype("datetime64[M]")
    if len(np.unique(span)) != len(span):
        repeated = next(month for month in span if (span == month).sum() > 1)
        raise InputError(f"dataset: expected a map a month, got several of {repeated}")
    return span
