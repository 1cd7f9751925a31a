"""Monthly files in the binary format of NSIDC-0051 version 1.1."""

from pathlib import Path

import numpy as np

from seaice_tf.transforms import nsidc0051
from seaice_tf.writers import atomic

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
    """Write (months, 448, 304) uint8 as one file a month, labelled synthetic in its header."""
    paths = []
    for month, grid in zip(first + np.arange(len(counts)), counts):
        name = nsidc0051.Name(month, sensor(month))
        content = nsidc0051.header(name) + grid.tobytes()
        paths.append(atomic.write_bytes(folder / str(name), content))
    return paths
