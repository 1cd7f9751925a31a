"""The folder of the Overhead Geopose Challenge.

geopose_train.csv (id, rgb, agl, json) names the files, metadata.csv (id, city, gsd) says where and
how finely each image was taken. To be predicted: geopose_test.csv (id, rgb), or geopose_train.csv
without a look at its labels. Files lie beside the tables or in train/ and test/. An image that a
table calls .j2k may have been converted to .tif.
"""

import csv
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from seaice_tf.errors import InputError
from seaice_tf.files import images as raster
from seaice_tf.files import json_text
from seaice_tf.geopose.data import pose as geopose
from seaice_tf.geopose.data.pose import (
    CITIES,
    LABELLED_COLUMNS,
    LABELLED_TABLE,
    METADATA,
    METADATA_COLUMNS,
    SYNTHETIC,
    TEST_COLUMNS,
    TEST_TABLE,
    Facts,
    Pose,
    View,
)
from seaice_tf.grids.windows import Window

TITLE = "Overhead Geopose"
LARGEST = 1e6  # pixels a centimetre, or radians: what is beyond is none
PLACES = ("", "train", "test")  # in which files of a table may lie
WAY_OUT = "use the challenge's own tables and files"


@dataclass(frozen=True)
class Tile:
    """An image and its labels as files; nothing but headers and poses has been read."""

    id: str
    city: str
    gsd: float  # metres a pixel
    shape: tuple[int, int]
    image: Path
    agl: Path | None = None  # None for both where the tile is to be predicted
    pose: Pose | None = None

    @property
    def labels(self) -> tuple[Path, Pose]:
        """The AGL file and the pose; InputError where there are none."""
        if self.agl is None or self.pose is None:
            raise InputError(f"{self.image}: expected a labelled tile, got none; add its labels")
        return self.agl, self.pose


def read_labelled(folder: Path) -> list[Tile]:
    """The tiles of geopose_train.csv in order of their ids.

    Raises:
        InputError: a table is missing or damaged, a row's files or metadata are missing or wrong.
    """
    return _faultless(*scan(folder, labelled=True))


def read_unlabelled(folder: Path) -> list[Tile]:
    """The tiles of geopose_test.csv, or of geopose_train.csv where there is none, without labels.

    Raises:
        InputError: as `read_labelled`.
    """
    return _faultless(*scan(folder, labelled=False))


def scan(folder: Path, labelled: bool) -> tuple[list[Tile], list[str]]:
    """The good tiles of a folder by id, and a line for each trouble with the others.

    Raises:
        InputError: no table, or a table without its columns.
    """
    test = not labelled and (folder / TEST_TABLE).is_file()
    path = folder / (TEST_TABLE if test else LABELLED_TABLE)
    troubles: list[str] = []
    rows = _table(path, LABELLED_COLUMNS if labelled else TEST_COLUMNS, troubles)
    metadata = _table(folder / METADATA, METADATA_COLUMNS, troubles)
    tiles = []
    for identity in sorted(rows):
        try:
            if identity not in metadata:
                raise InputError(
                    f"{folder / METADATA}: expected a row for {identity}, got none; {WAY_OUT}"
                )
            tiles.append(_tile(folder, rows[identity], metadata[identity], path, labelled))
        except InputError as error:
            troubles.append(str(error))
    if not rows:
        troubles.append(f"{path}: expected rows of tiles, got none; {WAY_OUT}")
    return tiles, troubles


def read_image(tile: Tile, window: Window | None = None) -> np.ndarray:
    """A window of the image, or all of it: (h, w, 3) uint8."""
    return raster.read(tile.image, window)


def read_agl(tile: Tile, window: Window | None = None) -> np.ndarray:
    """A window of the heights above ground: (h, w) float32 metres, NaN where unknown."""
    return geopose.decode_agl(raster.read(tile.labels[0], window))


def view(tile: Tile, window: Window | None = None) -> View:
    """A window of a labelled tile, or all of it."""
    pose = tile.labels[1]
    return View(read_image(tile, window), read_agl(tile, window), pose, tile.gsd)


def facts(tile: Tile) -> Facts:
    """What the baselines learn from a tile; reads its heights."""
    return facts_of(tile, read_agl(tile))


def facts_of(tile: Tile, agl: np.ndarray) -> Facts:
    """The same of heights that were read already."""
    known = np.isfinite(agl)
    heights = agl[known].astype(np.float64)
    pose, total, square = tile.labels[1], float(heights.sum()), float(heights @ heights)
    return Facts(tile.id, tile.city, tile.gsd, pose, heights.size, total, square)


def read_pose(path: Path) -> Pose:
    """A VFLOW file, in pixels per metre.

    Raises:
        InputError: not there, not JSON, or scale or angle are not finite numbers.
    """
    try:
        content = json_text.parse(path.read_bytes())
    except OSError as error:
        raise InputError(
            f"{path}: expected a VFLOW file, got {error.strerror}; add it or take its row out"
        ) from error
    except ValueError as error:
        raise InputError(f"{path}: expected JSON, got {error}; download it again") from error
    return checked_pose(content, str(path))


