"""Block averages and majorities of d x d pixels, and nearest-neighbour upsampling.

The last block of an axis may be smaller. The AutoICE data set reduced its charts from 40 to 80 m by
the largest class of 2 x 2 pixels, which moves every edge towards the higher class; the majority,
used here, does not.
"""

import numpy as np

from seaice_tf.errors import InputError
from seaice_tf.icechart.data.charts import CLASSES, MASK

FACTORS = (1, 2, 5, 10)
LARGEST = 255  # pixels in a block whose sums fit into uint8


def size(shape: tuple[int, ...], factor: int) -> tuple[int, int]:
    """Number of blocks along the first two axes.

    >>> size((5001, 5200), 2)
    (2501, 2600)
    """
    return -(-shape[0] // factor), -(-shape[1] // factor)


def mean(
    values: np.ndarray, valid: np.ndarray, factor: int, fill: float = 0.0
) -> tuple[np.ndarray, np.ndarray]:
    """Mean over the valid pixels of each block.

    Args:
        values: (H, W) or (H, W, C) float; ignored where not valid, may be NaN there.
        valid: (H, W) bool.
        factor: pixels along a side of a block.
        fill: value of blocks without a valid pixel.

    Returns:
        The means, (h, w) or (h, w, C) float32, and the fraction of valid pixels in each block,
        (h, w) float32.
    """
    mask = valid if values.ndim == 2 else valid[..., None]
    if factor == 1:
        means = np.where(mask, values, np.float32(fill)).astype(np.float32, copy=False)
        return means, valid.astype(np.float32)
    count = _sums(valid, factor, np.float32)
    inside = np.outer(*(_lengths(n, factor) for n in valid.shape))
    total = _sums(np.where(mask, values, 0).astype(np.float32), factor, np.float32)
    number = count if values.ndim == 2 else count[..., None]
    means = np.where(number > 0, total / np.maximum(number, 1), np.float32(fill))
    return means.astype(np.float32), (count / inside).astype(np.float32)


def majority(chart: np.ndarray, factor: int, classes: int) -> np.ndarray:
    """Most frequent class of each block: (H, W) uint8 -> (h, w) uint8.

    Ties go to the lower class; 255 where more than half of the block is masked.
    """
    if factor == 1:
        return chart.copy()
    if factor**2 > LARGEST:
        raise InputError(
            f"downscale: expected at most {int(LARGEST**0.5)}, got {factor}; use one of {FACTORS}"
        )
    result = np.zeros(size(chart.shape, factor), np.uint8)
    most = np.zeros(result.shape, np.uint8)
    for kind in range(classes):
        count = _sums(chart == kind, factor, np.uint8)
        better = count > most
        result[better] = kind
        np.maximum(most, count, out=most)
    masked = _sums(chart == MASK, factor, np.uint8).astype(int)
    inside = np.outer(*(_lengths(n, factor) for n in chart.shape))
    return np.where((2 * masked > inside) | (most == 0), MASK, result).astype(np.uint8)


def charts(native: dict[str, np.ndarray], factor: int) -> dict[str, np.ndarray]:
    """Majority of each block in each chart."""
    return {name: majority(chart, factor, len(CLASSES[name])) for name, chart in native.items()}


def enlarge(blocks: np.ndarray, factor: int, shape: tuple[int, int]) -> np.ndarray:
    """Nearest-neighbour upsampling to `shape` pixels: (h, w, ...) -> (H, W, ...)."""
    if factor == 1:
        return blocks[: shape[0], : shape[1]]
    wide = np.repeat(np.repeat(blocks, factor, axis=0), factor, axis=1)
    return wide[: shape[0], : shape[1]]


def _sums(values: np.ndarray, factor: int, kind) -> np.ndarray:
    """Sums of blocks; the last ones are padded with zeros."""
    rows, columns = size(values.shape, factor)
    short = (rows * factor - values.shape[0], columns * factor - values.shape[1])
    if any(short):
        values = np.pad(values, [(0, n) for n in short] + [(0, 0)] * (values.ndim - 2))
    lines = values.reshape(rows, factor, columns * factor, *values.shape[2:]).sum(1, dtype=kind)
    # numpy sums slowly along an axis as short as this one.
    total = lines[:, ::factor].copy()
    for step in range(1, factor):
        total += lines[:, step::factor]
    return total


def _lengths(pixels: int, factor: int) -> np.ndarray:
    """Pixels of each block along an axis.

    >>> _lengths(5, 2)
    array([2, 2, 1])
    """
    return np.minimum(factor, pixels - factor * np.arange(-(-pixels // factor)))
