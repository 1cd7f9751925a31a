"""The files of the Overhead Geopose Challenge: heights, poses, and the archive of a submission."""

import gzip
import json
import tarfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import tifffile

from seaice_tf.files import atomic
from seaice_tf.geopose.data import pose as geopose
from seaice_tf.geopose.data.pose import Pose

ROWS = 64  # of a strip: a window decodes little else
TILE = 256  # pixels along a side


def write_agl(path: Path, agl: np.ndarray) -> Path:
    """Heights in metres as uint16 centimetres, clipped at 0, deflated; NaN becomes 65535."""
    centimetres = geopose.encode_agl(agl)
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
    """(H, W, 3) uint8 as TIFF in tiles, so that a crop decodes little else."""
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
    """A VFLOW file, in pixels per centimetre."""
    return atomic.write_text(path, json.dumps(geopose.encode_pose(pose)))


def write(folder: Path, identity: str, agl: np.ndarray, pose: Pose) -> list[Path]:
    """Both files of a tile, named as a submission has them."""
    return [
        write_agl(folder / f"{identity}_AGL.tif", agl),
        write_pose(folder / f"{identity}_VFLOW.json", pose),
    ]


def write_submission(path: Path, files: Sequence[Path]) -> Path:
    """Pack the files into a .tar.gz without folders; the same files, the same bytes."""
    with (
        atomic.file(path) as temporary,
        temporary.open("wb") as raw,
        # Deflated already: what is left to gain is not worth minutes.
        gzip.GzipFile("", "wb", 1, raw, mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w") as archive,
    ):
        for file in sorted(files, key=lambda each: each.name):
            entry = tarfile.TarInfo(file.name)
            entry.size = file.stat().st_size
            with file.open("rb") as content:
                archive.addfile(entry, content)
    return path
