"""What a format of sea-ice concentration files is made of: its names and its reader."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

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


def parse_name(pattern: str, name: str) -> Name | None:
    """The Name in a file's name; None for the name of anything else.

    Args:
        pattern: regular expression of the whole name; its group `date` is YYYYMM or YYYYMMDD,
            `pole` (north without it) begins with n or s in either case, `sensor` may be left out.
        name: of the file, without its folder.

    >>> parse_name(r"ice_(?P<pole>[ns])_(?P<date>\\d{8})", "ice_s_20080229").grid.name
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


@dataclass(frozen=True)
class Field:
    """The raw counts of one file."""

    counts: np.ndarray  # (rows, columns) uint8; above 250 a flag, see transforms.counts
    synthetic: bool = False  # the file says of itself that it was not observed


@dataclass(frozen=True)
class Format:
    """How files of one product are told by their names, and read.

    Attributes:
        title: the product and its version.
        names: how its files are called, for messages.
        citation: what a product made of them refers to.
        parse_name: what a file's name says; None for the name of anything else.
        read_file: the file of that name as counts; InputError if it is damaged.
    """

    title: str
    names: str
    citation: str
    parse_name: Callable[[str], Name | None]
    read_file: Callable[[Path, Name], Field]
