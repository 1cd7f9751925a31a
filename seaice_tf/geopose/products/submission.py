"""Checks the archive for the Overhead Geopose Challenge before somebody else does."""

import gzip
import io
import tarfile
import zlib
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
from PIL import Image

from seaice_tf.errors import InputError, reason
from seaice_tf.files import images, json_text
from seaice_tf.geopose.data import pose
from seaice_tf.geopose.data import tiles as geopose_tiles
from seaice_tf.geopose.data.pose import UNKNOWN, Pose

DEFLATE = "tiff_adobe_deflate"
LARGEST = 1 << 28  # bytes of a member: what is larger is not unpacked
UNPACKED, GROWTH = 1 << 30, 100  # bytes of all of it, or times its size


class _Bounded(gzip.GzipFile):
    """Ends with an error where an archive grows beyond measure; nothing of it is on the disk."""

    def __init__(self, path: Path):
        super().__init__(path, "rb")
        self.most = max(UNPACKED, GROWTH * path.stat().st_size)

    def read(self, size: int | None = -1) -> bytes:
        content = super().read(size)
        if self.tell() > self.most:
            raise tarfile.ReadError(f"more than {self.most} bytes unpacked")
        return content


def troubles(path: Path, shapes: Mapping[str, tuple[int, int]]) -> list[str]:
    """Everything that is wrong with a .tar.gz, in sentences; empty if nothing is.

    Args:
        path: of the archive.
        shapes: id -> rows and columns of each tile that it has to hold.
    """
    expected = {f"{identity}{end}" for identity in shapes for end in ("_AGL.tif", "_VFLOW.json")}
    found, names = [], Counter[str]()
    try:
        # A stream: what is skipped is read piece by piece, too.
        with _Bounded(path) as unpacked, tarfile.open(fileobj=unpacked, mode="r|") as archive:
            for entry in archive:
                names[entry.name] += 1
                if entry.name not in expected:
                    found.append(f"{entry.name} is no file that is expected")
                    continue
                fits = entry.isfile() and entry.size <= LARGEST
                content = archive.extractfile(entry) if fits else None
                if content is None:
                    found.append(f"{entry.name}: expected a file of at most {LARGEST} bytes")
                    continue
                identity, _, kind = entry.name.rpartition("_")
                data = content.read()
                check = _agl(data, shapes[identity]) if kind == "AGL.tif" else _pose(data)
                found += [f"{entry.name}: {trouble}" for trouble in check]
    except (OSError, EOFError, tarfile.TarError, zlib.error) as error:
        return [*found, f"{path}: expected a .tar.gz archive, got {error}"]
    found += [f"expected {name}, got none" for name in sorted(expected - names.keys())]
    return found + [f"{name} is there {n} times" for name, n in names.items() if n > 1]


def read(folder: Path, identity: str) -> tuple[np.ndarray, Pose] | None:
    """The heights in metres and the pose of a tile; None if a file is missing or damaged."""
    try:
        raw = images.read(folder / f"{identity}_AGL.tif")
        return pose.decode_agl(raw), geopose_tiles.read_pose(folder / f"{identity}_VFLOW.json")
    except InputError:
        return None


def _agl(data: bytes, shape: tuple[int, int]) -> Iterable[str]:
    try:
        with Image.open(io.BytesIO(data)) as image:
            mode, size = image.mode, image.size[::-1]
            compression = image.info.get("compression")
            unknown = mode.startswith("I;16") and (np.asarray(image) == UNKNOWN).any()
    except images.DAMAGE as error:
        yield f"expected an image, got {reason(error)[:90]}"
        return
    if images.KINDS.get(mode) != (1, "uint16"):
        yield f"expected one band of uint16, got {mode}"
    if size != shape:
        yield f"expected {shape[0]} x {shape[1]} pixels, got {size[0]} x {size[1]}"
    if compression != DEFLATE:
        yield f"expected deflate, got {compression}"
    if unknown:
        yield f"expected a height at every pixel, got {UNKNOWN} for unknown"


def _pose(data: bytes) -> Iterable[str]:
    try:
        geopose_tiles.checked_pose(json_text.parse(data), "pose")
    except ValueError as error:
        yield f"expected JSON, got {error}"
    except InputError as error:
        yield str(error).removeprefix("pose: ").partition(";")[0]
