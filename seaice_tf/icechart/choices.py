"""Choices of the settings that networks implement, and their sizes, without TensorFlow."""

from typing import Literal

SicHeadName = Literal["regression", "classification", "ordinal"]
FILTERS = {4: (16, 32, 32, 32), 6: (16, *5 * (32,)), 8: (16, *7 * (32,))}  # by depth
WATER = "water"  # name of the head for open water, a logit


def alignment(levels: int) -> int:
    """Input pixels along a side of a pixel of the bottleneck, which tiles and padding align to."""
    return 2 ** (levels - 1)
