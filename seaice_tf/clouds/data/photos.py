"""The folder of the contest "Understanding Clouds from Satellite Images".

Labelled: train.csv and train_images/. To be predicted: test_images/, images in the folder
itself, or train_images/ without a look at the table. sample_submission.csv is not looked at.
"""

import dataclasses
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from seaice_tf.clouds.data import masks
from seaice_tf.clouds.data import table as cloud_table
from seaice_tf.clouds.data.classes import CLASSES, LABEL_SHAPE, SYNTHETIC, join_label
from seaice_tf.errors import InputError
from seaice_tf.files.photos import read_image

TITLE = "Understanding Clouds from Satellite Images"
SUFFIXES = {".jpg", ".jpeg", ".png"}
SHOWN = 6  # names in a message


@dataclass(frozen=True)
class Photos:
    """Images of any size, in order of their names, read when asked for.

    Attributes:
        names: of the files, as the contest's tables have them.
        paths: of the files.
        codes: for each image the run-length codes of the four classes on 1400 x 2100, empty for
            no mask; None where the images are to be predicted.
        table: the file that the codes come from, for messages.
        synthetic: the folder says of itself that it was not observed.
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
        """What the data are, for titles and tables."""
        return _title(self.synthetic, len(self))

    @property
    def labels(self) -> tuple[tuple[str, ...], ...]:
        """The codes; InputError where there are none."""
        if self.codes is None:
            folder = self.paths[0].parent
            raise InputError(f"{folder}: expected labelled images, got none; add train.csv")
        return self.codes

    def present(self) -> np.ndarray:
        """Which classes each image has: (n, 4) bool."""
        return np.array([[bool(code) for code in row] for row in self.labels]).reshape(-1, 4)

    def image(self, i: int, shape: tuple[int, int] | None = None) -> np.ndarray:
        """Image `i` as (rows, columns, 3) uint8, in its own size or resized to `shape`."""
        return read_image(self.paths[i], shape)

    def truth(self, i: int, shape: tuple[int, int]) -> np.ndarray:
        """The masks of image `i`: (rows, columns, 4) bool.

        Raises:
            InputError: no labels, or a code that is not one.
        """
        return np.stack([masks.decode(c, LABEL_SHAPE, shape, at) for c, at in self._codes(i)], -1)

    def coverage(self, i: int, shape: tuple[int, int]) -> np.ndarray:
        """The share of each cell of a grid that the masks of image `i` cover: (rows, columns, 4).

        Raises:
            InputError: as `truth`.
        """
        return np.stack([masks.cover(c, LABEL_SHAPE, shape, at) for c, at in self._codes(i)], -1)

    def _codes(self, i: int) -> list[tuple[str, str]]:
        """The codes of image `i`, each with where it stands."""
        where = [f"{self.table}: {join_label(self.names[i], kind)}" for kind in CLASSES]
        return list(zip(self.labels[i], where))

    def truths(self, shape: tuple[int, int]) -> np.ndarray:
        """The masks of all images: (n, rows, columns, 4) bool."""
        result = np.empty((len(self), *shape, len(CLASSES)), bool)
        for i in range(len(self)):
            result[i] = self.truth(i, shape)
        return result

    def thumbnails(self, shape: tuple[int, int]) -> np.ndarray:
        """Small grey versions: (n, rows, columns) float32, 0 to 255."""
        small = [read_image(path, shape, "L") for path in self.paths]
        return np.array(small, np.float32).reshape(-1, *shape)

    def take(self, indices) -> "Photos":
        """Some of the images."""
        chosen = [int(i) for i in indices]
        return dataclasses.replace(
            self,
            names=tuple(self.names[i] for i in chosen),
            paths=tuple(self.paths[i] for i in chosen),
            codes=None if self.codes is None else tuple(self.codes[i] for i in chosen),
        )


def read_labelled(folder: Path) -> Photos:
    """The images of train.csv with their masks.

    Raises:
        InputError: no table or a damaged one, a row or an image that is missing or given twice.
    """
    path = folder / "train.csv"
    table = cloud_table.read(path)
    if table.troubles:
        raise InputError(table.troubles[0])
    if not table.codes:
        raise InputError(f"{path}: expected rows of labelled images, got none")
    names = sorted(table.codes)
    images = folder / "train_images"
    there = {path.name for path in find_images(images)}
    if missing := [name for name in names if name not in there]:
        raise InputError(
            f"{images}: expected the {len(names)} images of train.csv, got none for "
            f"{', '.join(missing[:SHOWN])}{' ...' if len(missing) > SHOWN else ''}; "
            "add them or take their rows out"
        )
    codes = tuple(tuple(table.codes[name][kind] for kind in CLASSES) for name in names)
    paths = tuple(images / name for name in names)
    return Photos(tuple(names), paths, codes, path, is_synthetic(folder))


def read_unlabelled(folder: Path) -> Photos:
    """The images of test_images/, or those in the folder itself, or train_images/ without labels.

    Raises:
        InputError: no image.
    """
    places = (folder / "test_images", folder, folder / "train_images")
    paths = next(filter(None, map(find_images, places)), ())
    if not paths:
        raise InputError(
            f"{folder}: expected images in test_images/ or in the folder itself, got none; "
            f"add files {', '.join(sorted(SUFFIXES))}"
        )
    return Photos(tuple(path.name for path in paths), paths, None, None, is_synthetic(folder))


def find_images(folder: Path) -> tuple[Path, ...]:
    """The images of a folder in order of their names; none if there is no such folder."""
    found = sorted(folder.iterdir()) if folder.is_dir() else []
    return tuple(p for p in found if p.suffix.lower() in SUFFIXES and not p.name.startswith("."))


def is_synthetic(folder: Path) -> bool:
    return (folder / SYNTHETIC).exists()


def title(folder: Path, images: int) -> str:
    """What the images of a folder are, for titles and tables."""
    return _title(is_synthetic(folder), images)


def _title(synthetic: bool, images: int) -> str:
    return f"{'synthetic, not observed' if synthetic else TITLE}, {images} images"
