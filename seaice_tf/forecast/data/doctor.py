"""All that is wrong with a folder of sea-ice files, and what can be read of it."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from seaice_tf.forecast.data import archive, joined, reading
from seaice_tf.forecast.data.counts import POLE_HOLE
from seaice_tf.forecast.data.reading import Record


@dataclass(frozen=True)
class Findings:
    """The months that could be read, one grid each, and the problems found on the way."""

    record: Record

    @property
    def months(self) -> np.ndarray:
        """(n,) datetime64[M] that have data."""
        return self.record.months[self._observed]

    @property
    def grids(self) -> np.ndarray:
        """(n, rows, columns) uint8."""
        return self.record.grids[self._observed]

    @property
    def days(self) -> np.ndarray | None:
        """(n,) days with data in each month, 0 for monthly files; None if all are monthly."""
        days = self.record.days[self._observed]
        return days if days.any() else None

    @property
    def _observed(self) -> np.ndarray:
        return np.array([month not in self.record.unobserved for month in self.record.months])

    @property
    def problems(self) -> tuple[str, ...]:
        """Everything that has to be put right, or looked at, one line each."""
        problems = [str(problem) for problem in self.record.problems]
        return (*problems, *archive.left_out_texts(self.record.left_out, suspicious=True))

    @property
    def notes(self) -> tuple[str, ...]:
        """What was decided while reading."""
        left_out = archive.left_out_texts(self.record.left_out, suspicious=False)
        return (*self.record.notes, *left_out)

    @property
    def source(self) -> str:
        """Name of the data, for titles and tables."""
        record = self.record
        return joined.title(record.kind, record.synthetic, record.months[0], record.months[-1])

    def unobserved(self) -> dict[np.datetime64, int]:
        """The months inside the record without an observation, and their days."""
        return self.record.unobserved

    def hole_sizes(self) -> list[tuple[np.datetime64, int]]:
        """The size of the pole hole in cells, and the first month of each size in turn."""
        sizes = (self.grids == POLE_HOLE).sum(axis=(1, 2))
        changes = np.flatnonzero(np.diff(sizes, prepend=-1))
        return [(self.months[i], int(sizes[i])) for i in changes]


def examine(
    folder: Path, minimum_days: int = reading.MINIMUM_DAYS, average_to_25km: bool = False
) -> Findings:
    """Read everything readable in `folder`; arguments as of `archive.read_archive`.

    Raises:
        InputError: there is no sea-ice file, files of several algorithms, or none that can be
            read.
    """
    return Findings(reading.read(folder, minimum_days, average_to_25km))
