"""From the settings to an archive, and from an archive to examples to train on."""

import os
from functools import partial
from pathlib import Path

import numpy as np
import tensorflow as tf

from seaice_tf.errors import InputError
from seaice_tf.files.synthetic_cache import cached
from seaice_tf.forecast.data import months
from seaice_tf.forecast.data.archive import Archive, read_archive
from seaice_tf.forecast.data.synthetic import write_archive
from seaice_tf.forecast.networks.distribution import class_of
from seaice_tf.forecast.networks.features import IceFeatures
from seaice_tf.forecast.settings import LEADS, Settings
from seaice_tf.grids.counts import FULL_ICE, flagged
from seaice_tf.grids.polar import NORTH
from seaice_tf.pipeline import Examples

SYNTHETIC_PERIOD = ("1978-11", "2012-12")
BLOCK = 1024  # cells of an example of the distribution


def archive(settings: Settings) -> Archive:
    """The archive that the settings name; makes the synthetic one when it is first asked for."""
    if settings.data:
        return read_archive(Path(settings.data), settings.minimum_days)
    if root := os.environ.get("SEAICE_TF_DATA"):
        return read_archive(Path(root) / "nsidc0051", settings.minimum_days)
    return read_archive(cached("nsidc0051", write_archive, *SYNTHETIC_PERIOD))


def training_starts(data: Archive, settings: Settings, december: bool) -> np.ndarray:
    """Where the years to train on begin in the archive.

    Raises:
        InputError: there is none with enough history before it.
    """
    end = data.index(months.parse(settings.train_last)) + 1
    starts = np.arange(first_year(settings, end, settings.history), end - LEADS + 1)
    if december:
        starts = starts[[months.number(data.first + int(i)) == 1 for i in starts]]
    if not starts.size:
        raise InputError(
            f"{data.source}: expected {settings.history // LEADS} years of history and a year "
            f"after it up to {settings.train_last} to train on; add earlier files"
        )
    return starts


def first_year(settings: Settings, end: int, first: int) -> int:
    """The later of `first` and where the last years to train on, up to `end`, begin."""
    return max(first, end - LEADS * settings.last_years) if settings.last_years else first


def validation_starts(data: Archive, settings: Settings) -> np.ndarray:
    """Where the whole years of the validation period begin; InputError if there is none."""
    first, last = (
        data.index(months.parse(month))
        for month in (settings.validation_first, settings.validation_last)
    )
    starts = np.arange(first, last + 2 - LEADS, LEADS)
    if not starts.size or first < settings.history:
        raise InputError(
            f"{data.source}: expected {settings.history} months before {settings.validation_first} "
            f"and a whole year from then to {settings.validation_last}; choose another period"
        )
    return starts


def windows(data: Archive, starts: np.ndarray, settings: Settings, training: bool) -> Examples:
    """Examples of whole maps: raw counts before, fractions and weights after; cut for training."""
    record, first = tf.constant(data.counts), tf.constant(starts, tf.int64)

    def fetch(index):
        start = first[index]
        future = record[start : start + LEADS]
        known = future <= FULL_ICE
        target = tf.where(known, tf.cast(future, tf.float32) / FULL_ICE, 0.0)
        history = record[start - settings.history : start]
        weight = tf.cast(known, tf.float32)
        return history, {"concentration": target}, {"concentration": weight}

    varied = partial(augment, settings) if training else None
    return Examples(len(starts), fetch, varied, name=lambda i: str(data.first + int(starts[i])))


def augment(settings: Settings, example, seed):
    """Cut a window at a random place and mirror it by two coins: maps (..., rows, columns)."""
    draws = tf.random.stateless_uniform([4], seed)
    side = settings.crop or max(NORTH.shape)  # the grid of the south is smaller

    def cut_and_mirror(x):
        places = [max(length - side + 1, 1) for length in x.shape[1:]]
        row, column = (tf.cast(draws[i] * float(n), tf.int32) for i, n in enumerate(places))
        x = x[:, row : row + side, column : column + side]
        if settings.flip:
            x = tf.where(draws[2] < 0.5, x[:, :, ::-1], x)
            x = tf.where(draws[3] < 0.5, x[:, ::-1], x)
        return x

    return tf.nest.map_structure(cut_and_mirror, example)


def cell_blocks(data: Archive, starts: np.ndarray, settings: Settings) -> Examples:
    """Examples of 1024 cells: features (1024, 39), classes (1024, 1), weights of 1.

    The cells that can hold ice are drawn once, a share of each year, and shuffled into blocks; a
    year's draw depends on the seed and the year alone.
    """
    make = tf.function(IceFeatures(settings.hole))
    features, classes = [], []
    for start in starts:
        maps, possible = make(data.counts[None, start - settings.history : start])
        truth = data.counts[start : start + LEADS]
        rng = np.random.default_rng((settings.training.seed, int(start)))
        drawn = possible.numpy()[0, : len(truth)] & ~flagged(truth)
        drawn &= rng.random(truth.shape) < settings.cells
        features.append(maps.numpy()[0, : len(truth)][drawn].astype(np.float16))
        classes.append(class_of(truth[drawn]).astype(np.uint8))
    x, y = np.concatenate(features), np.concatenate(classes)
    if len(x) < BLOCK:
        raise InputError(f"{data.source}: expected {BLOCK} cells to train on, got {len(x)}")
    order = np.random.default_rng(settings.training.seed).permutation(len(x))
    order = order[: len(x) // BLOCK * BLOCK].reshape(-1, BLOCK)
    cells, labels = tf.constant(x[order]), tf.constant(y[order])

    def fetch(index):
        label = {"classes": labels[index][:, None]}
        return tf.cast(cells[index], tf.float32), label, {"classes": tf.ones((BLOCK, 1))}

    return Examples(len(order), fetch)
