"""Speed of the run-length code both ways, as a ratio to a plain Python loop in the same run.

Usage: python benchmarks/rle.py
"""

import platform

import numpy as np
from rich import box
from rich.console import Console
from rich.table import Table
from timing import median_seconds

from seaice_tf.clouds.data import rle, synthetic
from seaice_tf.clouds.data.labels import LABEL_SHAPE, SCORE_SHAPE

PHOTOS = 4


def loop_decode(text: str) -> np.ndarray:
    mask = np.zeros(LABEL_SHAPE[0] * LABEL_SHAPE[1], bool)
    numbers = text.split()
    for start, length in zip(numbers[::2], numbers[1::2]):
        mask[int(start) - 1 : int(start) - 1 + int(length)] = True
    return mask.reshape(LABEL_SHAPE[::-1]).T


def loop_encode(mask: np.ndarray) -> str:
    words, length = [], 0
    for i, pixel in enumerate([*mask.ravel(order="F").tolist(), False]):
        if pixel:
            length += 1
        elif length:
            words += [str(i - length + 1), str(length)]
            length = 0
    return " ".join(words)


def loop_resize(text: str) -> np.ndarray:
    rows, columns = SCORE_SHAPE
    blocks = loop_decode(text).reshape(rows, LABEL_SHAPE[0] // rows, columns, -1)
    return blocks.mean(axis=(1, 3)) >= 0.5


def main() -> None:
    photos = [synthetic.photo(0, i, (42, 63))[1] for i in range(PHOTOS)]
    masks = [mask for photo in photos for mask in np.moveaxis(photo, -1, 0) if mask.any()]
    texts = [rle.encode(mask) for mask in masks]

    def over(function, values):
        def call():
            for value in values:
                function(value)

        return call

    rows = {
        "decode / loop over runs": (
            over(lambda text: rle.decode(text, LABEL_SHAPE), texts),
            over(loop_decode, texts),
        ),
        "decode to 350 x 525 / loop over runs, mean of blocks": (
            over(lambda text: rle.decode_resized(text, LABEL_SHAPE, SCORE_SHAPE), texts),
            over(loop_resize, texts),
        ),
        "encode / loop over pixels": (over(rle.encode, masks), over(loop_encode, masks)),
    }
    title = f"{len(texts)} rectangles on 1400 x 2100; {platform.machine()}"
    table = Table(title=title, box=box.SIMPLE)
    for name in ("what / peer", "ms a mask", "peer's ms", "ratio"):
        table.add_column(name, justify="left" if "/" in name else "right")
    for name, functions in rows.items():
        ours, peer = (1000 * s / len(texts) for s in median_seconds(*functions))
        table.add_row(name, f"{ours:.3f}", f"{peer:.3f}", f"{ours / peer:.3f}")
    Console(width=100).print(table)


if __name__ == "__main__":
    main()
