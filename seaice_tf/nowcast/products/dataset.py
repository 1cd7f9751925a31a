"""A nowcast of a window as an xarray.Dataset, as its netCDF file has it, with the flow."""

import numpy as np
import xarray as xr

from seaice_tf.files.netcdf import loaded
from seaice_tf.nowcast.products import netcdf
from seaice_tf.task import Case, Maps

COMPONENTS = ("down", "right")


def dataset(case: Case, fields: Maps, model: str) -> xr.Dataset:
    """hrv_counts (lead, y, x) of a window, and flow (component, row, column) of its last frame."""
    attributes = {"long_name": "motion of the clouds", "units": "pixels per frame of 5 minutes"}
    flow = np.moveaxis(np.asarray(fields["flow"]), -1, 0)
    moving = xr.Variable(("component", "row", "column"), flow, attributes)
    found = xr.Dataset(
        {"flow": moving}, {"component": list(COMPONENTS)}, {"Conventions": "CF-1.10"}
    )
    if "frames" not in fields:  # of two images
        return found
    osgb, last = case.context.centre_osgb(), case.context.last
    frames = loaded(
        lambda path: netcdf.write(
            path,
            1,
            [fields["frames"]],
            f"{model} on {case.context.source}",
            None if osgb is None else osgb[None],
            None if last is None else np.array([last]),
        )
    ).isel(window=0)
    return frames.assign(flow=moving).assign_coords(component=list(COMPONENTS))
