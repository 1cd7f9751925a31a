"""Masks of a photo as an xarray.Dataset."""

import numpy as np
import xarray as xr

from seaice_tf.clouds.data.labels import CLASSES
from seaice_tf.clouds.verification import final_masks
from seaice_tf.task import Case, Maps


def dataset(case: Case, fields: Maps, model: str) -> xr.Dataset:
    """mask and probability (organisation, row, column), and class_probability (organisation)."""
    maps = ("organisation", "row", "column")
    masks = np.moveaxis(final_masks(fields), -1, 0).astype(np.int8)
    flags = {"flag_values": np.array([0, 1], np.int8), "flag_meanings": "absent present"}
    fraction = {"units": "1", "valid_range": [0.0, 1.0]}
    of_pixel = {"long_name": "probability of the organisation in each pixel", **fraction}
    of_photo = {"long_name": "probability that the photo shows the organisation", **fraction}
    return xr.Dataset(
        {
            "mask": (maps, masks, {"long_name": "mask after post-processing", **flags}),
            "probability": (maps, np.moveaxis(fields["probabilities"], -1, 0), of_pixel),
            "class_probability": (maps[:1], fields["class_probabilities"], of_photo),
        },
        {"organisation": list(CLASSES)},
        {
            "Conventions": "CF-1.10",
            "title": f"Cloud organisation of {case.name}",
            "source": f"{model} on {case.context.source}",
        },
    )
