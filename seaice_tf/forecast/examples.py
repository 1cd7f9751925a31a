"""From the settings to an archive, and from an archive to training examples of each network."""

from __future__ import annotations

import dataclasses
import os
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from seaice_tf.errors import InputError
from seaice_tf.files.synthetic_cache import cached
from seaice_tf.forecast.data import counts, months, synthetic
from seaice_tf.forecast.data.archive import Archive, read_archive
from seaice_tf.forecast.data.counts import FULL_ICE
from seaice_tf.forecast.settings import LEADS, Settings, UNet
from seaice_tf.grids.polar import NORTH
from seaice_tf.lazy import tf
from seaice_tf.pipeline import Examples

if TYPE_CHECKING:
    from tensorflow import keras

SYNTHETIC_PERIOD = ("1978-11", "2012-12")
BATCH = 8  # images to encode at a time


def archive(settings: Settings) -> Archive:
    """The archive that the settings name; the synthetic one is made on first use.

    Raises:
        InputError: it is of the other hemisphere.
    """
    return of_hemisphere(read_record(settings.data, settings), settings)


def described(settings: Settings) -> Settings:
    """The settings with the algorithm of the data that they name."""
    return dataclasses.replace(settings, trained_on=archive(settings).algorithm)


def of_hemisphere(data: Archive, settings: Settings) -> Archive:
    """The archive, if it is of the hemisphere of the settings; InputError otherwise."""
    if data.grid.name != settings.hemisphere:
        raise InputError(
            f"{data.source}: expected data of the {settings.hemisphere}, got the "
            f"{data.grid.name}; choose another --run, or train with --hemisphere {data.grid.name}"
        )
    return data


def read_record(folder: str, settings: Settings) -> Archive:
    """The archive in a folder, read as the settings say; empty: the default data."""
    reading = settings.minimum_days, settings.allow, settings.average_to_25km
    if folder:
        return read_archive(Path(os.path.expandvars(folder)), *reading)
    if root := os.environ.get("SEAICE_TF_DATA"):
        name = {"north": "nsidc0051", "south": "nsidc0051_south"}[settings.hemisphere]
        return read_archive(Path(root) / name, *reading)
    return read_archive(cached("nsidc0051", synthetic.write_archive, *SYNTHETIC_PERIOD))


