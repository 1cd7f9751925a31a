"""Tiny archives in every format."""

import numpy as np
import pytest

from seaice_tf.forecast.data import nsidc0051
from seaice_tf.grids.polar import NORTH
from tests.forecast.data import archives


@pytest.fixture(scope="session")
def writers():
    """Functions (folder, first month, counts) by the kind of archive that they write."""
    return archives.WRITERS


@pytest.fixture(scope="session")
def v2_file():
    """Function (folder, date, grid, counts by sensor) that writes one file of version 2."""
    return archives.write_v2_file


@pytest.fixture(scope="session")
def real_months(real_data):
    """Observed counts of 1987-08 and 1987-09, (2, 448, 304)."""
    names = ("nt_198708_n07_v1.1_n.bin", "nt_198709_f08_v1.1_n.bin")
    raw = [(real_data / "nsidc0051" / name).read_bytes()[nsidc0051.HEADER :] for name in names]
    return np.stack([np.frombuffer(each, np.uint8).reshape(NORTH.shape) for each in raw])
