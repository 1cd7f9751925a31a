"""Tiny archives in every format."""

import pytest

from tests.forecast.data import archives


@pytest.fixture(scope="session")
def writers():
    """Functions (folder, first month, counts) by the kind of archive that they write."""
    return archives.WRITERS


@pytest.fixture(scope="session")
def v2_file():
    """Function (folder, date, grid, counts by sensor) that writes one file of version 2."""
    return archives.write_v2_file
