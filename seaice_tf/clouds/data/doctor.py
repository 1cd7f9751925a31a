"""What is in a folder of cloud photos, and all that is wrong with it at once."""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from seaice_tf.clouds.data import masks
from seaice_tf.clouds.data import photos as cloud_photos
from seaice_tf.clouds.data import table as cloud_table
from seaice_tf.clouds.data.classes import CLASSES, LABEL_SHAPE, join_label
from seaice_tf.errors import InputError
from seaice_tf.files import photos
from seaice_tf.grids import folds

GRID = (70, 105)  # on which masks and brightness are looked at; 20 x 20 pixels of the labels


@dataclass(frozen=True)
class Findings:
    """The images that could be read, and the troubles found on the way.

    Attributes:
        names: (n) of the images.
        sizes: how many images have each (columns, rows).
        labelled: whether there are masks; without, areas are 0.
        areas: (n, 4) share of the picture in each class's mask, 0 for no mask.
        inside: (n, 4) mean grey of the picture within the mask, 0 to 255; NaN for no mask.
        shared: (4, 4) of the area of the row's class, the share that is the column's as well.
        where: (rows, columns, 4) share of the images that have the class in a place.
        brightness: (n,) mean grey of the picture, 0 to 255.
        alike: pairs of names of near-duplicates.
        troubles: one line each.
        source: what the data are, for titles and tables.
    """

    names: tuple[str, ...]
    sizes: dict[tuple[int, int], int]
    labelled: bool
    areas: np.ndarray
    inside: np.ndarray
    shared: np.ndarray
    where: np.ndarray
    brightness: np.ndarray
    alike: tuple[tuple[str, str], ...]
    troubles: tuple[str, ...]
    source: str

    @property
    def combinations(self) -> list[tuple[str, int]]:
        """The combinations of classes and how many images have them, most frequent first."""
        rows = ("+".join(np.array(CLASSES)[row]) or "none" for row in self.areas > 0)
        return Counter(rows).most_common()

    def lines(self) -> list[str]:
        """What is there, in words."""
        sizes = ", ".join(f"{n} of {width} x {height}" for (width, height), n in self.sizes.items())
        lines = [f"{self.source}: {sizes}; mean grey {self.brightness.mean():.0f} of 255"]
        for i, kind in enumerate(CLASSES if self.labelled else ()):
            there = self.areas[:, i] > 0
            if there.any():
                others = [
                    f"{self.shared[i, j]:.0%} {other}" for j, other in enumerate(CLASSES) if j != i
                ]
                lines.append(
                    f"{kind}: {there.sum()} images, on {self.areas[there, i].mean():.0%} of the "
                    f"picture, mean grey {self.inside[there, i].mean():.0f}; of its area "
                    f"{', '.join(others)} as well"
                )
            else:
                lines.append(f"{kind}: no image")
        if self.labelled:
            lines.append(", ".join(f"{n} {kinds}" for kinds, n in self.combinations))
        lines += [f"near-duplicates: {a} and {b}" for a, b in self.alike]
        return lines


def examine(folder: Path) -> Findings:
    """Read everything readable in `folder`.

    Raises:
        InputError: no image, none that can be read, or a train.csv that is not a table.
    """
    labelled = (folder / "train.csv").exists()
    if labelled:
        paths, codes, troubles = _labelled(folder)
    else:
        paths = list(cloud_photos.read_unlabelled(folder).paths)
        codes, troubles = {}, []
    areas, inside, brightness, thumbnails, good = [], [], [], [], []
    both, where = np.zeros((len(CLASSES), len(CLASSES))), np.zeros((*GRID, len(CLASSES)))
    sizes: Counter[tuple[int, int]] = Counter()
    for path in paths:
        try:
            thumbnails.append(photos.read_image(path, folds.THUMBNAIL, "L"))
        except InputError as error:
            troubles.append(str(error))
            continue
        grey = photos.read_image(path, GRID, "L")
        layers = _masks(folder, path.name, codes.get(path.name, {}), troubles)
        where += layers
        flat = layers.reshape(-1, len(CLASSES)).astype(float)
        both += flat.T @ flat
        areas.append(layers.mean(axis=(0, 1)))
        inside.append([_mean(grey[mask]) for mask in np.moveaxis(layers, -1, 0)])
        brightness.append(grey.mean())
        sizes[photos.image_size(path)] += 1
        good.append(path.name)
    if not good:
        raise InputError(
            f"{folder}: expected at least one readable image; {(troubles or ['no row'])[0]}"
        )
    pairs = folds.near_duplicates(np.array(thumbnails))
    return Findings(
        tuple(good),
        dict(sizes.most_common()),
        labelled,
        np.array(areas),
        np.array(inside),
        both / np.maximum(np.diag(both), 1)[:, None],
        where / len(good),
        np.array(brightness),
        tuple((good[a], good[b]) for a, b in pairs),
        tuple(troubles),
        cloud_photos.title(folder, len(good)),
    )


def _labelled(folder: Path) -> tuple[list[Path], dict[str, dict[str, str]], list[str]]:
    """The images of train.csv that are there, their codes, and the troubles of both."""
    table = cloud_table.read(folder / "train.csv")
    troubles, images = list(table.troubles), folder / "train_images"
    there = {path.name for path in cloud_photos.find_images(images)}
    for name in sorted(table.codes.keys() - there):
        troubles.append(f"{images / name}: expected an image, got none; add it or remove its rows")
    for name in sorted(there - table.codes.keys()):
        troubles.append(f"{images / name}: expected rows in train.csv, got none; it is not used")
    return [images / name for name in sorted(there & table.codes.keys())], table.codes, troubles


def _masks(folder: Path, name: str, row: dict[str, str], troubles: list[str]) -> np.ndarray:
    """The masks of an image on GRID, a bad one as none."""
    result = np.zeros((*GRID, len(CLASSES)), bool)
    for i, kind in enumerate(CLASSES):
        where = f"{folder / 'train.csv'}: {join_label(name, kind)}"
        try:
            result[..., i] = masks.decode(row.get(kind, ""), LABEL_SHAPE, GRID, where)
        except InputError as error:
            troubles.append(str(error))
    return result


def _mean(values: np.ndarray) -> float:
    return float(values.mean()) if values.size else float("nan")
