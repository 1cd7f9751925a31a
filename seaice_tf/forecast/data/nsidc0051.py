"""NSIDC-0051 version 1.1, monthly and daily sea-ice concentration, in its binary format.

Source: NSIDC-0051 user guide, version 1, "File format" and "File naming convention".
"""

import re
from pathlib import Path

import numpy as np

from seaice_tf.errors import InputError
from seaice_tf.files import atomic
from seaice_tf.files.synthetic_cache import SYNTHETIC_TITLE
from seaice_tf.forecast.data import formats
from seaice_tf.forecast.data.formats import Field, Format, Name
from seaice_tf.grids.polar import CELL, NORTH, SOUTH, Grid, of_shape

HEADER = 300  # bytes

NAME = r"nt_(?P<date>\d{6}(\d\d)?)_(?P<sensor>[a-z]\d\d)_v1\.1_(?P<pole>[ns])\.bin"
STAMP = re.compile(rb"nt_(\d{6}|\d{8})_([a-z]\d\d)_")
TITLE = slice(150, 230)
# First month of each satellite sensor in the monthly record of NSIDC-0051.
SENSORS = {
    "n07": "1978-11",
    "f08": "1987-09",
    "f11": "1992-01",
    "f13": "1995-10",
    "f17": "2008-01",
}


def size(grid: Grid) -> int:
    """Bytes of a file on `grid`."""
    return HEADER + grid.rows * grid.columns


def parse_name(name: str) -> Name | None:
    """The date, sensor and hemisphere in a file's name; None for any other name."""
    return formats.parse_name(NAME, name)


def file_name(name: Name) -> str:
    """
    >>> file_name(parse_name("nt_200811_f17_v1.1_n.bin"))
    'nt_200811_f17_v1.1_n.bin'
    """
    return f"nt_{name.digits}_{name.sensor}_v1.1_{_letter(name)}.bin"


def header(name: Name, title: str = SYNTHETIC_TITLE) -> bytes:
    """The header of a file, as NSIDC writes it, with `title` for the image."""
    grid, year = name.grid, str(name.date)[:4]
    latitude, meridian = ("39.36", "00.00") if grid is SOUTH else ("39.43", "45.00")
    pole = (f"{-grid.left / CELL:.1f}", f"{grid.top / CELL:.1f}")  # column and row
    fields = (
        *("00255", f"{grid.columns:5d}", f"{grid.rows:5d}", "1.799", latitude, meridian, "558.4"),
        *(*pole, "SSMIS", "17 cn", "  001", "-9999", "-9999", "  031", "-9999"),
        *("-9999", f" {year}", "  001", "  000", "00250"),
    )
    stamp = f"nt_{name.digits}_{name.sensor}_v01_{_letter(name)}"
    info = f"{title} {name.sensor.upper()}"
    parts = [field.encode().ljust(5)[:5] + b"\0" for field in fields]
    parts += [stamp.encode().rjust(23) + b"\0", title.encode().ljust(79) + b"\0"]
    return b"".join([*parts, info.encode().ljust(70)])


def sides(head: bytes) -> str:
    """The columns and rows that a header gives, as "304 x 448"; "none" if it gives none."""
    found = re.match(rb".{6} *(\d+)\0 *(\d+)\0", head, re.DOTALL)
    return f"{found[1].decode()} x {found[2].decode()}" if found else "none"


def stamp(head: bytes) -> tuple[str, str] | None:
    """The date and sensor that a header gives for itself, None if it gives none."""
    match = STAMP.search(head)
    return (match[1].decode(), match[2].decode()) if match else None


def is_synthetic(head: bytes) -> bool:
    return SYNTHETIC_TITLE.encode() in head[TITLE]


def _letter(name: Name) -> str:
    return name.grid.name[0]


def read_file(path: Path, name: Name) -> Field:
    """The counts of one file, as they stand in it.

    Raises:
        InputError: a size of the other hemisphere or of none, a header of another grid, or one
            that names another date or sensor than the file's name.
    """
    raw, grid = path.read_bytes(), name.grid
    other = SOUTH if grid is NORTH else NORTH
    if len(raw) == size(other):
        raise InputError(
            f"{path}: expected the {grid.name}ern grid, as its name says, got a file of the size "
            f"of the {other.name}ern one ({other.rows} x {other.columns}); restore its own name"
        )
    if len(raw) != size(grid):
        raise InputError(
            f"{path}: expected {size(grid)} bytes (300-byte header + {grid.rows} x "
            f"{grid.columns}), got {len(raw)}; download the file again"
        )
    head, body = raw[:HEADER], raw[HEADER:]
    if sides(head) != (expected := f"{grid.columns} x {grid.rows}"):
        raise InputError(
            f"{path}: expected a header that gives {expected} columns and rows, "
            f"got {sides(head)}; download the file again"
        )
    stamped = stamp(head)
    if stamped and stamped != (name.digits, name.sensor):
        raise InputError(
            f"{path}: expected the header to name the same date and sensor as the file, "
            f"got {'_'.join(stamped)}; restore the file's own name"
        )
    counts = np.frombuffer(body, np.uint8).reshape(grid.shape)
    return Field(counts, is_synthetic(head))


def sensor(month: np.datetime64) -> str:
    """The satellite that gives `month` in the record: n07, f08, f11, f13 or f17."""
    started = [name for name, first in SENSORS.items() if np.datetime64(first, "M") <= month]
    return started[-1] if started else "n07"


def write_synthetic(folder: Path, first: np.datetime64, counts: np.ndarray) -> list[Path]:
    """Write (n, rows, columns) uint8 as one file a month, labelled synthetic in its header.

    They are files of the north or the south as the shape has it, and of days if `first` is one.
    """
    paths = []
    for date, field in zip(first + np.arange(len(counts)), counts):
        name = Name(date, sensor(date), of_shape(field.shape))
        content = header(name) + field.tobytes()
        paths.append(atomic.write_bytes(folder / file_name(name), content))
    return paths


FORMAT = Format(
    "NSIDC-0051 v1.1",
    "nt_YYYYMM[DD]_SSS_v1.1_[ns].bin",
    "NSIDC-0051 version 1.1, doi:10.5067/8GQ8LZQVL0VL",
    parse_name,
    read_file,
)
