"""Training examples of the distribution network: single cells of forecasts from every month."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import tensorflow as tf

from seaice_tf import progress
from seaice_tf.errors import InputError
from seaice_tf.forecast.data import counts, months
from seaice_tf.forecast.data.archive import Archive
from seaice_tf.forecast.data.counts import FULL_ICE
from seaice_tf.forecast.examples import earliest_start, history_before, read_record
from seaice_tf.forecast.networks.classes import class_of
from seaice_tf.forecast.networks.feature_table import INDEX, of_cells
from seaice_tf.forecast.networks.features import IceFeatures
from seaice_tf.forecast.settings import LEADS, Distribution, Settings
from seaice_tf.pipeline import Example, Examples

BLOCK = 1024  # cells in an example
SHORT_EVERY = 5  # every so many of the starts has ten years alone, for users that have no more
GROUPS = 4  # of blocks of years, of which each member leaves one out
YEARS_LEFT_OUT = 3  # length of the blocks of years that a member leaves out


@dataclass(frozen=True)
class Cells:
    """Cells of forecasts of one archive, drawn at random.

    Attributes:
        features: (n, features) float16.
        counts: (n,) uint8, the observed concentration.
        lead: (n,) uint8, 1 to 12.
        year: (n,) int16, of the target, since 1970.
        place: (n,) int32, index in the flattened grid.
        weight: of each cell in the loss.
    """

    features: np.ndarray
    counts: np.ndarray
    lead: np.ndarray
    year: np.ndarray
    place: np.ndarray
    weight: float = 1.0

    def departure(self, rows: np.ndarray) -> np.ndarray:
        """Observed departure of some cells from the ten-year climatology, fraction: (rows,)."""
        climatology = self.features[rows, INDEX["mean_10"]].astype(np.float32)
        return self.counts[rows] / np.float32(FULL_ICE) - climatology


def examples(network: Distribution, settings: Settings, data: Archive) -> tuple[Examples, Examples]:
    """Training and validation examples, each of 1024 cells."""
    train = blocks(training_cells(network, settings), network.members, settings.training.seed)
    first, last = (
        data.index(months.parse(month))
        for month in (settings.validation_start, settings.validation_end)
    )
    if first < settings.history:
        raise InputError(
            f"{data.source}: expected {settings.history} months before "
            f"{settings.validation_start}, got {first}; choose another validation period"
        )
    validation = drawn_cells(
        data, range(first, last + 1, network.init_step), last + 1, network, settings
    )
    return train, blocks([validation], network.members, settings.training.seed, hold_out=False)


@lru_cache(maxsize=1)  # the calibration takes them again after training
def training_cells(network: Distribution, settings: Settings) -> list[Cells]:
    """Cells of the data's own record and, after them, of the other hemisphere's.

    Every month up to `train_end` that has a whole history before it is a first lead; targets after
    `train_end` are left out.
    """
    found, records = [], [(settings.data, 1.0)]
    if network.other_hemisphere:
        records.append((network.other_hemisphere, network.other_weight))
    for folder, weight in records:
        data = read_record(folder, settings)
        end = data.index(months.parse(settings.train_end)) + 1
        starts = range(earliest_start(settings, end, settings.history), end, network.init_step)
        if not starts:
            raise InputError(
                f"{data.source}: expected more than {settings.history} months up to "
                f"{settings.train_end} to train on; add earlier files"
            )
        shown = progress.track(starts, f"features of {data.grid.name}ern cells")
        found.append(drawn_cells(data, shown, end, network, settings, weight))
    return found


def drawn_cells(
    data: Archive,
    starts: Iterable[int],
    end: int,
    network: Distribution,
    settings: Settings,
    weight: float = 1.0,
) -> Cells:
    """A random fraction of the cells that can hold ice, of every start and lead.

    Args:
        data: the record.
        starts: positions of the first months forecast.
        end: position after the last month that may be a target.
        network: with the `cell_fraction`.
        settings: with the seed; the cells drawn depend on it and on the start alone.
        weight: of each cell in the loss.
    """
    make = IceFeatures(settings.pole_hole_fill)
    season = 6 if data.grid.name == "south" else 0
    names = ("features", "counts", "lead", "year", "place")
    columns: dict[str, list] = {name: [] for name in names}
    for number, start in enumerate(starts):
        leads = min(LEADS, end - start)
        month = tf.constant([months.number(data.first + start) + season])
        past = data.counts[:start]
        if number % SHORT_EVERY == 0:
            past = past[-settings.history :]
        history = history_before(past, settings)[None]
        features, possible, places, _ = make(history, month)
        possible, places = possible.numpy(), places.numpy()
        truth = data.counts[start : start + leads].reshape(leads, -1)[:, places]
        rng = np.random.default_rng((settings.training.seed, start))
        drawn = possible[0, :leads] & ~counts.flagged(truth)
        drawn &= rng.random((LEADS, len(places)))[:leads] < network.cell_fraction
        lead, cell = np.nonzero(drawn)
        cells = np.stack([np.zeros_like(lead), lead, cell], axis=1)
        columns["features"].append(of_cells(features, cells).numpy().astype(np.float16))
        columns["counts"].append(truth[drawn])
        year = (data.first + start + lead).astype("datetime64[Y]").astype(np.int16)
        columns["lead"].append((lead + 1).astype(np.uint8))
        columns["year"].append(year)
        columns["place"].append(places[cell].astype(np.int32))
    return Cells(**{name: joined(parts) for name, parts in columns.items()}, weight=weight)


def joined(parts: list[np.ndarray]) -> np.ndarray:
    """The arrays one after another; the list is emptied on the way, for they are large."""
    whole = np.empty((sum(map(len, parts)), *parts[0].shape[1:]), parts[0].dtype)
    end = len(whole)
    while parts:
        part = parts.pop()
        whole[end - len(part) : end] = part
        end -= len(part)
    return whole


def learns_from(year: np.ndarray, members: int) -> np.ndarray:
    """Whether a member trains on a year: (n, members) bool.

    Member i leaves out every fourth block of three years (every second of two members), from block
    i on, so that its predictions of them can calibrate it; a single member trains on all years.
    """
    if members == 1:
        return np.ones((len(year), 1), bool)
    groups = min(members, GROUPS)
    return (year // YEARS_LEFT_OUT % groups)[:, None] != np.arange(members) % groups


def blocks(parts: list[Cells], members: int, seed: int, hold_out: bool = True) -> Examples:
    """Examples of 1024 shuffled cells.

    Args:
        parts: of one or more archives.
        members: of the network.
        seed: of the shuffle.
        hold_out: give each member a weight of 0 in the years that it leaves out.

    Returns:
        Examples of features (1024, features); classes and departures (1024, 1); weights (1024,
        members) of both.
    """
    ends = np.cumsum([len(part.counts) for part in parts])
    number = ends[-1] // BLOCK
    if not number:
        raise InputError(f"cells: expected at least {BLOCK} to train on, got {ends[-1]}")
    order = np.random.default_rng(seed).permutation(ends[-1])[: number * BLOCK].reshape(-1, BLOCK)
    mask_of = learns_from if hold_out else _all_years
    means = [mask_of(part.year, members).mean(axis=0) for part in parts]

    def block(index):
        columns = []
        for part, mean, end in zip(parts, means, ends):
            row = order[index] - end + len(part.counts)
            row = row[(row >= 0) & (row < len(part.counts))]
            classes = class_of(part.counts[row])[:, None]
            departure = part.departure(row)[:, None]
            # A weight of `part.weight` on average; for all cells at once it would take gigabytes.
            scale = np.float32(part.weight) / np.maximum(mean, 1e-9).astype(np.float32)
            weight = scale * mask_of(part.year[row], members)
            columns.append((part.features[row], classes, departure, weight))
        features, classes, departure, weight = map(np.concatenate, zip(*columns))
        return features.astype(np.float32), classes.astype(np.uint8), departure, weight

    return Examples(int(number), lambda index: _example(block, members, index))


def _example(block: Callable, members: int, index: tf.Tensor) -> Example:
    """Inputs, labels and weights by head of a block of cells.

    The cells stay in numpy arrays: tensors of a gigabyte would double the memory of a training.
    """
    kinds = (tf.float32, tf.uint8, tf.float32, tf.float32)
    features, classes, departure, weight = tf.numpy_function(block, [index], kinds)
    features = tf.ensure_shape(features, (BLOCK, len(INDEX)))
    labels = {
        "classes": tf.ensure_shape(classes, (BLOCK, 1)),
        "departure": tf.ensure_shape(departure, (BLOCK, 1)),
    }
    return features, labels, dict.fromkeys(labels, tf.ensure_shape(weight, (BLOCK, members)))


def _all_years(year: np.ndarray, members: int) -> np.ndarray:
    return np.ones((len(year), members), bool)
