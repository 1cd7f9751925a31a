"""Synthetic photos of trade-wind clouds, and folders of them in the competition's layout.

A photo has sea, sun glint, thin unlabelled cloud, a gap between swaths, and regions of four
textures that resemble the four classes. Regions are rectangles that may overlap; about half of the
pairs of photo and class have none. Lengths are in pixels of a photo of 426 rows.
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image
from scipy import ndimage

from seaice_tf.clouds.data import rle
from seaice_tf.clouds.data.labels import CLASSES, LABEL_SHAPE
from seaice_tf.clouds.data.photos import SYNTHETIC
from seaice_tf.clouds.products import submission
from seaice_tf.files import atomic

QUALITY = 90  # of the JPEG files
ROWS = 426
SEA = np.array([22, 30, 58], np.float32)
CLOUD = np.array([238, 240, 245], np.float32)
PRESENT = 0.5  # probability of a class
TWO = 0.35  # probability of a second region of a class that is present
SIDES = (0.3, 0.75)  # of a region, as fractions of the photo's
GAP = 0.4  # probability of a gap between swaths


def write(
    folder: Path,
    images: int,
    seed: int = 0,
    shape: tuple[int, int] = (ROWS, 640),
    labelled: bool = True,
) -> None:
    """Write a folder of synthetic photos, deterministic to the byte.

    Args:
        folder: replaced if it exists.
        images: number of photos.
        seed: of the photos.
        shape: (rows, columns) of the photos.
        labelled: write train.csv and train_images/; otherwise test_images/ alone.
    """
    with atomic.folder(folder) as temporary:
        (temporary / SYNTHETIC).write_text("These images are synthetic, not observed.\n")
        place = temporary / ("train_images" if labelled else "test_images")
        place.mkdir()
        codes = {}
        for index in range(images):
            picture, masks = photo(seed, index, shape)
            name = f"{seed:02x}{index:05x}.jpg"
            Image.fromarray(picture).save(place / name, quality=QUALITY)
            codes[name] = [rle.encode(masks[..., i]) for i in range(len(CLASSES))]
        if labelled:
            submission.write(temporary / "train.csv", codes)


def photo(
    seed: int, index: int, shape: tuple[int, int] = (ROWS, 640)
) -> tuple[np.ndarray, np.ndarray]:
    """A synthetic photo and its labels, a function of seed and index.

    Args:
        seed, index: of the photo.
        shape: (rows, columns) of the photo.

    Returns:
        The photo, (rows, columns, 3) uint8, and its masks, (1400, 2100, 4) bool.
    """
    regions = _regions(np.random.default_rng((seed, index, 0)))
    rng = np.random.default_rng((seed, index, 1))
    unit = shape[0] / ROWS
    clear = np.ones(shape, np.float32)  # transmission of the clouds
    # In the memory order in which the run-length code reads them.
    masks = np.zeros((len(CLASSES), *LABEL_SHAPE[::-1]), bool).T
    for kind, corner, size in regions:
        masks[(*_pixels(corner, size, LABEL_SHAPE), kind)] = True
        place = _pixels(corner, size, shape)
        clear[place] *= 1 - TEXTURES[CLASSES[kind]](rng, clear[place].shape, unit)
    clear *= 1 - 0.15 * np.clip(_noise(rng, shape, 30 * unit), 0, 2)  # thin unlabelled cloud
    glint = rng.random() * np.exp(-(((np.arange(shape[1]) / shape[1] - rng.random()) / 0.12) ** 2))
    light = 4 * rng.standard_normal(shape, np.float32) + 45 * glint.astype(np.float32)
    picture = CLOUD + (SEA - CLOUD + light[..., None]) * clear[..., None]
    if rng.random() < GAP:
        picture[_gap(rng, shape)] = 0
    return np.clip(picture, 0, 255).astype(np.uint8), masks


def _regions(rng: np.random.Generator) -> list[tuple[int, np.ndarray, np.ndarray]]:
    """Class, corner and size of a photo's regions, as fractions of the photo, in random order."""
    present = rng.random(len(CLASSES)) < PRESENT
    present[rng.integers(len(CLASSES))] |= not present.any()
    regions = []
    for kind in rng.permutation(np.flatnonzero(present)).tolist():
        for _ in range(1 + (rng.random() < TWO)):
            size = rng.uniform(*SIDES, 2)
            regions.append((kind, rng.uniform(0, 1 - size), size))
    return regions


