"""Maps of sea-ice concentration on the NSIDC grid's own projection, as PNG and animated GIF."""

import textwrap
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from contourpy import LineType, contour_generator
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import PathCollection
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.path import Path as Path2D
from PIL import Image

from seaice_tf.files import atomic
from seaice_tf.files.colour_maps import TABLE
from seaice_tf.grids.polar import Grid, of_shape

EDGE = 0.15  # fraction, drawn as the ice edge
LAND = "#8c8377"
ICE = ListedColormap(np.frombuffer(TABLE, np.uint8).reshape(-1, 3) / 255).with_extremes(bad=LAND)
CHANGE = colormaps["RdBu"].with_extremes(bad=LAND)


class Panel(NamedTuple):
    """A map of a figure.

    Attributes:
        title: above the map.
        field: (rows, columns) fraction.
        difference: whether the field is the difference of two concentrations, -1 to 1.
    """

    title: str
    field: np.ndarray
    difference: bool = False


def draw(
    axes: Axes,
    field: np.ndarray,
    land: np.ndarray,
    title: str,
    difference: bool = False,
    grid: Grid | None = None,
):
    """Draw one map with its graticule and, unless it is a difference, the 15 % ice edge.

    Args:
        axes: to draw in.
        field: (rows, columns) fraction on either grid.
        land: (rows, columns) bool.
        title: above the map.
        difference: whether `field` is a difference, drawn from red (-1) to blue (1).
        grid: of the map; None for the polar stereographic grid of its shape.

    Returns:
        The image, for a colour bar.
    """
    grid = grid or of_shape(field.shape)
    sea = np.ma.masked_where(land, field)
    image = axes.imshow(
        sea,
        cmap=CHANGE if difference else ICE,
        vmin=-1 if difference else 0,
        vmax=1,
        extent=grid.extent,
        interpolation="nearest",
    )
    if not difference:
        draw_lines(axes, contours(grid, sea, EDGE), color="#ff9f1c", linewidths=0.7)
    draw_lines(axes, _graticule(grid), color="white", linewidths=0.3, alpha=0.6)
    axes.set_title(title, fontsize=9)
    axes.set_axis_off()
    return image


def contours(grid: Grid, field: np.ndarray, level: float) -> list[np.ndarray]:
    """Lines along which a field, perhaps masked, has a level: (n, 2) projected metres each.

    As `Axes.contour` finds them, which keeps three arrays of the size of the map for each call.
    """
    generator = contour_generator(*grid.axes(), field, line_type=LineType.Separate)
    return generator.lines(level)  # type: ignore[return-value]  # a list, by the type of lines


def draw_lines(axes: Axes, lines: Sequence[np.ndarray], color: str, **style: Any) -> None:
    """Draw the lines of `contours`; `style` is that of a PathCollection."""
    if lines:
        path = Path2D.make_compound_path(*map(Path2D, lines))
        drawn = PathCollection([path], facecolors="none", edgecolors=color, **style)
        axes.add_collection(drawn, autolim=False)


@cache  # the same on every map
def _graticule(grid: Grid) -> list[np.ndarray]:
    """Parallels every ten degrees from 50 to 80, and every sixtieth meridian."""
    latitude, longitude = grid.latitude_longitude()
    lines = [
        line for parallel in (50, 60, 70, 80) for line in contours(grid, np.abs(latitude), parallel)
    ]
    # The sine of three times the longitude is zero on every sixtieth meridian, without a seam.
    return lines + contours(grid, np.sin(np.radians(3 * longitude)), 0)


def figure(
    panels: Sequence[Panel], land: np.ndarray, caption: str, grid: Grid | None = None
) -> Figure:
    """Draw panels in rows of up to six under one caption.

    Args:
        panels: the maps, all on the same grid.
        land: (rows, columns) bool.
        caption: title of the figure.
        grid: of the maps; None for the polar stereographic grid of their shape.
    """
    columns = min(len(panels), 6)
    rows = -(-len(panels) // columns)
    sheet = Figure(figsize=(2.3 * columns + 0.8, 3.2 * rows + 0.5), dpi=110, layout="constrained")
    cells = sheet.subplots(rows, columns, squeeze=False)
    drawn = {}
    for axes, panel in zip(cells.flat, panels):
        shown = draw(axes, panel.field, land, panel.title, panel.difference, grid)
        drawn[panel.difference] = shown
    for axes in cells.flat[len(panels) :]:
        axes.set_visible(False)
    for difference, image in drawn.items():
        label = "difference" if difference else "sea ice concentration"
        sheet.colorbar(image, ax=cells, shrink=0.6, label=label)
    write_caption(sheet, caption)
    return sheet


def write_caption(sheet: Figure, caption: str, size: int = 10) -> None:
    """Write the title of a figure, in lines that are no wider than the figure.

    Args:
        sheet: the figure.
        caption: text, perhaps of several lines.
        size: of the letters in points, which are 0.6 of it wide.
    """
    width = int(72 * sheet.get_figwidth() / (0.6 * size))
    lines = [textwrap.fill(line, width) for line in caption.splitlines()]
    sheet.suptitle("\n".join(lines), fontsize=size)


def write(path: Path, sheet: Figure) -> Path:
    """Save a figure as PNG."""
    with atomic.file(path) as temporary:
        sheet.savefig(temporary)
    return path


def write_pixels(path: Path, picture: np.ndarray) -> Path:
    """Save a picture (H, W, 3) uint8 as PNG."""
    with atomic.file(path) as temporary:
        Image.fromarray(picture).save(temporary, format="PNG")
    return path


def pixels(sheet: Figure) -> np.ndarray:
    """A figure as (H, W, 3) uint8."""
    canvas = FigureCanvasAgg(sheet)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3]


def write_gif(path: Path, frames: Iterable[np.ndarray], seconds: float = 0.6) -> Path:
    """Save pictures (H, W, 3) uint8 of equal size as a GIF that runs in a loop.

    Args:
        path: of the file.
        frames: the pictures.
        seconds: duration of a frame.
    """
    images = [Image.fromarray(frame) for frame in frames]
    # One palette for all frames: with one for each, the colours would flicker.
    palette = images[0].quantize(256)
    first, *rest = [image.quantize(palette=palette, dither=Image.Dither.NONE) for image in images]
    with atomic.file(path) as temporary:
        first.save(
            temporary, save_all=True, append_images=rest, duration=int(1000 * seconds), loop=0
        )
    return path
