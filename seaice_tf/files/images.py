"""Windows of TIFF and JPEG 2000 images.

Of TIFF files, tifffile decodes only the strips or tiles that a window touches. Pillow decodes whole
images of compressions that tifffile needs further packages for (LZW and JPEG in TIFF, JPEG 2000).
"""

import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import tifffile
from PIL import Image, UnidentifiedImageError

from seaice_tf.errors import InputError, reason
from seaice_tf.grids.windows import Window, require_inside, whole

TIFF, JPEG2000 = {".tif", ".tiff"}, {".j2k", ".jp2"}
DIRECT = {1, 8, 32946}  # TIFF's codes for no compression and for both kinds of deflate
DAMAGE = (
    OSError,
    ValueError,
    KeyError,
    IndexError,
    EOFError,
    SyntaxError,  # Pillow, on a broken chunk
    struct.error,
    TypeError,
    AttributeError,
    ArithmeticError,
    MemoryError,
    zlib.error,
    tifffile.TiffFileError,
    Image.DecompressionBombError,
)
GROWTH = 4096  # maximum bytes of pixels per byte of a file; 1032 with deflate
SEPARATE = 2  # TIFF's code for bands in planes of their own
UNPACKED = 1 << 30  # maximum bytes of a strip or tile
DEFLATE_GROWTH = 1032  # maximum compression ratio of deflate
KINDS = {"RGB": (3, "uint8"), "L": (1, "uint8"), "I;16": (1, "uint16"), "I;16B": (1, "uint16")}


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    """A context in which a missing or damaged file is an InputError."""
    if not path.is_file():
        raise InputError(f"{path}: expected an image, got no such file; add it or remove its row")
    try:
        yield
    except UnidentifiedImageError as error:
        raise InputError(
            f"{path}: expected TIFF or JPEG 2000, got something else or a Pillow that lacks it; "
            f"download the file again, or update Pillow"
        ) from error
    except DAMAGE as error:
        raise InputError(
            f"{path}: expected an image, got {reason(error)[:90]}; download the file again"
        ) from error


def describe(path: Path) -> tuple[tuple[int, int], int, str]:
    """Read the header of an image.

    Returns:
        (rows, columns), number of bands, and data type.

    Raises:
        InputError: missing, damaged, or not 8-bit grey, RGB or 16-bit grey.
    """
    with _readable(path), Image.open(path) as image:
        return _described(path, image)


def _described(path: Path, image: Image.Image) -> tuple[tuple[int, int], int, str]:
    if image.mode not in KINDS:
        raise ValueError(f"pixels of the kind {image.mode}")
    (width, height), (bands, kind) = image.size, KINDS[image.mode]
    _require_room(path, (height, width), bands, kind)
    return (height, width), bands, kind


def _require_room(path: Path, shape: tuple[int, int], bands: int, kind: str) -> None:
    """Raise a ValueError if an image is too large for the size of its file."""
    if shape[0] * shape[1] * bands * np.dtype(kind).itemsize > GROWTH * path.stat().st_size:
        raise ValueError(f"{shape[0]} x {shape[1]} pixels in {path.stat().st_size} bytes")


def read(path: Path, window: Window | None = None) -> np.ndarray:
    """Read a window of an image, or the whole image.

    Returns:
        (height, width) or (height, width, bands), of the type of the file.

    Raises:
        InputError: as `describe`, or the window is not inside the image.
    """
    shape, bands, kind = describe(path)
    part = window or whole(shape)
    require_inside(part, shape, str(path))
    if path.suffix.lower() in TIFF:
        with _readable(path), tifffile.TiffFile(path) as tiff:
            page = tiff.pages.first
            tags = (page.imagelength, page.imagewidth), page.samplesperpixel, str(page.dtype)
            if tags != (shape, bands, kind):
                raise ValueError(f"{tags} in tags for {shape}, {bands}, {kind}")
            if page.compression in DIRECT:
                return _from_segments(path, tiff, page, part)
    with _readable(path), Image.open(path) as image:
        pixels = np.asarray(image)[part.slices]
        return pixels.astype(kind)  # in native byte order


def _from_segments(path: Path, tiff: tifffile.TiffFile, page, window: Window) -> np.ndarray:
    """Decode a window from the strips or tiles that it touches."""
    dtype = page.dtype.newbyteorder(tiff.byteorder)
    samples = page.samplesperpixel
    segment_rows = page.tilelength if page.is_tiled else min(page.rowsperstrip, page.imagelength)
    segment_columns = page.tilewidth if page.is_tiled else page.imagewidth
    _require_room(path, (segment_rows, segment_columns), samples, page.dtype)
    result = np.zeros((window.height, window.width, samples), page.dtype)
    rows, columns = (
        -(-page.imagelength // segment_rows),
        -(-page.imagewidth // segment_columns),
    )
    planes = samples if page.planarconfig == SEPARATE else 1
    if not rows * columns * planes == len(page.dataoffsets) == len(page.databytecounts):
        raise ValueError(f"{len(page.dataoffsets)} pieces for {rows} x {columns} x {planes}")
    if page.is_contiguous and planes == 1:
        shape = (page.imagelength, page.imagewidth, samples)
        pixels = np.memmap(page.parent.filehandle.path, dtype, "r", page.dataoffsets[0], shape)
        result[:] = pixels[window.slices]
        return result[..., 0] if samples == 1 else result
    for plane in range(planes):
        bands = slice(plane, plane + 1) if planes > 1 else slice(None)
        for i in range(window.top // segment_rows, -(-window.bottom // segment_rows)):
            for j in range(window.left // segment_columns, -(-window.right // segment_columns)):
                segment = _segment(tiff, page, (plane * rows + i) * columns + j)
                if segment is None:  # of zeros
                    continue
                size = (
                    min(segment_rows, page.imagelength - i * segment_rows),
                    min(segment_columns, page.imagewidth - j * segment_columns),
                )
                if segment.shape[0] < size[0] or segment.shape[1] < size[1]:
                    raise ValueError(f"a piece of {segment.shape} pixels instead of {size}")
                bottom = min(window.bottom, i * segment_rows + size[0])
                right = min(window.right, j * segment_columns + size[1])
                top, left = max(window.top, i * segment_rows), max(window.left, j * segment_columns)
                here = np.s_[top - window.top : bottom - window.top]
                result[here, left - window.left : right - window.left, bands] = segment[
                    top - i * segment_rows : bottom - i * segment_rows,
                    left - j * segment_columns : right - j * segment_columns,
                ]
    return result[..., 0] if samples == 1 else result


def _segment(tiff: tifffile.TiffFile, page, number: int) -> np.ndarray | None:
    if page.databytecounts[number] == 0:
        return None
    tiff.filehandle.seek(page.dataoffsets[number])
    data = tiff.filehandle.read(page.databytecounts[number])
    if page.compression != 1 and len(data) * DEFLATE_GROWTH > UNPACKED:
        _require_limit(data)
    segment, _, shape = page.decode(data, number)
    return segment[0, : shape[1], : shape[2]]


def _require_limit(data: bytes) -> None:
    """Raise a ValueError if deflated data exceed UNPACKED bytes."""
    if len(zlib.decompressobj().decompress(data, UNPACKED + 1)) > UNPACKED:
        raise ValueError(f"a strip of more than {UNPACKED} bytes")
