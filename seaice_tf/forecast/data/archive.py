"""A folder of sea-ice concentration files of one kind as one record of consecutive months."""

from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from seaice_tf.errors import InputError
from seaice_tf.forecast.data import dacon, g02202, nsidc0051, nsidc0051_netcdf
from seaice_tf.forecast.data.formats import Field, Format, Name
from seaice_tf.grids import counts
from seaice_tf.grids.polar import NORTH, Grid

FORMATS = (
    nsidc0051.FORMAT,
    nsidc0051_netcdf.FORMAT,
    dacon.FORMAT,
    g02202.FORMAT,
)
MINIMUM_DAYS = 20  # of a month; that of G02202, which asks half as many of SMMR
EVERY_DAY = np.datetime64("1987-08")  # SMMR, before, was on every other day
OUTAGE = (np.datetime64("1987-12"), np.datetime64("1988-01"))  # F08 was off, from 3rd to 12th

Months = dict[np.datetime64, tuple[np.ndarray, int]]  # counts, and the number of days with data


@dataclass(frozen=True)
class Archive:
    """Consecutive months of raw counts."""

    counts: np.ndarray  # (months, rows, columns) uint8; above 250 a flag, see transforms.counts
    first: np.datetime64  # month of counts[0]
    files: tuple[Path, ...]
    synthetic: bool
    kind: str = nsidc0051.FORMAT.title
    grid: Grid = NORTH
    days: np.ndarray | None = None  # (months,) days with data in each mean; None for monthly files
    citation: str = ""  # what a product made of it refers to; nothing if synthetic

    @property
    def last(self) -> np.datetime64:
        return self.first + len(self.counts) - 1

    @property
    def source(self) -> str:
        """What the data are, for titles and tables."""
        return title(self.kind, self.synthetic, self.first, self.last)

    def index(self, month) -> int:
        """Position of `month` in `counts`; InputError outside the archive."""
        position = int((month - self.first).astype(int))
        if not 0 <= position < len(self.counts):
            folder = self.files[0].parent
            raise InputError(
                f"{folder}: expected data for {month}, got {self.first} to {self.last}; "
                "add the file or choose another period"
            )
        return position

    def until(self, month) -> np.ndarray:
        """All months up to and including `month`: (months, rows, columns)."""
        return self.counts[: self.index(month) + 1]


@dataclass(frozen=True)
class Files:
    """The files of a folder, all of one format, hemisphere, and period of a month or a day."""

    folder: Path
    format: Format
    names: dict[Path, Name]  # in order of time

    @property
    def kind(self) -> str:
        """Product, period and hemisphere, the usual ones left out."""
        return _kind(self.format, next(iter(self.names.values())))

    @property
    def grid(self) -> Grid:
        return next(iter(self.names.values())).grid

    @property
    def daily(self) -> bool:
        return next(iter(self.names.values())).daily

    def read(self, path: Path) -> Field:
        return self.format.read_file(path, self.names[path])

    def by_month(self) -> dict[np.datetime64, list[Path]]:
        found = defaultdict(list)
        for path, name in self.names.items():
            found[name.month].append(path)
        return dict(found)

    def twice(self) -> dict[np.datetime64, list[Path]]:
        """The dates of more than one file: an overlap of sensors, or a copy."""
        found = defaultdict(list)
        for path, name in self.names.items():
            found[name.date].append(path)
        return {date: paths for date, paths in found.items() if len(paths) > 1}


def find(folder: Path) -> Files:
    """The sea-ice files of a folder.

    Raises:
        InputError: no such folder, no such file in it, or files of several kinds.
    """
    if not folder.is_dir():
        raise InputError(f"{folder}: expected a folder of {known_names()}, got none")
    kinds: dict[str, tuple[Format, dict[Path, Name]]] = {}
    others = 0
    for path in sorted(folder.iterdir()):
        matches = [(form, name) for form in FORMATS if (name := form.parse_name(path.name))]
        others += not matches
        for form, name in matches:
            kinds.setdefault(_kind(form, name), (form, {}))[1][path] = name
    if not kinds:
        raise InputError(f"{folder}: expected files {known_names()}, got {others} other files")
    if len(kinds) > 1:
        got = " and ".join(f"{len(names)} of {kind}" for kind, (_, names) in kinds.items())
        raise InputError(
            f"{folder}: expected files of one kind, got {got}; move all but one kind away"
        )
    form, names = next(iter(kinds.values()))
    return Files(folder, form, dict(sorted(names.items(), key=lambda item: item[1].date)))


