"""Plots of a folder of cloud photos: what to look at before modelling."""

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from seaice_tf.clouds.data.classes import CLASSES
from seaice_tf.clouds.products.maps import COLOURS
from seaice_tf.files import maps


def write(
    folder: Path,
    areas: np.ndarray,
    inside: np.ndarray,
    shared: np.ndarray,
    where: np.ndarray,
    combinations: list[tuple[str, int]],
    source: str,
) -> list[Path]:
    """Write classes.png, overlaps.png, areas.png, brightness.png and places.png.

    Args:
        folder: for the plots.
        areas: (n, 4) share of the picture in each mask, 0 for no mask.
        inside: (n, 4) mean grey within each mask, NaN for no mask.
        shared: (4, 4) of the area of the row's class, the share that is the column's as well.
        where: (rows, columns, 4) share of the images that have the class in a place.
        combinations: of classes, and the number of images that have them.
        source: what the data are.
    """
    there = areas > 0
    drawn = [areas[there[:, i], i] for i in range(len(CLASSES))]
    grey = [inside[there[:, i], i] for i in range(len(CLASSES))]
    return [
        _counts(folder / "classes.png", there.sum(axis=0), combinations, source),
        _matrix(folder / "overlaps.png", shared, source),
        _histograms(folder / "areas.png", drawn, (0, 1), "share of the picture", source),
        _histograms(folder / "brightness.png", grey, (0, 255), "mean grey in the mask", source),
        _places(folder / "places.png", where, source),
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
    sheet.suptitle(source)
    return maps.write(path, sheet)


def _matrix(path: Path, shared: np.ndarray, source: str) -> Path:
    sheet = Figure(figsize=(5, 4.5), dpi=110, layout="constrained")
    axes = sheet.subplots()
    axes.imshow(shared, vmin=0, vmax=1, cmap="Blues")
    for i, row in enumerate(shared):
        for j, value in enumerate(row):
            axes.text(j, i, f"{value:.0%}", ha="center", color="white" if value > 0.5 else "black")
    ticks = range(len(CLASSES))
    axes.set(xticks=ticks, xticklabels=CLASSES, yticks=ticks, yticklabels=CLASSES)
    axes.set(ylabel="of the area of", xlabel="is also", title=source)
    axes.title.set_fontsize(9)
    return maps.write(path, sheet)


def _histograms(path: Path, values: list, limits: tuple, label: str, source: str) -> Path:
    sheet = Figure(figsize=(9, 3), dpi=110, layout="constrained")
    cells = sheet.subplots(1, len(CLASSES), sharey=True)
    for axes, kind, numbers in zip(cells, CLASSES, values):
        axes.hist(numbers, bins=20, range=limits, color=COLOURS[kind])
        mean = f", mean {np.mean(numbers):.3g}" if len(numbers) else ""
        axes.set(title=f"{kind}{mean}", xlabel=label)
    cells[0].set(ylabel="masks")
    sheet.suptitle(source)
    return maps.write(path, sheet)


def _places(path: Path, where: np.ndarray, source: str) -> Path:
    sheet = Figure(figsize=(9, 2.4), dpi=110, layout="constrained")
    cells = sheet.subplots(1, len(CLASSES))
    for axes, kind, share in zip(cells, CLASSES, np.moveaxis(where, -1, 0)):
        image = axes.imshow(share, vmin=0, vmax=max(float(where.max()), 1e-9), cmap="viridis")
        axes.set_title(kind, fontsize=9)
        axes.set_axis_off()
    sheet.colorbar(image, ax=cells, label="share of images")
    sheet.suptitle(source, fontsize=10)
    return maps.write(path, sheet)
