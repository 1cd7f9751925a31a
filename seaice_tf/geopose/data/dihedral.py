"""The eight flips and quarter turns of a square, what they do to flow angles, and the way back."""

from typing import NamedTuple

import numpy as np

from seaice_tf.geopose.data import circular


class Turn(NamedTuple):
    """First mirrored left to right or not, then turned counterclockwise by quarters."""

    quarters: int
    mirrored: bool


TURNS = tuple(Turn(quarters, mirrored) for mirrored in (False, True) for quarters in range(4))


def apply(image: np.ndarray, turn: Turn, axes: tuple[int, int] = (0, 1)) -> np.ndarray:
    """An image turned, as a view; `axes` are its rows and columns."""
    if turn.mirrored:
        image = np.flip(image, axes[1])
    return np.rot90(image, turn.quarters, axes)


def undo(image: np.ndarray, turn: Turn, axes: tuple[int, int] = (0, 1)) -> np.ndarray:
    """The image that was turned."""
    image = np.rot90(image, -turn.quarters, axes)
    return np.flip(image, axes[1]) if turn.mirrored else image


def apply_angle(angle, turn: Turn):
    """The flow angle of the image turned, in [0, 2 pi)."""
    return circular.wrapped((-angle if turn.mirrored else angle) + turn.quarters * np.pi / 2)


def undo_angle(angle, turn: Turn):
    """The flow angle of the image that was turned, in [0, 2 pi)."""
    straight = angle - turn.quarters * np.pi / 2
    return circular.wrapped(-straight if turn.mirrored else straight)
