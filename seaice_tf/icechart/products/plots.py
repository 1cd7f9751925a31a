"""Plots of the composition of scene lists, of scores by condition and of reliability."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from seaice_tf.files import maps

Factor = tuple[str, Mapping[str, Mapping[str, float]]]


def write_composition(path: Path, factors: Sequence[Factor], caption: str) -> Path:
    """Plot the frequency of each label as bars, a panel for each factor.

    Args:
        path: of the PNG file.
        factors: name of a factor, and by list ("train", "target", ...) the frequency of each label.
        caption: of the figure.
    """
    sheet = Figure(figsize=(9, 2.6 * len(factors) + 0.6), dpi=110, layout="constrained")
    for axes, (name, lists) in zip(sheet.subplots(len(factors), squeeze=False)[:, 0], factors):
        labels = sorted(set().union(*lists.values()))
        places, width = np.arange(len(labels)), 0.8 / len(lists)
        for step, (list_name, frequencies) in enumerate(lists.items()):
            heights = [100 * frequencies.get(label, 0) for label in labels]
            axes.bar(places + (step + 0.5) * width - 0.4, heights, width, label=list_name)
        axes.set_xticks(places, labels, fontsize=7, rotation=30 if len(labels) > 8 else 0)
        axes.set(ylabel="% of scenes", title=name)
        axes.legend(fontsize=7)
    maps.write_caption(sheet, caption)
    return maps.write(path, sheet)


def write_weights(path: Path, weights: np.ndarray, caption: str) -> Path:
    """Plot the histogram of the sampling weights of the training scenes, (scenes,)."""
    sheet = Figure(figsize=(6, 3), dpi=110, layout="constrained")
    axes = sheet.subplots()
    axes.hist(np.log2(weights), bins=40)
    axes.set(xlabel="log2 of the sampling weight", ylabel="scenes")
    maps.write_caption(sheet, caption, 9)
    return maps.write(path, sheet)


def write_scores(path: Path, groups: Mapping[str, Mapping[str, float]], caption: str) -> Path:
    """Plot the scores of each group as bars, labelled with its number of scenes if known.

    Args:
        path: of the PNG file.
        groups: by group SIC, SOD, FLOE and score in %, NaN where undefined.
        caption: of the figure.
    """
    sheet = Figure(figsize=(9, 3.5), dpi=110, layout="constrained")
    axes = sheet.subplots()
    places = np.arange(len(groups))
    for step, name in enumerate(("SIC", "SOD", "FLOE", "score")):
        heights = [row[name] for row in groups.values()]
        axes.bar(places + 0.2 * step - 0.3, heights, 0.2, label=name)
    labels = [
        f"{label} ({row['scenes']:.0f})" if "scenes" in row else str(label)
        for label, row in groups.items()
    ]
    axes.set_xticks(places, labels, fontsize=7, rotation=30)
    axes.set(ylabel="%")
    axes.set_ylim(top=100, bottom=np.nanmin([0, *(row["SIC"] for row in groups.values())]))
    axes.legend(fontsize=7)
    maps.write_caption(sheet, caption)
    return maps.write(path, sheet)


def write_reliability(path: Path, rows: Mapping[str, Mapping[str, float]], caption: str) -> Path:
    """Plot a reliability diagram: accuracy against the probability of the predicted class.

    Args:
        path: of the PNG file.
        rows: by "<chart>_<percent>" the mean "stated" probability and the fraction that is "right",
            NaN without pixels.
        caption: of the figure.
    """
    sheet = Figure(figsize=(4.6, 4.4), dpi=110, layout="constrained")
    axes = sheet.subplots()
    axes.plot([0, 1], [0, 1], color="grey", linewidth=0.8)
    for chart in dict.fromkeys(name.split("_")[0] for name in rows):
        own = [row for name, row in rows.items() if name.split("_")[0] == chart]
        axes.plot([row["stated"] for row in own], [row["right"] for row in own], "o-", label=chart)
    axes.set(xlabel="probability of the predicted class", ylabel="accuracy")
    axes.legend(fontsize=7)
    maps.write_caption(sheet, caption, 9)
    return maps.write(path, sheet)
