"""Figures of forecasts, observations and whole records of monthly concentration.

A month without an observation has no panel.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from seaice_tf.files import maps
from seaice_tf.forecast.data import counts, months
from seaice_tf.forecast.data.counts import EDGE, FULL_ICE
from seaice_tf.grids.polar import Grid, of_shape

# Blue and vermilion of Okabe and Ito: distinct for colour-blind readers, and dark against light.
EDGES = {"truth": "#0072b2", "forecast": "#d55e00"}
GROUND = ListedColormap(["#f4f6f8", "#b9b2a9"])  # sea, land


def errors(
    period: np.ndarray,
    concentration: np.ndarray,
    true: np.ndarray,
    source: str,
    grid: Grid | None = None,
) -> Figure:
    """Maps of forecast minus truth, one per month; cells without an observation are grey.

    Args:
        period: (12,) datetime64[M].
        concentration: (12, rows, columns) fraction.
        true: (n <= 12, rows, columns) raw counts with flags.
        source: the model and its input data, for the caption.
        grid: of the maps; None for the polar stereographic grid of their shape.
    """

    def panel(axes: Axes, month, pred: np.ndarray, truth: np.ndarray):
        unknown = counts.flagged(truth)
        error = np.where(unknown, 0, pred - truth / FULL_ICE)
        return maps.draw(axes, error, unknown, str(month), difference=True, grid=grid)

    sheet, images = _sheet(panel, zip(period, concentration, true), len(true))
    sheet.colorbar(images[0], ax=sheet.axes, shrink=0.6, label="forecast minus truth, fraction")
    maps.write_caption(sheet, f"Error of sea ice concentration: {source}")
    return sheet


def edges(
    period: np.ndarray,
    concentration: np.ndarray,
    true: np.ndarray,
    source: str,
    grid: Grid | None = None,
) -> Figure:
    """Maps of the 15 % contours of truth and forecast, one per month; arguments as of `errors`.

    No contour is drawn along coasts and where there is no observation, as in the pole hole.
    """

    plane = grid or of_shape(true.shape)

    def panel(axes: Axes, month, pred: np.ndarray, truth: np.ndarray):
        land = counts.land(truth)
        image = axes.imshow(land, cmap=GROUND, vmin=0, vmax=1, extent=plane.extent)
        for field, name in ((truth / FULL_ICE, "truth"), (pred, "forecast")):
            visible = np.ma.masked_where(counts.flagged(truth), field)
            lines = maps.contours(plane, visible, EDGE)
            maps.draw_lines(axes, lines, color=EDGES[name], linewidths=0.9)
        axes.set_title(str(month), fontsize=9)
        axes.set_axis_off()
        return image

    sheet, _ = _sheet(panel, zip(period, concentration, true), len(true))
    lines = [Line2D([], [], color=color, label=name) for name, color in EDGES.items()]
    sheet.legend(handles=lines, loc="outside lower center", ncols=2, frameon=False)
    maps.write_caption(sheet, f"Edge of the ice, 15 %: {source}")
    return sheet


def _sheet(panel: Callable, rows: Iterator, number: int) -> tuple[Figure, list]:
    """Panels in rows of up to six, and the image of each."""
    columns = min(number, 6)
    lines = -(-number // columns)
    sheet = Figure(figsize=(2.3 * columns + 0.8, 3.2 * lines + 0.7), dpi=110, layout="constrained")
    cells = sheet.subplots(lines, columns, squeeze=False).flat
    images = [panel(axes, *row) for axes, row in zip(cells, rows)]
    for axes in cells[number:]:
        sheet.delaxes(axes)
    return sheet, images


def comparisons(
    period: np.ndarray,
    concentration: np.ndarray,
    true: np.ndarray,
    source: str,
    grid: Grid | None = None,
) -> dict[str, np.ndarray]:
    """Forecast, truth and difference in March and September: tag -> (H, W, 3) uint8.

    Args:
        period: (12,) datetime64[M].
        concentration: (12, rows, columns) fraction.
        true: (n <= 12, rows, columns) raw counts with flags.
        source: name of the data, for the titles.
        grid: of the maps; None for the polar stereographic grid of their shape.
    """
    result = {}
    for month, pred, truth in zip(period, concentration, true):
        if months.number(month) in (3, 9):
            ice = counts.filled_fraction(truth)
            panels = [
                maps.Panel("forecast", pred),
                maps.Panel("truth", ice),
                maps.Panel("forecast minus truth", pred - ice, difference=True),
            ]
            sheet = maps.figure(panels, counts.land(truth), f"{month}, {source}", grid)
            result[f"forecast/month_{months.number(month):02}"] = maps.pixels(sheet)
    return result


def write_record(folder: Path, period: np.ndarray, grids: np.ndarray, source: str) -> list[Path]:
    """Plot a whole record: pole_hole.png and mean_concentration.png.

    Args:
        folder: of the files.
        period: (n,) datetime64[M].
        grids: (n, rows, columns) raw counts with flags.
        source: name of the data, for the titles.
    """
    hole = (grids == counts.POLE_HOLE).sum(axis=(1, 2))
    valid = ~counts.flagged(grids)
    mean = np.where(valid, grids, 0).sum(axis=(1, 2)) / valid.sum(axis=(1, 2)) / FULL_ICE
    return [
        _line(folder / "pole_hole.png", period, {"cells not observed": hole}, source, "cells"),
        _line(
            folder / "mean_concentration.png",
            period,
            {"month": mean, "5-year moving mean": moving_mean(mean, 60)},
            source,
            "mean concentration of the sea",
        ),
    ]


def moving_mean(values: np.ndarray, width: int) -> np.ndarray:
    """Mean of the last `width` values, NaN for the first width - 1: (n,).

    >>> moving_mean(np.array([1.0, 2.0, 4.0]), 2)
    array([nan, 1.5, 3. ])
    """
    result = np.full(values.size, np.nan)
    if values.size >= width:
        result[width - 1 :] = np.convolve(values, np.ones(width) / width, "valid")
    return result


def _line(path: Path, period: np.ndarray, lines: dict, source: str, label: str) -> Path:
    sheet = Figure(figsize=(9, 3.5), dpi=110, layout="constrained")
    axes = sheet.subplots()
    for name, values in lines.items():
        axes.plot(period.astype("datetime64[D]"), values, label=name)
    axes.set(ylabel=label)
    axes.set_ylim(bottom=0)
    axes.legend()
    maps.write_caption(sheet, source)
    return maps.write(path, sheet)
