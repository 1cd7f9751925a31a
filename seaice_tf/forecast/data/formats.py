"""What a format of sea-ice concentration files is made of: products, names, fields and problems."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np

from seaice_tf.grids.polar import GRIDS, NORTH, SOUTH, Grid

# What `allow` overrides. coordinates: axes and projection of a file; time: its date; sensor: its
# satellite; land: a land mask unlike the others; climate: a month or day unlike the record.
Check = Literal["coordinates", "time", "sensor", "land", "climate"]
CHECKS: tuple[str, ...] = get_args(Check)


@dataclass(frozen=True)
class Problem:
    """A contradiction in the data.

    Attributes:
        text: *where: expected ..., got ...; what to do*.
        check: what overrides it as `allow`; empty if nothing does.
        fatal: True if a forecast from these data would be wrong, False if it might be.
    """

    text: str
    check: Check | Literal[""] = ""
    fatal: bool = True

    def __str__(self) -> str:
        way_out = f", or --allow {self.check}" if self.check and self.fatal else ""
        return self.text + way_out


@dataclass(frozen=True)
class Field:
    """One map of a file.

    Attributes:
        counts: (rows, columns) uint8; above 250 a flag, see `counts`.
        synthetic: the file says of itself that it was not observed.
        problems: what in the file contradicts its name or its grid.
    """

    counts: np.ndarray
    synthetic: bool = False
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True)
class Product:
    """A published data set.

    Attributes:
        title: name and version.
        algorithm: products of one algorithm may be joined to one record.
        citation: reference for whatever is made of it.
        rank: of two products of a month, that of the higher rank is taken.
        empty: code of a grid -> months that the product has no data for.
    """

    title: str
    algorithm: str
    citation: str
    rank: int
    empty: tuple[tuple[str, str], ...] = ()

    def empty_months(self, grid: Grid) -> tuple[np.datetime64, ...]:
        """The months without data on `grid`."""
        return tuple(np.datetime64(month, "M") for code, month in self.empty if code == grid.code)


@dataclass(frozen=True)
class Name:
    """What a file holds.

    Attributes:
        date: datetime64[M] for a month, datetime64[D] for a day; the first of several.
        sensor: code of the satellite in lower case; empty where the name does not give it.
        grid: of the fields.
        last: the last date of a file of several; None for a file of one.
    """

    date: np.datetime64
    sensor: str = ""
    grid: Grid = NORTH
    last: np.datetime64 | None = None

    @property
    def month(self) -> np.datetime64:
        return self.date.astype("datetime64[M]")

    @property
    def daily(self) -> bool:
        return self.date.dtype == np.dtype("datetime64[D]")

    @property
    def digits(self) -> str:
        """The first date as YYYYMM or YYYYMMDD."""
        return str(self.date).replace("-", "")


@dataclass(frozen=True)
class Format:
    """How files of one product are recognised and read.

    Attributes:
        product: the data set.
        parse_name: a file's name -> Name; None for any other name.
        identify: (dataset, or the content of a file that is no netCDF) -> Name; None if it is
            another format's or gives no date.
        read: (path, name, positions along time) -> Fields; InputError if the file is damaged.
        dates: (path, name) -> (n,) dates of a file of several.
    """

    product: Product
    parse_name: Callable[[str], Name | None]
    identify: Callable[[Any], Name | None]
    read: Callable[[Path, Name, Sequence[int]], list[Field]]
    dates: Callable[[Path, Name], np.ndarray] = lambda path, name: np.array([name.date])

    @property
    def title(self) -> str:
        return self.product.title

    def read_file(self, path: Path, name: Name) -> Field:
        """The one field of a file, or the first of several."""
        return self.read(path, name, (0,))[0]


def parse_name(pattern: str, name: str, grids: tuple[Grid, Grid] = (NORTH, SOUTH)) -> Name | None:
    """The Name in a file's name; None for the name of anything else.

    Args:
        pattern: regular expression of the whole name in lower case without ".gz"; its group `date`
            is YYYYMM or YYYYMMDD, `last` the same, `pole` (north without it) begins with n or s,
            `cell` is the side of the cells in km (25 without it), `sensor` may be absent.
        name: of the file in any case, without its folder.
        grids: of the north and of the south.

    >>> parse_name(r"ice_(?P<pole>[ns])_(?P<date>\\d{8})", "ice_s_20080229").grid.name
    'south'
    """
    match = re.fullmatch(pattern, name.lower().removesuffix(".gz"))
    if not match:
        return None
    found = match.groupdict()
    date, last = parse_date(found["date"]), parse_date(found.get("last") or "")
    if date is None or (found.get("last") and (last is None or last < date)):
        return None
    south = (found.get("pole") or "n").startswith("s")
    grid = GRIDS[f"ps{'ns'[south]}{found['cell']}"] if found.get("cell") else grids[south]
    return Name(date, (found.get("sensor") or "").lower(), grid, last)


def parse_date(digits: str) -> np.datetime64 | None:
    """The month or day written YYYY, YYYYMM or YYYYMMDD; a year is its first month.

    >>> str(parse_date("20080229")), parse_date("20080230")
    ('2008-02-29', None)
    """
    parts = re.fullmatch(r"(\d{4})(\d\d)?(\d\d)?", digits)
    if not parts:
        return None
    try:
        date = np.datetime64("-".join(filter(None, parts.groups())))
    except ValueError:  # a thirteenth month, a thirtieth of February
        return None
    return date.astype("datetime64[M]") if len(digits) == 4 else date


def plain_name(path: Path) -> str:
    """A file's name in lower case without ".gz", as patterns expect it."""
    return path.name.lower().removesuffix(".gz")
