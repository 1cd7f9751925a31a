"""Training examples: photos and folds of the settings, decoding and augmentation."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from seaice_tf.clouds.data import synthetic
from seaice_tf.clouds.data.labels import CLASSES
from seaice_tf.clouds.data.photos import Photos, read_labelled, read_unlabelled
from seaice_tf.clouds.settings import Settings, UNet
from seaice_tf.files.photos import encoded, is_plain
from seaice_tf.files.synthetic_cache import cached
from seaice_tf.grids import folds
from seaice_tf.lazy import tf
from seaice_tf.pipeline import Examples

if TYPE_CHECKING:
    from tensorflow import keras

SYNTHETIC_IMAGES = 200
CACHE = 1 << 30  # bytes of photos that are kept in memory


def folder(settings: Settings) -> Path:
    """Folder of the photos; synthetic ones are made when they are first needed."""
    if settings.data:
        return Path(settings.data)
    if root := os.environ.get("SEAICE_TF_DATA"):
        return Path(root) / "clouds"
    return cached("clouds", synthetic.write, SYNTHETIC_IMAGES)


def labelled(settings: Settings) -> Photos:
    """The labelled photos of the settings."""
    return read_labelled(folder(settings))


def unlabelled(settings: Settings) -> Photos:
    """The photos to predict of the settings."""
    return read_unlabelled(folder(settings))


def fold_of(photos: Photos, settings: Settings) -> np.ndarray:
    """Fold of each photo: (n,) int; near-duplicates are in the same fold."""
    return _fold_of(photos, settings.folds, settings.fold_seed)


@lru_cache(maxsize=1)  # a run needs it five times, and it reads every photo
def _fold_of(photos: Photos, number: int, seed: int) -> np.ndarray:
    duplicates = folds.near_duplicates(photos.thumbnails(folds.THUMBNAIL))
    groups = folds.groups(len(photos), duplicates)
    return folds.stratified(photos.present(), number, seed, groups)


def stratified_folds(photos: Photos, number: int) -> np.ndarray:
    """Folds of some photos, stratified by class: (n,) int."""
    return folds.stratified(photos.present(), number)


def training_photos(photos: Photos, settings: Settings) -> Photos:
    """The photos outside the validation and the test fold."""
    fold = fold_of(photos, settings)
    kept = (fold != settings.validation_fold) & (fold != settings.test_fold)
    return photos.take(np.flatnonzero(kept))


def validation_photos(photos: Photos, settings: Settings) -> Photos:
    """The photos of the validation fold."""
    return photos.take(np.flatnonzero(fold_of(photos, settings) == settings.validation_fold))


def photo_examples(
    photos: Photos,
    settings: Settings,
    shape: tuple[int, int],
    augmentation: UNet | None = None,
) -> Examples:
    """Photos decoded in the graph, with the coverage of their masks.

    Args:
        photos: labelled photos.
        settings: size of the photos.
        shape: (rows, columns) of the masks.
        augmentation: the settings by which `augment` varies the photos; None leaves them as is.
    """
    content, side = _content(photos), (settings.rows, settings.columns)

    from seaice_tf.clouds.networks.serving import decode  # needs TensorFlow

    def read(index):
        # A byte a colour, as in the photo, to keep four times as many.
        return tf.cast(tf.round(decode(content(index), *side)), tf.uint8)

    kept = keep(read, (*side, 3), CACHE // (3 * settings.rows * settings.columns))
    return with_masks(photos, shape, read, augmentation and partial(augment, augmentation), kept)


def keep(read: Callable, shape: tuple[int, ...], number: int) -> Callable:
    """A function like `read`, which keeps the first results in memory.

    Args:
        read: index -> uint8 array of `shape`, as a tensor.
        shape: of a result.
        number: of results that are kept; threads that read at the same time may keep one each more.
    """
    # What the functions give hangs on the index alone, for which TensorFlow may call them as often
    # and in as many threads as it likes: hence `stateful=False`.
    results: dict[int, np.ndarray] = {}
    none = np.zeros((0, 0, 0), np.uint8)

    def find(index: np.int64) -> np.ndarray:
        return results.get(int(index), none)

    def remember(index: np.int64, result: np.ndarray) -> np.ndarray:
        if len(results) < number:
            results[int(index)] = np.array(result)
        return result

    def fresh(index):
        return tf.numpy_function(remember, [index, read(index)], tf.uint8, stateful=False)

    def find_or_read(index):
        found = tf.numpy_function(find, [index], tf.uint8, stateful=False)
        result = tf.cond(tf.size(found) > 0, lambda: found, lambda: fresh(index))
        return tf.ensure_shape(result, shape)

    return find_or_read


def _content(photos: Photos) -> Callable:
    """Index of a photo -> a JPEG or PNG file of it, in the graph unless a photo has to be read."""
    paths = tf.constant([str(path) for path in photos.paths])
    if all(map(is_plain, photos.paths)):
        return lambda index: tf.io.read_file(paths[index])

    def read(index):
        return encoded(photos.paths[index])

    def content(index):
        file = tf.numpy_function(read, [index], tf.string, stateful=False)
        return tf.ensure_shape(file, ())

    return content


def feature_examples(photos: Photos, extractor: keras.Model) -> Examples:
    """Features of a frozen network, computed once, with the coverage of the masks on their grid."""
    from seaice_tf.clouds.networks.serving import decode  # needs TensorFlow

    rows, columns = extractor.input_shape[1:3]
    features = [extractor(decode(encoded(path), rows, columns)[None])[0] for path in photos.paths]
    stacked = tf.stack(features)
    return with_masks(photos, stacked.shape[1:3], lambda index: stacked[index], None)


def with_masks(photos: Photos, shape: tuple[int, int], inputs, augmentation, kept=None) -> Examples:
    """Examples of `inputs(index)`; masks are kept in memory, a byte per class and cell.

    Args:
        photos: labelled photos.
        shape: (rows, columns) of the masks.
        inputs: index -> image or features.
        augmentation: (example, seed) -> example; None for none.
        kept: like `inputs`, from memory where it was read before.
    """
    coverage = [np.rint(255 * photos.coverage(i, shape)) for i in range(len(photos))]
    masks = tf.constant(np.array(coverage, np.uint8))
    present = tf.constant(photos.present(), tf.float32)

    def example(inputs, index):
        targets = {
            "masks": tf.cast(masks[index], tf.float32) / 255,
            "class_probabilities": present[index],
        }
        weights = {"masks": tf.ones((*shape, 1)), "class_probabilities": tf.ones(len(CLASSES))}
        return inputs(index), targets, weights

    return Examples(
        len(photos),
        partial(example, inputs),
        augmentation,
        kept=kept and partial(example, kept),
        finish=_as_floats,
        name=lambda i: photos.names[i],
    )


def _as_floats(images, targets, weights):
    return tf.cast(images, tf.float32), targets, weights


def augment(network: UNet, example, seed):
    """Flip, crop and change brightness and contrast of a photo, and its masks with it.

    Args:
        network: its flips, zoom and brightness_jitter.
        example: image, targets and weights.
        seed: (2,) of the seven random numbers.

    Returns:
        The example; a class that was cropped away is absent.
    """
    image, targets, weights = example
    masks = targets["masks"]
    draws = tf.random.stateless_uniform([7], seed)
    box = _window(network.zoom, draws[2:5])
    if network.flips:
        box = tf.where(tf.tile(draws[:2] < 0.5, [2]), 1 - box, box)
    if network.flips or network.zoom:
        image, masks = (_crop(x, box) for x in (image, masks))
    if network.brightness_jitter:
        jitter = network.brightness_jitter
        contrast, brightness = (jitter * (2 * draw - 1) for draw in (draws[5], draws[6]))
        image = tf.cast(image, tf.float32)
        image = tf.clip_by_value(image * (1 + contrast) + 128 * brightness, 0.0, 255.0)
    present = tf.reduce_max(masks, axis=(0, 1))
    return image, {"masks": masks, "class_probabilities": present}, weights


def _window(zoom: float, draws):
    """A random window of the unit square: top, left, bottom, right."""
    side = 1 - zoom * draws[0]
    top, left = (1 - side) * draws[1], (1 - side) * draws[2]
    return tf.stack([top, left, top + side, left + side])


def _crop(x, box):
    """A window of an image or of masks, resized to their own size; flipped where its ends are."""
    return tf.image.crop_and_resize(x[None], box[None], [0], x.shape[:2])[0]
