"""Training examples of the networks that forecast departures: one init, with cells drawn at random.

Networks of codes see the codes of the last months of the whole map; networks of crops the anomalies
in one of the crops that cover the map.
"""

import dataclasses
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import tensorflow as tf

from seaice_tf import progress
from seaice_tf.errors import InputError
from seaice_tf.forecast.cell_examples import Cells, drawn_cells, learns_from
from seaice_tf.forecast.data import months
from seaice_tf.forecast.data.archive import Archive
from seaice_tf.forecast.data.counts import FULL_ICE
from seaice_tf.forecast.examples import archive, earliest_start, filled_images
from seaice_tf.forecast.networks import crops
from seaice_tf.forecast.networks.anomaly_codes import LEADS, leading_functions
from seaice_tf.forecast.networks.classes import class_of
from seaice_tf.forecast.networks.departures import BASE_YEARS
from seaice_tf.forecast.settings import AnomalyCodes, AnomalyCrops, Settings
from seaice_tf.pipeline import Examples
from seaice_tf.settings import Training

CELLS = 1024  # of an example of codes
CROP_CELLS = 256  # of an example of crops
FEWEST_CROP_CELLS = 64  # drawn in a crop that examples are made of

TRAINING = Training()  # of which the cells drawn depend on the seed alone


def anomalies(images: np.ndarray) -> np.ndarray:
    """Anomalies of months from the mean of their calendar month over five years, their own last.

    Args:
        images: (months, ...) fractions.

    Returns:
        (months, ...) float32; 0 in the first four years.
    """
    result = np.zeros(images.shape, np.float32)
    first = LEADS * (BASE_YEARS - 1)
    for i in range(first, len(images)):
        result[i] = images[i] - images[i - first : i + 1 : LEADS].mean(axis=0)
    return result


def functions(network: AnomalyCodes, settings: Settings, data: Archive) -> np.ndarray:
    """Orthogonal functions of the anomalies of the training months: (cells, codes) float32."""
    end = data.index(months.parse(settings.train_end)) + 1
    first = LEADS * (BASE_YEARS - 1)
    if end - first < network.codes:
        raise InputError(
            f"codes: expected at most {max(end - first, 0)}, the months of {data.source} up to "
            f"{settings.train_end} with {BASE_YEARS - 1} years before, got {network.codes}"
        )
    images = filled_images(data, settings)[:end].reshape(end, -1) / np.float32(FULL_ICE)
    return leading_functions(anomalies(images)[first:], network.codes)


@dataclass(frozen=True)
class Record:
    """Cells drawn of the forecasts of one period.

    Attributes:
        starts: positions of the first months forecast.
        cells: of each of them.
        end: position after the last month that may be a target.
    """

    starts: range
    cells: list[Cells]
    end: int


def records(network: AnomalyCodes | AnomalyCrops, settings: Settings) -> tuple[Record, Record]:
    """Cells of the training and of the validation period.

    Raises:
        InputError: too short a record before a period.
    """
    training = dataclasses.replace(TRAINING, seed=settings.training.seed, keep="last")
    cells = AnomalyCodes(cell_fraction=network.cell_fraction)
    return _records(dataclasses.replace(settings, network=cells, training=training))


@lru_cache(maxsize=1)  # the trials of a sweep train on the same cells
def _records(settings: Settings) -> tuple[Record, Record]:
    data = archive(settings)
    end = data.index(months.parse(settings.train_end)) + 1
    training = range(earliest_start(settings, end, settings.history), end)
    first, last = (
        data.index(months.parse(month))
        for month in (settings.validation_start, settings.validation_end)
    )
    if not training or first < settings.history:
        raise InputError(
            f"{data.source}: expected more than {settings.history} months up to "
            f"{settings.train_end} and before {settings.validation_start}; add earlier files"
        )
    return _record(training, end, settings, data), _record(
        range(first, last + 1), last + 1, settings, data
    )


def _record(starts: range, end: int, settings: Settings, data: Archive) -> Record:
    network: Any = settings.network
    shown = progress.track(starts, "features of cells")
    cells = [drawn_cells(data, [start], end, network, settings) for start in shown]
    return Record(starts, cells, end)


def code_examples(
    network: AnomalyCodes, settings: Settings, data: Archive
) -> tuple[Examples, Examples]:
    """Examples of `anomaly_codes.code_network`: an init, its codes, and cells of its 12 leads."""
    images = filled_images(data, settings).reshape(len(data.counts), -1)
    scaled = functions(network, settings, data)
    codes = (images / np.float32(FULL_ICE)) @ (scaled / (scaled**2).sum(axis=0))
    season = 6 if data.grid.name == "south" else 0
    make = _CodeExamples(network, data, codes, anomalies(codes), season)
    training, validation = records(network, settings)
    return make.of(training, hold_out=True), make.of(validation, hold_out=False)


