"""Ice charts that need no network: what any network must beat."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from seaice_tf.icechart.data.charts import CHARTS, CLASSES, MASK

RIDGE = 1e-3  # of channels with a deviation of 1: only to have an answer without any pixel
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


@dataclass(frozen=True)
class Linear:
    """Charts as linear functions of a pixel's channels and of 1."""

    channels: tuple[str, ...]
    weights: Mapping[str, np.ndarray]  # SIC (C + 1, 1) in tenths; SOD, FLOE (C + 1, classes)


def linear(
    channels: tuple[str, ...], scenes: Iterable[tuple[np.ndarray, Mapping[str, np.ndarray]]]
) -> Linear:
    """Least squares: SIC in tenths, and for each class of SOD and FLOE 1 where it is and 0 else.

    Args:
        channels: names of the channels.
        scenes: of each the channels (n, C), standardised, and by chart the classes (n,), 255 where
            there is none. Memory does not grow with their number.
    """
    size = len(channels) + 1
    answers = {chart: np.eye(len(CLASSES[chart])) for chart in CHARTS}
    answers["SIC"] = np.arange(len(CLASSES["SIC"]), dtype=float)[:, None]
    squares = {chart: RIDGE * np.eye(size) for chart in CHARTS}
    products = {chart: np.zeros((size, answers[chart].shape[1])) for chart in CHARTS}
    for values, charts in scenes:
        rows = np.column_stack([values, np.ones(len(values))])
        for chart in CHARTS:
            known = charts[chart] != MASK
            seen = rows[known]
            squares[chart] += seen.T @ seen
            products[chart] += seen.T @ answers[chart][charts[chart][known]]
    return Linear(
        channels, {chart: np.linalg.solve(squares[chart], products[chart]) for chart in CHARTS}
    )


def of_channels(model: Linear, values: np.ndarray) -> dict[str, np.ndarray]:
    """Charts (...) uint8 of channels (..., C): all three are open water where SIC rounds to 0."""
    found = {
        chart: values @ model.weights[chart][:-1].astype(np.float32) + model.weights[chart][-1]
        for chart in CHARTS
    }
    sic = np.clip(np.rint(found["SIC"][..., 0]), 0, len(CLASSES["SIC"]) - 1)
    charts = {"SIC": sic}
    for chart in ("SOD", "FLOE"):
        charts[chart] = np.where(sic > 0, 1 + found[chart][..., 1:].argmax(axis=-1), 0)
    return {chart: charts[chart].astype(np.uint8) for chart in CHARTS}
