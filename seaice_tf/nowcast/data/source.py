"""A file of frames as its reader gives it, before times and units are brought into line."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

WAY_OUT = "give a file with the frames of one place and their times"
COUNTS = "1"  # the unit of counts


@dataclass(frozen=True)
class Grid:
    """Coordinates of the pixels of an image.

    Attributes:
        x, y: (W,) and (H,), as in the file.
        units: of both.
        mapping: attributes of the CF grid mapping, empty if unknown.
    """

    x: np.ndarray
    y: np.ndarray
    units: str = "m"
    mapping: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Source:
    """Frames of a file.

    Attributes:
        path: of the file.
        data: anything of shape (T, H, W) and a dtype that can be sliced along three axes at once.
        time: (T,) datetime64[s].
        unit: of the values; "1" for counts.
        channel: name, empty if unknown.
        osgb: (2, H, W) eastings and northings in metres, None if unknown.
        grid: coordinates of the pixels, None if unknown.
        synthetic: whether the frames are synthetic.
        reflectance: whether the file says that the values are reflectances, in any unit.
        integers: whether the values are integers, though unknown ones are NaN.
    """

    path: Path
    data: Any
    time: np.ndarray
    unit: str = COUNTS
    channel: str = ""
    osgb: np.ndarray | None = None
    grid: Grid | None = None
    synthetic: bool = False
    reflectance: bool = False
    integers: bool = False
