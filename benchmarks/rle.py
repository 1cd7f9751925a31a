"""Speed of the run-length code both ways, beside a plain Python loop.

Usage: python benchmarks/rle.py [decode resize encode]
"""

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
from timing import Row, median_seconds, run

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


def masks() -> list[np.ndarray]:
    photos = [synthetic.photo(0, i, (42, 63))[1] for i in range(PHOTOS)]
    return [mask for photo in photos for mask in np.moveaxis(photo, -1, 0) if mask.any()]


def row(what: str, peer: str, ours: Callable, theirs: Callable, values: list) -> Iterator[Row]:
    def over(function: Callable) -> None:
        for value in values:
            function(value)

    times = median_seconds(partial(over, ours), partial(over, theirs))
    yield Row(what, peer, [1000 * each / len(values) for each in times], "ms a mask")


def decode() -> Iterator[Row]:
    def ours(text: str) -> np.ndarray:
        return rle.decode(text, LABEL_SHAPE)

    texts = [rle.encode(mask) for mask in masks()]
    yield from row("decode 1400 x 2100", "loop over runs", ours, loop_decode, texts)


def resize() -> Iterator[Row]:
    def ours(text: str) -> np.ndarray:
        return rle.decode_resized(text, LABEL_SHAPE, SCORE_SHAPE)

    texts = [rle.encode(mask) for mask in masks()]
    yield from row("decode to 350 x 525", "loop, means of blocks", ours, loop_resize, texts)


def encode() -> Iterator[Row]:
    yield from row("encode 1400 x 2100", "loop over pixels", rle.encode, loop_encode, masks())


if __name__ == "__main__":
    run(__doc__, {"decode": decode, "resize": resize, "encode": encode})
