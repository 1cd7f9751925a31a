"""NSIDC-0051 version 1.1, monthly and daily sea-ice concentration, in its binary format."""

from pathlib import Path

import numpy as np

from seaice_tf.errors import InputError
from seaice_tf.forecast.data import nsidc0051
from seaice_tf.forecast.data.file_format import Field, Format
from seaice_tf.forecast.data.file_names import Name
from seaice_tf.forecast.data.nsidc0051 import HEADER, size
from seaice_tf.grids.polar import NORTH, SOUTH


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
    if nsidc0051.sides(head) != (sides := f"{grid.columns} x {grid.rows}"):
        raise InputError(
            f"{path}: expected a header that gives {sides} columns and rows, "
            f"got {nsidc0051.sides(head)}; download the file again"
        )
    stamp = nsidc0051.stamp(head)
    if stamp and stamp != (name.digits, name.sensor):
        raise InputError(
            f"{path}: expected the header to name the same date and sensor as the file, "
            f"got {'_'.join(stamp)}; restore the file's own name"
        )
    counts = np.frombuffer(body, np.uint8).reshape(grid.shape)
    return Field(counts, nsidc0051.is_synthetic(head))


FORMAT = Format(
    "NSIDC-0051 v1.1",
    "nt_YYYYMM[DD]_SSS_v1.1_[ns].bin",
    "NSIDC-0051 version 1.1, doi:10.5067/8GQ8LZQVL0VL",
    nsidc0051.parse_name,
    read_file,
)
