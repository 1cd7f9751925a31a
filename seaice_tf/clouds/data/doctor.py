"""Statistics of a folder of cloud photos, and all of its problems at once."""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from seaice_tf import progress
from seaice_tf.clouds.data import labels, rle
from seaice_tf.clouds.data import photos as cloud_photos
from seaice_tf.clouds.data.labels import CLASSES, LABEL_SHAPE, join_label
from seaice_tf.errors import InputError
from seaice_tf.files import photos
from seaice_tf.grids import folds

GRID = (70, 105)  # of the statistics of masks and brightness; a cell is 20 x 20 label pixels


@dataclass(frozen=True)
class Findings:
    """Statistics of the readable images, and the problems of the others.

    Attributes:
        names: (n) of the images.
        sizes: number of images of each (columns, rows).
        labelled: whether there are masks; if not, areas are 0.
        areas: (n, 4) fraction of the image covered by each class.
        inside: (n, 4) mean brightness of the image within each mask, 0 to 255; NaN without a mask.
        overlap: (4, 4) fraction of the area of the row's class that also has the column's class.
        frequency: (rows, columns, 4) fraction of the images that have the class in each cell.
        brightness: (n,) mean brightness of each image, 0 to 255.
        near_duplicates: pairs of image names.
        problems: one sentence each.
        source: name of the data, for titles and tables.
    """

    names: tuple[str, ...]
    sizes: dict[tuple[int, int], int]
    labelled: bool
    areas: np.ndarray
    inside: np.ndarray
    overlap: np.ndarray
    frequency: np.ndarray
    brightness: np.ndarray
    near_duplicates: tuple[tuple[str, str], ...]
    problems: tuple[str, ...]
    source: str

    @property
    def combinations(self) -> list[tuple[str, int]]:
        """Combinations of classes and the number of images with each, most frequent first."""
        rows = ("+".join(np.array(CLASSES)[row]) or "none" for row in self.areas > 0)
        return Counter(rows).most_common()

    def lines(self) -> list[str]:
        """The statistics as sentences."""
        sizes = ", ".join(f"{n} of {width} x {height}" for (width, height), n in self.sizes.items())
        lines = [f"{self.source}: {sizes}; mean brightness {self.brightness.mean():.0f} of 255"]
        for i, kind in enumerate(CLASSES if self.labelled else ()):
            present = self.areas[:, i] > 0
            if present.any():
                others = [
                    f"{self.overlap[i, j]:.0%} {other}" for j, other in enumerate(CLASSES) if j != i
                ]
                lines.append(
                    f"{kind}: {present.sum()} images, mean area "
                    f"{self.areas[present, i].mean():.0%} of the image, mean brightness "
                    f"{self.inside[present, i].mean():.0f}; overlap with {', '.join(others)}"
                )
            else:
                lines.append(f"{kind}: no image")
        if self.labelled:
            lines.append(", ".join(f"{n} {kinds}" for kinds, n in self.combinations))
        lines += [f"near-duplicates: {a} and {b}" for a, b in self.near_duplicates]
        return lines


def examine(folder: Path) -> Findings:
    """Read all images and labels of a folder.

    Args:
        folder: with train.csv and train_images/, or with images to predict.

    Returns:
        Statistics of what is readable, and the problems of the rest.

    Raises:
        InputError: there is no readable image, or train.csv is not a table.
    """
    labelled = (folder / "train.csv").exists()
    if labelled:
        paths, codes, problems = _labelled(folder)
    else:
        paths = list(cloud_photos.read_unlabelled(folder).paths)
        codes, problems = {}, []
    areas, inside, brightness, thumbnails, readable = [], [], [], [], []
    overlap, frequency = np.zeros((len(CLASSES), len(CLASSES))), np.zeros((*GRID, len(CLASSES)))
    sizes: Counter[tuple[int, int]] = Counter()
    for path in progress.track(paths, "reading photos"):
        try:
            thumbnails.append(photos.read_image(path, folds.THUMBNAIL, "L"))
        except InputError as error:
            problems.append(str(error))
            continue
        grey = photos.read_image(path, GRID, "L")
        masks = _masks(folder, path.name, codes.get(path.name, {}), problems)
        frequency += masks
        flat = masks.reshape(-1, len(CLASSES)).astype(float)
        overlap += flat.T @ flat
        areas.append(masks.mean(axis=(0, 1)))
        inside.append([_mean(grey[mask]) for mask in np.moveaxis(masks, -1, 0)])
        brightness.append(grey.mean())
        sizes[photos.image_size(path)] += 1
        readable.append(path.name)
    if not readable:
        raise InputError(
            f"{folder}: expected at least one readable image; {(problems or ['no row'])[0]}"
        )
    pairs = folds.near_duplicates(np.array(thumbnails))
    return Findings(
        tuple(readable),
        dict(sizes.most_common()),
        labelled,
        np.array(areas),
        np.array(inside),
        overlap / np.maximum(np.diag(overlap), 1)[:, None],
        frequency / len(readable),
        np.array(brightness),
        tuple((readable[a], readable[b]) for a, b in pairs),
        tuple(problems),
        cloud_photos.title(folder, len(readable)),
    )


def _labelled(folder: Path) -> tuple[list[Path], dict[str, dict[str, str]], list[str]]:
    """The existing images of train.csv, their codes, and the problems of both."""
    table = labels.read(folder / "train.csv")
    problems, images = list(table.problems), folder / "train_images"
    existing = {path.name for path in cloud_photos.find_images(images)}
    for name in sorted(table.codes.keys() - existing):
        problems.append(f"{images / name}: expected an image, got none; add it or remove its rows")
    for name in sorted(existing - table.codes.keys()):
        problems.append(f"{images / name}: expected rows in train.csv, got none; it is not used")
    return (
        [images / name for name in sorted(existing & table.codes.keys())],
        table.codes,
        problems,
    )


def _masks(folder: Path, name: str, row: dict[str, str], problems: list[str]) -> np.ndarray:
    """The masks of an image on GRID; an invalid code gives an empty mask and a problem."""
    result = np.zeros((*GRID, len(CLASSES)), bool)
    for i, kind in enumerate(CLASSES):
        where = f"{folder / 'train.csv'}: {join_label(name, kind)}"
        try:
            result[..., i] = rle.decode_resized(row.get(kind, ""), LABEL_SHAPE, GRID, where)
        except InputError as error:
            problems.append(str(error))
    return result


def _mean(values: np.ndarray) -> float:
    return float(values.mean()) if values.size else float("nan")