def read_archive(folder: Path, minimum_days: int = MINIMUM_DAYS) -> Archive:
    """All files of a folder as one archive without gaps; days are averaged to months.

    A file without a single observed cell counts as missing. So does a month of OUTAGE with too few
    days; inside a record these two are kept, with their land and all other cells missing.

    Args:
        folder: files of one kind, see FORMATS.
        minimum_days: days with data that a month of daily files must have; half before 1987-08.

    Raises:
        InputError: a gap, a date given twice, too few days, several kinds, or a damaged file.
    """
    files = find(folder)
    for date, paths in files.twice().items():
        names = " and ".join(path.name for path in paths)
        raise InputError(
            f"{folder}: expected one file for {date}, got {names}; move one of them away"
        )
    by_month = files.by_month()
    _refuse_gaps(folder, list(by_month), [])
    months: Months = {}
    synthetic = False
    for month, paths in by_month.items():
        fields = [files.read(path) for path in paths]
        synthetic |= any(field.synthetic for field in fields)
        if (mean := monthly_mean(fields))[1]:
            months[month] = mean
    if files.daily:
        months = _with_enough_days(folder, months, minimum_days)
    _refuse_gaps(folder, list(months), list(by_month))
    first, last = next(iter(months)), next(reversed(months))
    for month in OUTAGE:
        if first < month < last:
            months.setdefault(month, (counts.unobserved(months[month - 1][0]), 0))
    in_order = [months[month] for month in sorted(months)]
    return Archive(
        np.stack([grid for grid, _ in in_order]),
        first,
        tuple(files.names),
        synthetic,
        files.kind,
        files.grid,
        np.array([number for _, number in in_order]) if files.daily else None,
        "" if synthetic else files.format.citation,
    )


def _with_enough_days(folder: Path, months: Months, minimum_days: int) -> Months:
    """Without those of OUTAGE inside that have too few days; InputError for any other."""
    enough = {}
    for month, (grid, number) in months.items():
        if number >= (needed := days_needed(month, minimum_days)):
            enough[month] = grid, number
        elif month not in OUTAGE or month in (min(months), max(months)):
            raise InputError(
                f"{folder}: expected at least {needed} days with data in {month}, got "
                f"{number}; add the files, move those of the month away, or lower minimum_days"
            )
    return enough


def monthly_mean(fields: list[Field]) -> tuple[np.ndarray, int]:
    """The counts of a month from its days, or from its one file, and the number with data."""
    stack = np.stack([field.counts for field in fields])
    number = int((~counts.flagged(stack)).any(axis=(1, 2)).sum())
    return counts.month_of_days(stack), number


def days_needed(month: np.datetime64, minimum_days: int = MINIMUM_DAYS) -> int:
    """`minimum_days`, or half of it while the sensor was on every other day."""
    return minimum_days if month >= EVERY_DAY else -(-minimum_days // 2)


def gaps(months: list[np.datetime64]) -> list[np.datetime64]:
    """The months between the first and the last that are not in the list, nor in OUTAGE."""
    every = np.arange(months[0], months[-1] + 1, dtype="datetime64[M]")
    return sorted(set(every) - set(months) - set(OUTAGE))


def title(kind: str, synthetic: bool, first: np.datetime64, last: np.datetime64) -> str:
    """What a record is, for titles and tables."""
    return f"{'synthetic, not observed' if synthetic else kind}, {first} to {last}"


def known_names() -> str:
    return " or ".join(form.names for form in FORMATS)


def _kind(form: Format, name: Name) -> str:
    period = " daily" if name.daily else ""
    return form.title + period + ("" if name.grid is NORTH else f" {name.grid.name}")


def _refuse_gaps(folder: Path, months: list[np.datetime64], named: list[np.datetime64]) -> None:
    """InputError for a gap, and for no month at all; those `named` have files without data."""
    if not months:
        raise InputError(
            f"{folder}: expected observed cells, got none in any of {len(named)} months"
        )
    if missing := gaps(months):
        empty = set(missing) & set(named)
        shown = [
            f"{month} (files without data)" if month in empty else str(month) for month in missing
        ]
        raise InputError(
            f"{folder}: expected every month from {months[0]} to {months[-1]}, got none for "
            f"{', '.join(shown[:6])}{' ...' if len(missing) > 6 else ''}; "
            "add the files or move away those before the gap"
        )
