"""From the settings to photos and folds, and from photos to examples to train on."""

import os
from functools import lru_cache, partial
from pathlib import Path

import numpy as np
import tensorflow as tf
from tensorflow import keras

from seaice_tf.clouds.data import synthetic_photos as synthetic_writer
from seaice_tf.clouds.data.classes import CLASSES
from seaice_tf.clouds.data.photos import Photos, read_labelled, read_unlabelled
from seaice_tf.clouds.networks.photos import decode
from seaice_tf.clouds.settings import Settings
from seaice_tf.files.synthetic_cache import cached
from seaice_tf.grids import folds
from seaice_tf.pipeline import Examples

SYNTHETIC_IMAGES = 200


def folder(settings: Settings) -> Path:
    """Where the photos are; makes synthetic ones when they are first asked for."""
    if settings.data:
        return Path(settings.data)
    if root := os.environ.get("SEAICE_TF_DATA"):
        return Path(root) / "clouds"
    return cached("clouds", synthetic_writer.write, SYNTHETIC_IMAGES)


def labelled(settings: Settings) -> Photos:
    return read_labelled(folder(settings))


def unlabelled(settings: Settings) -> Photos:
    return read_unlabelled(folder(settings))


def fold_of(photos: Photos, settings: Settings) -> np.ndarray:
    """The fold of each photo: (n,); near-duplicates share one."""
    return _fold_of(photos, settings.folds, settings.fold_seed)


@lru_cache(maxsize=1)  # a run asks for it five times, and it looks at every photo
def _fold_of(photos: Photos, number: int, seed: int) -> np.ndarray:
    alike = folds.near_duplicates(photos.thumbnails(folds.THUMBNAIL))
    together = folds.groups(len(photos), alike)
    return folds.stratified(photos.present(), number, seed, together)


def training_photos(photos: Photos, settings: Settings) -> Photos:
    fold = fold_of(photos, settings)
    kept = (fold != settings.validation_fold) & (fold != settings.test_fold)
    return photos.take(np.flatnonzero(kept))


def validation_photos(photos: Photos, settings: Settings) -> Photos:
    return photos.take(np.flatnonzero(fold_of(photos, settings) == settings.validation_fold))


def examples(photos: Photos, settings: Settings, shape: tuple[int, int], training: bool):
    """Photos decoded in the graph, with the share of their masks in each cell of `shape`."""
    paths = tf.constant([str(path) for path in photos.paths])

    def inputs(index):
        return decode(tf.io.read_file(paths[index]), settings.rows, settings.columns)

    augmentation = partial(augment, settings) if training else None
    return with_masks(photos, shape, inputs, augmentation)


def features(photos: Photos, texture: keras.Model) -> Examples:
    """What a frozen network sees in each photo, computed once, with the masks on its grid."""
    rows, columns = texture.input_shape[1:3]
    seen = [texture(decode(path.read_bytes(), rows, columns)[None])[0] for path in photos.paths]
    stacked = tf.stack(seen)
    return with_masks(photos, stacked.shape[1:3], lambda index: stacked[index], None)


def with_masks(photos: Photos, shape: tuple[int, int], inputs, augmentation) -> Examples:
    """Examples of `inputs(index)`; masks wait in memory, a byte per class and cell."""
    shares = [np.rint(255 * photos.coverage(i, shape)) for i in range(len(photos))]
    masks = tf.constant(np.array(shares, np.uint8))
    present = tf.constant(photos.present(), tf.float32)

    def fetch(index):
        targets = {"masks": tf.cast(masks[index], tf.float32) / 255, "chances": present[index]}
        weights = {"masks": tf.ones((*shape, 1)), "chances": tf.ones(len(CLASSES))}
        return inputs(index), targets, weights

    return Examples(len(photos), fetch, augmentation, name=lambda i: photos.names[i])


def augment(settings: Settings, example, seed):
    """Mirror, zoom and light a photo, and its masks with it, by seven draws."""
    image, targets, weights = example
    masks = targets["masks"]
    draws = tf.random.stateless_uniform([7], seed)
    if settings.flips:
        for axis, draw in ((0, draws[0]), (1, draws[1])):
            image, masks = (tf.where(draw < 0.5, tf.reverse(x, [axis]), x) for x in (image, masks))
    if settings.zoom:
        box = _window(settings.zoom, draws[2:5])
        image, masks = (_cut(x, box) for x in (image, masks))
    if settings.brightness:
        gain, shift = (settings.brightness * (2 * draw - 1) for draw in (draws[5], draws[6]))
        image = tf.clip_by_value(image * (1 + gain) + 128 * shift, 0.0, 255.0)
    there = tf.reduce_max(masks, axis=(0, 1))  # a class may have been cut away
    return image, {"masks": masks, "chances": there}, weights


def _window(zoom: float, draws):
    """A random window of the unit square: top, left, bottom, right."""
    side = 1 - zoom * draws[0]
    top, left = (1 - side) * draws[1], (1 - side) * draws[2]
    return tf.stack([top, left, top + side, left + side])


def _cut(x, box):
    return tf.image.crop_and_resize(x[None], box[None], [0], x.shape[:2])[0]
