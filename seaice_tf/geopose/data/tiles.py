"""Tiles of a folder of the Overhead Geopose Challenge.

geopose_train.csv (id, rgb, agl, json) lists the files of labelled tiles, metadata.csv (id, city,
gsd) the city and resolution of each image. Tiles to predict are those of geopose_test.csv (id, rgb)
or, without it, those of geopose_train.csv without their labels. Files are beside the tables or in
train/ and test/. An image listed as .j2k may have been converted to .tif.
"""

import csv
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from seaice_tf.errors import InputError
from seaice_tf.files import data_folder, json_text
from seaice_tf.files import images as raster
from seaice_tf.geopose.data.pose import (
    CITIES,
    Pose,
    TileStatistics,
    View,
    decode_agl,
    decode_pose,
)
from seaice_tf.grids.windows import Window

TITLE = "Overhead Geopose"
SIDE = 2048  # pixels of the challenge's tiles
LABELLED_TABLE, TEST_TABLE, METADATA = "geopose_train.csv", "geopose_test.csv", "metadata.csv"
LABELLED_COLUMNS = ("id", "rgb", "agl", "json")
TEST_COLUMNS = ("id", "rgb")
METADATA_COLUMNS = ("id", "city", "gsd")
SYNTHETIC = "SYNTHETIC.txt"  # a file that marks a folder of synthetic tiles
LARGEST = 1e6  # pixels per centimetre, or radians; larger values are invalid
SUFFIXES = {".tif", ".tiff", ".j2k", ".jp2"}
PLACES = ("", "train", "test")  # folders of the files of a table
REMEDY = "use the challenge's own tables and files"


@dataclass(frozen=True)
class Tile:
    """An image and its labels as files, of which headers and pose have been read.

    Attributes:
        id, city: of the tables.
        gsd: ground sample distance, metres per pixel.
        shape: (rows, columns).
        image: file of the image.
        agl: file of the heights; None without labels.
        pose: of the image; None without labels.
    """

    id: str
    city: str
    gsd: float
    shape: tuple[int, int]
    image: Path
    agl: Path | None = None
    pose: Pose | None = None

    @property
    def labels(self) -> tuple[Path, Pose]:
        """AGL file and pose; InputError if the tile is not labelled."""
        if self.agl is None or self.pose is None:
            raise InputError(f"{self.image}: expected a labelled tile, got none; add its labels")
        return self.agl, self.pose


def read_labelled(folder: Path) -> list[Tile]:
    """The tiles of geopose_train.csv in order of their ids.

    Raises:
        InputError: a table is missing or damaged, or files or metadata of a row are missing or
            invalid.
    """
    return _without_problems(*scan(folder, labelled=True))


def read_unlabelled(folder: Path) -> list[Tile]:
    """The tiles of geopose_test.csv or, without it, of geopose_train.csv, without labels.

    Raises:
        InputError: as `read_labelled`.
    """
    return _without_problems(*scan(folder, labelled=False))


def scan(folder: Path, labelled: bool) -> tuple[list[Tile], list[str]]:
    """The valid tiles of a folder by id, and one sentence for each problem of the others.

    Raises:
        InputError: no table, or a table without its columns.
    """
    data_folder.require(folder, "tiles and their tables")
    test = not labelled and (folder / TEST_TABLE).is_file()
    path = folder / (TEST_TABLE if test else LABELLED_TABLE)
    problems: list[str] = []
    rows = _table(path, LABELLED_COLUMNS if labelled else TEST_COLUMNS, problems)
    metadata = _table(folder / METADATA, METADATA_COLUMNS, problems)
    tiles = []
    for identity in sorted(rows):
        try:
            if identity not in metadata:
                raise InputError(
                    f"{folder / METADATA}: expected a row for {identity}, got none; {REMEDY}"
                )
            tiles.append(_tile(folder, rows[identity], metadata[identity], path, labelled))
        except InputError as error:
            problems.append(str(error))
    if not rows:
        problems.append(f"{path}: expected rows of tiles, got none; {REMEDY}")
    return tiles, problems


def read_image(tile: Tile, window: Window | None = None) -> np.ndarray:
    """The image or a window of it: (h, w, 3) uint8."""
    return raster.read(tile.image, window)


def read_agl(tile: Tile, window: Window | None = None) -> np.ndarray:
    """The heights above ground or a window of them: (h, w) float32 metres, NaN where unknown."""
    return decode_agl(raster.read(tile.labels[0], window))


def view(tile: Tile, window: Window | None = None) -> View:
    """A labelled tile or a window of it."""
    pose = tile.labels[1]
    return View(read_image(tile, window), read_agl(tile, window), pose, tile.gsd)


def statistics(tile: Tile, agl: np.ndarray | None = None) -> TileStatistics:
    """Statistics of a labelled tile.

    Args:
        tile: the tile.
        agl: its heights; None to read them.
    """
    agl = read_agl(tile) if agl is None else agl
    known = np.isfinite(agl)
    heights = agl[known].astype(np.float64)
    pose, total, square = tile.labels[1], float(heights.sum()), float(heights @ heights)
    return TileStatistics(tile.id, tile.city, tile.gsd, pose, heights.size, total, square)


