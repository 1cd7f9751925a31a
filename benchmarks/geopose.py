"""Processing times of oblique tiles of 2048 x 2048 pixels, each beside a named peer.

Rectification: the peer moves pixel by pixel in a Python loop and then filters heights, mask and
image with 5 x 5 medians, as the challenge's own code does (with filters of OpenCV, here of SciPy).
The loop is timed once, the rest as medians. Reading: a crop of 512 relative to the whole file. Then
shards of one tile and of four, training crops, and the default network, untrained, on a whole image
in tiles of 1024: once each, in separate processes to measure their peak memory.

Usage: python benchmarks/geopose.py [moved rectified crop network]
"""

import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
from scipy import ndimage
from timing import Row, alone, median_seconds, run, seconds

from seaice_tf import pipeline
from seaice_tf.files import images
from seaice_tf.geopose.data import rectify, synthetic
from seaice_tf.geopose.data.pose import View, flow
from seaice_tf.geopose.products import submission
from seaice_tf.geopose.settings import Settings
from seaice_tf.geopose.task import TASK, prepare
from seaice_tf.grids.windows import Window

CROP, SIDE = 512, 2048  # pixels
NUMBER = 4  # tiles


def loop(view: View) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rectified image, heights and a mask of pixels without a source, pixel by pixel."""
    rows, columns = view.agl.shape
    heights = np.nan_to_num(view.agl)
    vectors = np.floor(flow(heights, view.pose) + 0.5).astype(int)
    image, agl = np.zeros_like(view.image), np.full(heights.shape, -1, np.float32)
    for i in range(rows):
        for j in range(columns):
            row, column = i + vectors[i, j, 1], j + vectors[i, j, 0]
            if not (0 <= row < rows and 0 <= column < columns):
                continue
            if heights[i, j] < agl[row, column]:
                continue
            agl[row, column] = heights[i, j]
            image[row, column] = view.image[i, j]
    return image, np.maximum(agl, 0), (agl < 0).astype(np.uint8)


def filters(image: np.ndarray, agl: np.ndarray, mask: np.ndarray) -> None:
    for _ in range(rectify.PASSES):
        agl, mask = ndimage.median_filter(agl, 5), ndimage.median_filter(mask, 5)
    for channel in range(3):
        ndimage.median_filter(image[..., channel], 5)


def shards(settings: Settings, out: Path) -> float:
    """Seconds a tile."""
    taken, written = seconds(lambda: prepare(settings, out))
    return taken / (len(written) - 1)


def crops(settings: Settings) -> float:
    """Seconds a crop, of batches of 8."""
    stream = iter(pipeline.training_stream(TASK.data.splits(settings).train, 8, seed=0))
    next(stream)
    return seconds(lambda: [next(stream) for _ in range(8)])[0] / 64


def image(settings: Settings) -> float:
    """Seconds for a whole image, the second time."""
    model = TASK.training.serving_model(settings, TASK.training.build(settings))
    case = next(iter(TASK.data.future(settings)))

    def serve(batch):
        return {name: value.numpy() for name, value in model(batch).items()}

    case.pieces(serve)
    return seconds(lambda: case.pieces(serve))[0]


def view() -> View:
    return synthetic.tile("JAX", 0, 0, (SIDE, SIDE))


def moved() -> Iterator[Row]:
    """Pixels moved to the ground, against the loop."""
    drawn = view()
    (ours,) = median_seconds(lambda: rectify.sources(drawn.agl, drawn.pose))
    theirs, _ = seconds(lambda: loop(drawn))
    yield Row("pixels moved to the ground", "loop over pixels", (ours, theirs))


def rectified() -> Iterator[Row]:
    """Rectified with holes closed, against the loop and its filters."""
    drawn = view()
    (ours,) = median_seconds(lambda: rectify.rectify(drawn.image, drawn.agl, drawn.pose))
    looped, maps = seconds(lambda: loop(drawn))
    filtered, _ = seconds(lambda: filters(*maps))
    yield Row("rectified, holes closed", "loop, medians of 5 x 5", (ours, looped + filtered))


def crop() -> Iterator[Row]:
    """A crop read from a file, against the whole file."""
    with tempfile.TemporaryDirectory() as place:
        path = submission.write_image(Path(place) / "a.tif", view().image)
        corner = Window(SIDE // 3, SIDE // 3, CROP, CROP)
        times = median_seconds(lambda: images.read(path, corner), lambda: images.read(path))
    yield Row(f"a crop of {CROP} read", "the whole file", times)


def network() -> Iterator[Row]:
    """Shards of several tiles against one, and a whole image against the training crops in it."""
    with tempfile.TemporaryDirectory() as place:
        made = {}
        for number in (1, NUMBER):
            tiles = Path(place) / str(number)
            synthetic.write(tiles, number, side=SIDE)
            settings = Settings(data=str(tiles), crop=CROP, folds=2, test_fold=0)
            made[number] = alone(shards, settings, tiles / "shards")
        (ours, memory), (theirs, peer_memory) = made[NUMBER], made[1]
        yield Row(f"a shard of {NUMBER}", "of one", (ours, theirs), "s", (memory, peer_memory))
        settings = replace(settings, shards=str(tiles / "shards"))
        theirs, peer_memory = alone(crops, settings)
        ours, memory = alone(image, settings)
        what, number = f"heights and pose of {SIDE} x {SIDE}", (SIDE // CROP) ** 2
        peer = f"reading {number} training crops of {CROP}"
        yield Row(what, peer, (ours, number * theirs), "s", (memory, peer_memory))


if __name__ == "__main__":
    run(__doc__, {"moved": moved, "rectified": rectified, "crop": crop, "network": network})
