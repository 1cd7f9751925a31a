"""Report sections: the image over heights and flow, and over the rectified view."""

import numpy as np

from seaice_tf.geopose.data.pose import flow
from seaice_tf.geopose.products.plots import HIDDEN, TALL, Sheet, sheet
from seaice_tf.report import encode
from seaice_tf.report.parts import Section
from seaice_tf.report.pictures import Pair, Picture, Swipe, spread
from seaice_tf.task import Case, Maps, ReportInput

MOST = 8  # tiles
SIDE = 512  # pixels along a side of a picture at most
ARROWS = 12  # along a side
LOWEST = 3.0  # metres, the smallest top of the colour scale


def sections(shown: ReportInput) -> list[Section]:
    """Sections of the page of a run."""
    fits = shown.max_bytes // sum(map(encode.size, pairs(*shown.pairs[0])))
    chosen = spread(shown.values, min(max(fits, 1), MOST))
    heights, above = zip(*(pairs(*shown.pairs[i]) for i in chosen))
    return [
        Section(
            "Heights and flow",
            [
                Swipe(
                    "Image over predicted heights, from the lowest score to the highest",
                    heights,
                    "Arrows point from visible points to the ground below them.",
                )
            ],
        ),
        Section(
            "From above",
            [Swipe("Image over its rectified view", above, "Light blue: hidden from the camera.")],
        ),
    ]


def pairs(case: Case, fields: Maps) -> tuple[Pair, Pair]:
    """The image over its heights, with arrows, and over its rectified view."""
    plotted = sheet(case, fields)
    picture = Picture("image", f"Oblique view, {plotted.title}", _small(plotted.image), photo=True)
    high = max(float(np.nanpercentile(plotted.agl, TALL)), LOWEST)
    coloured = encode.coloured(np.clip(plotted.agl / high, 0, 1), "height")
    heights = Picture(
        f"heights to {high:.0f} m", f"Predicted heights of {plotted.title}", _small(coloured)
    )
    visible, rectified = plotted.rectified.visible, plotted.rectified.image
    rectified = np.where(visible[..., None], rectified, HIDDEN).astype(np.uint8)
    alt = f"Rectified view of {plotted.title}"
    above = Picture("from above", alt, _small(rectified), photo=True)
    return Pair(case.name, heights, picture, arrows(plotted)), Pair(case.name, above, picture)


def arrows(plotted: Sheet) -> np.ndarray:
    """Predicted flow on a grid of points: (n, 4) x, y, dx, dy as fractions of the sides."""
    height, width = plotted.agl.shape
    rows, columns = ((np.arange(ARROWS) + 0.5) * n / ARROWS for n in (height, width))
    down, across = np.meshgrid(rows.astype(int), columns.astype(int), indexing="ij")
    vectors = flow(np.nan_to_num(plotted.agl[down, across]), plotted.pose)
    sides = np.array([width, height])
    return np.concatenate(
        [np.stack([across, down], axis=-1) / sides, vectors / sides], axis=-1
    ).reshape(-1, 4)


def _small(image: np.ndarray) -> np.ndarray:
    return encode.shrunk(image, SIDE)