def read_pose(path: Path, signed: bool = False) -> Pose:
    """Pose of a VFLOW file; its scale may be negative if `signed`.

    Raises:
        InputError: the file is missing or not JSON, or scale or angle are not finite numbers.
    """
    try:
        data = path.read_bytes()
    except (OSError, ValueError) as error:  # a name may contain a null byte
        got = getattr(error, "strerror", None) or error
        raise InputError(
            f"{path}: expected a VFLOW file, got {got}; add it or remove its row"
        ) from error
    return parse_pose(data, str(path), signed)


def parse_pose(data: bytes, where: str, signed: bool = False) -> Pose:
    """Pose of the bytes of a VFLOW file.

    Args:
        data: content of the file.
        where: its place, for error messages.
        signed: whether the scale may be negative.

    Raises:
        InputError: the content is not JSON, or scale or angle are not finite numbers.
    """
    try:
        content = json_text.parse(data)
    except ValueError as error:
        raise InputError(f"{where}: expected JSON, got {error}; download it again") from error
    values = {}
    for name in ("scale", "angle"):
        positive = name == "scale" and not signed
        value = content.get(name) if isinstance(content, dict) else None
        if (
            not isinstance(value, int | float)
            or isinstance(value, bool)
            or not abs(value) <= LARGEST  # nor NaN
            or (positive and value < 0)
        ):
            raise InputError(
                f"{where}: expected a finite {name}{' of at least 0' * positive}, got {value!r}; "
                f"remove the tile or write the file again"
            )
        values[name] = float(value)
    return decode_pose(**values)


def is_synthetic(folder: Path) -> bool:
    """Whether a folder is marked as synthetic."""
    return (folder / SYNTHETIC).exists()


def title(folder: Path, number: int) -> str:
    """Name of the data of a folder, for titles and tables."""
    return f"{'synthetic tiles, NOT OBSERVED' if is_synthetic(folder) else TITLE}, {number} tiles"


def _without_problems(tiles: list[Tile], problems: list[str]) -> list[Tile]:
    if problems:
        more = f" (and {len(problems) - 1} more problems: run doctor)" if problems[1:] else ""
        raise InputError(problems[0] + more)
    return tiles


def _table(path: Path, columns: Sequence[str], problems: list[str]) -> dict[str, dict[str, str]]:
    """The rows of a table by id; duplicates and incomplete rows become problems."""
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            table = csv.DictReader(file, strict=True)
            names = table.fieldnames or ()
            rows = [row for row in table if any(row.values())]
    except OSError as error:
        raise InputError(f"{path}: expected a table, got {error.strerror}; {REMEDY}") from error
    except (csv.Error, UnicodeDecodeError) as error:
        raise InputError(
            f"{path}: expected comma-separated values, got {error}; {REMEDY}"
        ) from error
    if missing := [column for column in columns if column not in names]:
        raise InputError(
            f"{path}: expected the columns {', '.join(columns)}, got no {', '.join(missing)}; "
            f"{REMEDY}"
        )
    result: dict[str, dict[str, str]] = {}
    for row in rows:
        identity = row["id"] or ""
        if identity in result:
            problems.append(f"{path}: expected each id once, got {identity!r} again; remove it")
        elif not identity or any(row[column] in (None, "") for column in columns):
            problems.append(f"{path}: expected {', '.join(columns)}, got {row}; correct the row")
        else:
            result[identity] = row
    return result


def _tile(folder: Path, row: dict, metadata: dict, table: Path, labelled: bool) -> Tile:
    city, where = metadata["city"], f"{folder / METADATA}: {row['id']}"
    if city not in CITIES:
        raise InputError(f"{where}: expected the city {', '.join(CITIES)}, got {city!r}; {REMEDY}")
    try:
        gsd = float(metadata["gsd"])
    except ValueError:
        gsd = math.nan
    if not (math.isfinite(gsd) and gsd > 0):
        raise InputError(f"{where}: expected a gsd in metres, got {metadata['gsd']!r}; {REMEDY}")
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
    found = raster.describe(path)
    if (found.bands, found.dtype) != (bands, kind):
        raise InputError(
            f"{path}: expected {bands} band{'s' * (bands > 1)} of {kind}, got {found.bands} of "
            f"{found.dtype}; download the file again"
        )
    return found.shape


def _path(folder: Path, name: str, table: Path) -> Path:
    """The file listed in a table; the first candidate if none exists."""
    given = Path(name.replace("\\", "/"))
    if given.is_absolute() or ".." in given.parts:
        raise InputError(
            f"{table}: expected files inside its folder, got {name!r}; give them as in the "
            f"challenge's table"
        )
    suffixes = [given.suffix, *sorted(SUFFIXES)] if given.suffix in SUFFIXES else [given.suffix]
    paths = [folder / place / given.with_suffix(s) for s in suffixes for place in PLACES]
    return next((path for path in paths if path.is_file()), paths[0])
