"""Photos: images of 8 bits in colour or grey, resized with antialiasing."""

import io
from pathlib import Path

import numpy as np
from PIL import Image

from seaice_tf.errors import InputError
from seaice_tf.files import images
from seaice_tf.files.image_header import LARGEST, Header, readable

DARK = 16  # a photo of more than 8 bits uses at least this part of its range


def read_image(path: Path, shape: tuple[int, int] | None = None, mode: str = "RGB") -> np.ndarray:
    """Read a photo upright, optionally resized; what is transparent is black.

    Of images of more than 8 bits the highest 8 are taken.

    Args:
        path: of a file of any format that `images.read` reads.
        shape: (rows, columns) to resize to; None for the original size.
        mode: of Pillow, "RGB" or "L".

    Returns:
        (rows, columns[, 3]) uint8.

    Raises:
        InputError: not an image, truncated, too large for a photo, or dark because its counts do
            not fill the range of its bits.
    """
    known = _described(path)
    pixels = images.over_black(images.read(path, at_least=shape), known)
    if pixels.ndim == 3:
        pixels = pixels[..., :3]
    if known.bits > 8:
        _require_range(path, pixels, known)
    picture = Image.fromarray(_eight_bits(pixels, known)).convert(mode)
    if shape and picture.size != shape[::-1]:
        picture = picture.resize(shape[::-1], Image.Resampling.BILINEAR)
    return np.asarray(picture)


def image_size(path: Path) -> tuple[int, int]:
    """(columns, rows) of the upright photo; InputError if it is not an image."""
    return _described(path).shape[::-1]


def encoded(path: Path) -> bytes:
    """A JPEG or PNG file with the pixels of `read_image`, for a decoder that knows only these.

    It is the file itself where its pixels need no more than decoding.

    Raises:
        InputError: as `read_image`.
    """
    if is_plain(path):
        return path.read_bytes()
    buffer = io.BytesIO()
    Image.fromarray(read_image(path)).save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()


def is_plain(path: Path) -> bool:
    """Whether a photo is a JPEG or PNG whose pixels need no more than decoding."""
    known = _described(path)
    if known.format not in ("PNG", "JPEG") or known.bits > 8 or known.alpha:
        return False
    with readable(path), Image.open(path) as image:
        return image.mode in ("L", "RGB") and known.orientation == 1


def _described(path: Path) -> Header:
    known = images.describe(path)
    rows, columns = known.shape
    if rows * columns > LARGEST:
        raise InputError(
            f"{path}: expected a photo, got {rows} x {columns} pixels, which are too many; "
            f"shrink it"
        )
    return known


def _eight_bits(pixels: np.ndarray, known: Header) -> np.ndarray:
    move = known.bits - 8
    if move <= 0:  # spread over the whole range
        return np.rint(pixels * (255 / known.highest)).astype(np.uint8)
    return (pixels >> move).astype(np.uint8)


def _require_range(path: Path, pixels: np.ndarray, known: Header) -> None:
    """Raise an InputError for counts that look like those of fewer bits than the file has."""
    top = int(pixels.max())
    if top and top <= known.highest // DARK:
        raise InputError(
            f"{path}: expected a photo in the range of its {known.bits} bits, 0 to "
            f"{known.highest}, got counts up to {top}; scale them to that range"
        )
