"""Examples of single months: images, years of one calendar month as images or codes, crops."""

import numpy as np
import tensorflow as tf
from tensorflow import keras

from seaice_tf.errors import InputError
from seaice_tf.forecast.data import months
from seaice_tf.forecast.data.archive import Archive
from seaice_tf.forecast.examples import first_year
from seaice_tf.forecast.networks import crop_windows
from seaice_tf.forecast.settings import LEADS, Settings
from seaice_tf.grids import counts
from seaice_tf.pipeline import Examples

BATCH = 8  # images to encode at a time


def training_months(data: Archive, settings: Settings, history: int) -> np.ndarray:
    """Positions in the archive of the months to train on.

    Raises:
        InputError: there is none with enough history before it.
    """
    end = data.index(months.parse(settings.train_last)) + 1
    found = np.arange(first_year(settings, end, history), end)
    if not found.size:
        raise InputError(
            f"{data.source}: expected more than {history} months up to {settings.train_last} to "
            "train on; add earlier files"
        )
    return found


def validation_months(data: Archive, settings: Settings, history: int) -> np.ndarray:
    """Positions of the months of the validation period; InputError if one lacks history."""
    first = data.index(months.parse(settings.validation_first))
    last = data.index(months.parse(settings.validation_last))
    if first < history:
        raise InputError(
            f"{data.source}: expected {history} months before {settings.validation_first}, got "
            f"{first}; choose another validation period"
        )
    return np.arange(first, last + 1)


def filled(data: Archive, settings: Settings) -> np.ndarray:
    """The record as images: counts up to 250, the pole hole filled, land 0.

    A missing cell is what it was the year before; in the first year, the year after.
    """
    record = np.stack([counts.fill_hole(month, settings.hole) for month in data.counts])
    missing = record == counts.MISSING
    record = np.where(counts.flagged(record), 0, record).astype(np.uint8)
    for i in np.flatnonzero(missing.any(axis=(1, 2))):
        other = i - LEADS if i >= LEADS else i + LEADS
        if other < len(record):
            record[i][missing[i]] = record[other][missing[i]]
    return record


def years_before(position: tf.Tensor, years: int) -> tf.Tensor:
    """Positions of the same calendar month in the years before, the oldest first."""
    return position - LEADS * tf.range(years, 0, -1, dtype=tf.int64)


def _fraction(image: tf.Tensor) -> tf.Tensor:
    return tf.cast(image, tf.float32) / counts.FULL_ICE


class Months:
    """An archive as images in memory, and the examples made of them.

    The weight of a cell is 1, land and pole hole included, as in the original; 0 where the month
    to be forecast is missing.
    """

    def __init__(self, data: Archive, settings: Settings):
        self.images = tf.constant(filled(data, settings))
        self.known = tf.constant(data.counts != counts.MISSING)

    def target(self, position):
        image, weight = _fraction(self.images[position]), tf.cast(self.known[position], tf.float32)
        return {"image": image}, {"image": weight}

    def alone(self, positions: np.ndarray) -> Examples:
        """An image to be reproduced: (rows, columns)."""
        return self._examples(positions, lambda i: _fraction(self.images[i]))

    def in_years(self, positions: np.ndarray, years: int) -> Examples:
        """Images of the years before: (years, rows, columns)."""
        return self._examples(
            positions, lambda i: _fraction(tf.gather(self.images, years_before(i, years)))
        )

    def codes(self, encoder: keras.Model) -> tf.Tensor:
        """The code of every month: (months, code)."""
        batches = (self.images[i : i + BATCH] for i in range(0, len(self.images), BATCH))
        return tf.concat([encoder(_fraction(batch), training=False) for batch in batches], axis=0)

    def as_codes(self, positions: np.ndarray, years: int, codes: tf.Tensor) -> Examples:
        """Codes of the years before: (years, code)."""
        return self._examples(positions, lambda i: tf.gather(codes, years_before(i, years)))

    def _examples(self, positions: np.ndarray, inputs) -> Examples:
        where = tf.constant(positions, tf.int64)
        return Examples(
            len(positions), lambda index: (inputs(where[index]), *self.target(where[index]))
        )

    def cropped(self, positions: np.ndarray, years: int, share: float, seed: int) -> Examples:
        """Crops of the years before: (years, 64, 64); a share of each month's, drawn once."""
        where = tf.constant(drawn_crops(positions, self.images.shape[1:], share, seed), tf.int64)

        def cut(maps, row, column):
            return maps[..., row : row + crop_windows.SIDE, column : column + crop_windows.SIDE]

        def fetch(index):
            position, row, column = tf.unstack(where[index])
            before = tf.gather(self.images, years_before(position, years))
            target, weight = tf.nest.map_structure(
                lambda maps: cut(maps, row, column), self.target(position)
            )
            return _fraction(cut(before, row, column)), target, weight

        return Examples(len(where), fetch)


def drawn_crops(positions: np.ndarray, shape, share: float, seed: int) -> np.ndarray:
    """(n, 3) of month, first row and first column; a month's draw depends on seed and month."""
    rows, columns = map(crop_windows.starts, shape)
    corners = np.stack(np.meshgrid(rows, columns, indexing="ij"), axis=-1).reshape(-1, 2)
    number = max(round(share * len(corners)), 1)

    def of_month(position):
        rng = np.random.default_rng((seed, int(position)))
        return corners[rng.permutation(len(corners))[:number]]

    return np.concatenate(
        [np.insert(of_month(position), 0, position, axis=1) for position in positions]
    )
