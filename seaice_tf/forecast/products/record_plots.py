"""Plots of a whole record of monthly concentration: what to look at before modelling."""

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from seaice_tf.files import maps
from seaice_tf.grids import counts
from seaice_tf.grids.counts import FULL_ICE, flagged


def write(folder: Path, months: np.ndarray, grids: np.ndarray, source: str) -> list[Path]:
    """Write pole_hole.png and mean_concentration.png for (n,) months and (n, 448, 304) counts."""
    hole = (grids == counts.POLE_HOLE).sum(axis=(1, 2))
    valid = ~flagged(grids)
    mean = np.where(valid, grids, 0).sum(axis=(1, 2)) / valid.sum(axis=(1, 2)) / FULL_ICE
    return [
        _line(folder / "pole_hole.png", months, {"cells not observed": hole}, source, "cells"),
        _line(
            folder / "mean_concentration.png",
            months,
            {"month": mean, "5-year moving mean": moving_mean(mean, 60)},
            source,
            "mean concentration of the sea",
        ),
    ]


def moving_mean(values: np.ndarray, width: int) -> np.ndarray:
    """Mean of the last `width` values, NaN before there are as many: (n,).

    >>> moving_mean(np.array([1.0, 2.0, 4.0]), 2)
    array([nan, 1.5, 3. ])
    """
    result = np.full(values.size, np.nan)
    if values.size >= width:
        result[width - 1 :] = np.convolve(values, np.ones(width) / width, "valid")
    return result


def _line(path: Path, months: np.ndarray, lines: dict, source: str, label: str) -> Path:
    sheet = Figure(figsize=(9, 3.5), dpi=110, layout="constrained")
    axes = sheet.subplots()
    for name, values in lines.items():
        axes.plot(months.astype("datetime64[D]"), values, label=name)
    axes.set(ylabel=label, title=source)
    axes.set_ylim(bottom=0)
    axes.legend()
    return maps.write(path, sheet)
