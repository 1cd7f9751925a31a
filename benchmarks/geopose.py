"""Processing times of oblique tiles of 2048 x 2048 pixels, relative to a peer in the same run.

Rectification: the peer moves pixel by pixel in a Python loop and then filters heights, mask and
image with 5 x 5 medians, as the challenge's own code does (with filters of OpenCV, here of SciPy).
The loop is timed once, the rest as medians. Reading: a crop of 512 relative to the whole file. Then
shards of one tile and of four, training crops, and the default network, untrained, on a whole image
in tiles of 1024: once each, in separate processes to measure their peak memory.

Usage: python benchmarks/geopose.py [--side 2048]
"""

import argparse
import os
import platform
import tempfile
import time
import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
from scipy import ndimage
from timing import Result, alone, median_seconds

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from seaice_tf import pipeline
from seaice_tf.files import images
from seaice_tf.geopose.data import rectify, synthetic
from seaice_tf.geopose.data.pose import View, flow
from seaice_tf.geopose.products import submission
from seaice_tf.geopose.settings import Settings
from seaice_tf.geopose.task import TASK, prepare
from seaice_tf.grids.windows import Window

CROP = 512
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


def seconds(function: Callable[[], Result]) -> tuple[float, Result]:
    start = time.perf_counter()
    result = function()
    return time.perf_counter() - start, result


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


def row(label: str, function: Callable[..., float], *arguments) -> None:
    taken, peak = alone(function, *arguments)
    print(f"| {label} | {taken:.3f} | {peak} |")


def network(side: int, folder: Path) -> None:
    """Shards of one tile and of several, crops for training, and a whole image."""
    print("| | seconds | peak of the process, MiB |\n|---|---|---|")
    for number in (1, NUMBER):
        tiles = folder / str(number)
        synthetic.write(tiles, number, side=side)
        settings = Settings(data=str(tiles), crop=min(CROP, side // 2), folds=2, test_fold=0)
        row(f"a shard of {number}", shards, settings, tiles / "shards")
    settings = replace(settings, shards=str(tiles / "shards"))
    row(f"a crop of {settings.crop} for training", crops, settings)
    row(f"heights and pose of an image of {side}", image, settings)


def main() -> None:
    parser = argparse.ArgumentParser(description="Benchmark of oblique tiles.")
    parser.add_argument("--side", type=int, default=2048, help="pixels of the tile")
    side = parser.parse_args().side
    drawing, view = seconds(lambda: synthetic.tile("JAX", 0, 0, (side, side)))
    scatter, whole = median_seconds(
        lambda: rectify.sources(view.agl, view.pose),
        lambda: rectify.rectify(view.image, view.agl, view.pose),
    )
    looped, maps = seconds(lambda: loop(view))
    filtered, _ = seconds(lambda: filters(*maps))
    tracemalloc.start()
    rectify.rectify(view.image, view.agl, view.pose)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    with tempfile.TemporaryDirectory() as folder:
        path = submission.write_image(Path(folder) / "a.tif", view.image)
        corner = Window(side // 3, side // 3, min(CROP, side // 2), min(CROP, side // 2))
        crop, file = median_seconds(lambda: images.read(path, corner), lambda: images.read(path))
    print(f"synthetic tile of {side} x {side}, drawn in {drawing:.1f} s; {platform.machine()}")
    print("| | ours, s | peer, s | ratio |\n|---|---|---|---|")
    print(f"| pixels moved to the ground | {scatter:.2f} | {looped:.1f} | ", end="")
    print(f"{looped / scatter:.0f} |")
    both = looped + filtered
    print(f"| rectified, holes closed | {whole:.2f} | {both:.1f} | {both / whole:.0f} |")
    print(f"| a crop of {corner.height} read | {crop:.4f} | {file:.4f} | {file / crop:.1f} |")
    print(f"\nmemory of a rectification at its peak: {peak / 2**20:.0f} MB\n")
    with tempfile.TemporaryDirectory() as folder:
        network(side, Path(folder))


if __name__ == "__main__":
    main()
