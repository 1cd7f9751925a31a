"""The 300-byte header and the file names of NSIDC-0051 version 1.1.

Source: NSIDC-0051 user guide, version 1, "File format" and "File naming convention".
"""

import re
from dataclasses import dataclass

import numpy as np

from seaice_tf.transforms.grid import COLUMNS, ROWS

HEADER = 300  # bytes
SIZE = HEADER + ROWS * COLUMNS
SOUTH_SIZE = HEADER + 332 * 316
SYNTHETIC_TITLE = "SYNTHETIC ICE, NOT OBSERVED"
NAME = re.compile(r"nt_(\d{4})(0[1-9]|1[0-2])_([a-z]\d\d)_v1\.1_n\.bin")
STAMP = re.compile(rb"nt_(\d{6})_([a-z]\d\d)_")
TITLE = slice(150, 230)


@dataclass(frozen=True)
class Name:
    """What a monthly file's name says."""

    month: np.datetime64
    sensor: str

    def __str__(self):
        return f"nt_{str(self.month).replace('-', '')}_{self.sensor}_v1.1_n.bin"


def parse_name(name: str) -> Name | None:
    """The month and sensor in a monthly file's name of the north; None for any other name."""
    match = NAME.fullmatch(name)
    if not match:
        return None
    year, month, sensor = match.groups()
    return Name(np.datetime64(f"{year}-{month}", "M"), sensor)


def header(name: Name, title: str = SYNTHETIC_TITLE) -> bytes:
    """The header of a monthly file of the north, as NSIDC writes it, with `title` for the image."""
    year = str(name.month)[:4]
    fields = (
        *("00255", f"{COLUMNS:5d}", f"{ROWS:5d}", "1.799", "39.43", "45.00", "558.4"),
        *("154.0", "234.0", "SSMIS", "17 cn", "  001", "-9999", "-9999", "  031", "-9999"),
        *("-9999", f" {year}", "  001", "  000", "00250"),
    )
    stamp = str(name).removesuffix(".bin").replace("v1.1", "v01")
    info = f"{title} {name.sensor.upper()}"
    parts = [field.encode().ljust(5)[:5] + b"\0" for field in fields]
    parts += [stamp.encode().rjust(23) + b"\0", title.encode().ljust(79) + b"\0"]
    return b"".join([*parts, info.encode().ljust(70)])


def stamp(head: bytes) -> tuple[str, str] | None:
    """The "YYYYMM" and sensor that a header gives for itself, None if it gives none."""
    match = STAMP.search(head)
    return (match[1].decode(), match[2].decode()) if match else None


def is_synthetic(head: bytes) -> bool:
    return SYNTHETIC_TITLE.encode() in head[TITLE]
