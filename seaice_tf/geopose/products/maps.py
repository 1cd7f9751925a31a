"""Oblique images with their heights, their flow as arrows, and what they look like from above."""

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from seaice_tf.files import maps
from seaice_tf.geopose.data import pose as geopose
from seaice_tf.geopose.data.pose import Pose
from seaice_tf.geopose.data.rectify import Rectified

# Its lightness rises evenly, so it reads in grey and to colour-blind eyes.
HEIGHTS = colormaps["cividis"].with_extremes(bad="#b4b4b4")
UNSEEN = (135, 206, 250)  # ground that stands behind something
ARROW = "#00f0ff"
ARROWS = 14  # along a side
SIDE = 700  # pixels of a panel at most; larger images are thinned
TALL = 99.5  # percentile of the heights at which the colours end


class Sheet(NamedTuple):
    """A tile to be drawn."""

    title: str
    image: np.ndarray  # (H, W, 3) uint8
    agl: np.ndarray  # (H, W) metres, NaN where unknown
    pose: Pose
    rectified: Rectified
    true: np.ndarray | None = None  # (H, W) metres; None where it is not known
    true_pose: Pose | None = None


def quicklook(axes: Axes, image: np.ndarray, agl: np.ndarray, pose: Pose, title: str) -> None:
    """The image with arrows from what is seen to the ground that it stands on."""
    axes.imshow(_thin(image), extent=_extent(image))
    _arrows(axes, agl, pose, ARROW)
    axes.set(xlim=(-0.5, image.shape[1] - 0.5), ylim=(image.shape[0] - 0.5, -0.5))
    _finish(axes, f"{title}\n{_words(pose)}")


def heights(axes: Axes, agl: np.ndarray, title: str, top: float):
    """Heights in metres, from 0 to `top`; grey where unknown."""
    shown = np.ma.masked_invalid(_thin(agl))
    drawn = axes.imshow(shown, cmap=HEIGHTS, vmin=0, vmax=top, interpolation="nearest")
    _finish(axes, title)
    return drawn


def error(axes: Axes, true: np.ndarray, pred: np.ndarray, top: float):
    """pred minus true in metres, from -`top` to `top`."""
    difference = np.ma.masked_invalid(_thin(pred) - _thin(true))
    cmap = maps.CHANGE.with_extremes(bad="#b4b4b4")
    drawn = axes.imshow(difference, cmap=cmap, vmin=-top, vmax=top, interpolation="nearest")
    root = float(np.sqrt(np.ma.mean(difference.astype(float) ** 2)))
    _finish(axes, f"pred minus true, root mean square {root:.1f} m")
    return drawn


def figure(sheets: Sequence[Sheet], caption: str) -> Figure:
    """A row for each tile: image, heights, with a truth also the error, and both rectified."""
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
            turned = "" if sheet.true_pose is None else f"\n{_words(sheet.true_pose)}"
            heights(row[2], sheet.true, f"truth{turned}", top)
            difference = error(row[3], sheet.true, sheet.agl, top / 2)
            canvas.colorbar(difference, ax=row[3], shrink=0.7, label="m")
        canvas.colorbar(drawn, ax=row[1], shrink=0.7, label="m")
        image = np.where(sheet.rectified.seen[..., None], sheet.rectified.image, UNSEEN)
        row[-2].imshow(_thin(image.astype(np.uint8)))
        _finish(row[-2], "rectified; blue where not seen")
        heights(row[-1], sheet.rectified.agl, "heights rectified", top)
        for axes in row:
            axes.set_visible(bool(axes.images))
    canvas.suptitle(caption, fontsize=10)
    return canvas


def write(path: Path, sheets: Sequence[Sheet], caption: str) -> Path:
    """Save the `figure` of the arguments as PNG."""
    return maps.write(path, figure(sheets, caption))


def _arrows(axes: Axes, agl: np.ndarray, pose: Pose, colour: str) -> None:
    """An arrow at the tallest point of each cell of a grid, where it is more than a pixel long."""
    rows, columns = (np.linspace(0, n, ARROWS + 1).astype(int) for n in agl.shape)
    tails = []
    for top, bottom in pairwise(rows):
        for left, right in pairwise(columns):
            cell = np.nan_to_num(agl[top:bottom, left:right])
            if cell.size:
                i, j = np.unravel_index(cell.argmax(), cell.shape)
                tails.append((left + j, top + i, cell[i, j]))
    x, y, tall = np.array(tails).T
    across, down = geopose.flow(tall, pose).T
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


def _words(pose: Pose) -> str:
    return f"{pose.scale:.2f} pixels a metre, {np.degrees(pose.angle):.0f}°"


def _finish(axes: Axes, title: str) -> None:
    axes.set_title(title, fontsize=8)
    axes.set_axis_off()


def _extent(image: np.ndarray) -> tuple[float, float, float, float]:
    return -0.5, image.shape[1] - 0.5, image.shape[0] - 0.5, -0.5


def _thin(image: np.ndarray) -> np.ndarray:
    step = -(-max(image.shape[:2]) // SIDE)
    return image[::step, ::step]
