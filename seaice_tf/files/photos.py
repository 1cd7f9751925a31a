"""JPEG and PNG photos."""

import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from PIL import Image

from seaice_tf.errors import InputError

LARGEST = 1 << 26  # pixels, 20 times those of a photo of the clouds competition
# What Pillow raises for damaged files.
DAMAGE = (
    OSError,
    SyntaxError,
    ValueError,
    TypeError,
    LookupError,
    ArithmeticError,
    MemoryError,
    EOFError,
    struct.error,
    zlib.error,
    Image.DecompressionBombError,
)


def read_image(path: Path, shape: tuple[int, int] | None = None, mode: str = "RGB") -> np.ndarray:
    """Read an image, optionally resized with antialiasing.

    Args:
        path: of the file.
        shape: (rows, columns) to resize to; None for the original size.
        mode: of Pillow, "RGB" or "L".

    Returns:
        (rows, columns[, 3]) uint8.

    Raises:
        InputError: not an image, truncated, or too large for a photo.
    """
    with _opened(path) as file:
        if shape:  # decodes a JPEG at a lower resolution if that is sufficient
            file.draft(None, shape[::-1])
        picture = file.convert(mode)
    if shape and picture.size != shape[::-1]:
        picture = picture.resize(shape[::-1], Image.Resampling.BILINEAR)
    return np.asarray(picture)


def image_size(path: Path) -> tuple[int, int]:
    """(columns, rows) from the header of a file; InputError if it is not an image."""
    with _opened(path) as file:
        return file.size


@contextmanager
def _opened(path: Path) -> Iterator[Image.Image]:
    try:
        with Image.open(path) as file:
            if file.width * file.height > LARGEST:
                raise ValueError(f"{file.height} x {file.width} pixels are too many for a photo")
            yield file
    except DAMAGE as error:
        raise InputError(
            f"{path}: expected an image, got a file that cannot be read as one ({error}); "
            "download the file again"
        ) from error
