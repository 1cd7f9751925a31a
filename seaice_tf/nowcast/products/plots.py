"""How bright the frames of a file are, one after the other."""

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from seaice_tf.files import maps
from seaice_tf.nowcast.data.layout import DARK


def write(path: Path, means: np.ndarray, source: str) -> Path:
    """Draw the mean counts of each frame, and below what it counts as night: (T,)."""
    figure = Figure(figsize=(7, 3), layout="constrained")
    axes = figure.subplots()
    axes.plot(means, ".-", color="#1f6f8b")
    axes.axhline(DARK, color="#888888", lw=0.8, ls="--")
    axes.text(0, DARK, "night below", fontsize=8, va="bottom", color="#555555")
    axes.set(xlabel="frame", ylabel="mean counts", ylim=(0, None), title=source)
    return maps.write(path, figure)