def history_before(past: np.ndarray, settings: Settings) -> np.ndarray:
    """The last months of a record that a network makes use of, whole years where it has a choice.

    Args:
        past: (months, rows, columns), up to the init; at least `settings.history`.
    """
    number = min(len(past) // LEADS * LEADS, settings.longest_history)
    return past[-max(number, settings.history) :]


def training_starts(data: Archive, settings: Settings, init_months: str = "all") -> np.ndarray:
    """Positions in the archive of the first months of the training forecasts.

    Args:
        init_months: "december" or "all", the calendar months of the last month observed.

    Raises:
        InputError: no forecast has a long enough history.
    """
    end = data.index(months.parse(settings.train_end)) + 1
    starts = np.arange(earliest_start(settings, end, settings.history), end - LEADS + 1)
    if init_months == "december":
        starts = starts[[months.number(data.first + int(i)) == 1 for i in starts]]
    if not starts.size:
        raise InputError(
            f"{data.source}: expected {settings.history // LEADS} years of history and a year "
            f"after it up to {settings.train_end} to train on; add earlier files"
        )
    return starts


def training_months(data: Archive, settings: Settings, history: int) -> np.ndarray:
    """Positions in the archive of the single months to train on.

    Raises:
        InputError: no month has a long enough history.
    """
    end = data.index(months.parse(settings.train_end)) + 1
    found = np.arange(earliest_start(settings, end, history), end)
    if not found.size:
        raise InputError(
            f"{data.source}: expected more than {history} months up to {settings.train_end} to "
            "train on; add earlier files"
        )
    return found


def earliest_start(settings: Settings, end: int, history: int) -> int:
    """The later of `history` and the start of the last `train_years` before position `end`."""
    return max(history, end - LEADS * settings.train_years) if settings.train_years else history


def validation_starts(data: Archive, settings: Settings) -> np.ndarray:
    """Positions of the first months of the whole years of the validation period.

    Raises:
        InputError: there is no whole year, or the first has too short a history.
    """
    first, last = (
        data.index(months.parse(month))
        for month in (settings.validation_start, settings.validation_end)
    )
    starts = np.arange(first, last + 2 - LEADS, LEADS)
    if not starts.size or first < settings.history:
        raise InputError(
            f"{data.source}: expected {settings.history} months before {settings.validation_start} "
            f"and a whole year from then to {settings.validation_end}; choose another period"
        )
    return starts


def validation_months(data: Archive, settings: Settings, history: int) -> np.ndarray:
    """Positions of the months of the validation period; InputError for too short a history."""
    first = data.index(months.parse(settings.validation_start))
    last = data.index(months.parse(settings.validation_end))
    if first < history:
        raise InputError(
            f"{data.source}: expected {history} months before {settings.validation_start}, got "
            f"{first}; choose another validation period"
        )
    return np.arange(first, last + 1)


def map_windows(
    data: Archive, starts: np.ndarray, settings: Settings, network: UNet, training: bool
) -> Examples:
    """Examples of whole maps or, for training, of random windows.

    Each has the raw counts of the history, (months, rows, columns), and the fractions of the next
    12 months with weights of 1 where they are observed, (12, rows, columns).
    """
    record, first = tf.constant(data.counts), tf.constant(starts, tf.int64)

    def fetch(index):
        start = first[index]
        future = record[start : start + LEADS]
        known = future <= FULL_ICE
        target = tf.where(known, tf.cast(future, tf.float32) / FULL_ICE, 0.0)
        history = record[start - settings.history : start]
        weight = tf.cast(known, tf.float32)
        return history, {"concentration": target}, {"concentration": weight}

    augmented = partial(augment, network) if training else None
    return Examples(len(starts), fetch, augmented, name=lambda i: str(data.first + int(starts[i])))


def augment(network: UNet, example, seed):
    """Cut a random window and flip it at random along each axis: maps (..., rows, columns)."""
    draws = tf.random.stateless_uniform([4], seed)
    side = network.crop or max(NORTH.shape)  # the grid of the south is smaller

    def cut_and_flip(x):
        places = [max(length - side + 1, 1) for length in x.shape[1:]]
        row, column = (tf.cast(draws[i] * float(n), tf.int32) for i, n in enumerate(places))
        x = x[:, row : row + side, column : column + side]
        if network.flip:
            x = tf.where(draws[2] < 0.5, x[:, :, ::-1], x)
            x = tf.where(draws[3] < 0.5, x[:, ::-1], x)
        return x

    return tf.nest.map_structure(cut_and_flip, example)


def filled_images(data: Archive, settings: Settings) -> np.ndarray:
    """The record as images: counts up to 250, the pole hole filled, land 0.

    A missing cell has the value of the year before, in the first year that of the year after.
    """
    record = np.stack([counts.fill_hole(month, settings.pole_hole_fill) for month in data.counts])
    missing = record == counts.MISSING
    record = np.where(counts.flagged(record), 0, record).astype(np.uint8)
    for i in np.flatnonzero(missing.any(axis=(1, 2))):
        other = i - LEADS if i >= LEADS else i + LEADS
        if other < len(record):
            record[i][missing[i]] = record[other][missing[i]]
    return record


class SingleMonths:
    """Images of an archive in memory, and examples whose target is a single month.

    The weight of a cell is 1, on land and in the pole hole too, and 0 where the target is missing.
    """

    def __init__(self, data: Archive, settings: Settings):
        self.images = tf.constant(filled_images(data, settings))
        self.known = tf.constant(data.counts != counts.MISSING)

    def target(self, position):
        """Fraction and weight of a month: (rows, columns) each."""
        image, weight = _fraction(self.images[position]), tf.cast(self.known[position], tf.float32)
        return {"image": image}, {"image": weight}

    def images_alone(self, positions: np.ndarray) -> Examples:
        """Examples whose input is the target itself: (rows, columns)."""
        return self._examples(positions, lambda i: _fraction(self.images[i]))

    def images_of_years(self, positions: np.ndarray, years: int) -> Examples:
        """Examples with the images of past years: (years, rows, columns)."""
        return self._examples(
            positions, lambda i: _fraction(tf.gather(self.images, _years_before(i, years)))
        )

    def encoded(self, encoder: keras.Model) -> tf.Tensor:
        """The code of every month: (months, code)."""
        batches = (self.images[i : i + BATCH] for i in range(0, len(self.images), BATCH))
        return tf.concat([encoder(_fraction(batch), training=False) for batch in batches], axis=0)

    def codes_of_years(self, positions: np.ndarray, years: int, codes: tf.Tensor) -> Examples:
        """Examples with the codes of past years: (years, code)."""
        return self._examples(positions, lambda i: tf.gather(codes, _years_before(i, years)))

    def _examples(self, positions: np.ndarray, inputs) -> Examples:
        where = tf.constant(positions, tf.int64)
        return Examples(
            len(positions), lambda index: (inputs(where[index]), *self.target(where[index]))
        )

    def crops_of_years(
        self, positions: np.ndarray, years: int, fraction: float, seed: int
    ) -> Examples:
        """Examples with crops of past years, (years, 64, 64): a fraction of those of each month."""
        from seaice_tf.forecast.networks import crops  # needs TensorFlow

        where = tf.constant(drawn_crops(positions, self.images.shape[1:], fraction, seed), tf.int64)

        def cut(maps, row, column):
            return maps[..., row : row + crops.SIDE, column : column + crops.SIDE]

        def fetch(index):
            position, row, column = tf.unstack(where[index])
            before = tf.gather(self.images, _years_before(position, years))
            target, weight = tf.nest.map_structure(
                lambda maps: cut(maps, row, column), self.target(position)
            )
            return _fraction(cut(before, row, column)), target, weight

        return Examples(len(where), fetch)


def drawn_crops(positions: np.ndarray, shape, fraction: float, seed: int) -> np.ndarray:
    """Crops drawn for each month by its position and the seed alone.

    Returns:
        (n, 3) of position, first row and first column.
    """
    from seaice_tf.forecast.networks import crops  # needs TensorFlow

    rows, columns = map(crops.starts, shape)
    corners = np.stack(np.meshgrid(rows, columns, indexing="ij"), axis=-1).reshape(-1, 2)
    number = max(round(fraction * len(corners)), 1)

    def of_month(position):
        rng = np.random.default_rng((seed, int(position)))
        return corners[rng.permutation(len(corners))[:number]]

    return np.concatenate(
        [np.insert(of_month(position), 0, position, axis=1) for position in positions]
    )


def _years_before(position: tf.Tensor, years: int) -> tf.Tensor:
    """Positions of the same calendar month in past years, the oldest first."""
    return position - LEADS * tf.range(years, 0, -1, dtype=tf.int64)


def _fraction(image: tf.Tensor) -> tf.Tensor:
    return tf.cast(image, tf.float32) / FULL_ICE
