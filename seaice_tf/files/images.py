"""Images of any format by their content, with their bit depth and the right way up.

PNG, JPEG and JPEG 2000 are decoded by Pillow, TIFF by `files.tiff`. The name of a file says nothing
about its format here. Every system reads its images by these functions.
"""

import io
import struct
import zlib
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from seaice_tf.files import tiff
from seaice_tf.files.image_header import (
    DAMAGE,
    LARGEST,
    Header,
    format_of,
    readable,
    stored_shape,
    upright,
)
from seaice_tf.grids.windows import Window, require_inside, whole

SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".tif", ".tiff", ".j2k", ".jp2"})
ORIENTATION = 0x0112  # of EXIF
LUMINANCE = np.array([0.299, 0.587, 0.114], np.float32)  # of red, green and blue, ITU-R BT.601
GREY, RGB, PALETTE, GREY_ALPHA, RGBA = 0, 2, 3, 4, 6  # colour types of PNG
BANDS = {GREY: 1, RGB: 3, PALETTE: 3, GREY_ALPHA: 2, RGBA: 4}
MODES = {"L": 1, "LA": 2, "RGB": 3, "RGBA": 4, "P": 3, "CMYK": 3, "I;16": 1}  # bands
SIZ = b"\xff\x4f\xff\x51"  # of a codestream of JPEG 2000: its start and the marker of its size
BOXES = 1 << 20  # bytes of a file in which its codestream begins
SIZ_DEPTH = 42  # bytes from there to the depth of the first component


def describe(path: Path) -> Header:
    """Read the header of an image.

    Raises:
        InputError: missing, damaged, or of a format, depth or number of bands that is not read.
    """
    with readable(path):
        return HEADERS[format_of(path)](path)


def read(
    path: Path, window: Window | None = None, at_least: tuple[int, int] | None = None
) -> np.ndarray:
    """Read a window of an image, or the whole image, upright.

    Args:
        path: of the file.
        window: inside the image; None for all of it.
        at_least: (rows, columns) that suffice: a JPEG may then be decoded at a lower resolution.

    Returns:
        (height, width) or (height, width, bands) in the counts of the file, whose range is
        0 to `describe(path).highest`.

    Raises:
        InputError: as `describe`, or the window is not inside the image.
    """
    known = describe(path)
    part = window or whole(known.shape)
    require_inside(part, known.shape, str(path))
    with readable(path):
        if known.format == "TIFF":
            return tiff.read(path, known, part)
        pixels = upright(DECODERS[known.format](path, known, at_least), known.orientation)
        return np.ascontiguousarray(pixels[part.slices] if window else pixels)


def read_grey(path: Path) -> tuple[np.ndarray, int]:
    """Read an image as luminance.

    Returns:
        (rows, columns) float32 in the counts of the file, transparent parts as 0; and the largest
        value of its bit depth, such as 255 or 65535. The counts may use a part of that range only.

    Raises:
        InputError: as `describe`.
    """
    known = describe(path)
    pixels = over_black(read(path), known).astype(np.float32)
    return pixels if pixels.ndim == 2 else pixels[..., :3] @ LUMINANCE, known.highest


def over_black(pixels: np.ndarray, known: Header) -> np.ndarray:
    """Pixels without their alpha band: what is transparent is black, as a gap between swaths."""
    if not known.alpha:
        return pixels
    colours, alpha = pixels[..., :-1].astype(np.float64), pixels[..., -1:] / known.highest
    shown = np.rint(colours * alpha).astype(pixels.dtype)
    return shown[..., 0] if shown.shape[-1] == 1 else shown


class _Png(NamedTuple):
    shape: tuple[int, int]
    bits: int
    colour: int
    transparent: bool
    orientation: int


def _png_chunks(path: Path) -> _Png:
    """What the chunks of a PNG say, those after the pixels among them; nothing is decoded."""
    transparent, orientation = False, 1
    with path.open("rb") as file:
        width, height, bits, colour = struct.unpack(">16xIIBB", file.read(26))
        file.seek(33)
        while len(head := file.read(8)) == 8 and head[4:] != b"IEND":
            length = int.from_bytes(head[:4], "big")
            transparent |= head[4:] == b"tRNS"
            if head[4:] == b"eXIf":
                orientation = _orientation(partial(_exif, file.read(length)))
                length = 0
            file.seek(length + 4, 1)
    return _Png((height, width), bits, colour, transparent, orientation)


def _exif(content: bytes) -> Image.Exif:
    exif = Image.Exif()
    exif.load(content)
    return exif


def _orientation(read: Callable[[], Image.Exif]) -> int:
    """EXIF's orientation; 1 where the EXIF data are damaged, as any viewer takes it."""
    try:
        value = read().get(ORIENTATION, 1)
    except DAMAGE:
        return 1
    return value if value in range(1, 9) else 1


