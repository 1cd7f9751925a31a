"""Nowcasts as netCDF with the conventions CF-1.10 and ACDD-1.3, written a window at a time."""

import datetime
from collections.abc import Iterable
from pathlib import Path

import netCDF4
import numpy as np
from pyproj import CRS, Transformer

from seaice_tf import __version__
from seaice_tf.files import netcdf
from seaice_tf.nowcast.data.layout import FRAMES_OUT, HIGHEST, TARGET
from seaice_tf.nowcast.data.times import whole_minutes

OSGB = 27700  # EPSG code of the British national grid
DIMENSIONS = ("window", "lead", "y", "x")
VARIABLE = "hrv_counts"


def write(
    path: Path,
    number: int,
    windows: Iterable[np.ndarray],
    source: str,
    osgb: np.ndarray | None = None,
    last: np.ndarray | None = None,
    *,
    step: np.timedelta64,
) -> Path:
    """Write forecast frames.

    Args:
        path: of the file.
        number: of windows.
        windows: (24, 64, 64) counts each, consumed one at a time.
        source: the model and its input data.
        osgb: (number, 2, 64, 64) eastings and northings of the pixels in metres, if known.
        last: (number,) datetime64, times of the last frames of the input, if known.
        step: from one frame to the next.
    """
    with netcdf.created(path) as data:
        for name, size in zip(DIMENSIONS, (number, FRAMES_OUT, TARGET, TARGET)):
            data.createDimension(name, size)
        _describe(data, source, last, step)
        _times(data, last, step)
        field = data.createVariable(
            VARIABLE,
            "f4",
            DIMENSIONS,
            zlib=True,
            complevel=1,
            chunksizes=(1, FRAMES_OUT, TARGET, TARGET),
        )
        field.setncatts(
            {
                "long_name": "forecast of the counts of the high-resolution visible channel",
                "units": "1",
                "valid_range": np.array([0, HIGHEST], np.float32),
                "coverage_content_type": "modelResult",
            }
        )
        coordinates = ["forecast_reference_time", "valid_time"] if last is not None else []
        if osgb is not None:
            _place(data, osgb)
            field.grid_mapping = "crs"
            coordinates += ["easting", "northing", "lat", "lon"]
        if coordinates:
            field.coordinates = " ".join(coordinates)
        for index, window in zip(range(number), windows, strict=True):
            field[index] = np.clip(window, 0, HIGHEST)
    return path


def _describe(
    data: netCDF4.Dataset, source: str, last: np.ndarray | None, step: np.timedelta64
) -> None:
    now = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    title = "Nowcast of the high-resolution visible channel of Meteosat"
    minutes = whole_minutes(step)
    attributes = {
        "Conventions": "CF-1.10, ACDD-1.3",
        "title": title,
        "summary": f"{title}, up to {FRAMES_OUT * minutes} minutes ahead. Made by {source}.",
        "keywords": "EARTH SCIENCE > ATMOSPHERE > CLOUDS",
        "keywords_vocabulary": "GCMD Science Keywords",
        "source": source,
        "history": f"{now} seaice_tf {__version__} predict nowcast",
        "standard_name_vocabulary": "CF Standard Name Table v93",
        "date_created": now,
        "product_version": __version__,
        "cdm_data_type": "Grid",
        "time_coverage_resolution": f"PT{minutes}M",
    }
    if last is not None:
        span = (last.min() + step, last.max() + FRAMES_OUT * step)
        for name, time in zip(("start", "end"), span):
            attributes[f"time_coverage_{name}"] = f"{time.astype('datetime64[s]')}Z"
    data.setncatts(attributes)


def _times(data: netCDF4.Dataset, last: np.ndarray | None, step: np.timedelta64) -> None:
    ahead = np.arange(1, FRAMES_OUT + 1) * step
    lead = data.createVariable("lead", "f8", ("lead",))
    lead.setncatts({"standard_name": "forecast_period", "units": "minutes"})
    lead.long_name = "time after the last frame of the input"
    lead[:] = ahead / np.timedelta64(1, "m")
    if last is None:
        return
    units = {"units": "seconds since 1970-01-01 00:00:00", "calendar": "standard"}
    for name, standard, dimensions, times in (
        ("forecast_reference_time", "forecast_reference_time", ("window",), last),
        ("valid_time", "time", ("window", "lead"), last[:, None] + ahead),
    ):
        variable = data.createVariable(name, "f8", dimensions)
        variable.setncatts({"standard_name": standard, **units})
        variable[:] = times.astype("datetime64[s]").astype(np.int64)


def _place(data: netCDF4.Dataset, osgb: np.ndarray) -> None:
    data.createVariable("crs", "i4").setncatts(CRS.from_epsg(OSGB).to_cf())
    east, north = osgb[:, 0].astype(float), osgb[:, 1].astype(float)
    transformer = Transformer.from_crs(OSGB, 4326, always_xy=True)
    longitude, latitude = transformer.transform(east, north)
    for name, standard, units, values in (
        ("easting", "projection_x_coordinate", "m", east),
        ("northing", "projection_y_coordinate", "m", north),
        ("lat", "latitude", "degrees_north", latitude),
        ("lon", "longitude", "degrees_east", longitude),
    ):
        variable = data.createVariable(name, "f8", ("window", "y", "x"), zlib=True, complevel=1)
        variable.setncatts({"standard_name": standard, "long_name": standard, "units": units})
        variable[:] = values
    for name, values in (("lat", latitude), ("lon", longitude)):
        data.setncattr(f"geospatial_{name}_min", float(values.min()))
        data.setncattr(f"geospatial_{name}_max", float(values.max()))
