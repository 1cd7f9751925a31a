"""Records as JSON: bytes compressed, images as data URIs, NaN as null."""

import base64
import dataclasses
import io
import json
import math
import zlib
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import numpy as np
from matplotlib import colormaps
from PIL import Image

from seaice_tf.files import maps
from seaice_tf.report.pictures import FULL, Picture

# All vary in lightness as well; blue and red are safe for colour-blind readers.
COLOURS = {
    "ice": maps.ICE,
    "change": maps.CHANGE,
    "uncertainty": colormaps["magma"],
    "grey": colormaps["gray"],
    "height": colormaps["viridis"],
    "fraction": colormaps["Blues"],
}
QUALITY = 82  # of JPEG
LEVEL = 6  # of zlib: 9 takes three times as long for one byte in a hundred
KEPT = 64  # compressed arrays


def plain(value: Any) -> Any:
    """Convert records, mappings, sequences, arrays, text and numbers to values for JSON.

    A uint8 array becomes {"shape", "zlib"}, any other array nested lists.
    """
    if isinstance(value, Picture):
        return {"name": value.name, "alt": value.alt, "src": image(value)}
    if dataclasses.is_dataclass(value):
        fields = dataclasses.fields(value)
        return {field.name: plain(getattr(value, field.name)) for field in fields}
    if isinstance(value, np.ndarray) and value.dtype == np.uint8:
        return {"shape": list(value.shape), "zlib": _compressed(value.tobytes())}
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, np.ndarray | np.generic):
        return plain(value.tolist())
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in value]
    if isinstance(value, float):
        # Six digits are sufficient for a screen, and a third of the bytes.
        return float(f"{value:.6g}") if math.isfinite(value) else None
    return value


@lru_cache(maxsize=KEPT)  # a record is measured first and written later
def _compressed(content: bytes) -> str:
    return base64.b64encode(zlib.compress(content, LEVEL)).decode()


def size(record: Any) -> int:
    """Size of a record in a page, in bytes."""
    return len(json.dumps(plain(record)))


def image(picture: Picture) -> str:
    """A picture as a data URI."""
    picture_image, file = Image.fromarray(picture.image), io.BytesIO()
    if picture.photo:
        picture_image.save(file, "JPEG", quality=QUALITY, optimize=True)
    else:
        quantized = picture_image.quantize(256, dither=Image.Dither.NONE)
        quantized.save(file, "PNG", optimize=True)
    kind = "jpeg" if picture.photo else "png"
    return f"data:image/{kind};base64,{base64.b64encode(file.getvalue()).decode()}"


def palettes() -> dict[str, str]:
    """Colour maps by name: the colours of bytes 0 to 250 as hexadecimal text."""
    steps = np.linspace(0, 1, FULL + 1)
    return {name: _hexadecimal(table(steps)) for name, table in COLOURS.items()}


def _hexadecimal(colours: np.ndarray) -> str:
    return np.rint(255 * colours[:, :3]).astype(np.uint8).tobytes().hex()


def coloured(values: np.ndarray, colours: str, missing: str = maps.LAND) -> np.ndarray:
    """Fractions (rows, columns) as an image (rows, columns, 3) uint8; NaN in colour `missing`."""
    rgba = COLOURS[colours].with_extremes(bad=missing)(np.ma.masked_invalid(values))
    return np.rint(255 * rgba[..., :3]).astype(np.uint8)


def shrunk(picture: np.ndarray, side: int) -> np.ndarray:
    """Shrink a photo (rows, columns, 3) uint8 so that no side exceeds `side`.

    Pixels are averaged, so it is not for images whose colours encode classes.
    """
    scale = side / max(picture.shape[:2])
    if scale >= 1:
        return picture
    rows, columns = (max(round(length * scale), 1) for length in picture.shape[:2])
    return np.asarray(Image.fromarray(picture).resize((columns, rows), Image.Resampling.LANCZOS))