def _png(path: Path) -> Header:
    known = _png_chunks(path)
    bands = BANDS[known.colour]
    alpha = known.transparent or known.colour in (GREY_ALPHA, RGBA)
    _require_size(known.shape)
    return Header(
        "PNG",
        stored_shape(known.shape, known.orientation),
        bands + (known.transparent and known.colour not in (GREY_ALPHA, RGBA)),
        max(known.bits, 8),  # Pillow spreads 1, 2 and 4 bits over the range of 8
        alpha,
        known.orientation,
    )


def _jpeg(path: Path) -> Header:
    with Image.open(path) as image:
        size, mode, orientation = image.size, image.mode, _orientation(image.getexif)
    _require_size(size)
    return Header("JPEG", stored_shape(size[::-1], orientation), MODES[mode], 8, False, orientation)


def _jpeg2000(path: Path) -> Header:
    with Image.open(path) as image:
        size, mode = image.size, image.mode
    bits = _jpeg2000_bits(path)
    if mode not in MODES or (bits != 8 and MODES[mode] > 1):
        raise ValueError(f"pixels of the kind {mode} with {bits} bits")
    tiff.require_room(path, size, MODES[mode], 1 if bits <= 8 else 2)
    return Header("JPEG 2000", size[::-1], MODES[mode], bits, mode in ("LA", "RGBA"))


def _jpeg2000_bits(path: Path) -> int:
    """Bits of the first component of a codestream of JPEG 2000 (ISO 15444-1, A.5.1)."""
    with path.open("rb") as file:
        content = file.read(BOXES)
    depth = content[content.index(SIZ) + SIZ_DEPTH]
    if depth & 0x80:
        raise ValueError("pixels with a sign")
    if depth >= 16:
        raise ValueError(f"pixels of {depth + 1} bits")
    return depth + 1


def _require_size(shape: tuple[int, int]) -> None:
    if shape[0] * shape[1] > LARGEST:
        raise ValueError(f"{shape[0]} x {shape[1]} pixels are too many for a photo")


def _decode_png(path: Path, known: Header, at_least) -> np.ndarray:
    if known.bits == 16:
        return _decode_png16(path)
    with Image.open(path) as image:
        return np.asarray(image.convert(("L", "LA", "RGB", "RGBA")[known.bands - 1]))


def _decode_png16(path: Path) -> np.ndarray:
    """Decode a PNG of 16 bits, of which Pillow reads both bytes in grey images alone."""
    chunks = _png_chunks(path)
    with Image.open(path) as image:
        transparent = image.info.get("transparency")
        if chunks.colour == GREY:
            pixels = np.asarray(image).astype(np.uint16)
        elif chunks.colour == GREY_ALPHA:
            pixels = _as_rgba(path).view(">u2").astype(np.uint16)
        else:
            name = "RGB" if chunks.colour == RGB else "RGBA"
            high, low = (_decode_bytes(path, f"{name};16{order}") for order in "BL")
            pixels = high.astype(np.uint16) << 8 | low
    if not chunks.transparent or chunks.colour in (GREY_ALPHA, RGBA):
        return pixels
    bands = pixels if pixels.ndim == 3 else pixels[..., None]
    opaque = (bands != np.asarray(transparent)).any(axis=-1, keepdims=True)
    return np.concatenate([bands, opaque * np.uint16(0xFFFF)], axis=-1)


def _decode_bytes(path: Path, order: str) -> np.ndarray:
    """The high bytes of a PNG of 16 bits, or the low ones where the order is the reverse."""
    with Image.open(path) as image:
        image.tile = [(*image.tile[0][:3], order)]  # type: ignore[list-item]
        return np.asarray(image)


def _as_rgba(path: Path) -> np.ndarray:
    """A PNG of 16-bit grey and alpha, whose pixels are stored as those of 8-bit RGBA are."""
    content = bytearray(path.read_bytes())
    content[24:26] = bytes([8, RGBA])
    content[29:33] = struct.pack(">I", zlib.crc32(content[12:29]))
    with Image.open(io.BytesIO(content)) as image:
        return np.asarray(image)


def _decode_jpeg(path: Path, known: Header, at_least: tuple[int, int] | None) -> np.ndarray:
    with Image.open(path) as image:
        if at_least:
            image.draft(None, stored_shape(at_least, known.orientation)[::-1])
        return np.asarray(image.convert("L" if known.bands == 1 else "RGB"))


def _decode_jpeg2000(path: Path, known: Header, at_least) -> np.ndarray:
    with Image.open(path) as image:
        pixels = np.asarray(image.convert("RGB") if image.mode == "P" else image)
    spare = 8 * np.dtype(known.dtype).itemsize - known.bits
    return (pixels >> spare).astype(known.dtype)  # Pillow moves the counts up to the highest bit


HEADERS = {"PNG": _png, "JPEG": _jpeg, "TIFF": tiff.header, "JPEG 2000": _jpeg2000}
DECODERS = {"PNG": _decode_png, "JPEG": _decode_jpeg, "JPEG 2000": _decode_jpeg2000}