class _CodeExamples:
    """Makes examples of blocks of 1024 cells of an init."""

    def __init__(self, network: AnomalyCodes, data: Archive, codes, code_anomalies, season: int):
        self.network, self.data, self.season = network, data, season
        self.codes, self.anomalies = codes, code_anomalies

    def of(self, record: Record, hold_out: bool) -> Examples:
        blocks = [
            (i, j)
            for i, cells in enumerate(record.cells)
            for j in range(-(-len(cells.counts) // CELLS))
        ]
        shapes = self._example(record, hold_out, *blocks[0])
        kinds = [array.dtype for array in shapes]

        def fetch(index):
            arrays = tf.numpy_function(
                lambda i: self._example(record, hold_out, *blocks[i]), [index], kinds
            )
            arrays = [tf.ensure_shape(a, s.shape) for a, s in zip(arrays, shapes)]
            names = ("codes", "season", "held_out", "features", "lead", "place")
            inputs = dict(zip(names, arrays))
            labels = dict(zip(("codes", "classes", "departure"), arrays[6:9]))
            weights = dict(zip(("codes", "classes", "departure"), (*arrays[9:], arrays[10])))
            return inputs, labels, weights

        return Examples(len(blocks), fetch)

    def _example(self, record: Record, hold_out: bool, i: int, block: int) -> list[np.ndarray]:
        """Inputs, labels and weights of a block of cells of the i-th start."""
        start, cells = record.starts[i], record.cells[i]
        members = self.network.members
        number = len(cells.counts)
        rows = np.arange(block * CELLS, (block + 1) * CELLS) % number
        leads = np.arange(LEADS)
        years = (self.data.first + start + leads).astype("datetime64[Y]").astype(int)
        learns = learns_from(years, members) if hold_out else np.ones((LEADS, members), bool)
        sees = ~learns if hold_out and members > 1 else np.ones((LEADS, members), bool)
        target, known = self._code_departures(start, record.end)
        weight = (learns & known[:, None]) / np.maximum(learns.mean(), 1e-9)
        lead = cells.lead[rows].astype(np.int32) - 1
        angle = (months.number(self.data.first + start) + self.season) * np.pi / 6
        f32 = np.float32
        return [
            self.anomalies[start - self.network.months : start].astype(f32),
            np.array([np.sin(angle), np.cos(angle)], f32),
            sees.astype(f32),
            cells.features[rows].astype(f32),
            lead,
            cells.place[rows],
            target[..., None].astype(f32),
            class_of(cells.counts[rows])[:, None].astype(np.uint8),
            cells.departure(rows)[:, None].astype(f32),
            np.repeat(weight[:, None], self.network.codes, axis=1).astype(f32),
            (learns[lead] / np.maximum(learns.mean(), 1e-9)).astype(f32),
        ]

    def _code_departures(self, start: int, end: int) -> tuple[np.ndarray, np.ndarray]:
        """Departures of codes from their mean of five years, and which are known: (12, codes)."""
        at = start + np.arange(LEADS)
        before = np.mean([self.codes[at - LEADS * year] for year in range(1, BASE_YEARS + 1)], 0)
        known = at < end
        return self.codes[np.minimum(at, end - 1)] - before, known


def crop_examples(
    network: AnomalyCrops, settings: Settings, data: Archive
) -> tuple[Examples, Examples]:
    """Examples of `anomaly_crops.crop_network`: a crop of an init, and cells of its 12 leads."""
    images = filled_images(data, settings) / np.float32(FULL_ICE)
    maps = anomalies(images).astype(np.float16)
    training, validation = records(network, settings)
    return tuple(_crops_of(network, maps, record) for record in (training, validation))  # type: ignore[return-value]


def _crops_of(network: AnomalyCrops, maps: np.ndarray, record: Record) -> Examples:
    shape, side = maps.shape[1:], crops.SIDE
    corners = np.stack(np.meshgrid(*map(crops.starts, shape), indexing="ij"), -1).reshape(-1, 2)
    found = []
    for i, cells in enumerate(record.cells):
        row, column = np.divmod(cells.place, shape[1])
        drawn = np.zeros(shape, int)
        np.add.at(drawn, (row, column), 1)
        total = np.pad(drawn.cumsum(0).cumsum(1), ((1, 0), (1, 0)))
        y, x = corners.T
        number = total[y + side, x + side] - total[y, x + side] - total[y + side, x] + total[y, x]
        found += [(i, *corner) for corner in corners[number >= FEWEST_CROP_CELLS]]
    if not found:
        raise InputError("crops: expected cells to train on, got none; use more years")

    def example(index):
        i, top, left = found[index]
        start, cells = record.starts[i], record.cells[i]
        row, column = np.divmod(cells.place, shape[1])
        inside = (row >= top) & (row < top + side) & (column >= left) & (column < left + side)
        own = np.flatnonzero(inside)
        rows = np.random.default_rng((start, top, left)).permutation(own)
        rows = np.resize(rows, CROP_CELLS)
        crop = maps[start - network.months : start, top : top + side, left : left + side]
        return [
            crop.astype(np.float32),
            cells.features[rows].astype(np.float32),
            ((row[rows] - top) * side + column[rows] - left).astype(np.int32),
            class_of(cells.counts[rows])[:, None].astype(np.uint8),
            cells.departure(rows)[:, None].astype(np.float32),
        ]

    shapes = example(0)

    def fetch(index):
        arrays = tf.numpy_function(example, [index], [array.dtype for array in shapes])
        arrays = [tf.ensure_shape(a, s.shape) for a, s in zip(arrays, shapes)]
        inputs = dict(zip(("anomalies", "features", "cell"), arrays))
        labels = dict(zip(("classes", "departure"), arrays[3:]))
        return inputs, labels, dict.fromkeys(labels, tf.ones([CROP_CELLS, network.members]))

    return Examples(len(found), fetch)
