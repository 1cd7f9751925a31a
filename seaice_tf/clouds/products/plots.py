"""Plots: photos with their masks, and the statistics of a folder of photos."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from seaice_tf import progress
from seaice_tf.clouds.data.doctor import Findings
from seaice_tf.clouds.data.labels import CLASSES
from seaice_tf.files import maps

# Bright on dark sea and safe for colour-blind readers (Okabe and Ito).
COLOURS = {"Fish": "#56B4E9", "Flower": "#E69F00", "Gravel": "#CC79A7", "Sugar": "#F0E442"}
OPACITY = 0.3  # of predicted masks


class Panel(NamedTuple):
    """A photo to plot, with its masks.

    Attributes:
        title: above the photo.
        image: (rows, columns, 3) uint8.
        pred: (rows, columns, 4) bool predicted masks of any size.
        true: (rows, columns, 4) bool labelled masks of any size; None if unknown.
        note: line below the title.
    """

    title: str
    image: np.ndarray
    pred: np.ndarray
    true: np.ndarray | None = None
    note: str = ""


def write_overlays(folder: Path, panels: Iterable[Panel], caption: str) -> list[Path]:
    """Write a PNG of each photo with its masks, named by the panel's title.

    Photos that differ in their suffix alone are named with it.

    Args:
        folder: for the files.
        panels: photos titled by the name of the image.
        caption: above each plot.

    Returns:
        The files.
    """
    written: dict[Path, None] = {}
    for panel in progress.track(panels, "drawing overlays"):
        path = folder / f"{Path(panel.title).stem}.png"
        path = folder / f"{panel.title}.png" if path in written else path
        written[maps.write(path, figure([panel], caption))] = None
    return list(written)


def write_worst(
    path: Path, dice: np.ndarray, panel: Callable[[int], Panel], caption: str, number: int = 12
) -> Path:
    """Write a contact sheet of the photos with the lowest Dice, in ascending order.

    Args:
        path: of the PNG.
        dice: (n, 4) Dice of each photo and class.
        panel: index of a photo -> its panel.
        caption: above the sheet.
        number: of photos.

    Returns:
        The path.
    """
    worst = np.argsort(dice.mean(axis=1), kind="stable")[:number]
    panels = [_with_dice(panel(int(i)), dice[i]) for i in worst]
    return maps.write(path, figure(panels, caption, columns=4))


def pixels(panel: Panel, caption: str) -> np.ndarray:
    """The plot of one photo as (H, W, 3) uint8, for TensorBoard."""
    return maps.pixels(figure([panel], caption))


def figure(panels: list[Panel], caption: str, columns: int = 3) -> Figure:
    """Photos with predicted masks filled and labelled ones outlined, and a legend.

    Args:
        panels: photos in reading order.
        caption: above all.
        columns: of the sheet.
    """
    columns = min(columns, len(panels))
    rows = -(-len(panels) // columns)
    width = 7.5 if columns == 1 else 3.6 * columns
    height = width / columns * 0.72 * rows + 0.9
    sheet = Figure(figsize=(width, height), dpi=110, layout="constrained")
    cells = sheet.subplots(rows, columns, squeeze=False)
    for axes, panel in zip(cells.flat, panels):
        _draw(axes, panel)
    for axes in cells.flat[len(panels) :]:
        axes.set_visible(False)
    handles: list = [Patch(color=COLOURS[kind], label=kind) for kind in CLASSES]
    if any(panel.true is not None for panel in panels):
        handles.append(Line2D([], [], color="black", linestyle="dashed", label="labelled"))
    sheet.legend(handles=handles, loc="outside lower center", ncols=len(handles), frameon=False)
    maps.write_caption(sheet, caption)
    return sheet


def _draw(axes: Axes, panel: Panel) -> None:
    rows, columns = panel.image.shape[:2]
    axes.imshow(panel.image)
    for i, colour in enumerate(COLOURS.values()):
        _region(axes, panel.pred[..., i], (rows, columns), colour, "solid", OPACITY)
        if panel.true is not None:
            _region(axes, panel.true[..., i], (rows, columns), colour, "dashed")
    axes.set(xlim=(-0.5, columns - 0.5), ylim=(rows - 0.5, -0.5))
    axes.set_title(f"{panel.title}\n{panel.note}" if panel.note else panel.title, fontsize=9)
    axes.set_axis_off()


def _region(
    axes: Axes, mask: np.ndarray, shape, colour: str, style: str, opacity: float = 0
) -> None:
    """The contour of a mask of any size over a photo of `shape`, closed at the photo's edges."""
    if not mask.any():
        return
    # Centres of the mask's pixels, padded so that contours close.
    y, x = ((np.arange(-1, n + 1) + 0.5) * size / n - 0.5 for n, size in zip(mask.shape, shape))
    field = np.pad(mask, 1).astype(float)
    if opacity:
        axes.contourf(x, y, field, [0.5, 1.5], colors=[colour], alpha=opacity)
    axes.contour(x, y, field, [0.5], colors=[colour], linewidths=1.3, linestyles=style)


