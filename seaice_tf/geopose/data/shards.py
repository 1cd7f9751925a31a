"""Tiles as `prepare` leaves them: one TFRecord file a tile, mapped instead of read.

Record 0 is JSON: the facts of the tile, rows and columns. Records 1 and 2 are raw numbers: the
image u1 (rows, columns, 3) and the heights <u2 (rows, columns) as an AGL file has them. A crop
costs the pages that it touches, and making a shard the memory of one tile. TFRecord's own checks
are not looked at: the shards' SHA-256 in the manifest is, when they are found.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from seaice_tf.errors import InputError
from seaice_tf.files import json_text, tfrecords
from seaice_tf.geopose.data import pose
from seaice_tf.geopose.data import tiles as geopose_tiles
from seaice_tf.geopose.data.pose import CITIES, Facts, Pose, View
from seaice_tf.geopose.data.tiles import Tile
from seaice_tf.grids.windows import Window, require_inside, whole

SUFFIX = ".tfrecord"
MANIFEST = tfrecords.MANIFEST
FIRST_NUMBER = Facts._fields.index("known")  # of those about heights
WAY_OUT = "run seaice-tf prepare geopose again"


@dataclass(frozen=True)
class Shard:
    """A labelled tile, its arrays mapped."""

    path: Path
    facts: Facts
    image: np.ndarray  # (H, W, 3) uint8
    centimetres: np.ndarray  # (H, W) uint16, 65535 where unknown

    @property
    def shape(self) -> tuple[int, int]:
        return self.centimetres.shape[0], self.centimetres.shape[1]

    def view(self, window: Window | None = None) -> View:
        """A window of the tile, or all of it."""
        window = window or whole(self.shape)
        require_inside(window, self.shape, str(self.path))
        agl = pose.decode_agl(self.centimetres[window.slices])
        image = np.array(self.image[window.slices])
        return View(image, agl, self.facts.pose, self.facts.gsd)


def records(tile: Tile) -> Iterator[bytes]:
    """The records of a labelled tile's shard.

    Raises:
        InputError: the tile has no labels, or its files are damaged.
    """
    agl = geopose_tiles.read_agl(tile)
    facts = geopose_tiles.facts_of(tile, agl)
    header = {**facts._asdict(), "pose": facts.pose._asdict(), "shape": tile.shape}
    yield json.dumps(header).encode()
    yield geopose_tiles.read_image(tile).tobytes()
    yield pose.encode_agl(agl).astype("<u2").tobytes()


def find(folder: Path) -> list[Path]:
    """The shards of a folder that is complete.

    Raises:
        InputError: it is not, its manifest is not one, or a shard is damaged.
    """
    return tfrecords.verify(folder, tfrecords.read_manifest(folder, WAY_OUT), WAY_OUT)


def read(path: Path) -> Shard:
    """A shard, mapped.

    Raises:
        InputError: it is damaged.
    """
    try:
        content = np.memmap(path, np.uint8, "r") if path.stat().st_size else np.empty(0, np.uint8)
        (start, end), image, agl = tfrecords.record_bounds(content)
        header = json_text.parse(content[start:end].tobytes())
        rows, columns = header.pop("shape")
        facts = Facts(**{**header, "pose": Pose(**header["pose"])})
        if facts.city not in CITIES:
            raise ValueError(f"the city {facts.city}")
        numbers = np.array((facts.gsd, *facts.pose, *facts[FIRST_NUMBER:]))
        if numbers.dtype.kind not in "if" or not (np.isfinite(numbers) & (numbers >= 0)).all():
            raise ValueError(f"no finite numbers: {facts}")
        return Shard(
            path,
            facts,
            content[slice(*image)].reshape(rows, columns, 3),
            content[slice(*agl)].view("<u2").reshape(rows, columns),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(f"{path}: expected a shard, got {error!r}; {WAY_OUT}") from error
