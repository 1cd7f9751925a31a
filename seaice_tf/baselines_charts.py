"""Ice charts that need no image: what any network must beat."""

from collections.abc import Mapping

import numpy as np

from seaice_tf.transforms.icechart import CHARTS

Histograms = Mapping[str, np.ndarray]  # chart -> (scenes, classes) pixels of each class


def constant(classes: Mapping[str, int], shape: tuple[int, int]) -> dict[str, np.ndarray]:
    """The same class everywhere: by chart (H, W) uint8."""
    return {chart: np.full(shape, classes[chart], np.uint8) for chart in CHARTS}


def open_water(shape: tuple[int, int]) -> dict[str, np.ndarray]:
    return constant(dict.fromkeys(CHARTS, 0), shape)


def usual(pixels: Histograms, chosen: np.ndarray | None = None) -> dict[str, int]:
    """The mean SIC, rounded, and the most frequent SOD and FLOE of the scenes.

    Args:
        pixels: of the training scenes; none of them gives open water.
        chosen: (scenes,) bool, those that are alike; all if it leaves none with a chart.

    >>> usual({"SIC": np.eye(11)[[0, 9]], "SOD": np.eye(6)[[2, 2]], "FLOE": np.eye(7)[[1, 1]]})
    {'SIC': 4, 'SOD': 2, 'FLOE': 1}
    """
    result = {}
    for chart in CHARTS:
        total = pixels[chart].sum(axis=0)
        if chosen is not None and pixels[chart][chosen].sum():
            total = pixels[chart][chosen].sum(axis=0)
        kinds = np.arange(len(total))
        best = (
            np.rint((kinds * total).sum() / max(total.sum(), 1))
            if chart == "SIC"
            else total.argmax()
        )
        result[chart] = int(best)
    return result
