"""Headers of image files, and the errors of damaged ones."""

import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tifffile
from PIL import Image, UnidentifiedImageError

from seaice_tf.errors import InputError, reason

# First bytes of the files of each format, whatever their names.
SIGNATURES = {
    b"\x89PNG\r\n\x1a\n": "PNG",
    b"\xff\xd8\xff": "JPEG",
    b"II*\0": "TIFF",
    b"MM\0*": "TIFF",
    b"II+\0": "TIFF",
    b"MM\0+": "TIFF",
    b"\xff\x4f\xff\x51": "JPEG 2000",
    b"\0\0\0\x0cjP  \r\n\x87\n": "JPEG 2000",
}
LARGEST = 1 << 26  # pixels of an image that is decoded as a whole
DAMAGE = (  # what Pillow and tifffile raise for damaged files
    OSError,
    ValueError,
    LookupError,
    EOFError,
    SyntaxError,
    struct.error,
    TypeError,
    AttributeError,
    ArithmeticError,
    MemoryError,
    zlib.error,
    tifffile.TiffFileError,
    Image.DecompressionBombError,
)


@dataclass(frozen=True)
class Header:
    """Format, size and range of an image.

    Attributes:
        format: by content: "PNG", "JPEG", "TIFF" or "JPEG 2000".
        shape: (rows, columns), upright.
        bands: 1 of grey or 3 of colour, and further ones, of which alpha is the last.
        bits: of a pixel's band; up to 8 are stored as uint8, up to 16 as uint16.
        alpha: whether the last band is the opacity.
        orientation: EXIF's number for the way that the file stores its rows; 1 is upright.
    """

    format: str
    shape: tuple[int, int]
    bands: int
    bits: int
    alpha: bool = False
    orientation: int = 1

    @property
    def dtype(self) -> str:
        """Data type of the pixels."""
        return "uint8" if self.bits <= 8 else "uint16"

    @property
    def highest(self) -> int:
        """Largest value of the bit depth: 255 of 8 bits, 32767 of 15, 65535 of 16."""
        return (1 << self.bits) - 1


@contextmanager
def readable(path: Path) -> Iterator[None]:
    """A context in which a missing or damaged file is an InputError."""
    if not path.is_file():
        raise InputError(f"{path}: expected an image, got no such file; add it or remove its row")
    try:
        yield
    except InputError:  # is a ValueError, and says itself what is wrong
        raise
    except UnidentifiedImageError as error:
        raise InputError(
            f"{path}: expected an image, got a damaged one or a Pillow that lacks its format; "
            f"download the file again, or update Pillow"
        ) from error
    except DAMAGE as error:
        raise InputError(
            f"{path}: expected an image, got {reason(error)[:90]}; download the file again"
        ) from error


def format_of(path: Path) -> str:
    """Format of an image by its first bytes; ValueError if it is none that is read here."""
    with path.open("rb") as file:
        start = file.read(12)
    for signature, name in SIGNATURES.items():
        if start.startswith(signature):
            return name
    raise ValueError(f"a file that starts with {start[:8]!r} and not PNG, JPEG, TIFF or JPEG 2000")


def stored_shape(shape: tuple[int, int], orientation: int) -> tuple[int, int]:
    """(rows, columns) before or after `upright`."""
    return shape[::-1] if orientation >= 5 else shape


def upright(pixels: np.ndarray, orientation: int) -> np.ndarray:
    """Turn and flip stored pixels (rows, columns[, bands]) as EXIF's orientation, 1 to 8, says.

    >>> upright(np.array([[1, 2, 3]]), 6).tolist()
    [[1], [2], [3]]
    """
    if orientation in (2, 3, 7, 8):
        pixels = pixels[:, ::-1]
    if orientation in (3, 4, 6, 7):
        pixels = pixels[::-1]
    return np.swapaxes(pixels, 0, 1) if orientation >= 5 else pixels
