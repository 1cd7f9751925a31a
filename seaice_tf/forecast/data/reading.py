"""Reads the files of a folder month by month, and finds all that is wrong with them on the way."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from seaice_tf import progress
from seaice_tf.errors import InputError
from seaice_tf.forecast.data import consistency, counts, inventory, joined, months
from seaice_tf.forecast.data.counts import MISSING, UNUSED
from seaice_tf.forecast.data.formats import Field, Problem, Product
from seaice_tf.forecast.data.inventory import Entry, Inventory, LeftOut, Source
from seaice_tf.forecast.data.joined import Part, Seam
from seaice_tf.grids.polar import COARSER, Grid

MINIMUM_DAYS = 20  # of a month; that of G02202, which asks half as many of SMMR
EVERY_DAY = np.datetime64("1987-08")  # SMMR, before, was on every other day
OUTAGE = (np.datetime64("1987-12"), np.datetime64("1988-01"))  # F08 was off, from 3rd to 12th


@dataclass(frozen=True)
class Record:
    """Everything readable in a folder, with its problems.

    Attributes:
        months: (n,) datetime64[M]; consecutive if there are no problems.
        grids: (n, rows, columns) uint8 counts.
        days: (n,) days with data in each, 0 for monthly files.
        grid: of the counts.
        kind, algorithm: of the products.
        parts, seams: what gives which months.
        files: that were read.
        synthetic: a file says of itself that it was not observed.
        problems: what contradicts itself or is missing.
        notes: what was decided on the way.
        left_out: files that were not read.
        unobserved: months kept without data, and how many days they have.
    """

    months: np.ndarray
    grids: np.ndarray
    days: np.ndarray
    grid: Grid
    kind: str
    algorithm: str
    parts: tuple[Part, ...]
    seams: tuple[Seam, ...]
    files: tuple[Path, ...]
    synthetic: bool
    problems: tuple[Problem, ...]
    notes: tuple[str, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    unobserved: dict[np.datetime64, int] = field(default_factory=dict)


@dataclass
class _Month:
    """The mean of a month and where it comes from."""

    counts: np.ndarray
    days: int  # with data; of a monthly file 1
    source: Source

    def enough(self, month: np.datetime64, minimum_days: int) -> bool:
        """Whether it is a month of the record."""
        return self.days >= (days_needed(month, minimum_days) if self.source.daily else 1)


def read(folder: Path, minimum_days: int = MINIMUM_DAYS, average_to_25km: bool = False) -> Record:
    """Read everything readable in a folder.

    Raises:
        InputError: no folder, no sea-ice file, files of several algorithms or grids, or none that
            can be read.
    """
    files = inventory.find(folder, average_to_25km)
    problems = list(files.problems)
    by_month = files.by_month()
    reader = _Reader(files, problems)
    found: dict[np.datetime64, _Month | None] = {}
    for month in progress.track(by_month, "reading months"):
        found[month] = reader.month(month, by_month[month], minimum_days)
    read_months = {month: each for month, each in found.items() if each}
    notes: list[str] = []
    enough = _complete(folder, read_months, minimum_days, files, problems, notes)
    if not enough:
        text = f"{folder}: expected observed cells, got none in any of {len(by_month)} months"
        raise InputError(str(problems[0]) if problems else text)
    unobserved = _unobserved(files, enough, read_months)
    damaged = [month for month in by_month if not found[month]]
    problems += _gaps(folder, enough, unobserved, read_months, damaged)
    problems += reader.values()
    every = sorted({*enough, *unobserved})
    grids = np.empty((len(every), *files.grid.shape), np.uint8)
    for i, month in enumerate(every):
        if month in enough:
            grids[i] = enough[month].counts
        else:  # the land of the month before, which is there
            grids[i] = counts.unobserved(grids[i - 1])
    _land_from_record(folder, grids, notes)
    problems += consistency.month_problems(str(folder), np.array(every), grids)
    chosen = {m: (enough[m].source.product, enough[m].source.daily) for m in sorted(enough)}
    parts = joined.parts(chosen)
    seams = reader.seams(parts, by_month, enough)
    return Record(
        np.array(every),
        grids,
        np.array([enough[m].days if m in enough and enough[m].source.daily else 0 for m in every]),
        files.grid,
        joined.kind(parts, files.grid),
        files.entries[0].format.product.algorithm,
        parts,
        seams,
        tuple(entry.path for entry in files.entries),
        reader.synthetic,
        tuple(problems),
        (*notes, *map(str, seams)),
        files.left_out,
        unobserved,
    )


class _Reader:
    """Reads the months of an inventory one after the other; gathers problems."""

    def __init__(self, files: Inventory, problems: list[Problem]):
        self.files, self.problems = files, problems
        self.synthetic = False
        self.said: set[str] = set()
        self.unused: list[str] = []
        self.missing: list[tuple[str, int]] = []

    def month(
        self, month: np.datetime64, sources: Sequence[Source], minimum_days: int
    ) -> _Month | None:
        """The first source with enough data, or else the one with the most; None if none reads."""
        best = None
        for source in sources:
            if (mean := self.mean(month, source)) is None:
                continue
            if mean.enough(month, minimum_days):
                return mean
            best = mean if best is None or mean.days > best.days else best
        return best

    def mean(self, month: np.datetime64, source: Source) -> _Month | None:
        """The mean of a month from one source; None if none of its files can be read."""
        fields: list[Field] = []
        days: list[np.datetime64] = []
        names: list[str] = []
        for entry, positions in source.items:
            for position, each in zip(positions, self.fields(entry, positions)):
                fields.append(each)
                days.append(entry.dates[position])
                names.append(entry.path.name)
        if not fields:
            return None
        stack = np.stack([each.counts for each in fields])
        for name, grid in zip(names, stack):
            self._look_at(name, grid, source.daily)
        if source.daily:
            where = str(self.files.folder)
            self.problems += consistency.day_problems(where, np.array(days), stack, names)
        number = int((~counts.flagged(stack)).any(axis=(1, 2)).sum())
        return _Month(counts.month_of_days(stack), number, source)

    def fields(self, entry: Entry, positions: Sequence[int]) -> list[Field]:
        """The fields of one file, averaged to 25 km where they are finer; none if it is damaged."""
        try:
            fields = entry.format.read(entry.path, entry.name, positions)
        except (InputError, OSError) as error:
            self._add(Problem(_reason(entry.path, error)))
            return []
        for each in fields:
            self.synthetic |= each.synthetic
            for problem in each.problems:
                self._add(problem)
        if entry.name.grid.code in COARSER:
            return [Field(counts.block_mean(each.counts), each.synthetic) for each in fields]
        return fields

    def _add(self, problem: Problem) -> None:
        if problem.text not in self.said:
            self.said.add(problem.text)
            self.problems.append(problem)

    def _look_at(self, name: str, grid: np.ndarray, daily: bool) -> None:
        """Values that should not be; a day's missing swaths are filled by the other days."""
        if (grid == UNUSED).any():
            self.unused.append(f"{(grid == UNUSED).sum()} cells of {name}")
        missing = int((grid == MISSING).sum())
        if not daily and missing and not counts.flagged(grid).all():
            self.missing.append((name, missing))

    def values(self) -> list[Problem]:
        """The files with missing cells or with values that do not exist, one problem each kind."""
        found = []
        if self.unused:
            found.append(
                Problem(
                    f"{self.files.folder}: expected no {UNUSED}, a value that does not exist, got "
                    f"{_some(self.unused)}; they count as missing",
                    fatal=False,
                )
            )
        if self.missing:
            cells = [f"{number} cells of {name}" for name, number in self.missing]
            found.append(
                Problem(
                    f"{self.files.folder}: expected every cell of a monthly file, got "
                    f"{_some(cells)} missing ({MISSING}); they count as in the year before",
                    fatal=False,
                )
            )
        return found

    def seams(
        self,
        parts: tuple[Part, ...],
        by_month: dict[np.datetime64, list[Source]],
        enough: dict[np.datetime64, _Month],
    ) -> tuple[Seam, ...]:
        """Each change of product with the difference over the nearest months that both give."""
        found = []
        for before, after in itertools.pairwise(parts):
            seam = Seam(after.first, before.name, after.name)
            pairs: list[tuple[float, float]] = []
            for month in sorted(by_month, key=lambda m: abs(m - after.first)):
                if len(pairs) == joined.OVERLAP:
                    break
                both = [self._of_part(month, part, by_month, enough) for part in (before, after)]
                if both[0] is not None and both[1] is not None:
                    pairs.append(joined.difference(both[0], both[1], self.files.grid))
            if pairs:
                concentration, extent = np.mean(pairs, axis=0)
                seam = Seam(
                    *(after.first, before.name, after.name, len(pairs)),
                    *(float(concentration), float(extent)),
                )
            found.append(seam)
        return tuple(found)

    def _of_part(
        self,
        month: np.datetime64,
        part: Part,
        by_month: dict[np.datetime64, list[Source]],
        enough: dict[np.datetime64, _Month],
    ) -> np.ndarray | None:
        """The mean of a month as a part's product gives it; None if it does not."""
        sources = [s for s in by_month[month] if (s.product, s.daily) == (part.product, part.daily)]
        if len(by_month[month]) < 2 or not sources:
            return None
        if month in enough and enough[month].source is sources[0]:
            return enough[month].counts
        mean = self.mean(month, sources[0])
        return mean.counts if mean and mean.enough(month, MINIMUM_DAYS) else None


