"""What is wrong with a folder of sea-ice files of whatever kind, all of it at once."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from seaice_tf.errors import InputError
from seaice_tf.forecast.data import archive
from seaice_tf.forecast.data.formats import Field
from seaice_tf.grids import counts
from seaice_tf.grids.counts import COAST, LAND, MISSING, POLE_HOLE, UNUSED


@dataclass(frozen=True)
class Findings:
    """The months that could be read, one grid each, and the troubles found on the way."""

    months: np.ndarray  # (n,) datetime64[M]
    grids: np.ndarray  # (n, rows, columns) uint8
    troubles: tuple[str, ...]
    synthetic: bool
    kind: str
    days: np.ndarray | None = None  # (n,) with data in each month; None for monthly files

    outage: Mapping[np.datetime64, int] = field(default_factory=dict)  # month without enough: days

    def unobserved(self) -> dict[np.datetime64, int]:
        """The months of the sensor's outage that the record spans and lacks, and their days."""
        first, last = self.months[0], self.months[-1]
        inside = [m for m in archive.OUTAGE if first < m < last and m not in self.months]
        return {month: self.outage.get(month, 0) for month in inside}

    @property
    def source(self) -> str:
        """What the data are, for titles and tables."""
        return archive.title(self.kind, self.synthetic, self.months[0], self.months[-1])

    def hole_sizes(self) -> list[tuple[np.datetime64, int]]:
        """The size of the pole hole in cells, and the first month of each size in turn."""
        sizes = (self.grids == POLE_HOLE).sum(axis=(1, 2))
        changes = np.flatnonzero(np.diff(sizes, prepend=-1))
        return [(self.months[i], int(sizes[i])) for i in changes]


def examine(folder: Path, minimum_days: int = archive.MINIMUM_DAYS) -> Findings:
    """Read everything readable in `folder`; `minimum_days` as of `archive.read_archive`.

    Raises:
        InputError: there is no sea-ice file, files of several kinds, or none that can be read.
    """
    files = archive.find(folder)
    troubles = [
        f"{date} is given twice: {', '.join(path.name for path in paths)}"
        for date, paths in files.twice().items()
    ]
    months: list[np.datetime64] = []
    grids: list[np.ndarray] = []
    number: list[int] = []
    outage: dict[np.datetime64, int] = {}
    synthetic = False
    for month, paths in files.by_month().items():
        fields: dict[np.datetime64, Field] = {}
        for path in paths:
            try:
                read = files.read(path)
            except InputError as error:
                troubles.append(str(error))
                continue
            fields.setdefault(files.names[path].date, read)
            if month not in archive.OUTAGE or not counts.flagged(read.counts).all():
                troubles += _values(path.name, read.counts, daily=files.daily)
        if not fields:
            continue
        grid, days = archive.monthly_mean(list(fields.values()))
        synthetic |= any(each.synthetic for each in fields.values())
        few = files.daily and days < (needed := archive.days_needed(month, minimum_days))
        if month in archive.OUTAGE and (few or not days):
            outage[month] = days
            continue
        if not days:
            troubles.append(f"{month} has files without data; it counts as missing")
            continue
        months.append(month)
        grids.append(grid)
        number.append(days)
        if few:
            troubles.append(f"{month} has {days} days with data, fewer than {needed}")
    if not months:
        why = troubles[0] if troubles else f"too few days in {', '.join(map(str, outage))}"
        raise InputError(f"{folder}: expected at least one readable file; {why}")
    gaps = archive.gaps(list(files.by_month()))
    troubles += [f"{month} is missing; every month is needed for a history" for month in gaps]
    stack = np.stack(grids)
    troubles += _changing_masks(months, stack)
    days_read = np.array(number) if files.daily else None
    found = np.array(months), stack, tuple(troubles), synthetic, files.kind, days_read
    return Findings(*found, outage)


def _values(name: str, grid: np.ndarray, daily: bool) -> list[str]:
    """What is odd about a file; swaths that a day misses are not, the other days fill them."""
    troubles = []
    if unused := int((grid == UNUSED).sum()):
        troubles.append(f"{name}: {unused} cells hold {UNUSED}, a value that does not exist")
    if not daily and (missing := int((grid == MISSING).sum())):
        troubles.append(f"{name}: {missing} cells are missing ({MISSING})")
    return troubles


def _changing_masks(months: list, grids: np.ndarray) -> list[str]:
    troubles = []
    for label, flag in (("land", LAND), ("coast", COAST)):
        masks = grids == flag
        changed = np.flatnonzero((masks != masks[-1]).any(axis=(1, 2)))
        if changed.size:
            troubles.append(
                f"the {label} of {changed.size} months differs from that of {months[-1]}, first in "
                f"{months[changed[0]]}; check that all files are of one version and hemisphere"
            )
    return troubles
