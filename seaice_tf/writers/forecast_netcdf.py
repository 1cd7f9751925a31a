"""A forecast as CF-1.10 netCDF on the NSIDC grid."""

import datetime
from pathlib import Path

import netCDF4
import numpy as np

from seaice_tf import __version__
from seaice_tf.transforms.grid import NORTH, Grid, of_shape
from seaice_tf.writers import atomic

FILL = np.float32(-1)  # on land
EPOCH = np.datetime64("1970-01-01")
COMMON = {
    "units": "1",
    "valid_range": np.array([0, 1], np.float32),
    "coordinates": "lat lon forecast_reference_time",
    "grid_mapping": "crs",
    "cell_measures": "area: cell_area",
}
FIELDS: dict[str, tuple[str, dict]] = {  # head -> variable and its attributes
    "concentration": (
        "sea_ice_area_fraction",
        {
            "standard_name": "sea_ice_area_fraction",
            "long_name": "monthly mean sea ice concentration, forecast",
            "cell_methods": "time: mean",
            "ancillary_variables": "sea_ice_area_fraction_spread ice_probability",
        },
    ),
    "spread": (
        "sea_ice_area_fraction_spread",
        {
            "standard_name": "sea_ice_area_fraction standard_error",
            "long_name": "standard deviation of the forecast distribution",
        },
    ),
    "probability": (
        "ice_probability",
        {"long_name": "forecast probability of a sea ice concentration of 15 % or more"},
    ),
}


def write(
    path: Path, months: np.ndarray, fields: dict[str, np.ndarray], land: np.ndarray, source: str
) -> Path:
    """Write monthly mean concentrations and what is known of their uncertainty.

    Args:
        months: (n,) datetime64[M]; the month before the first is the last one observed.
        fields: "concentration", and perhaps "spread" and "probability", (n, rows, columns)
            fractions on the grid of the north or of the south.
        land: (rows, columns) bool, written as fill value.
        source: the model and the data it was given.
    """
    # In memory first: netCDF4 reports a full disk late or never, a plain write at once.
    dataset = netCDF4.Dataset(str(path), "w", memory=1 << 20)
    grid = of_shape(land.shape)
    _describe(dataset, source, grid)
    _axes(dataset, grid)
    _time(dataset, months)
    for name in FIELDS:
        if name in fields:
            _field(dataset, name, np.where(land, FILL, fields[name].astype(np.float32)))
    return atomic.write_bytes(path, dataset.close())


def _field(dataset: netCDF4.Dataset, name: str, values: np.ndarray) -> None:
    variable, attributes = FIELDS[name]
    field = dataset.createVariable(variable, "f4", ("time", "y", "x"), zlib=True, fill_value=FILL)
    field.setncatts(attributes | COMMON)
    field[:] = values


def _describe(dataset: netCDF4.Dataset, source: str, grid: Grid) -> None:
    region = "Arctic" if grid is NORTH else "Antarctic"
    now = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    dataset.setncatts(
        {
            "Conventions": "CF-1.10",
            "title": f"Forecast of monthly {region} sea ice concentration",
            "source": source,
            "history": f"{now} seaice_tf {__version__} predict forecast",
            "references": "NSIDC-0051, doi:10.5067/8GQ8LZQVL0VL",
        }
    )


def _axes(dataset: netCDF4.Dataset, grid: Grid) -> None:
    crs = dataset.createVariable("crs", "i4")
    crs.setncatts(grid.crs.to_cf())
    for name, values in zip("xy", grid.axes()):
        dataset.createDimension(name, values.size)
        axis = dataset.createVariable(name, "f8", (name,))
        axis.setncatts({"standard_name": f"projection_{name}_coordinate", "units": "m"})
        axis[:] = values
    latitude, longitude = grid.latitude_longitude()
    for name, values, units in (
        ("latitude", latitude, "degrees_north"),
        ("longitude", longitude, "degrees_east"),
    ):
        variable = dataset.createVariable(name[:3], "f4", ("y", "x"), zlib=True)
        variable.setncatts({"standard_name": name, "units": units})
        variable[:] = values
    area = dataset.createVariable("cell_area", "f4", ("y", "x"), zlib=True)
    area.setncatts({"standard_name": "cell_area", "units": "km2"})
    area[:] = grid.cell_area()


def _time(dataset: netCDF4.Dataset, months: np.ndarray) -> None:
    starts = (np.append(months, months[-1] + 1).astype("datetime64[D]") - EPOCH).astype(int)
    units = {"units": f"days since {EPOCH}", "calendar": "standard"}
    dataset.createDimension("time", months.size)
    dataset.createDimension("bounds", 2)
    time = dataset.createVariable("time", "f8", ("time",))
    time.setncatts({"standard_name": "time", "bounds": "time_bounds", **units})
    time[:] = (starts[:-1] + starts[1:]) / 2
    bounds = dataset.createVariable("time_bounds", "f8", ("time", "bounds"))
    bounds[:] = np.stack([starts[:-1], starts[1:]], axis=-1)
    issued = dataset.createVariable("forecast_reference_time", "f8")
    issued.setncatts({"standard_name": "forecast_reference_time", **units})
    issued[...] = starts[0]
