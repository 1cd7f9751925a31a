"""Photos with their masks drawn on them: filled as predicted, outlined as labelled."""

from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from seaice_tf.clouds.data.classes import CLASSES

# Light on a dark sea, and apart for colour-blind eyes (Okabe and Ito).
COLOURS = {"Fish": "#56B4E9", "Flower": "#E69F00", "Gravel": "#CC79A7", "Sugar": "#F0E442"}
FILL = 0.3  # opacity


class Panel(NamedTuple):
    """A photo to be drawn."""

    title: str
    image: np.ndarray  # (rows, columns, 3) uint8
    pred: np.ndarray  # (rows, columns, 4) bool, of any size
    true: np.ndarray | None = None  # likewise; None where it is not known


def draw(axes: Axes, panel: Panel) -> None:
    rows, columns = panel.image.shape[:2]
    axes.imshow(panel.image)
    for i, colour in enumerate(COLOURS.values()):
        _region(axes, panel.pred[..., i], (rows, columns), colour, "solid", FILL)
        if panel.true is not None:
            _region(axes, panel.true[..., i], (rows, columns), colour, "dashed")
    axes.set(xlim=(-0.5, columns - 0.5), ylim=(rows - 0.5, -0.5))
    axes.set_title(panel.title, fontsize=9)
    axes.set_axis_off()


def _region(axes: Axes, mask: np.ndarray, shape, colour: str, style: str, fill: float = 0) -> None:
    """A mask of any size over a picture of `shape`, closed at the picture's edges."""
    if not mask.any():
        return
    # Centres of the mask's pixels, with a rim of none around them.
    y, x = ((np.arange(-1, n + 1) + 0.5) * size / n - 0.5 for n, size in zip(mask.shape, shape))
    field = np.pad(mask, 1).astype(float)
    if fill:
        axes.contourf(x, y, field, [0.5, 1.5], colors=[colour], alpha=fill)
    axes.contour(x, y, field, [0.5], colors=[colour], linewidths=1.3, linestyles=style)


def figure(panels: list[Panel], caption: str, columns: int = 3) -> Figure:
    """Panels in rows under one caption, with a legend of the classes."""
    columns = min(columns, len(panels))
    rows = -(-len(panels) // columns)
    width = 7.5 if columns == 1 else 3.6 * columns
    height = width / columns * 0.72 * rows + 0.9
    sheet = Figure(figsize=(width, height), dpi=110, layout="constrained")
    cells = sheet.subplots(rows, columns, squeeze=False)
    for axes, panel in zip(cells.flat, panels):
        draw(axes, panel)
    for axes in cells.flat[len(panels) :]:
        axes.set_visible(False)
    handles: list = [Patch(color=COLOURS[kind], label=kind) for kind in CLASSES]
    if any(panel.true is not None for panel in panels):
        handles.append(Line2D([], [], color="black", linestyle="dashed", label="labelled"))
    sheet.legend(handles=handles, loc="outside lower center", ncols=len(handles), frameon=False)
    sheet.suptitle(caption, fontsize=10)
    return sheet
