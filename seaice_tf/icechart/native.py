"""Predicted charts on the 80 m grid of the scene, on which they are scored and published."""

import numpy as np

from seaice_tf.grids.windows import Window
from seaice_tf.icechart.data import downscale
from seaice_tf.icechart.data.charts import CHARTS, MASK
from seaice_tf.task import Case, Maps


def window(case: Case) -> Window:
    """Window of the case on the 80 m grid: the scene, or a part of it."""
    return case.inputs.window.times(case.context.factor, case.context.scene.shape)


def charts(case: Case, fields: Maps) -> dict[str, np.ndarray]:
    """Charts at 80 m: (lines, samples) uint8 each."""
    here = window(case)
    shape = here.height, here.width
    return {
        chart: fields[chart]
        if fields[chart].shape == shape
        else downscale.enlarge(fields[chart], case.context.factor, shape)
        for chart in CHARTS
    }


def masked_charts(case: Case, fields: Maps) -> dict[str, np.ndarray]:
    """Charts at 80 m, 255 where the SAR has no data: (lines, samples) uint8 each."""
    valid = case.context.valid()[window(case).slices]
    found = charts(case, fields)
    return {chart: np.where(valid, found[chart], np.uint8(MASK)) for chart in CHARTS}
