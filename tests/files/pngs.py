"""A plain writer of PNG files of any depth, as Pillow writes none of 16 bits in colour."""

import struct
import zlib

import numpy as np

COLOURS = {1: 0, 2: 4, 3: 2, 4: 6}  # colour type by bands


def png(pixels: np.ndarray, *chunks: tuple[bytes, bytes]) -> bytes:
    """A PNG of (rows, columns[, bands]) uint8 or uint16 pixels, with chunks before the pixels."""
    rows, columns, bands = (*pixels.shape, 1)[:3]
    bits = 8 * pixels.dtype.itemsize
    lines = pixels.astype(pixels.dtype.newbyteorder(">")).reshape(rows, -1)
    data = b"".join(b"\0" + line.tobytes() for line in lines)
    head = struct.pack(">IIBBBBB", columns, rows, bits, COLOURS[bands], 0, 0, 0)
    parts = [(b"IHDR", head), *chunks, (b"IDAT", zlib.compress(data)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        for name, body in parts
    )
