"""Windows of TIFF and JPEG 2000 images, decoding no more than the layout of the file makes needed.

tifffile gives the strips or tiles that a window touches. What it cannot decode without further
packages (LZW and JPEG in TIFF, JPEG 2000), Pillow decodes as a whole.
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
GROWTH = 4096  # bytes of pixels that a byte of a file stands for at most; of deflate 1032
SEPARATE = 2  # TIFF's code for bands in planes of their own
UNPACKED = 1 << 30  # bytes of a strip or tile
DEFLATE_GROWTH = 1032  # times at most
KINDS = {"RGB": (3, "uint8"), "L": (1, "uint8"), "I;16": (1, "uint16"), "I;16B": (1, "uint16")}


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    """InputError for a file that is not there or damaged, whenever that shows."""
    if not path.is_file():
        raise InputError(f"{path}: expected an image, got no such file; add it or take its row out")
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
    """Rows and columns, number of bands, and type of an image, from its header alone.

    Raises:
        InputError: not there, damaged, or of another kind than 8 bit grey or RGB or 16 bit grey.
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
    """ValueError for pixels that the bytes of the file cannot stand for, before they are made."""
    if shape[0] * shape[1] * bands * np.dtype(kind).itemsize > GROWTH * path.stat().st_size:
        raise ValueError(f"{shape[0]} x {shape[1]} pixels in {path.stat().st_size} bytes")


def read(path: Path, window: Window | None = None) -> np.ndarray:
    """A window of an image, or all of it: (h, w) or (h, w, bands) as it is stored.

    Raises:
        InputError: as `describe`, or the window leaves the image.
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
        return pixels.astype(kind)  # in the machine's order of bytes


def _from_segments(path: Path, tiff: tifffile.TiffFile, page, window: Window) -> np.ndarray:
    """A window from the strips or tiles that it touches."""
    dtype = page.dtype.newbyteorder(tiff.byteorder)
    samples = page.samplesperpixel
    high = page.tilelength if page.is_tiled else min(page.rowsperstrip, page.imagelength)
    wide = page.tilewidth if page.is_tiled else page.imagewidth
    _require_room(path, (high, wide), samples, page.dtype)
    result = np.zeros((window.height, window.width, samples), page.dtype)
    rows, columns = -(-page.imagelength // high), -(-page.imagewidth // wide)
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
        for i in range(window.top // high, -(-window.bottom // high)):
            for j in range(window.left // wide, -(-window.right // wide)):
                segment = _segment(tiff, page, (plane * rows + i) * columns + j)
                if segment is None:  # a hole in the file stands for zeros
                    continue
                held = min(high, page.imagelength - i * high), min(wide, page.imagewidth - j * wide)
                if segment.shape[0] < held[0] or segment.shape[1] < held[1]:
                    raise ValueError(f"a piece of {segment.shape} pixels instead of {held}")
                bottom = min(window.bottom, i * high + held[0])
                right = min(window.right, j * wide + held[1])
                top, left = max(window.top, i * high), max(window.left, j * wide)
                here = np.s_[top - window.top : bottom - window.top]
                result[here, left - window.left : right - window.left, bands] = segment[
                    top - i * high : bottom - i * high, left - j * wide : right - j * wide
                ]
    return result[..., 0] if samples == 1 else result


def _segment(tiff: tifffile.TiffFile, page, number: int) -> np.ndarray | None:
    if page.databytecounts[number] == 0:
        return None
    tiff.filehandle.seek(page.dataoffsets[number])
    data = tiff.filehandle.read(page.databytecounts[number])
    if page.compression != 1 and len(data) * DEFLATE_GROWTH > UNPACKED:
        _require_modest(data)
    segment, _, shape = page.decode(data, number)
    return segment[0, : shape[1], : shape[2]]


def _require_modest(data: bytes) -> None:
    """ValueError for deflated bytes that become too many."""
    if len(zlib.decompressobj().decompress(data, UNPACKED + 1)) > UNPACKED:
        raise ValueError(f"a strip of more than {UNPACKED} bytes")