def _with_dice(panel: Panel, dice: np.ndarray) -> Panel:
    classes = "  ".join(f"{kind} {value:.2f}" for kind, value in zip(CLASSES, dice))
    return panel._replace(title=f"{panel.title}: Dice {dice.mean():.2f}\n{classes}")


def write_statistics(folder: Path, found: Findings) -> list[Path]:
    """Write classes.png, overlaps.png, areas.png, brightness.png and places.png.

    Args:
        folder: for the plots.
        found: statistics of a labelled folder.

    Returns:
        The files.
    """
    present = found.areas > 0
    areas = [found.areas[present[:, i], i] for i in range(len(CLASSES))]
    brightness = [found.inside[present[:, i], i] for i in range(len(CLASSES))]
    source = found.source
    return [
        _counts(folder / "classes.png", present.sum(axis=0), found.combinations, source),
        _matrix(folder / "overlaps.png", found.overlap, source),
        _histograms(folder / "areas.png", areas, (0, 1), "fraction of the image", source),
        _histograms(
            folder / "brightness.png", brightness, (0, 255), "mean brightness in the mask", source
        ),
        _frequency(folder / "places.png", found.frequency, source),
    ]


def _counts(path: Path, counts: np.ndarray, combinations: list, source: str) -> Path:
    sheet = Figure(figsize=(9, 4), dpi=110, layout="constrained")
    left, right = sheet.subplots(1, 2, width_ratios=(1, 2))
    left.bar(list(CLASSES), counts, color=list(COLOURS.values()))
    names, numbers = zip(*combinations)
    right.barh(names, numbers, color="#777777")
    right.invert_yaxis()
    right.tick_params(axis="y", labelsize=7)
    left.set(ylabel="images with the class")
    right.set(xlabel="images with the combination")
    maps.write_caption(sheet, source)
    return maps.write(path, sheet)


def _matrix(path: Path, overlap: np.ndarray, source: str) -> Path:
    sheet = Figure(figsize=(5, 4.5), dpi=110, layout="constrained")
    axes = sheet.subplots()
    axes.imshow(overlap, vmin=0, vmax=1, cmap="Blues")
    for i, row in enumerate(overlap):
        for j, value in enumerate(row):
            axes.text(j, i, f"{value:.0%}", ha="center", color="white" if value > 0.5 else "black")
    ticks = range(len(CLASSES))
    axes.set(xticks=ticks, xticklabels=CLASSES, yticks=ticks, yticklabels=CLASSES)
    axes.set(ylabel="of the area of", xlabel="is also")
    maps.write_caption(sheet, source, 9)
    return maps.write(path, sheet)


def _histograms(path: Path, values: list, limits: tuple, label: str, source: str) -> Path:
    sheet = Figure(figsize=(9, 3), dpi=110, layout="constrained")
    cells = sheet.subplots(1, len(CLASSES), sharey=True)
    for axes, kind, numbers in zip(cells, CLASSES, values):
        axes.hist(numbers, bins=20, range=limits, color=COLOURS[kind])
        mean = f", mean {np.mean(numbers):.3g}" if len(numbers) else ""
        axes.set(title=f"{kind}{mean}", xlabel=label)
    cells[0].set(ylabel="masks")
    maps.write_caption(sheet, source)
    return maps.write(path, sheet)


def _frequency(path: Path, frequency: np.ndarray, source: str) -> Path:
    sheet = Figure(figsize=(9, 2.4), dpi=110, layout="constrained")
    cells = sheet.subplots(1, len(CLASSES))
    top = max(float(frequency.max()), 1e-9)
    for axes, kind, values in zip(cells, CLASSES, np.moveaxis(frequency, -1, 0)):
        image = axes.imshow(values, vmin=0, vmax=top, cmap="viridis")
        axes.set_title(kind, fontsize=9)
        axes.set_axis_off()
    sheet.colorbar(image, ax=cells, label="fraction of images")
    maps.write_caption(sheet, source)
    return maps.write(path, sheet)
