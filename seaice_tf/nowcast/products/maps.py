"""Pictures of nowcasts: sheets and GIFs of frames, optical flow, and the mean counts of a file.

The colours of a flow are those of the Middlebury benchmark, hue for direction and saturation for
speed: Baker et al. 2011, doi:10.1007/s11263-010-0390-2.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import Colormap
from matplotlib.figure import Figure

from seaice_tf.files import maps
from seaice_tf.nowcast.data.layout import NIGHT

LEADS = (1, 3, 6, 9, 12, 18, 24)  # on a sheet
MAX_ERROR = 150  # counts, at the ends of the colour scale of errors
# The colour wheel: steps from one corner to the next, and red, green and blue of the corners.
STEPS = (15, 6, 4, 11, 13, 6)
CORNERS = ((255, 0, 0), (255, 255, 0), (0, 255, 0), (0, 255, 255), (0, 0, 255), (255, 0, 255))
ARROWS = 16  # along the longer side
MIN_FULL_SPEED = 0.1  # pixels per frame at full saturation


_Colours = tuple[str | Colormap, float, float]  # colour map, values at its ends
# Name, titles, frames of which some may be unknown, and colours.
_Row = tuple[str, Sequence[str], Sequence[np.ndarray | None], _Colours]


def sheet(
    caption: str,
    past: np.ndarray,
    pred: np.ndarray,
    true: np.ndarray | None = None,
    known: np.ndarray | None = None,
    *,
    minutes: int,
) -> Figure:
    """Sheet of past and forecast frames, with truth and error if there is a truth.

    Args:
        caption: title of the sheet.
        past: (n, 64, 64) counts at the target, of which the last seven are drawn.
        pred: (24, 64, 64) counts.
        true: (24, 64, 64) counts.
        known: (24,) bool, leads with truth; None for all of them.
        minutes: from one frame to the next.
    """
    leads = [lead for lead in LEADS if lead <= len(pred)]
    later = [f"+{lead * minutes} min" for lead in leads]
    shown = np.array(leads) - 1
    first = max(len(past) - len(leads), 0)
    before = [f"{(i + 1 - len(past)) * minutes} min" for i in range(first, len(past))]
    grey = _count_range(past)
    errors_of = (maps.CHANGE, -MAX_ERROR, MAX_ERROR)
    rows: list[_Row] = [
        ("input", before, list(past[first:]), grey),
        ("forecast", later, list(pred[shown]), grey),
    ]
    if true is not None:
        known = np.ones(len(pred), bool) if known is None else known
        truths = [true[i] if known[i] else None for i in shown]
        errors = [pred[i] - true[i] if known[i] else None for i in shown]
        rows += [
            ("truth", later, truths, grey),
            ("forecast minus truth", later, errors, errors_of),
        ]
    figure = Figure(figsize=(1.6 * len(leads) + 0.6, 1.8 * len(rows) + 0.4), dpi=110)
    figure.set_layout_engine("constrained")
    for cells, (name, titles, frames, colours) in zip(
        figure.subplots(len(rows), len(leads), squeeze=False), rows
    ):
        for axes in cells[len(frames) :]:
            axes.set_visible(False)
        for axes, title, frame in zip(cells, titles, frames):
            _draw(axes, frame, f"{name}\n{title}", colours)
    maps.write_caption(figure, caption)
    return figure


def write_sheet(path: Path, *arguments, **keywords) -> Path:
    """Save the `sheet` of the arguments as PNG."""
    return maps.write(path, sheet(*arguments, **keywords))


def animate(
    path: Path,
    past: np.ndarray,
    panels: Mapping[str, np.ndarray],
    caption: str,
    seconds: float = 0.15,
    *,
    minutes: int,
) -> Path:
    """Write a GIF of the past frames, then of the panels side by side.

    Args:
        path: of the GIF.
        past: (n, H, W) counts.
        panels: title -> (frames, H, W) counts, such as truth beside forecast; a panel that ends
            before the others keeps its last frame.
        caption: title of every picture.
        seconds: per frame.
        minutes: from one frame to the next.
    """
    grey = _count_range(past)

    def pictures() -> Iterator[np.ndarray]:
        steps = max(len(frames) for frames in panels.values())
        for step in range(-len(past), steps):
            figure = Figure(figsize=(2.4 * len(panels), 2.9), dpi=100, layout="constrained")
            for axes, (title, frames) in zip(
                figure.subplots(1, len(panels), squeeze=False)[0], panels.items()
            ):
                if step < 0:
                    _draw(axes, past[step], "input", grey)
                else:
                    _draw(axes, frames[min(step, len(frames) - 1)], title, grey)
            maps.write_caption(figure, f"{caption}\n{(step + 1) * minutes:+} min", 9)
            yield maps.pixels(figure)

    return maps.write_gif(path, pictures(), seconds)


def _count_range(past: np.ndarray) -> _Colours:
    """Grey scale over the range of counts of the past frames."""
    low, high = np.nanpercentile(past, [0.5, 99.5])
    return "gray", float(low), float(max(high, low + 1))


def _draw(axes: Axes, frame: np.ndarray | None, title: str, colours: _Colours) -> None:
    axes.set_title(title, fontsize=8)
    axes.set_axis_off()
    if frame is None:
        axes.text(0.5, 0.5, "unknown", ha="center", va="center", fontsize=8)
        return
    cmap, low, high = colours
    axes.imshow(frame, cmap=cmap, vmin=low, vmax=high)


def wheel() -> np.ndarray:
    """Colours of all directions, from right over down, left and up: (55, 3), 0 to 255."""
    ends = (*CORNERS[1:], CORNERS[0])
    parts = [np.linspace(a, b, n, endpoint=False) for a, b, n in zip(CORNERS, ends, STEPS)]
    return np.concatenate(parts)


def flow_colours(flow: np.ndarray, full_speed: float | None = None) -> np.ndarray:
    """A flow in colours, white where there is no motion: (H, W, 2) -> (H, W, 3) uint8.

    Args:
        flow: in pixels per frame, down the rows and along the columns.
        full_speed: in pixels per frame at full saturation; None for the largest speed of the flow.
    """
    down, right = flow[..., 0], flow[..., 1]
    speed = np.hypot(down, right)
    full = max(float(speed.max()) if full_speed is None else full_speed, MIN_FULL_SPEED)
    ring = wheel()
    turn = (np.arctan2(-down, -right) / np.pi + 1) / 2 * len(ring)
    low = np.floor(turn).astype(int)
    weight = (turn - low)[..., None]
    hue = (1 - weight) * ring[low % len(ring)] + weight * ring[(low + 1) % len(ring)]
    saturation = np.minimum(speed / full, 1)[..., None]
    return np.rint(255 - saturation * (255 - hue)).astype(np.uint8)


def flow_figure(caption: str, frame: np.ndarray, flow: np.ndarray) -> Figure:
    """A frame with arrows, its flow in colours, and the colour wheel.

    Args:
        caption: title of the figure.
        frame: (H, W) counts, the later frame.
        flow: (H, W, 2) in pixels per frame.
    """
    fastest = max(float(np.hypot(*np.moveaxis(flow, -1, 0)).max()), MIN_FULL_SPEED)
    sheet = Figure(figsize=(9, 3.6), dpi=110, layout="constrained")
    left, middle, right = sheet.subplots(1, 3, width_ratios=(3, 3, 1))
    left.imshow(frame, cmap="gray")
    step = max(max(frame.shape) // ARROWS, 1)
    rows, columns = np.mgrid[step // 2 : frame.shape[0] : step, step // 2 : frame.shape[1] : step]
    arrows = flow[rows, columns]
    # An arrow of the largest speed is as long as the spacing of the arrows.
    left.quiver(
        columns,
        rows,
        arrows[..., 1],
        arrows[..., 0],
        color="#ff9f1c",
        angles="xy",
        scale_units="xy",
        scale=fastest / step,
    )
    left.set_title("frame and flow", fontsize=9)
    middle.imshow(flow_colours(flow, fastest))
    middle.set_title("flow", fontsize=9)
    key = np.moveaxis(np.mgrid[-1:1:65j, -1:1:65j], 0, -1) * fastest
    inside = np.hypot(key[..., 0], key[..., 1])[..., None] <= fastest
    right.imshow(np.where(inside, flow_colours(key, fastest), 255))
    right.set_title(f"towards,\nedge {fastest:.1f} pixels per frame", fontsize=8)
    for axes in (left, middle, right):
        axes.set_axis_off()
    maps.write_caption(sheet, caption)
    return sheet


def write_flow(path: Path, caption: str, frame: np.ndarray, flow: np.ndarray) -> Path:
    """Save the `flow_figure` of the arguments as PNG."""
    return maps.write(path, flow_figure(caption, frame, flow))


def write_means(path: Path, means: np.ndarray, source: str) -> Path:
    """Plot the mean counts of each frame, (T,), and the threshold of night, as PNG."""
    figure = Figure(figsize=(7, 3), layout="constrained")
    axes = figure.subplots()
    axes.plot(means, ".-", color="#1f6f8b")
    axes.axhline(NIGHT, color="#888888", lw=0.8, ls="--")
    axes.text(0, NIGHT, "night below", fontsize=8, va="bottom", color="#555555")
    axes.set(xlabel="frame", ylabel="mean counts", ylim=(0, None))
    maps.write_caption(figure, source)
    return maps.write(path, figure)
