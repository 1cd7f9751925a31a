"""Monthly and daily files in the binary format of NSIDC-0051 version 1.1."""

from pathlib import Path

import numpy as np

from seaice_tf.files import atomic
from seaice_tf.forecast.data import nsidc0051
from seaice_tf.forecast.data.file_names import Name
from seaice_tf.grids.polar import of_shape

# First month of each satellite sensor in the monthly record of NSIDC-0051.
SENSORS = {
    "n07": "1978-11",
    "f08": "1987-09",
    "f11": "1992-01",
    "f13": "1995-10",
    "f17": "2008-01",
}


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
        content = nsidc0051.header(name) + field.tobytes()
        paths.append(atomic.write_bytes(folder / nsidc0051.file_name(name), content))
    return paths
