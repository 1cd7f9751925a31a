"""The forecast of a whole image as netCDF, CF-1.10, on the coordinates of its file."""

import datetime
from pathlib import Path

import netCDF4
import numpy as np
from pyproj import CRS, Transformer
from pyproj.exceptions import CRSError

from seaice_tf import __version__
from seaice_tf.files import netcdf
from seaice_tf.nowcast.data import units
from seaice_tf.nowcast.data.frames import Frames
from seaice_tf.nowcast.data.source import Grid
from seaice_tf.nowcast.data.times import whole_minutes
from seaice_tf.task import Maps

OSGB = 27700  # EPSG code of the British national grid
DIMENSIONS = ("lead", "y", "x")
UNKNOWN = -9999.0  # fill value
SECONDS = {"units": "seconds since 1970-01-01 00:00:00", "calendar": "standard"}


def write(
    path: Path,
    fields: Maps,
    known: np.ndarray,
    image: Frames,
    last: np.datetime64,
    source: str,
) -> Path:
    """Write the forecast of an image.

    Args:
        path: of the file.
        fields: "frames" (24, H, W) counts, which are written in the unit of the file, and "flow"
            (H, W, 2) pixels per frame.
        known: (24, H, W) bool, whether a value comes from known pixels of the image.
        image: the sequence.
        last: time of the last frame that was used.
        source: the model and its input data.
    """
    frames, flow = fields["frames"], fields["flow"]
    with netcdf.created(path) as data:
        for name, size in zip(DIMENSIONS, frames.shape):
            data.createDimension(name, size)
        _describe(data, source, image, last, len(frames))
        _times(data, image, last, len(frames))
        mapping = _coordinates(data, image)
        name = _name(image)
        field = _variable(data, name, DIMENSIONS, "f4", mapping, fill_value=UNKNOWN)
        field.setncatts({"long_name": f"forecast of {image.channel or 'counts'}"})
        field.units = image.unit if image.limits != units.RANGE else "1"
        field.coverage_content_type = "modelResult"
        sure = _variable(data, "known", DIMENSIONS, "i1", mapping)
        sure.setncatts(
            {
                "long_name": "whether the value comes from known pixels of the image",
                "flag_values": np.array([0, 1], np.int8),
                "flag_meanings": "unknown known",
            }
        )
        for lead, (frame, valid) in enumerate(zip(frames, known)):
            field[lead] = np.where(valid, units.from_counts(frame, image.limits), UNKNOWN)
            sure[lead] = valid
        for part, axis in enumerate(("down the rows", "along the columns")):
            variable = _variable(data, f"flow_{'yx'[part]}", ("y", "x"), "f4", mapping)
            variable.setncatts({"long_name": f"motion {axis}, in pixels per frame", "units": "1"})
            variable[:] = flow[..., part]
    return path


def _name(image: Frames) -> str:
    letters = "".join(c if c.isalnum() else "_" for c in image.channel).strip("_")
    return f"{letters}_forecast" if letters and letters[0].isalpha() else "hrv_counts"


def _variable(data, name: str, dimensions, kind: str, mapping: str, **options) -> netCDF4.Variable:
    variable = data.createVariable(name, kind, dimensions, zlib=True, complevel=1, **options)
    if mapping:
        variable.grid_mapping = mapping
    of_time = ["valid_time", "forecast_reference_time"] if "lead" in dimensions else []
    of_place = ["lat", "lon"] if "lat" in data.variables else []
    if of_time or of_place:
        variable.coordinates = " ".join([*of_time, *of_place])
    return variable


def _describe(
    data: netCDF4.Dataset, source: str, image: Frames, last: np.datetime64, leads: int
) -> None:
    now = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    minutes = whole_minutes(image.step)
    data.setncatts(
        {
            "Conventions": "CF-1.10, ACDD-1.3",
            "title": "Nowcast of a satellite image",
            "summary": f"Forecast up to {minutes * leads} minutes ahead. Made by {source}.",
            "source": source,
            "history": f"{now} seaice_tf {__version__} predict nowcast",
            "date_created": now,
            "product_version": __version__,
            "cdm_data_type": "Grid",
            "time_coverage_resolution": f"PT{minutes}M",
            "time_coverage_start": f"{last + image.step}Z",
            "time_coverage_end": f"{last + leads * image.step}Z",
        }
    )