def _complete(
    folder: Path,
    found: dict[np.datetime64, _Month],
    minimum_days: int,
    files: Inventory,
    problems: list[Problem],
    notes: list[str],
) -> dict[np.datetime64, _Month]:
    """The months with enough data; parts of months at either end are left out."""
    every = sorted(found)
    enough = {m: found[m] for m in every if found[m].enough(m, minimum_days)}
    kept_empty = {*OUTAGE, *_known_empty(files)}
    for month in every:
        mean = found[month]
        if month in enough or not mean.source.daily or not mean.days:
            continue
        needed = days_needed(month, minimum_days)
        inside = enough and min(enough) < month < max(enough)
        if inside and month in kept_empty:
            continue
        if enough and month in (every[0], every[-1]):
            notes.append(
                f"{month} is left out: it has {mean.days} days with data, fewer than {needed}"
            )
            continue
        problems.append(
            Problem(
                f"{folder}: expected at least {needed} days with data in {month}, got "
                f"{mean.days}; add the files, move those of the month away, or lower minimum_days"
            )
        )
    return enough


def _known_empty(files: Inventory) -> set[np.datetime64]:
    """The months that the products of an inventory have no data for."""
    products: set[Product] = {entry.format.product for entry in files.entries}
    return {month for each in products for month in each.empty_months(files.grid)}


