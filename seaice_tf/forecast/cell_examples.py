"""Training examples of the distribution network: single cells of forecasts from every month."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import tensorflow as tf

from seaice_tf.errors import InputError
from seaice_tf.forecast.data import counts, months
from seaice_tf.forecast.data.archive import Archive
from seaice_tf.forecast.data.counts import FULL_ICE, PoleHoleFill
from seaice_tf.forecast.examples import earliest_start, read_record
from seaice_tf.forecast.networks.distribution import INDEX, class_of
from seaice_tf.forecast.networks.features import IceFeatures
from seaice_tf.forecast.settings import LEADS, Distribution, Settings
from seaice_tf.pipeline import Examples

BLOCK = 1024  # cells in an example
GROUPS = 4  # of blocks of years, of which each member leaves one out
YEARS_LEFT_OUT = 3  # length of the blocks of years that a member leaves out


@dataclass(frozen=True)
class Cells:
    """Cells of forecasts of one archive, drawn at random.

    Attributes:
        features: (n, features) float16.
        counts: (n,) uint8, the observed concentration.
        lead: (n,) int, 1 to 12.
        year: (n,) int, of the target.
        place: (n,) int, index in the flattened grid.
        weight: of each cell in the loss.
    """

    features: np.ndarray
    counts: np.ndarray
    lead: np.ndarray
    year: np.ndarray
    place: np.ndarray
    weight: float = 1.0

    def departure(self) -> np.ndarray:
        """Observed departure from the ten-year climatology, fraction: (n,)."""
        climatology = self.features[:, INDEX["mean_10"]].astype(np.float32)
        return self.counts / np.float32(FULL_ICE) - climatology


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
    validation = drawn_cells(data, range(first, last + 1), last + 1, network, settings)
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
        starts = range(earliest_start(settings, end, settings.history), end)
        if not starts:
            raise InputError(
                f"{data.source}: expected more than {settings.history} months up to "
                f"{settings.train_end} to train on; add earlier files"
            )
        found.append(drawn_cells(data, starts, end, network, settings, weight))
    return found


def drawn_cells(
    data: Archive,
    starts: range,
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
    make = _traced_features(settings.pole_hole_fill)
    season = 6 if data.grid.name == "south" else 0
    names = ("features", "counts", "lead", "year", "place")
    columns: dict[str, list] = {name: [] for name in names}
    for start in starts:
        leads = min(LEADS, end - start)
        month = tf.constant([months.number(data.first + start) + season])
        history = data.counts[None, start - settings.history : start]
        maps, possible, places = (each.numpy() for each in make(history, month))
        truth = data.counts[start : start + leads].reshape(leads, -1)[:, places]
        rng = np.random.default_rng((settings.training.seed, start))
        drawn = possible[0, :leads] & ~counts.flagged(truth)
        drawn &= rng.random(truth.shape) < network.cell_fraction
        lead, cell = np.nonzero(drawn)
        columns["features"].append(maps[0, lead, cell].astype(np.float16))
        columns["counts"].append(truth[drawn])
        columns["lead"].append(lead + 1)
        columns["year"].append((data.first + start + lead).astype("datetime64[Y]").astype(int))
        columns["place"].append(places[cell])
    return Cells(**{name: np.concatenate(parts) for name, parts in columns.items()}, weight=weight)


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
    features = tf.constant(np.concatenate([part.features for part in parts]))
    counted = np.concatenate([part.counts for part in parts])
    classes = tf.constant(class_of(counted).astype(np.uint8))
    departure = tf.constant(np.concatenate([part.departure() for part in parts]))
    weight = tf.constant(np.concatenate([_weights(part, members, hold_out) for part in parts]))
    number = len(classes) // BLOCK
    if not number:
        raise InputError(f"cells: expected at least {BLOCK} to train on, got {len(classes)}")
    order = np.random.default_rng(seed).permutation(len(classes))[: number * BLOCK]
    chosen = tf.constant(order.reshape(-1, BLOCK).astype(np.int32))

    def fetch(index):
        cells = chosen[index]
        labels = {
            "classes": tf.gather(classes, cells)[:, None],
            "departure": tf.gather(departure, cells)[:, None],
        }
        weights = dict.fromkeys(labels, tf.gather(weight, cells))
        return tf.cast(tf.gather(features, cells), tf.float32), labels, weights

    return Examples(number, fetch)


def _weights(part: Cells, members: int, hold_out: bool) -> np.ndarray:
    """Weight of each cell for each member, `part.weight` on average: (n, members) float32."""
    mask = learns_from(part.year, members) if hold_out else np.ones((len(part.year), members))
    return (part.weight * mask / np.maximum(mask.mean(axis=0), 1e-9)).astype(np.float32)


@lru_cache
def _traced_features(pole_hole_fill: PoleHoleFill) -> Callable:
    return tf.function(IceFeatures(pole_hole_fill))
