"""The charts of a scene as an xarray.Dataset, the same as its netCDF file."""

import xarray as xr

from seaice_tf.files.netcdf import loaded
from seaice_tf.icechart.products import netcdf
from seaice_tf.task import Case, Maps


def dataset(case: Case, fields: Maps, model: str) -> xr.Dataset:
    """Concentration, SIC, SOD and FLOE (line, sample) with uncertainty and class probabilities."""
    return loaded(lambda path: netcdf.write_case(path, case, fields, model))
