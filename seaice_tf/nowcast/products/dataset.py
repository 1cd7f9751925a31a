"""A nowcast of a window or of an image as an xarray.Dataset, with the flow."""

from functools import partial
from pathlib import Path

import numpy as np
import xarray as xr

from seaice_tf.files.netcdf import loaded
from seaice_tf.nowcast.data.layout import MIN_KNOWN
from seaice_tf.nowcast.products import image_netcdf, netcdf
from seaice_tf.task import Case, Maps

COMPONENTS = ("down", "right")


def dataset(case: Case, fields: Maps, model: str) -> xr.Dataset:
    """The forecast and the flow.

    Of a window hrv_counts (lead, y, x), and flow (component, row, column) of its last frame; of an
    image what `image_netcdf` writes.
    """
    units = f"pixels per frame of {case.context.minutes} minutes"
    attributes = {"long_name": "motion of the clouds", "units": units}
    flow = np.moveaxis(np.asarray(fields["flow"]), -1, 0)
    moving = xr.Variable(("component", "row", "column"), flow, attributes)
    found = xr.Dataset(
        {"flow": moving}, {"component": list(COMPONENTS)}, {"Conventions": "CF-1.10"}
    )
    if "frames" not in fields:  # of two images
        return found
    if case.context.image is not None:
        return loaded(partial(_write_image, case, fields, model))
    osgb, last = case.context.centre_osgb(), case.context.last
    frames = loaded(
        lambda path: netcdf.write(
            path,
            1,
            [fields["frames"]],
            f"{model} on {case.context.source}",
            None if osgb is None else osgb[None],
            None if last is None else np.array([last]),
            step=case.context.step,
        )
    ).isel(window=0)
    return frames.assign(flow=moving).assign_coords(component=list(COMPONENTS))


def _write_image(case: Case, fields: Maps, model: str, path: Path) -> Path:
    context, known = case.context, np.asarray(fields["known"]) >= MIN_KNOWN
    source = f"{model} on {context.source}"
    return image_netcdf.write(path, fields, known, context.image, context.last, source)
