"""Run-length encoding of masks, and resampling of masks to other grids.

A code is "start length start length ...", counted from 1 down the columns. Masks are resampled from
their runs, exactly and without the memory of the full-size mask.
"""

import numpy as np

from seaice_tf.errors import InputError

DIGITS = "0123456789 "
TINY = 1e-9  # cell fractions that differ by less are treated as equal


def encode(mask: np.ndarray) -> str:
    """Run-length code of a mask.

    Args:
        mask: (rows, columns) bool.

    Returns:
        The code; an empty string for an empty mask.

    >>> encode(np.array([[0, 1], [1, 1]], bool))
    '2 3'
    """
    starts, ends = mask_runs(mask)
    pairs = np.stack([starts + 1, ends - starts], axis=1)
    return " ".join(map(str, pairs.ravel().tolist()))


def decode(text: str, shape: tuple[int, int], where: str = "mask") -> np.ndarray:
    """Mask of a run-length code.

    Args:
        text, shape, where: as in `code_runs`.

    Returns:
        (rows, columns) bool.

    Raises:
        InputError: the code is invalid, see `code_runs`.
    """
    size = shape[0] * shape[1]
    starts, ends = code_runs(text, shape, where)
    edges = np.concatenate([[0], np.stack([starts, ends], axis=1).ravel(), [size]])
    inside = np.arange(edges.size - 1) % 2 == 1
    return np.repeat(inside, np.diff(edges)).reshape(shape[::-1]).T


