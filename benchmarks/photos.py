"""Throughput of the training pipeline of cloud photos, relative to a Python generator.

The peer, timed in the same run, decodes and resizes each photo with Pillow and decodes its masks
from their run-length codes, one photo after the other.

Usage: python benchmarks/photos.py
"""

import platform

import numpy as np
from timing import median_seconds

from seaice_tf.clouds import examples
from seaice_tf.clouds.settings import Settings, UNet
from seaice_tf.pipeline import training_stream

BATCH, BATCHES = 8, 6
SETTINGS = Settings()
SHAPE = (SETTINGS.rows // 4, SETTINGS.columns // 4)


def main() -> None:
    photos = examples.labelled(SETTINGS).take(range(BATCH * BATCHES))
    dataset = training_stream(
        examples.photo_examples(photos, SETTINGS, SHAPE, UNet()), BATCH, seed=0
    )

    def pipeline():
        stream = iter(dataset)  # new each time: an older one would prefetch during the peer's turn
        for _ in range(BATCHES):
            next(stream)

    def generator():
        for first in range(0, len(photos), BATCH):
            batch = range(first, first + BATCH)
            np.stack([photos.image(i, (SETTINGS.rows, SETTINGS.columns)) for i in batch])
            np.stack([photos.truth(i, SHAPE) for i in batch])

    ours, theirs = median_seconds(pipeline, generator)
    print(f"{photos.source}; {platform.machine()}, medians of alternating runs")
    print("| photos a second: pipeline with augmentation | Python generator without | ratio |")
    print("|---|---|---|")
    print(f"| {len(photos) / ours:.0f} | {len(photos) / theirs:.0f} | {theirs / ours:.2f} |")


if __name__ == "__main__":
    main()