def _times(data: netCDF4.Dataset, image: Frames, last: np.datetime64, leads: int) -> None:
    ahead = np.arange(1, leads + 1) * image.step
    lead = data.createVariable("lead", "f8", ("lead",))
    lead.setncatts({"standard_name": "forecast_period", "units": "minutes"})
    lead.long_name = "time after the last frame of the input"
    lead[:] = ahead / np.timedelta64(1, "m")
    time = data.createVariable("valid_time", "f8", ("lead",))
    time.setncatts({"standard_name": "time", **SECONDS})
    time[:] = (last + ahead).astype("datetime64[s]").astype(np.int64)
    reference = data.createVariable("forecast_reference_time", "f8")
    reference.setncatts({"standard_name": "forecast_reference_time", **SECONDS})
    reference[...] = last.astype("datetime64[s]").astype(np.int64)


def _coordinates(data: netCDF4.Dataset, image: Frames) -> str:
    """Write the coordinates of the file; returns the name of the grid mapping, if there is one."""
    osgb = image.osgb if image.osgb is not None and np.isfinite(image.osgb).all() else None
    if image.grid is None:
        if osgb is not None:
            _latitudes(data, CRS.from_epsg(OSGB), osgb[0], osgb[1])
        return ""
    grid, mapped = image.grid, bool(image.grid.mapping)
    for name, values in (("x", grid.x), ("y", grid.y)):
        variable = data.createVariable(name, "f8", (name,))
        variable.setncatts({"axis": name.upper(), **_axis(grid, name)})
        variable[:] = values
    if not mapped:
        return ""
    crs = {"long_name": "projection of the image", **grid.mapping}
    data.createVariable("crs", "i4").setncatts(crs)
    _latitudes_of_grid(data, grid)
    return "crs"


def _axis(grid: Grid, name: str) -> dict[str, str]:
    """Unit and CF standard name of the coordinate "x" or "y" of a grid."""
    if grid.units.startswith("rad"):
        return {"units": "rad", "standard_name": f"projection_{name}_angular_coordinate"}
    if grid.units.startswith("degree"):
        kind, unit = ("longitude", "degrees_east") if name == "x" else ("latitude", "degrees_north")
        if "rotated" in str(grid.mapping.get("grid_mapping_name", "")):
            return {"units": "degrees", "standard_name": f"grid_{kind}"}
        return {"units": unit, "standard_name": kind}
    named = {"standard_name": f"projection_{name}_coordinate"} if grid.mapping else {}
    return {"units": grid.units or "1", **named}


def _latitudes_of_grid(data: netCDF4.Dataset, grid: Grid) -> None:
    try:
        crs = CRS.from_cf(dict(grid.mapping))
    except (CRSError, KeyError, ValueError):
        return  # the mapping is passed on as it is
    height = float(grid.mapping.get("perspective_point_height", 1.0))
    scale = height if grid.units.startswith("rad") else 1.0
    x, y = np.meshgrid(grid.x * scale, grid.y * scale)
    _latitudes(data, crs, x, y)


def _latitudes(data: netCDF4.Dataset, crs: CRS, x: np.ndarray, y: np.ndarray) -> None:
    transformer = Transformer.from_crs(crs, 4326, always_xy=True)
    found = dict(zip(("lon", "lat"), transformer.transform(x.astype(float), y.astype(float))))
    for name, standard, unit in (
        ("lat", "latitude", "degrees_north"),
        ("lon", "longitude", "degrees_east"),
    ):
        variable = data.createVariable(
            name, "f8", ("y", "x"), zlib=True, complevel=1, fill_value=UNKNOWN
        )
        variable.setncatts({"standard_name": standard, "units": unit})
        variable[:] = np.where(np.isfinite(found[name]), found[name], UNKNOWN)  # off the earth
