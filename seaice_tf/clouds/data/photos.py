"""Photos of a folder of the competition "Understanding Clouds from Satellite Images".

Labelled photos are those of train.csv and train_images/. Photos to predict are those of
test_images/, of the folder itself, or of train_images/ without its labels. sample_submission.csv is
ignored.
"""

import dataclasses
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from seaice_tf.clouds.data import labels, rle
from seaice_tf.clouds.data.labels import CLASSES, LABEL_SHAPE, join_label
from seaice_tf.errors import InputError
from seaice_tf.files import data_folder
from seaice_tf.files.images import SUFFIXES
from seaice_tf.files.photos import read_image

TITLE = "Understanding Clouds from Satellite Images"
SYNTHETIC = "SYNTHETIC.txt"  # a file that marks a folder of synthetic photos
LISTED = 6  # names in an error message


@dataclass(frozen=True)
class Photos:
    """Photos of any size in order of their names, read when they are needed.

    Attributes:
        names: file names, as in the competition's tables.
        paths: of the files.
        codes: for each photo the run-length codes of the four classes on 1400 x 2100, empty where
            a class is absent; None for photos without labels.
        table: file that the codes were read from, for error messages.
        synthetic: whether the folder is marked as synthetic.
    """

    names: tuple[str, ...]
    paths: tuple[Path, ...]
    codes: tuple[tuple[str, ...], ...] | None
    table: Path | None = None
    synthetic: bool = False

    def __len__(self) -> int:
        return len(self.names)

    @property
    def source(self) -> str:
        """Name of the data, for titles and tables."""
        return _title(self.synthetic, len(self))

    @property
    def labels(self) -> tuple[tuple[str, ...], ...]:
        """The run-length codes; InputError if there are none."""
        if self.codes is None:
            folder = self.paths[0].parent
            raise InputError(f"{folder}: expected labelled images, got none; add train.csv")
        return self.codes

    def present(self) -> np.ndarray:
        """Which classes each photo contains: (n, 4) bool."""
        return np.array([[bool(code) for code in row] for row in self.labels]).reshape(-1, 4)

    def image(self, i: int, shape: tuple[int, int] | None = None) -> np.ndarray:
        """Photo `i`, (rows, columns, 3) uint8, in its own size or resized to `shape`."""
        return read_image(self.paths[i], shape)

    def truth(self, i: int, shape: tuple[int, int]) -> np.ndarray:
        """Labelled masks of photo `i`.

        Args:
            i: index of the photo.
            shape: (rows, columns) of the masks.

        Returns:
            (rows, columns, 4) bool.

        Raises:
            InputError: there are no labels, or a code is invalid.
        """
        codes = self._codes(i)
        return np.stack([rle.decode_resized(c, LABEL_SHAPE, shape, at) for c, at in codes], -1)

    def coverage(self, i: int, shape: tuple[int, int]) -> np.ndarray:
        """Fraction of each cell of a grid that the masks of photo `i` cover.

        Args and Raises: those of `truth`.

        Returns:
            (rows, columns, 4) float64 in [0, 1].
        """
        return np.stack([rle.coverage(c, LABEL_SHAPE, shape, at) for c, at in self._codes(i)], -1)

    def _codes(self, i: int) -> list[tuple[str, str]]:
        """The codes of photo `i`, each with its place in the table."""
        where = [f"{self.table}: {join_label(self.names[i], kind)}" for kind in CLASSES]
        return list(zip(self.labels[i], where))

    def truths(self, shape: tuple[int, int]) -> np.ndarray:
        """Labelled masks of all photos: (n, rows, columns, 4) bool."""
        result = np.empty((len(self), *shape, len(CLASSES)), bool)
        for i in range(len(self)):
            result[i] = self.truth(i, shape)
        return result

    def thumbnails(self, shape: tuple[int, int]) -> np.ndarray:
        """Small grey versions: (n, rows, columns) float32, 0 to 255."""
        small = [read_image(path, shape, "L") for path in self.paths]
        return np.array(small, np.float32).reshape(-1, *shape)

    def take(self, indices) -> "Photos":
        """The photos of the given indices."""
        chosen = [int(i) for i in indices]
        return dataclasses.replace(
            self,
            names=tuple(self.names[i] for i in chosen),
            paths=tuple(self.paths[i] for i in chosen),
            codes=None if self.codes is None else tuple(self.codes[i] for i in chosen),
        )


def read_labelled(folder: Path) -> Photos:
    """The photos of train.csv with their masks.

    Raises:
        InputError: train.csv is missing or damaged, or a row or a photo is missing or duplicated.
    """
    path = folder / "train.csv"
    table = labels.read(path)
    if table.problems:
        raise InputError(table.problems[0])
    if not table.codes:
        raise InputError(f"{path}: expected rows of labelled images, got none")
    names = sorted(table.codes)
    images = folder / "train_images"
    existing = {path.name for path in find_images(images)}
    if missing := [name for name in names if name not in existing]:
        raise InputError(
            f"{images}: expected the {len(names)} images of train.csv, got none for "
            f"{', '.join(missing[:LISTED])}{' ...' if len(missing) > LISTED else ''}; "
            "add them or remove their rows"
        )
    codes = tuple(tuple(table.codes[name][kind] for kind in CLASSES) for name in names)
    paths = tuple(images / name for name in names)
    return Photos(tuple(names), paths, codes, path, is_synthetic(folder))


def read_unlabelled(folder: Path) -> Photos:
    """The photos of test_images/, else of the folder itself, else of train_images/, unlabelled.

    Raises:
        InputError: there is no such folder, or no image in it.
    """
    data_folder.require(folder, "photos")
    places = (folder / "test_images", folder, folder / "train_images")
    paths = next(filter(None, map(find_images, places)), ())
    if not paths:
        raise InputError(
            f"{folder}: expected images in test_images/ or in the folder itself, got none; "
            f"add files {', '.join(sorted(SUFFIXES))}"
        )
    return Photos(tuple(path.name for path in paths), paths, None, None, is_synthetic(folder))


def find_images(folder: Path) -> tuple[Path, ...]:
    """The images of a folder in order of their names; empty if there is no such folder."""
    found = sorted(folder.iterdir()) if folder.is_dir() else []
    return tuple(p for p in found if p.suffix.lower() in SUFFIXES and not p.name.startswith("."))


def is_synthetic(folder: Path) -> bool:
    """Whether a folder is marked as synthetic."""
    return (folder / SYNTHETIC).exists()


def title(folder: Path, images: int) -> str:
    """Name of the data of a folder, for titles and tables."""
    return _title(is_synthetic(folder), images)


def _title(synthetic: bool, images: int) -> str:
    return f"{'synthetic, not observed' if synthetic else TITLE}, {images} images"
