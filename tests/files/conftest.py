"""A disk that is full, without a disk."""

import contextlib
import resource

import pytest

LEAST = 16  # bytes that still fit into a file


@pytest.fixture
def full_disk():
    """A context in which no file exceeds 16 bytes, written by Python, HDF5 or TensorFlow."""

    @contextlib.contextmanager
    def limited():
        usual, most = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (LEAST, most))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (usual, most))

    return limited
