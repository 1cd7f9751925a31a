"""Plots of oblique images: heights, flow as arrows, and rectified views."""

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from seaice_tf.files import maps
from seaice_tf.geopose.data.pose import CITY_NAMES, Pose, expected_flow_pose, flow
from seaice_tf.geopose.data.rectify import Rectified, rectify
from seaice_tf.task import Case, Maps

# Perceptually uniform, and safe for greyscale and colour-blind readers.
HEIGHTS = colormaps["cividis"].with_extremes(bad="#b4b4b4")
HIDDEN = (135, 206, 250)  # colour of hidden ground
ARROW = "#00f0ff"
ARROWS = 14  # along a side
SIDE = 700  # pixels along a side of a panel at most; larger images are subsampled
TALL = 99.5  # percentile of the heights that is the top of the colour scale


class Sheet(NamedTuple):
    """A tile to be plotted.

    Attributes:
        title: above the image.
        image: (H, W, 3) uint8.
        agl: (H, W) predicted heights in metres, NaN where unknown.
        pose: whose flow is plotted.
        rectified: the view from above.
        true: (H, W) true heights in metres; None if unknown.
        true_pose: None if unknown.
    """

    title: str
    image: np.ndarray
    agl: np.ndarray
    pose: Pose
    rectified: Rectified
    true: np.ndarray | None = None
    true_pose: Pose | None = None


def sheet(case: Case, fields: Maps) -> Sheet:
    """A case with its prediction, to be plotted; flow has the least expected squared error."""
    pose = expected_flow_pose(fields["scale"], fields["angle"], fields["certainty"])
    image, agl = case.inputs[0].read(), fields["agl"]
    true, true_pose = case.truth if case.truth else (None, None)
    title = f"{case.name}, {CITY_NAMES[case.context.tile.city]}"
    return Sheet(title, image, agl, pose, rectify(image, agl, pose), true, true_pose)


def quicklook(axes: Axes, image: np.ndarray, agl: np.ndarray, pose: Pose, title: str) -> None:
    """Plot the image with arrows from visible points to the ground below them."""
    axes.imshow(_subsampled(image), extent=_extent(image))
    _arrows(axes, agl, pose, ARROW)
    axes.set(xlim=(-0.5, image.shape[1] - 0.5), ylim=(image.shape[0] - 0.5, -0.5))
    _finish(axes, f"{title}\n{_pose_text(pose)}")


def heights(axes: Axes, agl: np.ndarray, title: str, top: float):
    """Plot heights in metres from 0 to `top`, grey where unknown; returns the mappable."""
    shown = np.ma.masked_invalid(_subsampled(agl))
    drawn = axes.imshow(shown, cmap=HEIGHTS, vmin=0, vmax=top, interpolation="nearest")
    _finish(axes, title)
    return drawn


def error(axes: Axes, true: np.ndarray, pred: np.ndarray, top: float):
    """Plot the error, pred - true, in metres from -`top` to `top`; returns the mappable."""
    difference = np.ma.masked_invalid(_subsampled(pred) - _subsampled(true))
    cmap = maps.CHANGE.with_extremes(bad="#b4b4b4")
    drawn = axes.imshow(difference, cmap=cmap, vmin=-top, vmax=top, interpolation="nearest")
    root = float(np.sqrt(np.ma.mean(difference.astype(float) ** 2)))
    _finish(axes, f"error (pred - true), rmse {root:.1f} m")
    return drawn


def figure(sheets: Sequence[Sheet], caption: str) -> Figure:
    """A row for each tile: image, heights, truth and error if known, and both rectified."""
    truths = any(sheet.true is not None for sheet in sheets)
    columns = 6 if truths else 4
    size = (2.9 * columns + 0.4, 3.1 * len(sheets) + 0.6)
    canvas = Figure(figsize=size, dpi=100, layout="constrained")
    for row, sheet in zip(canvas.subplots(len(sheets), columns, squeeze=False), sheets):
        known = sheet.agl if sheet.true is None else sheet.true
        top = max(float(np.nanpercentile(known, TALL)) if np.isfinite(known).any() else 0, 3.0)
        quicklook(row[0], sheet.image, sheet.agl, sheet.pose, sheet.title)
        drawn = heights(row[1], sheet.agl, "height above ground", top)
        if sheet.true is not None:
            pose = "" if sheet.true_pose is None else f"\n{_pose_text(sheet.true_pose)}"
            heights(row[2], sheet.true, f"truth{pose}", top)
            difference = error(row[3], sheet.true, sheet.agl, top / 2)
            canvas.colorbar(difference, ax=row[3], shrink=0.7, label="m")
        canvas.colorbar(drawn, ax=row[1], shrink=0.7, label="m")
        image = np.where(sheet.rectified.visible[..., None], sheet.rectified.image, HIDDEN)
        row[-2].imshow(_subsampled(image.astype(np.uint8)))
        _finish(row[-2], "rectified; blue where hidden")
        heights(row[-1], sheet.rectified.agl, "heights rectified", top)
        for axes in row:
            axes.set_visible(bool(axes.images))
    maps.write_caption(canvas, caption)
    return canvas


def write(path: Path, sheets: Sequence[Sheet], caption: str) -> Path:
    """Write the `figure` of the arguments as PNG."""
    return maps.write(path, figure(sheets, caption))


def pixels(sheets: Sequence[Sheet], caption: str) -> np.ndarray:
    """The `figure` of the arguments as (H, W, 3) uint8, for TensorBoard."""
    return maps.pixels(figure(sheets, caption))


def _arrows(axes: Axes, agl: np.ndarray, pose: Pose, colour: str) -> None:
    """Plot the flow of the tallest point of each cell of a grid, if longer than a pixel."""
    rows, columns = (np.linspace(0, n, ARROWS + 1).astype(int) for n in agl.shape)
    tails = []
    for top, bottom in pairwise(rows):
        for left, right in pairwise(columns):
            cell = np.nan_to_num(agl[top:bottom, left:right])
            if cell.size:
                i, j = np.unravel_index(cell.argmax(), cell.shape)
                tails.append((left + j, top + i, cell[i, j]))
    x, y, tall = np.array(tails).T
    across, down = flow(tall, pose).T
    long = np.hypot(across, down) > 1
    axes.quiver(
        x[long],
        y[long],
        across[long],
        down[long],
        angles="xy",
        scale_units="xy",
        scale=1,
        width=0.004,
        color=colour,
    )


def _pose_text(pose: Pose) -> str:
    return f"{pose.scale:.2f} pixels per metre, {np.degrees(pose.angle):.0f}°"


def _finish(axes: Axes, title: str) -> None:
    axes.set_title(title, fontsize=8)
    axes.set_axis_off()


def _extent(image: np.ndarray) -> tuple[float, float, float, float]:
    return -0.5, image.shape[1] - 0.5, image.shape[0] - 0.5, -0.5


def _subsampled(image: np.ndarray) -> np.ndarray:
    step = -(-max(image.shape[:2]) // SIDE)
    return image[::step, ::step]