def _unobserved(
    files: Inventory,
    enough: dict[np.datetime64, _Month],
    found: dict[np.datetime64, _Month],
) -> dict[np.datetime64, int]:
    """Months inside the record without an observation, and how many days they have."""
    first, last = min(enough), max(enough)
    inside = [m for m in {*OUTAGE, *_known_empty(files)} if first < m < last and m not in enough]
    return {m: found[m].days if m in found else 0 for m in sorted(inside)}


def _gaps(
    folder: Path,
    enough: dict[np.datetime64, _Month],
    unobserved: dict[np.datetime64, int],
    found: dict[np.datetime64, _Month],
    damaged: list[np.datetime64],
) -> list[Problem]:
    """The months that are missing between the first and the last; not those of other problems."""
    first, last = min(enough), max(enough)
    few = {month for month, mean in found.items() if mean.source.daily and mean.days}
    missing = set(months.span(first, last)) - {*enough, *unobserved, *few, *damaged}
    if not missing:
        return []
    empty = sorted(missing & set(found))
    absent = sorted(missing - set(found))
    texts = [months.ranges(absent)] if absent else []
    texts += [f"{months.ranges(empty)} (files without data)"] if empty else []
    return [
        Problem(
            f"{folder}: expected every month from {first} to {last}, got none for "
            f"{' and '.join(texts)}; add the files or move away those before the gap"
        )
    ]


def _land_from_record(folder: Path, grids: np.ndarray, notes: list[str]) -> None:
    """Make land of the cells that no month observes, in files that do not tell land."""
    if counts.land(grids).any():
        return
    never = counts.flagged(grids).all(axis=0)
    if never.any():
        grids[:, never] = counts.LAND
        notes.append(f"{folder}: no file tells land; {never.sum()} cells never observed are taken")


def days_needed(month: np.datetime64, minimum_days: int = MINIMUM_DAYS) -> int:
    """`minimum_days`, or half of it while the sensor was on every other day."""
    return minimum_days if month >= EVERY_DAY else -(-minimum_days // 2)


def _reason(path: Path, error: Exception) -> str:
    """The text of an error; of an HTML page in place of the file, that."""
    try:
        with path.open("rb") as file:
            start = file.read(64).lstrip().lower()
    except OSError:
        start = b""
    if start.startswith((b"<!doctype", b"<html")):
        return (
            f"{path}: expected sea-ice concentration, got an HTML page, as a server sends when a "
            f"login has ended; download the file again"
        )
    return str(error)


def _some(items: Sequence[str], most: int = 3) -> str:
    more = f" and of {len(items) - most} more files" if len(items) > most else ""
    return ", ".join(items[:most]) + more
