"""A forecast as an xarray.Dataset, the same as its netCDF file."""

import numpy as np
import xarray as xr

from seaice_tf.files.netcdf import loaded
from seaice_tf.forecast import members
from seaice_tf.forecast.cases import Context
from seaice_tf.forecast.data import counts
from seaice_tf.forecast.products import netcdf
from seaice_tf.task import Case, Maps

MEMBERS = "sea_ice_area_fraction_members"


def dataset(case: Case, fields: Maps, model: str) -> xr.Dataset:
    """sea_ice_area_fraction (time, y, x) and, if known, its probability and spread; NaN on land.

    With members, if any were asked for, sea_ice_area_fraction_members (member, time, y, x).
    """
    context, land = case.context, counts.land(case.context.past[-1])
    source = f"{model} from {context.source}"
    maps = {name: values for name, values in fields.items() if name in netcdf.FIELDS}
    result = loaded(
        lambda path: netcdf.write(
            path, context.months, maps, land, source, context.citation, context.grid
        )
    )
    if "member_quantiles" in fields:
        result[MEMBERS] = _members(fields["member_quantiles"], context, land, result)
    return result


def _members(quantiles, context: Context, land: np.ndarray, maps: xr.Dataset) -> xr.DataArray:
    like = maps["sea_ice_area_fraction"]
    values = members.of_forecast(quantiles, context.past, context.member_seed)
    number = xr.Variable("member", np.arange(1, len(values) + 1), {"standard_name": "realization"})
    names = ("standard_name", "units", "cell_methods")
    attributes = {name: like.attrs[name] for name in names}
    attributes["long_name"] = "members of the forecast of sea_ice_area_fraction"
    return xr.DataArray(
        np.where(land, np.float32(np.nan), values),
        {"member": number, **like.coords},
        ("member", *like.dims),
        attrs=attributes,
    )
