"""Photos a second of the training pipeline, beside a Python generator with Pillow.

The peer decodes and resizes each photo with Pillow and decodes its masks from their run-length
codes, one photo after the other, in every epoch. The pipeline also augments, and decodes in the
first epoch alone, into which its start and the tracing of its graph are counted.

Usage: python benchmarks/photos.py [first later]
"""

from collections.abc import Iterator

import numpy as np
from timing import Row, median_seconds, run, seconds

from seaice_tf.clouds import examples
from seaice_tf.clouds.settings import Settings, UNet
from seaice_tf.pipeline import training_stream

BATCH, BATCHES = 8, 30  # an epoch of three folds of 80 photos
SETTINGS = Settings()
SHAPE = (SETTINGS.rows // 4, SETTINGS.columns // 4)


def photos():
    return examples.labelled(SETTINGS).take(range(BATCH * BATCHES))


def generator() -> None:
    chosen = photos()
    for first in range(0, len(chosen), BATCH):
        batch = range(first, first + BATCH)
        np.stack([chosen.image(i, (SETTINGS.rows, SETTINGS.columns)) for i in batch])
        np.stack([chosen.truth(i, SHAPE) for i in batch])


def pipeline():
    """A function that reads an epoch."""
    dataset = training_stream(
        examples.photo_examples(photos(), SETTINGS, SHAPE, UNet()), BATCH, seed=0
    )

    def epoch() -> None:
        stream = iter(dataset)  # new each time: an older one would prefetch during the peer's turn
        for _ in range(BATCHES):
            next(stream)

    return epoch


def row(which: str, ours: float, theirs: float) -> Row:
    rates = [BATCH * BATCHES / each for each in (ours, theirs)]
    return Row(f"photos with augmentation, {which}", "Pillow without", rates, "a second")


def first() -> Iterator[Row]:
    generator()
    yield row("first epoch", seconds(pipeline())[0], seconds(generator)[0])


def later() -> Iterator[Row]:
    yield row("later epochs", *median_seconds(pipeline(), generator, repeats=3))


if __name__ == "__main__":
    run(__doc__, {"first": first, "later": later})
