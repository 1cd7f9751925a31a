"""The files of a folder: which are read, and which are left out and why."""

import os
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from seaice_tf.errors import InputError
from seaice_tf.files import compressed, data_folder, netcdf
from seaice_tf.forecast.data import dacon, formats, g02202, nsidc0051, nsidc0051_netcdf, osisaf
from seaice_tf.forecast.data.formats import Format, Name, Problem, Product
from seaice_tf.grids.polar import COARSER, NORTH, SOUTH, Grid

FORMATS: tuple[Format, ...] = (
    *nsidc0051.FORMATS,
    *nsidc0051_netcdf.FORMATS,
    *dacon.FORMATS,
    *g02202.FORMATS,
    *osisaf.FORMATS,
)
# Endings of files that no producer stores concentrations in.
NOT_DATA = {
    *(".txt", ".md", ".pdf", ".html", ".htm", ".xml", ".json", ".csv", ".log", ".sha256", ".md5"),
    *(".png", ".jpg", ".gif", ".py", ".sh", ".cdl", ".mnf", ".yml", ".yaml", ".ipynb", ".lock"),
}
UNFINISHED = {".part", ".partial", ".tmp", ".crdownload", ".download"}
NETCDF = (b"\x89HDF", b"CDF\x01", b"CDF\x02", b"CDF\x05")
SHOWN = 3  # names in a message
PRODUCTS = "NSIDC-0051, -0081 or -0803, G02202, G10016, OSI-450-a, OSI-430-a or Dacon 235706"


@dataclass(frozen=True)
class Entry:
    """A file that is read: its format, what it holds, and the date of each time in it."""

    path: Path
    format: Format
    name: Name
    dates: np.ndarray

    @property
    def grid(self) -> Grid:
        """The grid that its fields end on, of 25 km."""
        return COARSER.get(self.name.grid.code, self.name.grid)

    @property
    def kind(self) -> str:
        """Product, period and hemisphere, the usual ones left out."""
        return kind(self.format.product, self.name.daily, self.grid)


@dataclass(frozen=True)
class LeftOut:
    """A file that is not read. It is suspicious if it may hold data that belong to the record."""

    path: Path
    reason: str
    suspicious: bool = True


@dataclass(frozen=True)
class Source:
    """What gives one month: files of one product and period, with the positions in each."""

    product: Product
    daily: bool
    items: tuple[tuple[Entry, tuple[int, ...]], ...]


@dataclass(frozen=True)
class Inventory:
    """The files of a folder, of one algorithm and on one grid.

    Attributes:
        folder: that was searched, with the folders in it.
        entries: files that are read, in order of time.
        left_out: all others.
        problems: dates that two different files give.
    """

    folder: Path
    entries: tuple[Entry, ...]
    left_out: tuple[LeftOut, ...] = ()
    problems: tuple[Problem, ...] = field(default=())

    @property
    def grid(self) -> Grid:
        return self.entries[0].grid

    def by_month(self) -> dict[np.datetime64, list[Source]]:
        """The sources of each month in order of time, the preferred one first."""
        found: dict = defaultdict(lambda: defaultdict(list))
        taken: set = set()
        # Files of one time go before aggregates, and of those the one that ends last.
        for entry in sorted(self.entries, key=lambda e: (e.dates.size > 1, -_end(e))):
            product, daily = entry.format.product, entry.name.daily
            positions: dict[np.datetime64, list[int]] = defaultdict(list)
            for position, date in enumerate(entry.dates):
                if (product.title, daily, date) not in taken:
                    taken.add((product.title, daily, date))
                    positions[date.astype("datetime64[M]")].append(position)
            for month, some in positions.items():
                found[month][product, daily].append((entry, tuple(some)))
        return {
            month: [
                Source(product, daily, tuple(sorted(items, key=lambda item: item[0].dates[0])))
                for (product, daily), items in sorted(
                    found[month].items(), key=lambda each: (-each[0][0].rank, each[0][1])
                )
            ]
            for month in sorted(found)
        }


def find(folder: Path, average_to_25km: bool = False) -> Inventory:
    """Look through a folder and the folders in it.

    Args:
        folder: of sea-ice files.
        average_to_25km: whether grids of 12.5 km are taken, to be averaged.

    Raises:
        InputError: no such folder, no such file in it, files of several algorithms or grids, or of
            a grid that is not supported.
    """
    data_folder.require(folder, "sea-ice files")
    entries: list[Entry] = []
    left_out: list[LeftOut] = []
    problems: list[Problem] = []
    for path in files_of(folder):
        try:
            found = _entry(path)
        except InputError as error:
            problems.append(Problem(str(error)))
            continue
        (entries if isinstance(found, Entry) else left_out).append(found)  # type: ignore[arg-type]
    if not entries:
        reasons = "; ".join(f"{each.path.name}: {each.reason}" for each in left_out[:SHOWN])
        raise InputError(
            f"{folder}: expected files of {PRODUCTS}, got {len(left_out)} other files"
            + (f" ({reasons})" if reasons else "")
            + (f"; {problems[0]}" if problems else "")
        )
    _refuse_several_kinds(folder, entries)
    _refuse_fine_grid(folder, entries, average_to_25km)
    entries, copies, conflicts = _without_copies(folder, entries)
    entries, older = _without_older_aggregates(entries)
    copies += older
    ordered = tuple(sorted(entries, key=lambda entry: entry.dates[0].astype("datetime64[D]")))
    return Inventory(folder, ordered, (*left_out, *copies), (*problems, *conflicts))