def checked_pose(content: object, where: str) -> Pose:
    """A pose from the content of a VFLOW file; InputError, which begins with `where`, if wrong."""
    values = {}
    for name in ("scale", "angle"):
        value = content.get(name) if isinstance(content, dict) else None
        if (
            not isinstance(value, int | float)
            or isinstance(value, bool)
            or not abs(value) <= LARGEST  # nor NaN
            or (name == "scale" and value < 0)
        ):
            raise InputError(
                f"{where}: expected a finite {name}{' of at least 0' * (name == 'scale')}, got "
                f"{value!r}; take the tile out or download the file again"
            )
        values[name] = float(value)
    return geopose.decode_pose(**values)


def is_synthetic(folder: Path) -> bool:
    """Whether a folder says of itself that it was not observed."""
    return (folder / SYNTHETIC).exists()


def title(folder: Path, number: int) -> str:
    """What the data are, for titles and tables."""
    return f"{'synthetic tiles, NOT OBSERVED' if is_synthetic(folder) else TITLE}, {number} tiles"


def _faultless(tiles: list[Tile], troubles: list[str]) -> list[Tile]:
    if troubles:
        more = f" (and {len(troubles) - 1} more troubles: run doctor)" if troubles[1:] else ""
        raise InputError(troubles[0] + more)
    return tiles


def _table(path: Path, columns: Sequence[str], troubles: list[str]) -> dict[str, dict[str, str]]:
    """The rows of a table by id; those that are given twice become troubles."""
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            table = csv.DictReader(file, strict=True)
            names = table.fieldnames or ()
            rows = [row for row in table if any(row.values())]
    except OSError as error:
        raise InputError(f"{path}: expected a table, got {error.strerror}; {WAY_OUT}") from error
    except (csv.Error, UnicodeDecodeError) as error:
        raise InputError(
            f"{path}: expected comma-separated values, got {error}; {WAY_OUT}"
        ) from error
    if missing := [column for column in columns if column not in names]:
        raise InputError(
            f"{path}: expected the columns {', '.join(columns)}, got no {', '.join(missing)}; "
            f"{WAY_OUT}"
        )
    result: dict[str, dict[str, str]] = {}
    for row in rows:
        identity = row["id"] or ""
        if identity in result:
            troubles.append(f"{path}: expected each id once, got {identity!r} again; take it out")
        elif not identity or any(row[column] in (None, "") for column in columns):
            troubles.append(f"{path}: expected {', '.join(columns)}, got {row}; mend the row")
        else:
            result[identity] = row
    return result


def _tile(folder: Path, row: dict, metadata: dict, table: Path, labelled: bool) -> Tile:
    city, where = metadata["city"], f"{folder / METADATA}: {row['id']}"
    if city not in CITIES:
        raise InputError(f"{where}: expected the city {', '.join(CITIES)}, got {city!r}; {WAY_OUT}")
    try:
        gsd = float(metadata["gsd"])
    except ValueError:
        gsd = math.nan
    if not (math.isfinite(gsd) and gsd > 0):
        raise InputError(f"{where}: expected a gsd in metres, got {metadata['gsd']!r}; {WAY_OUT}")
    image = _path(folder, row["rgb"], table)
    shape = _shape(image, 3, "uint8")
    if not labelled:
        return Tile(row["id"], city, gsd, shape, image)
    agl, flow = (_path(folder, row[column], table) for column in ("agl", "json"))
    if (size := _shape(agl, 1, "uint16")) != shape:
        raise InputError(
            f"{agl}: expected the {shape[0]} x {shape[1]} pixels of {image.name}, got "
            f"{size[0]} x {size[1]}; download both again"
        )
    return Tile(row["id"], city, gsd, shape, image, agl, read_pose(flow))


def _shape(path: Path, bands: int, kind: str) -> tuple[int, int]:
    shape, *held = raster.describe(path)
    if held != [bands, kind]:
        raise InputError(
            f"{path}: expected {bands} band{'s' * (bands > 1)} of {kind}, got {held[0]} of "
            f"{held[1]}; download the file again"
        )
    return shape


def _path(folder: Path, name: str, table: Path) -> Path:
    """The file that a table names; the first guess where there is none."""
    given = Path(name.replace("\\", "/"))
    if given.is_absolute() or ".." in given.parts:
        raise InputError(
            f"{table}: expected files inside its folder, got {name!r}; give them as in the "
            f"challenge's table"
        )
    images = raster.TIFF | raster.JPEG2000
    suffixes = [given.suffix, *sorted(images)] if given.suffix in images else [given.suffix]
    paths = [folder / place / given.with_suffix(s) for s in suffixes for place in PLACES]
    return next((path for path in paths if path.is_file()), paths[0])
