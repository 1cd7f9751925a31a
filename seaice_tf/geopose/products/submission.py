"""Files and submissions of the Overhead Geopose Challenge: writing, validation and reading."""

import gzip
import io
import json
import tarfile
import zlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
import tifffile
from PIL import Image

from seaice_tf.errors import InputError, reason
from seaice_tf.files import atomic
from seaice_tf.files.image_header import DAMAGE, readable
from seaice_tf.geopose.data import tiles as geopose_tiles
from seaice_tf.geopose.data.pose import UNKNOWN, Pose, decode_agl, encode_agl, encode_pose

ROWS = 64  # of a TIFF strip: reading a window decodes little else
TILE = 256  # pixels along a side of a TIFF tile
DEFLATE = "tiff_adobe_deflate"
HEIGHTS = {"L", "I;16", "I;16B", "I", "F"}  # kinds of pixels of one band
LARGEST = 1 << 28  # bytes of a member; larger ones are not unpacked
UNPACKED, GROWTH = 1 << 30, 100  # limit of all members: bytes, or times the archive's size


def write_agl(path: Path, agl: np.ndarray) -> Path:
    """Write heights in metres as deflated uint16 centimetres, clipped at 0; NaN becomes 65535."""
    centimetres = encode_agl(agl)
    with atomic.file(path) as temporary:
        tifffile.imwrite(
            temporary,
            centimetres,
            photometric="minisblack",
            compression="zlib",
            rowsperstrip=ROWS,
            metadata=None,
            software=False,
        )
    return path


def write_image(path: Path, image: np.ndarray) -> Path:
    """Write an image (H, W, 3) uint8 as tiled TIFF, so that a crop decodes little else."""
    with atomic.file(path) as temporary:
        tifffile.imwrite(
            temporary,
            image,
            photometric="rgb",
            compression="zlib",
            tile=(TILE, TILE),
            metadata=None,
            software=False,
        )
    return path


def write_pose(path: Path, pose: Pose) -> Path:
    """Write a VFLOW file, in pixels per centimetre."""
    return atomic.write_text(path, json.dumps(encode_pose(pose)))


def write_tile(folder: Path, identity: str, agl: np.ndarray, pose: Pose) -> list[Path]:
    """Write heights and pose of a tile under the names of a submission; returns the files."""
    return [
        write_agl(folder / f"{identity}_AGL.tif", agl),
        write_pose(folder / f"{identity}_VFLOW.json", pose),
    ]


def write_archive(path: Path, files: Sequence[Path]) -> Path:
    """Pack files into a .tar.gz without folders, deterministic to the byte."""
    with (
        atomic.file(path) as temporary,
        temporary.open("wb") as raw,
        # The files are deflated already; a higher level takes minutes and gains little.
        gzip.GzipFile("", "wb", 1, raw, mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w") as archive,
    ):
        for file in sorted(files, key=lambda each: each.name):
            entry = tarfile.TarInfo(file.name)
            entry.size = file.stat().st_size
            with file.open("rb") as content:
                archive.addfile(entry, content)
    return path


class _Bounded(gzip.GzipFile):
    """A gzip stream that raises an error beyond a limit of unpacked bytes, against bombs."""

    def __init__(self, path: Path):
        super().__init__(path, "rb")
        self.most = max(UNPACKED, GROWTH * path.stat().st_size)

    def read(self, size: int | None = -1) -> bytes:
        content = super().read(size)
        if self.tell() > self.most:
            raise tarfile.ReadError(f"more than {self.most} bytes unpacked")
        return content


def check(path: Path, target: Path | None = None) -> list[str] | None:
    """Problems of a submission.

    Args:
        path: of the .tar.gz archive.
        target: folder of the tiles that it must contain.

    Returns:
        One sentence for each problem; None for a file that is no submission.

    Raises:
        InputError: there is no target.
    """
    if not path.name.endswith(".tar.gz"):
        return None
    if target is None:
        raise InputError(
            f"{path}: expected --target, the folder of the tiles that it must contain, got none"
        )
    tiles = geopose_tiles.read_unlabelled(target)
    return validate(path, {tile.id: tile.shape for tile in tiles})


def validate(path: Path, shapes: Mapping[str, tuple[int, int]]) -> list[str]:
    """Problems of a submission: of its format, and heights and scales that are none.

    Args:
        path: of the .tar.gz archive.
        shapes: id -> (rows, columns) of each tile that it must contain.

    Returns:
        One sentence for each problem; empty for a valid submission.
    """
    expected = {f"{identity}{end}" for identity in shapes for end in ("_AGL.tif", "_VFLOW.json")}
    found, names = [], Counter[str]()
    try:
        # As a stream, so that skipped members are read in pieces too.
        with _Bounded(path) as unpacked, tarfile.open(fileobj=unpacked, mode="r|") as archive:
            for entry in archive:
                names[entry.name] += 1
                if entry.name not in expected:
                    found.append(f"{entry.name} is not an expected file")
                    continue
                fits = entry.isfile() and entry.size <= LARGEST
                content = archive.extractfile(entry) if fits else None
                if content is None:
                    found.append(f"{entry.name}: expected a file of at most {LARGEST} bytes")
                    continue
                identity, _, kind = entry.name.rpartition("_")
                data = content.read()
                check = _agl(data, shapes[identity]) if kind == "AGL.tif" else _pose(data)
                found += [f"{entry.name}: {problem}" for problem in check]
    except (OSError, EOFError, tarfile.TarError, zlib.error) as error:
        return [*found, f"{path}: expected a .tar.gz archive, got {error}"]
    found += [f"expected {name}, got none" for name in sorted(expected - names.keys())]
    return found + [f"{name} occurs {n} times" for name, n in names.items() if n > 1]


def read(folder: Path, identity: str) -> tuple[np.ndarray, Pose]:
    """Heights in metres, NaN for 65535, and pose of a predicted tile, as lenient as the challenge.

    Heights may be of any type of number, in cm, and a scale may be negative.

    Raises:
        InputError: a file is missing or damaged, or scale or angle are not finite.
    """
    path = folder / f"{identity}_AGL.tif"
    with readable(path), Image.open(path) as image:
        if image.mode not in HEIGHTS:
            raise ValueError(f"pixels of the kind {image.mode}")
        agl = decode_agl(np.asarray(image))
    return agl, geopose_tiles.read_pose(folder / f"{identity}_VFLOW.json", signed=True)


def _agl(data: bytes, shape: tuple[int, int]) -> Iterable[str]:
    try:
        with Image.open(io.BytesIO(data)) as image:
            mode, size = image.mode, image.size[::-1]
            compression = image.info.get("compression")
            unknown = int((np.asarray(image) == UNKNOWN).sum()) if mode in HEIGHTS else 0
    except DAMAGE as error:
        yield f"expected an image, got {reason(error)[:90]}"
        return
    if not mode.startswith("I;16"):
        yield f"expected one band of uint16, got {mode}"
    if size != shape:
        yield f"expected {shape[0]} x {shape[1]} pixels, got {size[0]} x {size[1]}"
    if compression != DEFLATE:
        yield f"expected deflate, got {compression}"
    if unknown:
        yield f"expected a height at every pixel, got {UNKNOWN} for unknown at {unknown}"


def _pose(data: bytes) -> Iterable[str]:
    try:
        geopose_tiles.parse_pose(data, "pose")
    except InputError as error:
        yield str(error).removeprefix("pose: ").partition(";")[0]
