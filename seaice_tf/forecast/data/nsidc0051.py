"""NSIDC-0051 and NSIDC-0081, monthly and daily sea-ice concentration, in their binary format.

A file is a header of 300 bytes and a map of uint8. Version 1.1, the older names `_v01_`, the files
that NSIDC's own converter makes of version 2, and the near-real-time files differ in names only.

Source: NSIDC-0051 user guide, version 1, "File format" and "File naming convention".
"""

import re
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np

from seaice_tf.errors import InputError
from seaice_tf.files import atomic, compressed
from seaice_tf.files.synthetic_cache import SYNTHETIC_TITLE
from seaice_tf.forecast.data import formats
from seaice_tf.forecast.data.formats import Field, Format, Name, Problem, Product
from seaice_tf.grids.polar import CELL, NORTH, SOUTH, Grid, of_shape

HEADER = 300  # bytes
NAME = r"nt_(?P<date>\d{{6}}(\d\d)?)_(?P<sensor>[a-z0-9]{{3}})_{}_(?P<pole>[ns])\.bin"
VERSION_1, VERSION_2, NEAR_REAL_TIME = r"(v1\.1|v1\.0|v01)", r"(v2\.0|v02)", "nrt"
STAMP = re.compile(rb"nt_(\d{6}|\d{8})_([a-z0-9]{3})_(?:(v\d[\d.]*|nrt)_([ns])\b)?", re.IGNORECASE)
TITLE = slice(150, 230)
# First month of each satellite sensor in the monthly record of NSIDC-0051.
SENSORS = {
    "n07": "1978-11",
    "f08": "1987-09",
    "f11": "1992-01",
    "f13": "1995-10",
    "f17": "2008-01",
}
NASA_TEAM = "NASA Team"
V1 = Product(
    "NSIDC-0051 v1.1", NASA_TEAM, "NSIDC-0051 version 1.1, doi:10.5067/8GQ8LZQVL0VL", rank=3
)
V2 = Product("NSIDC-0051 v2", NASA_TEAM, "NSIDC-0051 version 2, doi:10.5067/MPYG15WAA4WX", rank=4)
NRT = Product("NSIDC-0081 v1", NASA_TEAM, "NSIDC-0081 version 1, doi:10.5067/U8C09DWVX9LM", rank=1)


def size(grid: Grid) -> int:
    """Bytes of a file on `grid`."""
    return HEADER + grid.rows * grid.columns


def file_name(name: Name) -> str:
    """The name of a file of version 1.1.

    >>> file_name(Name(np.datetime64("2008-11"), "f17"))
    'nt_200811_f17_v1.1_n.bin'
    """
    return f"nt_{name.digits}_{name.sensor}_v1.1_{name.grid.name[0]}.bin"


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
    stamp = f"nt_{name.digits}_{name.sensor}_v01_{name.grid.name[0]}"
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
    return (match[1].decode(), match[2].decode().lower()) if match else None


def is_synthetic(head: bytes) -> bool:
    """Whether a header says that the file was not observed."""
    return SYNTHETIC_TITLE.encode() in head[TITLE]


def identify(version: str, raw: bytes) -> Name | None:
    """The Name in the header of a file of `version`, a regular expression; None if it has none."""
    match = STAMP.search(raw[:HEADER])
    if not match or len(raw) not in (size(NORTH), size(SOUTH)):
        return None
    written = (match[3] or b"v01").decode().lower()
    date = formats.parse_date(match[1].decode())
    if date is None or not re.fullmatch(version, written):
        return None
    return Name(date, match[2].decode().lower(), NORTH if len(raw) == size(NORTH) else SOUTH)


def read(path: Path, name: Name, positions: Sequence[int] = (0,)) -> list[Field]:
    """The counts of one file, as they stand in it.

    Raises:
        InputError: a size of the other hemisphere or of none, or a header of another grid.
    """
    grid, other = name.grid, SOUTH if name.grid is NORTH else NORTH
    raw = compressed.read_bytes(path, max(size(NORTH), size(SOUTH)))
    if len(raw) == size(other):
        raise InputError(
            f"{path}: expected the {grid.name}ern grid, as its name says, got a file of the size "
            f"of the {other.name}ern one ({other.rows} x {other.columns}); restore its own name"
        )
    if len(raw) != size(grid):
        more = " or more" if len(raw) > size(NORTH) else ""
        raise InputError(
            f"{path}: expected {size(grid)} bytes (300-byte header + {grid.rows} x "
            f"{grid.columns}), got {len(raw)}{more}; download the file again"
        )
    head, body = raw[:HEADER], raw[HEADER:]
    if sides(head) != (expected := f"{grid.columns} x {grid.rows}"):
        raise InputError(
            f"{path}: expected a header that gives {expected} columns and rows, "
            f"got {sides(head)}; download the file again"
        )
    counts = np.frombuffer(body, np.uint8).reshape(grid.shape)
    return [Field(counts, is_synthetic(head), tuple(_header_problems(path, head, name)))]


def _header_problems(path: Path, head: bytes, name: Name) -> list[Problem]:
    stamped = stamp(head)
    if not stamped or stamped == (name.digits, name.sensor):
        return []
    return [
        Problem(
            f"{path}: expected the header to name the same date and sensor as the file, "
            f"got {'_'.join(stamped)}; restore the file's own name",
            "time" if stamped[0] != name.digits else "sensor",
        )
    ]


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


def _format(product: Product, version: str) -> Format:
    return Format(
        product,
        partial(formats.parse_name, NAME.format(version)),
        partial(identify, version),
        read,
    )


FORMAT = _format(V1, VERSION_1)
FORMATS = (
    FORMAT,
    _format(V2, VERSION_2),
    _format(NRT, NEAR_REAL_TIME),
)
parse_name = FORMAT.parse_name
