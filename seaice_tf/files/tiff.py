"""Windows of TIFF images.

tifffile decodes only the strips or tiles that a window touches. Pillow decodes whole images of
compressions that tifffile needs further packages for (LZW and JPEG in TIFF), and palettes.
"""

import zlib
from pathlib import Path

import numpy as np
import tifffile
from PIL import Image

from seaice_tf.files.image_header import Header, stored_shape, upright
from seaice_tf.grids.windows import Window, whole

DIRECT = {1, 8, 32946}  # TIFF's codes for no compression and for both kinds of deflate
COLOURS = {0: 1, 1: 1, 2: 3}  # bands by photometric interpretation: white or black is zero, RGB
WHITE_IS_ZERO = 0
UNASSOCIATED_ALPHA = 2  # the colours are not yet multiplied by it
ORIENTATION = 274  # tag
GROWTH = 4096  # maximum bytes of pixels per byte of a file; 1032 with deflate
SEPARATE = 2  # TIFF's code for bands in planes of their own
UNPACKED = 1 << 30  # maximum bytes of a strip or tile
DEFLATE_GROWTH = 1032  # maximum compression ratio of deflate
MODES = {"1": (1, 8), "L": (1, 8), "RGB": (3, 8), "P": (3, 8), "I;16": (1, 16), "I;16B": (1, 16)}


def header(path: Path) -> Header:
    """Header of the first page; the errors are those of `image_header.DAMAGE`."""
    with tifffile.TiffFile(path) as tiff:
        page = tiff.pages.first
        tag = page.tags.get(ORIENTATION)
        orientation = tag.value if tag is not None and tag.value in range(1, 9) else 1
        shape = stored_shape((page.imagelength, page.imagewidth), orientation)
        if not _is_direct(page):
            bands, bits = _by_pillow(path, page)
            require_room(path, shape, bands, bits // 8)
            return Header("TIFF", shape, bands, bits, orientation=orientation)
        if str(page.dtype) not in ("uint8", "uint16") or page.bitspersample not in (8, 16):
            raise ValueError(f"pixels of {page.dtype} with {page.bitspersample} bits")
        if page.samplesperpixel - len(page.extrasamples) != COLOURS[page.photometric]:
            raise ValueError(f"{page.samplesperpixel} bands of unknown meaning")
        if page.imagedepth != 1:
            raise ValueError("a volume")
        require_room(path, shape, page.samplesperpixel, page.bitspersample // 8)
        alpha = page.extrasamples[-1:] == (UNASSOCIATED_ALPHA,)
        return Header("TIFF", shape, page.samplesperpixel, page.bitspersample, alpha, orientation)


def _is_direct(page: tifffile.TiffPage) -> bool:
    return page.compression in DIRECT and page.photometric in COLOURS and page.bitspersample >= 8


def _by_pillow(path: Path, page: tifffile.TiffPage) -> tuple[int, int]:
    """Bands and bits of an image that Pillow decodes."""
    with Image.open(path) as image:
        if image.mode not in MODES:
            raise ValueError(f"pixels of the kind {image.mode}")
        bands, bits = MODES[image.mode]
        if page.bitspersample > bits or (bits > 8 and page.photometric == WHITE_IS_ZERO):
            raise ValueError(f"{page.bitspersample} bits in {bands} bands, compressed")
        return bands, bits


def require_room(path: Path, shape: tuple[int, int], bands: int, size: int) -> None:
    """Raise a ValueError if an image is too large for the size of its file."""
    if shape[0] * shape[1] * bands * size > GROWTH * path.stat().st_size:
        raise ValueError(f"{shape[0]} x {shape[1]} pixels in {path.stat().st_size} bytes")


def read(path: Path, known: Header, window: Window) -> np.ndarray:
    """Read a window of an upright image.

    Args:
        path: of the file.
        known: its `header`.
        window: inside the image.

    Returns:
        (height, width) or (height, width, bands), of the header's type.
    """
    with tifffile.TiffFile(path) as tiff:
        page = tiff.pages.first
        if not _is_direct(page):
            return _decoded(path, known)[window.slices]
        if known.orientation == 1:
            pixels = _from_segments(path, tiff, page, window)
        else:
            stored = whole((page.imagelength, page.imagewidth))
            pixels = upright(_from_segments(path, tiff, page, stored), known.orientation)
            pixels = pixels[window.slices]
    return known.highest - pixels if page.photometric == WHITE_IS_ZERO else pixels


def _decoded(path: Path, known: Header) -> np.ndarray:
    """The upright image of a compression or palette that Pillow decodes."""
    with Image.open(path) as image:
        image.load()
        # Pillow turns the pixels itself and removes the tag, in versions of 2024 and later.
        orientation = image.tag_v2.get(ORIENTATION, 1)  # type: ignore[attr-defined]
        mode = {"1": "L", "P": "RGB"}.get(image.mode, image.mode)
        pixels = np.asarray(image.convert(mode))
        return upright(pixels, orientation).astype(known.dtype)  # native byte order


def _from_segments(path: Path, tiff: tifffile.TiffFile, page, window: Window) -> np.ndarray:
    """Decode a window from the strips or tiles that it touches."""
    dtype = page.dtype.newbyteorder(tiff.byteorder)
    samples = page.samplesperpixel
    segment_rows = page.tilelength if page.is_tiled else min(page.rowsperstrip, page.imagelength)
    segment_columns = page.tilewidth if page.is_tiled else page.imagewidth
    require_room(path, (segment_rows, segment_columns), samples, page.dtype.itemsize)
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