def mask_runs(mask: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Runs of a mask (rows, columns), as `code_runs` gives those of a code."""
    flat = np.concatenate([[False], np.asarray(mask, bool).ravel(order="F"), [False]])
    edges = np.flatnonzero(flat[1:] != flat[:-1])
    return edges[::2], edges[1::2]


def code_runs(
    text: str, shape: tuple[int, int], where: str = "mask"
) -> tuple[np.ndarray, np.ndarray]:
    """Start and end of each run of a code, counted from 0 down the columns.

    Args:
        text: the code; runs may touch.
        shape: (rows, columns) of the mask.
        where: what the code belongs to, for error messages.

    Returns:
        Starts and ends (exclusive): (n,) int64 each.

    Raises:
        InputError: the code is not pairs of whole numbers from 1 up, or its runs overlap, are out
            of order or extend beyond the end of the mask.
    """
    text = " ".join(text.split())
    if text.strip(DIGITS):  # anything left is not a digit
        bad = next(word for word in text.split() if word.strip(DIGITS))
        raise _error(where, "whole numbers", repr(bad[:30]))
    # Numbers too large for an int64 become its largest value, which is beyond the end of any mask.
    numbers = np.fromstring(text, np.int64, sep=" ") if text else np.empty(0, np.int64)
    if numbers.size % 2:
        raise _error(where, "pairs of start and length", f"{numbers.size} numbers")
    starts, lengths = numbers[::2] - 1, numbers[1::2]
    if numbers.size and numbers.min() < 1:
        first = int(np.argmin(numbers.clip(max=1)))
        raise _error(where, "starts and lengths from 1 up", f"0 as number {first + 1}")
    size = shape[0] * shape[1]
    beyond = (starts >= size) | (lengths > size - starts)
    if beyond.any():
        pixels = f"runs within {shape[0]} x {shape[1]} = {size} pixels"
        raise _error(where, pixels, _pair(starts, lengths, int(beyond.argmax())))
    ends = starts + lengths
    early = starts[1:] < ends[:-1]
    if early.any():
        run = _pair(starts, lengths, int(early.argmax()) + 1)
        raise _error(where, "runs in order without overlap", f"{run}, which starts too early")
    return starts, ends


def _pair(starts: np.ndarray, lengths: np.ndarray, i: int) -> str:
    return f'"{starts[i] + 1} {lengths[i]}" as run {i + 1}'


def _error(where: str, expected: str, got: str) -> InputError:
    return InputError(f"{where}: expected {expected}, got {got}; correct the run-length code")


def resize(mask: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Resample a mask to a smaller or larger grid, preserving its area fraction.

    Args:
        mask: (rows, columns) bool.
        shape: (rows, columns) of the result.

    Returns:
        A mask of `shape`, bool.
    """
    return threshold_at_area(run_coverage(*mask_runs(mask), mask.shape, shape))


def decode_resized(
    text: str, coded: tuple[int, int], shape: tuple[int, int], where: str = "mask"
) -> np.ndarray:
    """Decode a run-length code directly to another grid: `resize` of `decode`.

    Args:
        text: the code.
        coded: (rows, columns) of the grid of the code.
        shape: (rows, columns) of the result.
        where: what the code belongs to, for error messages.

    Returns:
        A mask of `shape`, bool.

    Raises:
        InputError: the code is invalid, see `code_runs`.
    """
    if not text:  # half of all codes
        return np.zeros(shape, bool)
    return threshold_at_area(coverage(text, coded, shape, where))


def coverage(
    text: str, coded: tuple[int, int], shape: tuple[int, int], where: str = "mask"
) -> np.ndarray:
    """Fraction of each cell of a grid that a run-length code covers.

    Args and Raises: those of `decode_resized`.

    Returns:
        Array of `shape`, float64 in [0, 1].
    """
    return run_coverage(*code_runs(text, coded, where), coded, shape)


def run_coverage(
    starts: np.ndarray, ends: np.ndarray, coded: tuple[int, int], shape: tuple[int, int]
) -> np.ndarray:
    """Fraction of each cell of a grid that runs cover, exactly.

    Args:
        starts: (n,) first pixel of each run on the grid `coded`, as from `code_runs`.
        ends: (n,) end of each run, exclusive.
        coded: (rows, columns) of the grid of the runs.
        shape: (rows, columns) of the result; both grids cover the same image.

    Returns:
        Array of `shape`, float64 in [0, 1].
    """
    if not starts.size:
        return np.zeros(shape)
    rows, columns = shape
    first, last = starts // coded[0], (ends - 1) // coded[0]
    pieces = last - first + 1  # a run may continue in the next columns
    run = np.repeat(np.arange(starts.size), pieces)
    column = np.arange(run.size) - np.repeat(np.cumsum(pieces) - pieces, pieces) + first[run]
    top = np.maximum(starts[run] - column * coded[0], 0) * (rows / coded[0])
    bottom = np.minimum(ends[run] - column * coded[0], coded[0]) * (rows / coded[0])
    target, fraction = _column_overlap(coded[1], columns)
    # An edge at row x covers the rest of its cell and all cells below: a step at that cell and the
    # remainder one cell further down, of which the cumulative sum over the rows is the coverage.
    steps = []
    for edge, sign in ((top, 1.0), (bottom, -1.0)):
        cell = edge.astype(int)
        rest = edge - cell
        for down, part in ((0, 1 - rest), (1, rest)):
            index = target[:, column] * (rows + 2) + cell + down
            steps.append((index.ravel(), (sign * part * fraction[:, column]).ravel()))
    index, weight = map(np.concatenate, zip(*steps))
    total = np.bincount(index, weight, columns * (rows + 2)).reshape(columns, rows + 2)
    return np.clip(np.cumsum(total[:, :rows], axis=1).T, 0, 1)


def _column_overlap(columns: int, target: int) -> tuple[np.ndarray, np.ndarray]:
    """Overlap of each of `columns` columns with each of `target` columns of the same width in all.

    Returns:
        Index of the target column, int, and the fraction of its width that is overlapped, float64:
        (k, columns) each, where k is the largest number of targets that a column overlaps.
    """
    left = np.arange(columns) * target / columns
    right = np.arange(1, columns + 1) * target / columns
    reach = np.arange(int((np.ceil(right) - np.floor(left)).max()))[:, None]
    index = np.floor(left).astype(int) + reach
    overlap = np.minimum(right, index + 1) - np.maximum(left, index)
    return np.minimum(index, target - 1), np.clip(overlap, 0, None)


def threshold_at_area(fraction: np.ndarray) -> np.ndarray:
    """Threshold a coverage map so that the area of the mask is closest to that of the map.

    Cells of equal coverage are treated alike, and a map that is not empty gives at least one cell.

    Args:
        fraction: (rows, columns) coverage of each cell in [0, 1].

    Returns:
        (rows, columns) bool.
    """
    full = fraction > 1 - TINY
    partial = np.sort(fraction[(fraction > TINY) & ~full])[::-1]
    # The threshold may lie after each group of equal cells, or before all of them.
    ends = np.flatnonzero(np.diff(partial, append=-1) < -TINY) + 1
    counts = np.concatenate([[0], ends]) if full.any() else ends
    if not counts.size:
        return full
    best = counts[np.argmin(np.abs(counts - partial.sum()))]
    return full | (fraction >= partial[best - 1] - TINY) if best else full
