"""Forecasts as netCDF on the NSIDC grids, following CF-1.10 and ACDD-1.3."""

import datetime
from pathlib import Path
from typing import Any

import netCDF4
import numpy as np

from seaice_tf import __version__
from seaice_tf.files import atomic
from seaice_tf.forecast.data.counts import EDGE
from seaice_tf.grids.polar import Grid, of_shape

FILL = np.float32(-1)  # on land
EPOCH = np.datetime64("1970-01-01")
UNITS = {"units": f"days since {EPOCH}", "calendar": "standard"}
COORDINATES = "lat lon forecast_reference_time"
COMMON = {
    "units": "1",
    "valid_range": np.array([0, 1], np.float32),
    "coordinates": COORDINATES,
    "coverage_content_type": "modelResult",
    "grid_mapping": "crs",
    "cell_measures": "area: cell_area",
}
# Head -> name of the variable, and its attributes besides COMMON. CF has no standard name for the
# probability; as with its names "..._above_threshold" the threshold is a scalar coordinate.
FIELDS: dict[str, tuple[str, dict[str, Any]]] = {
    "concentration": (
        "sea_ice_area_fraction",
        {
            "standard_name": "sea_ice_area_fraction",
            "long_name": "monthly mean sea ice concentration, forecast",
            "cell_methods": "time: mean",
        },
    ),
    "spread": (
        "sea_ice_area_fraction_standard_deviation",
        {
            "standard_name": "sea_ice_area_fraction standard_error",
            "long_name": "standard deviation of the forecast of sea_ice_area_fraction",
            "cell_methods": "time: mean",
        },
    ),
    "probability": (
        "probability_of_sea_ice",
        {
            "long_name": f"probability of sea_ice_area_fraction above {EDGE}",
            "comment": f"forecast probability of a monthly mean of at least {EDGE}",
            "coordinates": f"{COORDINATES} threshold",
        },
    ),
}


def write(
    path: Path,
    months: np.ndarray,
    fields: dict[str, np.ndarray],
    land: np.ndarray,
    source: str,
    citation: str = "",
    grid: Grid | None = None,
) -> Path:
    """Write monthly mean concentrations and their uncertainty.

    Args:
        months: (n,) datetime64[M]; the month before the first is the last one observed.
        fields: "concentration" and, if known, "spread" and "probability" of ice at 15 % or more,
            (n, rows, columns) fractions on either grid.
        land: (rows, columns) bool, written as fill value.
        source: the model and its input data.
        citation: of the data, for `references` and `acknowledgment`.
        grid: of the fields; None for the polar stereographic grid of their shape.
    """
    # In memory first: netCDF4 may not report a full disk, a plain write does.
    dataset = netCDF4.Dataset("memory.nc", "w", memory=1 << 20)
    grid = grid or of_shape(land.shape)
    describe(dataset, months, source, citation, grid)
    horizontal_axes(dataset, grid)
    _time(dataset, months)
    written = [name for name in FIELDS if name in fields]
    for name in written:
        variable, attributes = FIELDS[name]
        field = dataset.createVariable(
            variable, "f4", ("time", "y", "x"), zlib=True, fill_value=FILL
        )
        field.setncatts(COMMON | attributes)
        field[:] = np.where(land, FILL, fields[name].astype(np.float32))
    others = [FIELDS[name][0] for name in written if name != "concentration"]
    if others:
        dataset["sea_ice_area_fraction"].ancillary_variables = " ".join(others)
    if "probability" in fields:
        threshold = dataset.createVariable("threshold", "f8")
        threshold.setncatts({"standard_name": "sea_ice_area_fraction", "units": "1"})
        threshold.long_name = "concentration at the edge of the ice"
        threshold[...] = EDGE
    return atomic.write_bytes(path, dataset.close())


