"""Ice charts as PNG, in colours after the ice services' own, beside the radar image.

Concentration and stage follow the colour code of WMO (JCOMM Technical Report 24), with steps
between the bands of concentration so that each class can be told; there is no code for floe size.
"""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.colors import BoundaryNorm, ListedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from seaice_tf.files import maps
from seaice_tf.icechart.data.charts import CHART_TITLES, CHARTS, CLASSES, MASK
from seaice_tf.icechart.data.decision import unpacked

COLOURS = {
    "SIC": (
        *("#0064ff", "#b4e6ff", "#8cffa0", "#64dc78", "#ffffa0", "#ffff00", "#ffdc00"),
        *("#ffaa3c", "#ff7d07", "#ff3c28", "#c80000"),
    ),
    "SOD": ("#0064ff", "#f0d2fa", "#aa28f0", "#9bd200", "#007800", "#b46432"),
    "FLOE": ("#0064ff", "#d2f0e6", "#7fcdbb", "#41b6c4", "#fec44f", "#cc4c02", "#6a3d9a"),
}
NO_CHART = "#b4b4b4"
SIDE = 800  # pixels of a panel at most; larger scenes are thinned


def chart(axes: Axes, name: str, classes: np.ndarray, title: str, legend: bool = True) -> None:
    """One chart with its legend: (H, W) classes, 255 grey."""
    colours = ListedColormap(list(COLOURS[name])).with_extremes(bad=NO_CHART)
    number = len(CLASSES[name])
    norm = BoundaryNorm(np.arange(number + 1) - 0.5, number)
    shown = np.ma.masked_equal(thin(classes), MASK)
    axes.imshow(shown, cmap=colours, norm=norm, interpolation="nearest")
    axes.set_title(title, fontsize=9)
    axes.set_axis_off()
    if legend:
        patches = [Patch(facecolor=c, label=t) for c, t in zip(COLOURS[name], CLASSES[name])]
        patches.append(Patch(facecolor=NO_CHART, label="no chart"))
        axes.legend(
            handles=patches, fontsize=6, loc="upper left", bbox_to_anchor=(1, 1), frameon=False
        )


def radar(axes: Axes, backscatter: np.ndarray, valid: np.ndarray, title: str) -> None:
    """One SAR channel in grey between its 2nd and 98th percentile: (H, W) in any unit."""
    seen, values = thin(valid), thin(backscatter)
    low, high = np.percentile(values[seen], [2, 98]) if seen.any() else (0, 1)
    shown = np.ma.masked_where(~seen, values)
    axes.imshow(shown, cmap=colormaps["gray"].with_extremes(bad=maps.LAND), vmin=low, vmax=high)
    axes.set_title(title, fontsize=9)
    axes.set_axis_off()


def error(axes: Axes, name: str, true: np.ndarray, pred: np.ndarray) -> None:
    """Where and how far the chart is off: tenths for SIC, right or wrong for the others."""
    truth, guess = thin(true), thin(pred)
    unknown = (truth == MASK) | (guess == MASK)
    difference = guess.astype(int) - truth
    if name != "SIC":
        difference = np.where(difference != 0, 10, 0)
    shown = np.ma.masked_where(unknown, difference)
    axes.imshow(
        shown,
        cmap=colormaps["RdBu"].with_extremes(bad=NO_CHART),
        vmin=-10,
        vmax=10,
        interpolation="nearest",
    )
    right = (difference[~unknown] == 0).mean() if (~unknown).any() else np.nan
    label = "pred minus true" if name == "SIC" else "wrong class in blue"
    axes.set_title(f"{label}, {right:.0%} right", fontsize=9)
    axes.set_axis_off()


def doubt(axes: Axes, uncertainty: np.ndarray, charted: np.ndarray) -> None:
    """How uncertain a chart is: (H, W) from 0, dark, to 1; grey where nothing is charted."""
    shown = np.ma.masked_where(~thin(charted), unpacked(thin(uncertainty)))
    axes.imshow(shown, cmap=colormaps["magma"].with_extremes(bad=NO_CHART), vmin=0, vmax=1)
    axes.set_title("uncertainty, 0 dark to 1 bright", fontsize=9)
    axes.set_axis_off()


def figure(
    caption: str,
    backscatter: np.ndarray,
    valid: np.ndarray,
    pred: Mapping[str, np.ndarray],
    true: Mapping[str, np.ndarray] | None = None,
    uncertainty: Mapping[str, np.ndarray] | None = None,
) -> Figure:
    """A row for each chart: SAR, chart, with a truth also that and the error, uncertainty.

    Args:
        caption: the scene and what made the chart.
        backscatter: (H, W) one SAR channel.
        valid: (H, W) bool.
        pred, true: SIC, SOD and FLOE, each (H, W) classes with 255 where there are none.
        uncertainty: of the same charts, each (H, W) in 0 to 1, packed or not.
    """
    columns = (2 if true is None else 4) + (uncertainty is not None)
    sheet = Figure(figsize=(3.1 * columns + 0.8, 8.6), dpi=110, layout="constrained")
    rows = sheet.subplots(len(CHARTS), columns, squeeze=False)
    for axes, name in zip(rows, CHARTS):
        radar(axes[0], backscatter, valid, "SAR, HH")
        chart(axes[1], name, pred[name], CHART_TITLES[name])
        if true is not None:
            chart(axes[2], name, true[name], "truth", legend=False)
            error(axes[3], name, true[name], pred[name])
        if uncertainty is not None:
            doubt(axes[-1], uncertainty[name], pred[name] != MASK)
    sheet.suptitle(caption, fontsize=10)
    return sheet


def write(path: Path, *arguments, **keywords) -> Path:
    """Save the `figure` of the arguments as PNG."""
    return maps.write(path, figure(*arguments, **keywords))


def thin(image: np.ndarray) -> np.ndarray:
    """Every n-th pixel, so that neither side is longer than 800: what a panel can show."""
    step = -(-max(image.shape) // SIDE)
    return image[::step, ::step]
