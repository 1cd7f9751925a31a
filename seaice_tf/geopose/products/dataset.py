"""Heights and pose of an image as an xarray.Dataset."""

import numpy as np
import xarray as xr

from seaice_tf.task import Case, Maps


def dataset(case: Case, fields: Maps, model: str) -> xr.Dataset:
    """agl (row, column) in metres, and scale, angle and certainty of the flow."""
    heights = {"standard_name": "height", "long_name": "height above ground", "units": "m"}
    scale = {"long_name": "flow per metre of height", "units": "pixels m-1"}
    angle = {
        "long_name": "direction of the flow from the top of an object to its foot, to the right "
        "by its sine and down by its cosine",
        "units": "radian",
    }
    found = {
        "agl": (("row", "column"), np.asarray(fields["agl"], np.float32), heights),
        "scale": ((), np.float32(fields["scale"]), scale),
        "angle": ((), np.float32(fields["angle"]), angle),
    }
    if "certainty" in fields:
        certainty = {"long_name": "certainty of the angle", "units": "1"}
        found["certainty"] = ((), np.float32(fields["certainty"]), certainty)
    attributes = {
        "Conventions": "CF-1.10",
        "title": f"Heights and pose of {case.name}",
        "source": f"{model} on {case.context.source}",
    }
    return xr.Dataset(found, attrs=attributes)
