"""A folder of sea-ice concentration files as one record of consecutive months."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from seaice_tf.errors import InputError, one_line
from seaice_tf.forecast.data import joined, reading
from seaice_tf.forecast.data.formats import Check
from seaice_tf.forecast.data.inventory import FORMATS, LeftOut, files_of
from seaice_tf.forecast.data.joined import Part, Seam
from seaice_tf.forecast.data.reading import MINIMUM_DAYS, OUTAGE, Record
from seaice_tf.grids.polar import NORTH, Grid

__all__ = ["FORMATS", "MINIMUM_DAYS", "OUTAGE", "Archive", "read_archive"]
SHOWN = 3  # warnings of one kind
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Archive:
    """Consecutive months of raw counts.

    Attributes:
        counts: (months, rows, columns) uint8; above 250 a flag, see `counts`.
        first: month of counts[0].
        files: that were read.
        synthetic: a file says of itself that it was not observed.
        kind: product, period and hemisphere, for titles; of several products with their seams.
        grid: of the counts.
        days: (months,) days with data in each mean, 0 for monthly files; None if all are monthly.
        citation: reference for a product made of it; empty if synthetic.
        algorithm: "NASA Team", "NOAA/NSIDC CDR" or "OSI SAF"; a model belongs to the one that it
            was trained on.
        parts: what gives which months, in order of time.
        seams: where two products meet, and how they differ.
    """

    counts: np.ndarray
    first: np.datetime64
    files: tuple[Path, ...]
    synthetic: bool
    kind: str = FORMATS[0].title
    grid: Grid = NORTH
    days: np.ndarray | None = None
    citation: str = ""
    algorithm: str = FORMATS[0].product.algorithm
    parts: tuple[Part, ...] = ()
    seams: tuple[Seam, ...] = ()

    @property
    def last(self) -> np.datetime64:
        return self.first + len(self.counts) - 1

    @property
    def source(self) -> str:
        """Name of the data, for titles and tables."""
        return joined.title(self.kind, self.synthetic, self.first, self.last)

    @property
    def where(self) -> str:
        """The folder of the files, for messages."""
        return str(self.files[0].parent) if self.files else self.source

    def index(self, month) -> int:
        """Position of `month` in `counts`; InputError outside the archive."""
        position = int((month - self.first).astype(int))
        if not 0 <= position < len(self.counts):
            raise InputError(
                f"{self.where}: expected data for {month}, got {self.first} to {self.last}; "
                "add the file or choose another period"
            )
        return position

    def until(self, month) -> np.ndarray:
        """All months up to and including `month`: (months, rows, columns)."""
        return self.counts[: self.index(month) + 1]


def read_archive(
    folder: Path,
    minimum_days: int = MINIMUM_DAYS,
    allow: Sequence[Check] = (),
    average_to_25km: bool = False,
) -> Archive:
    """All files of a folder and the folders in it as one archive without gaps.

    Days are averaged to months. A file without a single observed cell counts as missing. So does a
    month of OUTAGE with too few days; inside a record these two, and other months that the product
    is known to have no data for, are kept with their land and all other cells missing. A part of a
    month at either end of a daily record is left out. What was left out, and what might make a
    forecast wrong, is logged as a warning.

    Args:
        folder: files of one algorithm and one grid, see FORMATS.
        minimum_days: days with data that a month of daily files must have; half before 1987-08.
        allow: contradictions that are accepted.
        average_to_25km: average grids of 12.5 km to 25 km.

    Raises:
        InputError: a gap, a date of two different files, too few days, several algorithms or
            grids, a damaged file, or a contradiction that would make a forecast wrong.
    """
    return _read(folder, minimum_days, tuple(allow), average_to_25km, _signature(folder))


def _signature(folder: Path) -> tuple[tuple[str, int, int], ...]:
    """Name, size and time of change of every file, which change with the contents."""
    stats = ((str(path), path.stat()) for path in files_of(folder) if path.is_file())
    return tuple((name, stat.st_size, stat.st_mtime_ns) for name, stat in stats)


@lru_cache(maxsize=2)  # both hemispheres; a verb asks for the record several times
def _read(
    folder: Path,
    minimum_days: int,
    allow: tuple[Check, ...],
    average_to_25km: bool,
    signature: tuple[tuple[str, int, int], ...],
) -> Archive:
    record = reading.read(folder, minimum_days, average_to_25km)
    refuse(record, allow)
    for text in warnings(record, allow):
        log.warning("%s", one_line(text))
    record.grids.setflags(write=False)
    return Archive(
        record.grids,
        record.months[0],
        record.files,
        record.synthetic,
        record.kind,
        record.grid,
        record.days if record.days.any() else None,
        "" if record.synthetic else joined.provenance(record.parts, record.seams),
        record.algorithm,
        record.parts,
        record.seams,
    )


def refuse(record: Record, allow: Sequence[Check] = ()) -> None:
    """InputError for the first problem that is not allowed, and how many more there are."""
    fatal = [p for p in record.problems if p.fatal and not (p.check and p.check in allow)]
    if fatal:
        more = f" (and {len(fatal) - 1} more problems: seaice-tf doctor forecast lists them)"
        raise InputError(f"{fatal[0]}{more if len(fatal) > 1 else ''}")


def warnings(record: Record, allow: Sequence[Check] = ()) -> list[str]:
    """What a user has to know of a record that was read: a few lines."""
    problems = [p for p in record.problems if not p.fatal or p.check in allow]
    texts = [problem.text for problem in problems[:SHOWN]]
    if len(problems) > SHOWN:
        texts.append(f"... and {len(problems) - SHOWN} more: seaice-tf doctor forecast lists them")
    return [*texts, *record.notes, *left_out_texts(record.left_out, suspicious=True)]


def left_out_texts(left_out: Sequence[LeftOut], suspicious: bool) -> list[str]:
    """The files that were not read, one line a reason."""
    by_reason: dict[str, list[str]] = {}
    for each in left_out:
        if each.suspicious == suspicious:
            by_reason.setdefault(each.reason, []).append(each.path.name)
    texts = []
    for reason, names in by_reason.items():
        more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
        files = "1 file" if len(names) == 1 else f"{len(names)} files"
        texts.append(f"{files} left out, {reason}: {', '.join(names[:SHOWN])}{more}")
    return texts
