"""Run-length codes of masks: "start length start length ...", down the columns, counted from 1."""

import numpy as np

from seaice_tf.errors import InputError

DIGITS = "0123456789 "


def encode(mask: np.ndarray) -> str:
    """The code of a mask (rows, columns) bool; empty for an empty mask.

    >>> encode(np.array([[0, 1], [1, 1]], bool))
    '2 3'
    """
    starts, ends = runs_of(mask)
    pairs = np.stack([starts + 1, ends - starts], axis=1)
    return " ".join(map(str, pairs.ravel().tolist()))


def decode(text: str, shape: tuple[int, int], where: str = "mask") -> np.ndarray:
    """The mask of a code: (rows, columns) bool.

    Raises:
        InputError: as runs.
    """
    size = shape[0] * shape[1]
    starts, ends = runs(text, shape, where)
    edges = np.concatenate([[0], np.stack([starts, ends], axis=1).ravel(), [size]])
    inside = np.arange(edges.size - 1) % 2 == 1
    return np.repeat(inside, np.diff(edges)).reshape(shape[::-1]).T


def runs_of(mask: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Start and end (one past) of each run of a mask, down the columns from 0: (n,) each."""
    flat = np.concatenate([[False], np.asarray(mask, bool).ravel(order="F"), [False]])
    edges = np.flatnonzero(flat[1:] != flat[:-1])
    return edges[::2], edges[1::2]


def runs(text: str, shape: tuple[int, int], where: str = "mask") -> tuple[np.ndarray, np.ndarray]:
    """Start and end (one past) of each run of a code, down the columns from 0: (n,) int64 each.

    Args:
        text: the code; runs may touch.
        shape: (rows, columns) of the mask.
        where: what the code belongs to, for messages.

    Raises:
        InputError: anything but pairs of whole numbers from 1 up, runs that overlap or are out of
            order, or one past the end of the mask.
    """
    text = " ".join(text.split())
    if text.strip(DIGITS):  # something is left only if it is not made of these
        odd = next(word for word in text.split() if word.strip(DIGITS))
        raise _error(where, "whole numbers", repr(odd[:30]))
    # Numbers too large for an int64 come out as its largest, and are caught as past the end.
    numbers = np.fromstring(text, np.int64, sep=" ") if text else np.empty(0, np.int64)
    if numbers.size % 2:
        raise _error(where, "pairs of start and length", f"{numbers.size} numbers")
    starts, lengths = numbers[::2] - 1, numbers[1::2]
    if numbers.size and numbers.min() < 1:
        first = int(np.argmin(numbers.clip(max=1)))
        raise _error(where, "starts and lengths from 1 up", f"0 as number {first + 1}")
    size = shape[0] * shape[1]
    past = (starts >= size) | (lengths > size - starts)
    if past.any():
        pixels = f"runs within {shape[0]} x {shape[1]} = {size} pixels"
        raise _error(where, pixels, _pair(starts, lengths, int(past.argmax())))
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