def kind(product: Product, daily: bool, grid: Grid) -> str:
    """Product, period and hemisphere, the usual ones left out."""
    return product.title + (" daily" if daily else "") + ("" if grid.name == "north" else " south")


def _end(entry: Entry) -> int:
    return int(entry.dates[-1].astype("datetime64[D]").astype(int))


def files_of(folder: Path) -> Iterator[Path]:
    """All files in a folder and its folders, each folder once, in order of name."""
    seen: set[Path] = set()
    for root, folders, names in os.walk(folder, followlinks=True):
        here = Path(root).resolve()
        if here in seen:
            folders.clear()
            continue
        seen.add(here)
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield from (Path(root, name) for name in sorted(names))


def _entry(path: Path) -> Entry | LeftOut:
    text = formats.plain_name(path)
    for form in FORMATS:
        if name := form.parse_name(text):
            return Entry(path, form, name, form.dates(path, name))
    suffix = Path(text).suffix
    if path.name.startswith(".") or suffix in NOT_DATA or text.startswith("readme"):
        return LeftOut(path, "no data by its name", suspicious=False)
    if suffix in UNFINISHED:
        return LeftOut(path, "an unfinished download by its name")
    return _identified(path)


def _identified(path: Path) -> Entry | LeftOut:
    """A file of an unknown name, by its content."""
    try:
        if compressed.is_compressed(path):
            head = compressed.read_bytes(path, 8)
        else:
            with path.open("rb") as file:
                head = file.read(8)
        if head.lstrip().startswith(b"<"):
            return LeftOut(path, "an HTML page, as of a login that has ended")
        known = _of_netcdf(path) if head.startswith(NETCDF) else _of_bytes(path)
    except (InputError, OSError) as error:
        return LeftOut(path, f"not recognised by its name, and not readable: {error}")
    if known is None:
        return LeftOut(path, "not recognised by its name or its content")
    form, name = known
    return Entry(path, form, name, form.dates(path, name))


def _of_netcdf(path: Path) -> tuple[Format, Name] | None:
    with netcdf.opened(path) as dataset:
        for form in FORMATS:
            if form not in nsidc0051.FORMATS and (name := form.identify(dataset)):
                return form, name
    return None


def _of_bytes(path: Path) -> tuple[Format, Name] | None:
    raw = compressed.read_bytes(path, max(nsidc0051.size(NORTH), nsidc0051.size(SOUTH)))
    for form in nsidc0051.FORMATS:
        if name := form.identify(raw):
            return form, name
    return None


def _without_older_aggregates(entries: list[Entry]) -> tuple[list[Entry], list[LeftOut]]:
    """Leave out files of several times that one file gives all of."""
    aggregates = [entry for entry in entries if entry.dates.size > 1]
    kept, left_out = [entry for entry in entries if entry.dates.size == 1], []
    for entry in sorted(aggregates, key=lambda e: (e.dates.size, _end(e)), reverse=True):
        wider = [
            other
            for other in kept
            if other.dates.size > 1
            and (other.kind, other.dates.dtype) == (entry.kind, entry.dates.dtype)
            and np.isin(entry.dates, other.dates).all()
        ]
        if wider:
            reason = f"its times are all in {wider[0].path.name}"
            left_out.append(LeftOut(entry.path, reason, suspicious=False))
        else:
            kept.append(entry)
    return kept, left_out


def _refuse_several_kinds(folder: Path, entries: list[Entry]) -> None:
    families = {(e.format.product.algorithm, e.grid.code) for e in entries}
    if len(families) == 1:
        return
    numbers: dict[str, int] = defaultdict(int)
    for entry in entries:
        numbers[entry.kind] += 1
    got = " and ".join(f"{number} of {each}" for each, number in numbers.items())
    raise InputError(
        f"{folder}: expected files of one kind, got {got}; move all but one kind away: algorithms "
        f"and hemispheres are not joined"
    )


def _refuse_fine_grid(folder: Path, entries: list[Entry], average_to_25km: bool) -> None:
    fine = [entry for entry in entries if entry.name.grid.code in COARSER]
    if fine and not average_to_25km:
        raise InputError(
            f"{fine[0].path}: expected a grid of 25 km, got the {fine[0].name.grid.title}; take "
            f"the files of 25 km, or average blocks of 2 x 2 cells by --average-to-25km"
        )


def _without_copies(
    folder: Path, entries: list[Entry]
) -> tuple[list[Entry], list[LeftOut], list[Problem]]:
    """Leave out copies of files; two different files of one date are a problem."""
    by_date: dict = defaultdict(list)
    kept = [entry for entry in entries if entry.dates.size > 1]
    for entry in entries:
        if entry.dates.size == 1:
            known = entry.format.parse_name(entry.path.name) is not None
            key = entry.format.product.title, entry.name.daily, entry.dates[0]
            by_date[key].append((not known, str(entry.path), entry))
    copies: list[LeftOut] = []
    problems: list[Problem] = []
    for (_, _, date), group in by_date.items():
        _, _, first = min(group, key=lambda each: each[:2])
        kept.append(first)
        for unknown, _, entry in (each for each in group if each[2] is not first):
            alike = unknown or entry.name.sensor == first.name.sensor
            if alike and compressed.read_bytes(first.path) == compressed.read_bytes(entry.path):
                copies.append(LeftOut(entry.path, f"a copy of {first.path.name}"))
                continue
            names = " and ".join(sorted((first.path.name, entry.path.name)))
            problems.append(
                Problem(
                    f"{folder}: expected one file for {date}, got {names}; move one of them away"
                )
            )
    return kept, copies, problems