def describe(
    dataset: netCDF4.Dataset,
    months: np.ndarray,
    source: str,
    citation: str,
    grid: Grid,
    what: str = "monthly {} sea ice concentration",
    name: str = "sea_ice",
) -> None:
    """Set the global attributes of a forecast of `what` of a region; `name` goes into the id."""
    if citation:
        dataset.setncatts({"references": citation, "acknowledgment": f"Made from {citation}."})
    region = "Arctic" if grid.name == "north" else "Antarctic"
    now = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    latitude, longitude = grid.latitude_longitude()
    title = f"Forecast of {what.format(region)}"
    dataset.setncatts(
        {
            "Conventions": "CF-1.10, ACDD-1.3",
            "title": title,
            "id": f"{region.lower()}_{name}_forecast_{months[0]}",
            "processing_level": "Level 4, model output",
            "summary": (
                f"{title} for {months[0]} to {months[-1]} on the {grid.title}, "
                f"from observations up to {months[0] - 1}. Made by {source}."
            ),
            "keywords": "EARTH SCIENCE > CRYOSPHERE > SEA ICE > SEA ICE CONCENTRATION",
            "keywords_vocabulary": "GCMD Science Keywords",
            "source": source,
            "history": f"{now} seaice_tf {__version__} predict forecast",
            "standard_name_vocabulary": "CF Standard Name Table v93",
            "date_created": now,
            "product_version": __version__,
            "cdm_data_type": "Grid",
            "time_coverage_start": f"{months[0]}-01T00:00:00Z",
            "time_coverage_end": f"{months[-1] + 1}-01T00:00:00Z",
            "time_coverage_duration": f"P{months.size}M",
            "time_coverage_resolution": "P1M",
            "geospatial_lat_min": float(np.float32(latitude.min())),
            "geospatial_lat_max": float(np.float32(latitude.max())),
            "geospatial_lat_units": "degrees_north",
            "geospatial_lon_min": float(np.float32(longitude.min())),
            "geospatial_lon_max": float(np.float32(longitude.max())),
            "geospatial_lon_units": "degrees_east",
        }
    )


def horizontal_axes(dataset: netCDF4.Dataset, grid: Grid) -> None:
    crs = dataset.createVariable("crs", "i4")
    pole = 90.0 if grid.name == "north" else -90.0
    crs.setncatts(grid.crs.to_cf() | {"latitude_of_projection_origin": pole})
    for name, values in zip("xy", grid.axes()):
        dataset.createDimension(name, values.size)
        axis = dataset.createVariable(name, "f8", (name,))
        axis.setncatts({"standard_name": f"projection_{name}_coordinate", "units": "m"})
        axis.setncatts({"long_name": f"{name} on the projected plane", "axis": name.upper()})
        axis[:] = values
    latitude, longitude = grid.latitude_longitude()
    for name, values, units in (
        ("latitude", latitude, "degrees_north"),
        ("longitude", longitude, "degrees_east"),
    ):
        variable = dataset.createVariable(name[:3], "f4", ("y", "x"), zlib=True)
        variable.setncatts({"standard_name": name, "long_name": name, "units": units})
        variable[:] = values
    area = dataset.createVariable("cell_area", "f4", ("y", "x"), zlib=True)
    area.setncatts({"standard_name": "cell_area", "units": "m2", "coordinates": "lat lon"})
    area.setncatts({"long_name": "true area of the cell", "grid_mapping": "crs"})
    area.coverage_content_type = "auxiliaryInformation"
    area[:] = grid.cell_area() * 1e6


def _time(dataset: netCDF4.Dataset, months: np.ndarray) -> None:
    starts = (np.append(months, months[-1] + 1).astype("datetime64[D]") - EPOCH).astype(int)
    dataset.createDimension("time", months.size)
    dataset.createDimension("bounds", 2)
    time = dataset.createVariable("time", "f8", ("time",))
    time.setncatts({"standard_name": "time", "long_name": "middle of the month", "axis": "T"})
    time.setncatts({"bounds": "time_bounds", **UNITS})
    time[:] = (starts[:-1] + starts[1:]) / 2
    bounds = dataset.createVariable("time_bounds", "f8", ("time", "bounds"))
    bounds[:] = np.stack([starts[:-1], starts[1:]], axis=-1)
    reference_time(dataset, months[0])


def reference_time(dataset: netCDF4.Dataset, first: np.datetime64) -> None:
    """Write the time of the forecast, whose first month is `first`, as a scalar."""
    issued = dataset.createVariable("forecast_reference_time", "f8")
    issued.setncatts({"standard_name": "forecast_reference_time", **UNITS})
    issued.long_name = "end of the last month observed"
    issued[...] = (first.astype("datetime64[D]") - EPOCH).astype(int)
