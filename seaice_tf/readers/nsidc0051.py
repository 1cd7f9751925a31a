"""NSIDC-0051 version 1.1, monthly sea-ice concentration of the north, in its binary format."""

from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from seaice_tf.errors import InputError
from seaice_tf.transforms import nsidc0051
from seaice_tf.transforms.grid import COLUMNS, ROWS
from seaice_tf.transforms.nsidc0051 import HEADER, SIZE, SOUTH_SIZE


@dataclass(frozen=True)
class Archive:
    """Consecutive months of raw counts."""

    counts: np.ndarray  # (months, 448, 304) uint8; above 250 a flag, see transforms.counts
    first: np.datetime64  # month of counts[0]
    files: tuple[Path, ...]
    synthetic: bool

    @property
    def last(self) -> np.datetime64:
        return self.first + len(self.counts) - 1

    @property
    def source(self) -> str:
        """What the data are, for titles and tables."""
        kind = "synthetic, not observed" if self.synthetic else "NSIDC-0051 v1.1"
        return f"{kind}, {self.first} to {self.last}"

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
        """All months up to and including `month`: (months, 448, 304)."""
        return self.counts[: self.index(month) + 1]


def read_file(path: Path) -> tuple[np.ndarray, bytes]:
    """Raw counts (448, 304) uint8 and the 300-byte header of one monthly file.

    Raises:
        InputError: wrong size, wrong hemisphere, or a header of another month than the name.
    """
    name = nsidc0051.parse_name(path.name)
    raw = path.read_bytes()
    if len(raw) == SOUTH_SIZE:
        raise InputError(
            f"{path}: expected the northern grid, got a file of the size of the southern one "
            "(332 x 316); download the _n files"
        )
    if len(raw) != SIZE:
        raise InputError(
            f"{path}: expected {SIZE} bytes (300-byte header + 448 x 304), got {len(raw)}; "
            "download the file again"
        )
    head, body = raw[:HEADER], raw[HEADER:]
    stamp = nsidc0051.stamp(head)
    if name and stamp != (str(name.month).replace("-", ""), name.sensor):
        got = "_".join(stamp) if stamp else "none"
        raise InputError(
            f"{path}: expected the header to name the same month and sensor as the file, "
            f"got {got}; restore the file's own name"
        )
    return np.frombuffer(body, np.uint8).reshape(ROWS, COLUMNS), head


def monthly_files(folder: Path) -> dict[np.datetime64, list[Path]]:
    """The monthly files of the north in `folder`, by month, in order of time.

    Raises:
        InputError: no such folder, or no such file in it.
    """
    if not folder.is_dir():
        raise InputError(f"{folder}: expected a folder of nt_YYYYMM_SSS_v1.1_n.bin files, got none")
    found = defaultdict(list)
    for path in sorted(folder.iterdir()):
        if name := nsidc0051.parse_name(path.name):
            found[name.month].append(path)
    if not found:
        others = sum(1 for path in folder.iterdir())
        south = any(path.name.endswith("_s.bin") for path in folder.iterdir())
        got = "files of the southern hemisphere" if south else f"{others} other files"
        raise InputError(
            f"{folder}: expected monthly files nt_YYYYMM_SSS_v1.1_n.bin, got {got}; "
            "download the northern monthly files of NSIDC-0051 version 1.1"
        )
    return dict(sorted(found.items()))


def read_archive(folder: Path) -> Archive:
    """All monthly files of a folder as one archive without gaps.

    Raises:
        InputError: a gap, a month given twice, or a damaged file.
    """
    found = monthly_files(folder)
    for month, paths in found.items():
        if len(paths) > 1:
            names = " and ".join(path.name for path in paths)
            raise InputError(
                f"{folder}: expected one file for {month}, got {names}; move one of them away"
            )
    months = list(found)
    if missing := gaps(months):
        raise InputError(
            f"{folder}: expected every month from {months[0]} to {months[-1]}, got none for "
            f"{', '.join(map(str, missing[:6]))}{' ...' if len(missing) > 6 else ''}; "
            "add the files or move away those before the gap"
        )
    files = tuple(paths[0] for paths in found.values())
    grids, heads = zip(*(read_file(path) for path in files))
    synthetic = any(nsidc0051.is_synthetic(head) for head in heads)
    return Archive(np.stack(grids), months[0], files, synthetic)


def gaps(months: list[np.datetime64]) -> list[np.datetime64]:
    """The months between the first and the last that are not in the list."""
    every = np.arange(months[0], months[-1] + 1, dtype="datetime64[M]")
    return sorted(set(every) - set(months))
