"""Maps of a forecast against what came: its errors, and where each has the ice edge.

`true` is (n <= 12, 448, 304) raw counts with flags; a month without a truth gets no panel.
"""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from seaice_tf.files import maps
from seaice_tf.grids import counts
from seaice_tf.grids.counts import EDGE, FULL_ICE
from seaice_tf.grids.polar import of_shape

# Blue and vermilion of Okabe and Ito: told apart by colour-blind eyes, and dark against light.
EDGES = {"truth": "#0072b2", "forecast": "#d55e00"}
GROUND = ListedColormap(["#f4f6f8", "#b9b2a9"])  # sea, land


def errors(period: np.ndarray, concentration: np.ndarray, true: np.ndarray, source: str) -> Figure:
    """A panel a month of forecast minus truth; cells without a truth are drawn as land.

    Args:
        period: (12,) datetime64[M].
        concentration: (12, 448, 304) fraction.
        true: (n <= 12, 448, 304) raw counts with flags.
        source: the model and the data it was given, for the caption.
    """

    def panel(axes: Axes, month, pred: np.ndarray, truth: np.ndarray):
        unknown = counts.flagged(truth)
        error = np.where(unknown, 0, pred - truth / FULL_ICE)
        return maps.draw(axes, error, unknown, str(month), difference=True)

    sheet, images = _sheet(panel, zip(period, concentration, true), len(true))
    sheet.colorbar(images[0], ax=sheet.axes, shrink=0.6, label="forecast minus truth, fraction")
    sheet.suptitle(f"Error of sea ice concentration: {source}", fontsize=10)
    return sheet


def edges(period: np.ndarray, concentration: np.ndarray, true: np.ndarray, source: str) -> Figure:
    """A panel a month of the 15 % contours of truth and forecast; arguments as of `errors`.

    Where there is no truth, as in the pole hole, and along coasts no edge is drawn.
    """

    def panel(axes: Axes, month, pred: np.ndarray, truth: np.ndarray):
        land = counts.land(truth)
        image = axes.imshow(land, cmap=GROUND, vmin=0, vmax=1, extent=of_shape(land.shape).extent)
        for field, name in ((truth / FULL_ICE, "truth"), (pred, "forecast")):
            seen = np.ma.masked_where(counts.flagged(truth), field)
            if seen.min() < EDGE <= seen.max():
                line: dict[str, Any] = {"colors": EDGES[name], "linewidths": 0.9}
                axes.contour(*of_shape(land.shape).axes(), seen, [EDGE], **line)
        axes.set_title(str(month), fontsize=9)
        axes.set_axis_off()
        return image

    sheet, _ = _sheet(panel, zip(period, concentration, true), len(true))
    lines = [Line2D([], [], color=color, label=name) for name, color in EDGES.items()]
    sheet.legend(handles=lines, loc="outside lower center", ncols=2, frameon=False)
    sheet.suptitle(f"Edge of the ice, 15 %: {source}", fontsize=10)
    return sheet


def _sheet(panel: Callable, rows: Iterator, number: int) -> tuple[Figure, list]:
    """Panels in rows of up to six; what each drew."""
    columns = min(number, 6)
    lines = -(-number // columns)
    sheet = Figure(figsize=(2.3 * columns + 0.8, 3.2 * lines + 0.7), dpi=110, layout="constrained")
    cells = sheet.subplots(lines, columns, squeeze=False).flat
    images = [panel(axes, *row) for axes, row in zip(cells, rows)]
    for axes in cells[number:]:
        sheet.delaxes(axes)
    return sheet, images
