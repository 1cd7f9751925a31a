"""Shards of tiles, as `prepare` writes them: one memory-mapped TFRecord file per tile.

Record 0 is JSON: statistics of the tile, rows and columns. Records 1 and 2 are raw arrays: the
image u1 (rows, columns, 3) and the heights <u2 (rows, columns) as in an AGL file. Reading a crop
touches only its pages, and writing a shard needs the memory of one tile. Checksums of TFRecord are
not verified; the SHA-256 of the manifest is, when shards are found.
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
from seaice_tf.geopose.data.pose import CITIES, Pose, TileStatistics, View
from seaice_tf.geopose.data.tiles import Tile
from seaice_tf.grids.windows import Window, require_inside, whole

SUFFIX = ".tfrecord"
MANIFEST = tfrecords.MANIFEST
FIRST_NUMBER = TileStatistics._fields.index("known")  # of those of heights
REMEDY = "run seaice-tf prepare geopose again"


@dataclass(frozen=True)
class Shard:
    """A labelled tile with memory-mapped arrays.

    Attributes:
        path: of the shard.
        statistics: of the tile.
        image: (H, W, 3) uint8.
        centimetres: (H, W) uint16 heights, 65535 where unknown.
    """

    path: Path
    statistics: TileStatistics
    image: np.ndarray
    centimetres: np.ndarray

    @property
    def shape(self) -> tuple[int, int]:
        return self.centimetres.shape[0], self.centimetres.shape[1]

    def view(self, window: Window | None = None) -> View:
        """The tile or a window of it."""
        window = window or whole(self.shape)
        require_inside(window, self.shape, str(self.path))
        agl = pose.decode_agl(self.centimetres[window.slices])
        image = np.array(self.image[window.slices])
        return View(image, agl, self.statistics.pose, self.statistics.gsd)


def records(tile: Tile) -> Iterator[bytes]:
    """The records of a labelled tile's shard.

    Raises:
        InputError: the tile has no labels, or its files are damaged.
    """
    agl = geopose_tiles.read_agl(tile)
    statistics = geopose_tiles.statistics(tile, agl)
    header = {
        **statistics._asdict(),
        "pose": statistics.pose._asdict(),
        "shape": tile.shape,
    }
    yield json.dumps(header).encode()
    yield geopose_tiles.read_image(tile).tobytes()
    yield pose.encode_agl(agl).astype("<u2").tobytes()


def find(folder: Path) -> list[Path]:
    """The shards of a folder.

    Raises:
        InputError: the folder is incomplete, or its manifest or a shard is damaged.
    """
    return tfrecords.verify(folder, tfrecords.read_manifest(folder, REMEDY), REMEDY)


def read(path: Path) -> Shard:
    """Map a shard into memory.

    Raises:
        InputError: the shard is damaged.
    """
    try:
        content = np.memmap(path, np.uint8, "r") if path.stat().st_size else np.empty(0, np.uint8)
        (start, end), image, agl = tfrecords.record_bounds(content)
        header = json_text.parse(content[start:end].tobytes())
        rows, columns = header.pop("shape")
        statistics = TileStatistics(**{**header, "pose": Pose(**header["pose"])})
        if statistics.city not in CITIES:
            raise ValueError(f"the city {statistics.city}")
        numbers = np.array((statistics.gsd, *statistics.pose, *statistics[FIRST_NUMBER:]))
        if numbers.dtype.kind not in "if" or not (np.isfinite(numbers) & (numbers >= 0)).all():
            raise ValueError(f"no finite numbers: {statistics}")
        return Shard(
            path,
            statistics,
            content[slice(*image)].reshape(rows, columns, 3),
            content[slice(*agl)].view("<u2").reshape(rows, columns),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(f"{path}: expected a shard, got {error!r}; {REMEDY}") from error
