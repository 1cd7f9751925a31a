"""What a report shows of geopose: heights and the view from above under a handle, and flow."""

import numpy as np

from seaice_tf.geopose.data import pose
from seaice_tf.geopose.products.maps import TALL, UNSEEN, Sheet
from seaice_tf.geopose.verification import sheet
from seaice_tf.report import encode
from seaice_tf.report.parts import Section
from seaice_tf.report.pictures import Pair, Picture, Swipe, spread
from seaice_tf.task import Case, Maps, ReportInput

MOST = 8  # tiles
SIDE = 512  # pixels of a picture at most
ARROWS = 12  # along a side
LOWEST = 3.0  # metres at which the colours end at least


def sections(shown: ReportInput) -> list[Section]:
    fits = shown.max_bytes // sum(map(encode.size, pairs(*shown.pairs[0])))
    chosen = spread(shown.values, min(max(fits, 1), MOST))
    drawn = [pair for i in chosen for pair in pairs(*shown.pairs[i])]
    heights, above = drawn[::2], drawn[1::2]
    return [
        Section(
            "Heights and flow",
            [
                Swipe(
                    "Image over predicted heights, from the lowest score to the highest",
                    heights,
                    "Arrows lead from what is seen to the ground that it stands on.",
                )
            ],
        ),
        Section(
            "From above",
            [Swipe("Image over its rectified view", above, "Light blue: hidden from the camera.")],
        ),
    ]


def pairs(case: Case, fields: Maps) -> tuple[Pair, Pair]:
    """The image over its heights, with arrows, and over what it looks like from above."""
    made = sheet(case, fields)
    picture = Picture("image", f"Oblique view, {made.title}", _small(made.image), photo=True)
    high = max(float(np.nanpercentile(made.agl, TALL)), LOWEST)
    coloured = encode.coloured(np.clip(made.agl / high, 0, 1), "height")
    heights = Picture(
        f"heights to {high:.0f} m", f"Predicted heights of {made.title}", _small(coloured)
    )
    seen = np.where(made.rectified.seen[..., None], made.rectified.image, UNSEEN).astype(np.uint8)
    above = Picture("from above", f"Rectified view of {made.title}", _small(seen), photo=True)
    return Pair(case.name, heights, picture, arrows(made)), Pair(case.name, above, picture)


def arrows(made: Sheet) -> np.ndarray:
    """Predicted flow on a grid of points: (n, 4) x, y, dx, dy as fractions of the sides."""
    height, width = made.agl.shape
    rows, columns = ((np.arange(ARROWS) + 0.5) * n / ARROWS for n in (height, width))
    down, across = np.meshgrid(rows.astype(int), columns.astype(int), indexing="ij")
    flow = pose.flow(np.nan_to_num(made.agl[down, across]), made.pose)
    sides = np.array([width, height])
    return np.concatenate(
        [np.stack([across, down], axis=-1) / sides, flow / sides], axis=-1
    ).reshape(-1, 4)


def _small(image: np.ndarray) -> np.ndarray:
    return encode.shrunk(image, SIDE)
