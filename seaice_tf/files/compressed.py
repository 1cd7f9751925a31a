"""Files that may be compressed with gzip, recognised by their first bytes, not by their names."""

import gzip
import zlib
from pathlib import Path

from seaice_tf.errors import InputError, reason

MAGIC = b"\x1f\x8b"
LARGEST = 4 << 30  # bytes that a compressed file may hold


def is_compressed(path: Path) -> bool:
    """Whether a file begins as gzip files do."""
    with path.open("rb") as file:
        return file.read(2) == MAGIC


def read_bytes(path: Path, most: int = LARGEST) -> bytes:
    """The uncompressed content of a file; of a longer one the first `most` + 1 bytes.

    Raises:
        InputError: a gzip file that is damaged.
    """
    try:
        with gzip.open(path) if is_compressed(path) else path.open("rb") as file:
            return file.read(most + 1)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise InputError(
            f"{path}: expected a gzip file, got {reason(error)}; download the file again"
        ) from error
