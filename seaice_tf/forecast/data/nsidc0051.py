"""The 300-byte header and the file names of NSIDC-0051 version 1.1, in its binary format.

Source: NSIDC-0051 user guide, version 1, "File format" and "File naming convention".
"""

import re

from seaice_tf.files.synthetic_cache import SYNTHETIC_TITLE
from seaice_tf.forecast.data import file_names
from seaice_tf.forecast.data.file_names import Name
from seaice_tf.grids.polar import CELL, SOUTH, Grid

HEADER = 300  # bytes

NAME = r"nt_(?P<date>\d{6}(\d\d)?)_(?P<sensor>[a-z]\d\d)_v1\.1_(?P<pole>[ns])\.bin"
STAMP = re.compile(rb"nt_(\d{6}|\d{8})_([a-z]\d\d)_")
TITLE = slice(150, 230)


def size(grid: Grid) -> int:
    """Bytes of a file on `grid`."""
    return HEADER + grid.rows * grid.columns


def parse_name(name: str) -> Name | None:
    """The date, sensor and hemisphere in a file's name; None for any other name."""
    return file_names.parse(NAME, name)


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
