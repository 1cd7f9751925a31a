"""Maps of sea-ice concentration on the NSIDC grid's own projection, as PNG."""

from pathlib import Path
from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure

from seaice_tf.files import atomic
from seaice_tf.files.colour_maps import TABLE
from seaice_tf.grids.counts import EDGE
from seaice_tf.grids.polar import of_shape

LAND = "#8c8377"
ICE = ListedColormap(np.frombuffer(TABLE, np.uint8).reshape(-1, 3) / 255).with_extremes(bad=LAND)
CHANGE = colormaps["RdBu"].with_extremes(bad=LAND)


def draw(axes: Axes, field: np.ndarray, land: np.ndarray, title: str, change: bool = False):
    """One map with its graticule and the 15 % ice edge: a fraction on either grid."""
    grid = of_shape(field.shape)
    x, y = grid.axes()
    sea = np.ma.masked_where(land, field)
    image = axes.imshow(
        sea,
        cmap=CHANGE if change else ICE,
        vmin=-1 if change else 0,
        vmax=1,
        extent=grid.extent,
        interpolation="nearest",
    )
    if not change and sea.min() < EDGE <= sea.max():
        axes.contour(x, y, sea, [EDGE], colors="#ff9f1c", linewidths=0.7)
    latitude, longitude = grid.latitude_longitude()
    lines: dict[str, Any] = {"colors": "white", "linewidths": 0.3, "alpha": 0.6}
    axes.contour(x, y, np.abs(latitude), [50, 60, 70, 80], **lines)
    # The sine of three times the longitude is zero on every sixtieth meridian, without a seam.
    axes.contour(x, y, np.sin(np.radians(3 * longitude)), [0], **lines)
    axes.set_title(title, fontsize=9)
    axes.set_axis_off()
    return image


def figure(panels: list[tuple[str, np.ndarray]], land: np.ndarray, caption: str) -> Figure:
    """Panels (title, field) in rows of up to six under one caption; a title with "minus" is a
    difference."""
    columns = min(len(panels), 6)
    rows = -(-len(panels) // columns)
    sheet = Figure(figsize=(2.3 * columns + 0.8, 3.2 * rows + 0.5), dpi=110, layout="constrained")
    cells = sheet.subplots(rows, columns, squeeze=False)
    shown = {}
    for axes, (title, field) in zip(cells.flat, panels):
        change = "minus" in title
        shown[change] = draw(axes, field, land, title, change)
    for axes in cells.flat[len(panels) :]:
        axes.set_visible(False)
    for change, image in shown.items():
        label = "difference" if change else "sea ice concentration"
        sheet.colorbar(image, ax=cells, shrink=0.6, label=label)
    sheet.suptitle(caption, fontsize=10)
    return sheet


def write(path: Path, sheet: Figure) -> Path:
    """Save a figure as PNG."""
    with atomic.file(path) as temporary:
        sheet.savefig(temporary)
    return path


def pixels(sheet: Figure) -> np.ndarray:
    """A figure as (H, W, 3) uint8."""
    canvas = FigureCanvasAgg(sheet)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3]
