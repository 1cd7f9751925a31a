"""Photos, JPEG and PNG, by Pillow."""

import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from PIL import Image

from seaice_tf.errors import InputError

LARGEST = 1 << 26  # pixels, 20 times those of the contest's photos
# What Pillow raises at damage.
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
    """An image as uint8 (rows, columns[, 3]), resized to `shape` with antialiasing if given.

    Raises:
        InputError: not an image, one cut short, or one too large to be a photo.
    """
    with _opened(path) as file:
        if shape:  # a JPEG is then decoded at a fraction of its size where that is enough
            file.draft(None, shape[::-1])
        picture = file.convert(mode)
    if shape and picture.size != shape[::-1]:
        picture = picture.resize(shape[::-1], Image.Resampling.BILINEAR)
    return np.asarray(picture)


def image_size(path: Path) -> tuple[int, int]:
    """Columns and rows, from the head of the file alone; InputError if it is not an image."""
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
