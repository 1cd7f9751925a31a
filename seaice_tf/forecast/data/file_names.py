"""What the name of a file of sea-ice concentration says, in whatever format."""

import re
from dataclasses import dataclass

import numpy as np

from seaice_tf.grids.polar import NORTH, SOUTH, Grid


@dataclass(frozen=True)
class Name:
    """What a file of one month or one day is of."""

    date: np.datetime64  # datetime64[M] for a month, datetime64[D] for a day
    sensor: str = ""  # "f17"; empty where the name does not tell
    grid: Grid = NORTH

    @property
    def month(self) -> np.datetime64:
        return self.date.astype("datetime64[M]")

    @property
    def daily(self) -> bool:
        return self.date.dtype == np.dtype("datetime64[D]")

    @property
    def digits(self) -> str:
        """The date as YYYYMM or YYYYMMDD."""
        return str(self.date).replace("-", "")


def parse(pattern: str, name: str) -> Name | None:
    """The Name in a file's name; None for the name of anything else.

    Args:
        pattern: regular expression of the whole name; its group `date` is YYYYMM or YYYYMMDD,
            `pole` (north without it) begins with n or s in either case, `sensor` may be left out.
        name: of the file, without its folder.

    >>> parse(r"ice_(?P<pole>[ns])_(?P<date>\\d{8})", "ice_s_20080229").grid.name
    'south'
    """
    match = re.fullmatch(pattern, name)
    if not match:
        return None
    found = match.groupdict()
    parts = re.fullmatch(r"(\d{4})(\d\d)(\d\d)?", found["date"])
    try:
        date = np.datetime64("-".join(filter(None, parts.groups())))  # type: ignore[union-attr]
    except ValueError:  # a thirteenth month, a thirtieth of February
        return None
    grid = SOUTH if found.get("pole", "n").lower().startswith("s") else NORTH
    return Name(date, found.get("sensor", ""), grid)
