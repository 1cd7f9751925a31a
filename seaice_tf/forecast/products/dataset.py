"""A forecast as an xarray.Dataset, the same as its netCDF file."""

import xarray as xr

from seaice_tf.files.netcdf import loaded
from seaice_tf.forecast.data import counts
from seaice_tf.forecast.products import netcdf
from seaice_tf.task import Case, Maps


def dataset(case: Case, fields: Maps, model: str) -> xr.Dataset:
    """sea_ice_area_fraction (time, y, x) and, if known, its probability and spread; NaN on land."""
    context, land = case.context, counts.land(case.context.past[-1])
    source = f"{model} from {context.source}"
    maps = {name: values for name, values in fields.items() if name in netcdf.FIELDS}
    return loaded(
        lambda path: netcdf.write(
            path, context.months, maps, land, source, context.citation, context.grid
        )
    )