def _pixels(corner: np.ndarray, size: np.ndarray, shape: tuple[int, int]) -> tuple[slice, slice]:
    start = np.round(corner * shape).astype(int)
    stop = np.round((corner + size) * shape).astype(int)
    return slice(start[0], stop[0]), slice(start[1], stop[1])


def _gap(rng: np.random.Generator, shape: tuple[int, int]) -> np.ndarray:
    """A slanted gap between swaths: (rows, columns) bool."""
    row, column = (np.arange(n) / n for n in shape)
    left = rng.uniform(0.1, 0.8) + rng.uniform(-0.2, 0.2) * row[:, None]
    return (column >= left) & (column < left + 0.08 + 0.06 * row[:, None])


def _noise(rng: np.random.Generator, shape: tuple[int, ...], *width: float) -> np.ndarray:
    """Gaussian noise of unit variance with one correlation length, or one per axis."""
    sigma = np.broadcast_to(width, 2)
    step = np.maximum(sigma / 3, 1)  # long scales are drawn on a coarse grid and interpolated
    coarse = rng.standard_normal(tuple(np.ceil(shape / step).astype(int) + 2))
    coarse = ndimage.gaussian_filter(coarse, sigma / step, mode="wrap", truncate=3)
    rows, columns = (np.arange(n) / s for n, s in zip(shape, step))
    noise = _interpolated(_interpolated(coarse, rows).T, columns).T
    return noise / max(noise.std(), 1e-9)


def _interpolated(values: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Rows of an array at fractional positions, by linear interpolation."""
    low = rows.astype(int)
    part = (rows - low)[:, None]
    return values[low] * (1 - part) + values[low + 1] * part


def _sugar(rng: np.random.Generator, shape: tuple[int, int], unit: float) -> np.ndarray:
    """Small, finely distributed clouds."""
    return 0.6 * np.clip(_noise(rng, shape, 1.2 * unit) - 0.7, 0, 1)


def _flower(rng: np.random.Generator, shape: tuple[int, int], unit: float) -> np.ndarray:
    """Large round clumps separated by clear sky."""
    spacing = 62 * unit
    # Distance of each pixel to the jittered centre of its own cell of a regular grid.
    cells = [np.arange(n) / spacing for n in shape]
    offsets = rng.uniform(0.35, 0.65, (2, *(int(cell[-1]) + 1 for cell in cells)))
    own = np.ix_(*(cell.astype(int) for cell in cells))
    row, column = (cell % 1 for cell in cells)
    distance = spacing * np.hypot(row[:, None] - offsets[0][own], column - offsets[1][own])
    ragged = 2.5 * unit * _noise(rng, shape, 4 * unit)
    return 0.95 * np.clip((21 * unit - distance + ragged) / (6 * unit), 0, 1)


def _fish(rng: np.random.Generator, shape: tuple[int, int], unit: float) -> np.ndarray:
    """Elongated skeletal networks: zero crossings of anisotropic noise."""
    along = _noise(rng, shape, 9 * unit, 30 * unit)
    across = _noise(rng, shape, 14 * unit, 9 * unit)
    lines = np.exp(-((along / 0.2) ** 2)) + 0.4 * np.exp(-((across / 0.12) ** 2))
    return 0.85 * np.clip(lines, 0, 1)


def _gravel(rng: np.random.Generator, shape: tuple[int, int], unit: float) -> np.ndarray:
    """Granules and arcs of intermediate size: rings around the maxima of noise."""
    return 0.75 * np.exp(-(((_noise(rng, shape, 5 * unit) - 1.1) / 0.45) ** 2))


TEXTURES: dict[str, Callable[[np.random.Generator, tuple[int, int], float], np.ndarray]] = {
    "Fish": _fish,
    "Flower": _flower,
    "Gravel": _gravel,
    "Sugar": _sugar,
}
