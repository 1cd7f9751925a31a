"""Frames as they are forecast beside those that came: sheets as PNG, and a GIF."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from seaice_tf.files import maps
from seaice_tf.nowcast.data.layout import STEP

MINUTES = int(STEP.astype(int))
LEADS = (1, 3, 6, 9, 12, 18, 24)  # shown on a sheet
OFF = 150  # counts; the end of the colours of an error


def sheet(
    caption: str,
    past: np.ndarray,
    pred: np.ndarray,
    true: np.ndarray | None = None,
    known: np.ndarray | None = None,
) -> Figure:
    """The last frames given, and some of those forecast; with a truth also that and the error.

    Args:
        caption: the window, and what made the forecast.
        past: (n, 64, 64) counts of the same place, of which the last seven are shown.
        pred: (24, 64, 64) counts.
        true: (24, 64, 64) counts.
        known: (24,) bool, where the truth is; all of it if left out.
    """
    leads = [lead for lead in LEADS if lead <= len(pred)]
    later = [f"+{lead * MINUTES} min" for lead in leads]
    shown = np.array(leads) - 1
    first = max(len(past) - len(leads), 0)
    before = [f"{(i + 1 - len(past)) * MINUTES} min" for i in range(first, len(past))]
    rows: list[tuple[str, Sequence[str], Sequence[np.ndarray | None]]] = [
        ("given", before, list(past[first:])),
        ("forecast", later, list(pred[shown])),
    ]
    if true is not None:
        there = np.ones(len(pred), bool) if known is None else known
        truths = [true[i] if there[i] else None for i in shown]
        errors = [pred[i] - true[i] if there[i] else None for i in shown]
        rows += [("truth", later, truths), ("forecast minus truth", later, errors)]
    grey = _range(past)
    figure = Figure(figsize=(1.6 * len(leads) + 0.6, 1.8 * len(rows) + 0.4), dpi=110)
    figure.set_layout_engine("constrained")
    for cells, (name, titles, frames) in zip(
        figure.subplots(len(rows), len(leads), squeeze=False), rows
    ):
        for axes in cells[len(frames) :]:
            axes.set_visible(False)
        for axes, title, frame in zip(cells, titles, frames):
            _draw(axes, frame, f"{name}\n{title}", "minus" in name, grey)
    figure.suptitle(caption, fontsize=10)
    return figure


def write(path: Path, *arguments, **keywords) -> Path:
    """Save the `sheet` of the arguments as PNG."""
    return maps.write(path, sheet(*arguments, **keywords))


def animate(
    path: Path,
    past: np.ndarray,
    panels: Mapping[str, np.ndarray],
    caption: str,
    seconds: float = 0.15,
) -> Path:
    """Write a GIF of the frames given, then of what the panels have, side by side.

    Args:
        path: of the GIF.
        past: (n, H, W) counts.
        panels: title -> (frames, H, W) counts, such as truth beside forecast; a panel that ends
            before the others keeps its last frame.
        caption: stands on every frame.
        seconds: that a frame is shown.
    """
    grey = _range(past)

    def pictures() -> Iterator[np.ndarray]:
        steps = max(len(frames) for frames in panels.values())
        for step in range(-len(past), steps):
            figure = Figure(figsize=(2.4 * len(panels), 2.9), dpi=100, layout="constrained")
            for axes, (title, frames) in zip(
                figure.subplots(1, len(panels), squeeze=False)[0], panels.items()
            ):
                given = step < 0
                frame = past[step] if given else frames[min(step, len(frames) - 1)]
                _draw(axes, frame, "given" if given else title, False, grey)
            figure.suptitle(f"{caption}\n{(step + 1) * MINUTES:+} min", fontsize=9)
            yield maps.pixels(figure)

    return maps.write_gif(path, pictures(), seconds)


def _range(past: np.ndarray) -> tuple[float, float]:
    """Counts that are black and white."""
    low, high = np.percentile(past, [0.5, 99.5])
    return float(low), float(max(high, low + 1))


def _draw(
    axes: Axes, frame: np.ndarray | None, title: str, change: bool, grey: tuple[float, float]
) -> None:
    axes.set_title(title, fontsize=8)
    axes.set_axis_off()
    if frame is None:
        axes.text(0.5, 0.5, "not known", ha="center", va="center", fontsize=8)
        return
    low, high = (-OFF, OFF) if change else grey
    axes.imshow(frame, cmap=maps.CHANGE if change else "gray", vmin=low, vmax=high)
