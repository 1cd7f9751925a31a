"""Figures of ice charts beside the SAR image.

Concentration and stage follow the WMO colour code (JCOMM Technical Report 24), with intermediate
colours for the classes of concentration; there is no colour code for floe size.
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
from seaice_tf.icechart import native
from seaice_tf.icechart.data import downscale
from seaice_tf.icechart.data import scene as sar_scene
from seaice_tf.icechart.data.charts import CHART_TITLES, CHARTS, CLASSES, MASK, SAR
from seaice_tf.icechart.data.decision import unpacked
from seaice_tf.task import Case, Maps

COLOURS = {
    "SIC": (
        *("#0064ff", "#b4e6ff", "#8cffa0", "#64dc78", "#ffffa0", "#ffff00", "#ffdc00"),
        *("#ffaa3c", "#ff7d07", "#ff3c28", "#c80000"),
    ),
    "SOD": ("#0064ff", "#f0d2fa", "#aa28f0", "#9bd200", "#007800", "#b46432"),
    "FLOE": ("#0064ff", "#d2f0e6", "#7fcdbb", "#41b6c4", "#fec44f", "#cc4c02", "#6a3d9a"),
}
NO_CHART = "#b4b4b4"
SIDE = 800  # maximum pixels of a panel; larger scenes are subsampled


def chart(axes: Axes, name: str, classes: np.ndarray, title: str, legend: bool = True) -> None:
    """Draw a chart with its legend: (H, W) classes, 255 grey."""
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
    """Draw a SAR channel in grey from its 2nd to its 98th percentile: (H, W) in any unit."""
    known, values = thin(valid), thin(backscatter)
    low, high = np.percentile(values[known], [2, 98]) if known.any() else (0, 1)
    shown = np.ma.masked_where(~known, values)
    axes.imshow(shown, cmap=colormaps["gray"].with_extremes(bad=maps.LAND), vmin=low, vmax=high)
    axes.set_title(title, fontsize=9)
    axes.set_axis_off()


def error(axes: Axes, name: str, true: np.ndarray, pred: np.ndarray) -> None:
    """Draw the error of a chart: the difference in tenths for SIC, wrong classes for the others."""
    truth, predicted = thin(true), thin(pred)
    unknown = (truth == MASK) | (predicted == MASK)
    difference = predicted.astype(int) - truth
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


def uncertainty_map(axes: Axes, uncertainty: np.ndarray, valid: np.ndarray) -> None:
    """Draw the uncertainty of a chart: (H, W) from 0, dark, to 1; grey where not valid."""
    shown = np.ma.masked_where(~thin(valid), unpacked(thin(uncertainty)))
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
    """Draw a row for each chart: SAR, chart, truth and error if it is known, uncertainty.

    Args:
        caption: of the figure, such as the scene and the model.
        backscatter: (H, W) one SAR channel.
        valid: (H, W) bool.
        pred, true: SIC, SOD and FLOE, each (H, W) classes, 255 where masked.
        uncertainty: of the same charts, each (H, W) in [0, 1], packed or not.
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
            uncertainty_map(axes[-1], uncertainty[name], pred[name] != MASK)
    maps.write_caption(sheet, caption)
    return sheet


def scene_figure(case: Case, fields: Maps, model: str) -> Figure:
    """Draw the predicted fields of a scene, with the truth if the case has it.

    Args:
        case: the scene, or a part of it.
        fields: the predicted fields by name.
        model: name of the model.
    """
    context, here = case.context, native.window(case)
    shape = here.height, here.width
    uncertainty = downscale.enlarge(fields["uncertainty"], context.factor, shape)
    truth = case.truth
    if truth is not None:
        truth = {chart: truth[chart][here.slices] for chart in CHARTS}
    return figure(
        f"{case.name}, {context.area}: {model} on {context.source}",
        sar_scene.read_fine(context.scene, SAR[:1], here)[..., 0],
        context.valid()[here.slices],
        native.masked_charts(case, fields),
        truth,
        {chart: uncertainty[..., i] for i, chart in enumerate(CHARTS)},
    )


def write_scene(path: Path, case: Case, fields: Maps, model: str) -> Path:
    """Write the `scene_figure` of a case as PNG."""
    return maps.write(path, scene_figure(case, fields, model))


def thin(image: np.ndarray) -> np.ndarray:
    """Subsample an image so that neither side exceeds 800 pixels."""
    step = -(-max(image.shape) // SIDE)
    return image[::step, ::step]
