"""Reference ice charts: open water, climatologies and linear regression."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from seaice_tf.icechart.data.charts import CHARTS, CLASSES, MASK

RIDGE = 1e-3  # of standardised channels; makes the regression defined without pixels
Histograms = Mapping[str, np.ndarray]  # chart -> (scenes, classes) pixels of each class


def constant(classes: Mapping[str, int], shape: tuple[int, int]) -> dict[str, np.ndarray]:
    """The same class at every pixel: (H, W) uint8 of each chart."""
    return {chart: np.full(shape, classes[chart], np.uint8) for chart in CHARTS}


def open_water(shape: tuple[int, int]) -> dict[str, np.ndarray]:
    """Open water at every pixel: (H, W) uint8 of each chart."""
    return constant(dict.fromkeys(CHARTS, 0), shape)


def climatology(pixels: Histograms, chosen: np.ndarray | None = None) -> dict[str, int]:
    """Rounded mean SIC and most frequent SOD and FLOE of the training scenes.

    Args:
        pixels: of the training scenes; without scenes the climatology is open water.
        chosen: (scenes,) bool, such as the scenes of a month; all if none of them has a chart.

    >>> pixels = {"SIC": np.eye(11)[[0, 9]], "SOD": np.eye(6)[[2, 2]], "FLOE": np.eye(7)[[1, 1]]}
    >>> climatology(pixels)
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
    """Linear regression of the charts on the channels of a pixel, with intercept."""

    channels: tuple[str, ...]
    weights: Mapping[str, np.ndarray]  # SIC (C + 1, 1) in tenths; SOD, FLOE (C + 1, classes)


def fit_linear(
    channels: tuple[str, ...], scenes: Iterable[tuple[np.ndarray, Mapping[str, np.ndarray]]]
) -> Linear:
    """Fit SIC in tenths and the one-hot classes of SOD and FLOE by least squares.

    Args:
        channels: names of the channels.
        scenes: of each the channels (n, C), standardised, and by chart the classes (n,), 255 where
            masked. Memory does not grow with their number.
    """
    size = len(channels) + 1
    responses = {chart: np.eye(len(CLASSES[chart])) for chart in CHARTS}
    responses["SIC"] = np.arange(len(CLASSES["SIC"]), dtype=float)[:, None]
    squares = {chart: RIDGE * np.eye(size) for chart in CHARTS}
    products = {chart: np.zeros((size, responses[chart].shape[1])) for chart in CHARTS}
    for values, charts in scenes:
        rows = np.column_stack([values, np.ones(len(values))])
        for chart in CHARTS:
            known = charts[chart] != MASK
            labelled = rows[known]
            squares[chart] += labelled.T @ labelled
            products[chart] += labelled.T @ responses[chart][charts[chart][known]]
    return Linear(
        channels, {chart: np.linalg.solve(squares[chart], products[chart]) for chart in CHARTS}
    )


def predict_linear(model: Linear, values: np.ndarray) -> dict[str, np.ndarray]:
    """Predict charts, (...) uint8, from channels (..., C).

    All three are open water where SIC rounds to 0.
    """
    found = {
        chart: values @ model.weights[chart][:-1].astype(np.float32) + model.weights[chart][-1]
        for chart in CHARTS
    }
    sic = np.clip(np.rint(found["SIC"][..., 0]), 0, len(CLASSES["SIC"]) - 1)
    charts = {"SIC": sic}
    for chart in ("SOD", "FLOE"):
        charts[chart] = np.where(sic > 0, 1 + found[chart][..., 1:].argmax(axis=-1), 0)
    return {chart: charts[chart].astype(np.uint8) for chart in CHARTS}
