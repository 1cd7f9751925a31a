"""A synthetic record of Arctic sea ice on the NSIDC grid, with what makes the real one hard.

Land and coast, a pole hole that shrinks with the sensors, an ice edge with a season, an
accelerating retreat, anomalies that persist for months, and weather that does not.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from seaice_tf.files import atomic
from seaice_tf.forecast.data import counts, months
from seaice_tf.forecast.data.nsidc0051 import write_synthetic
from seaice_tf.grids.polar import NORTH

WAVES = 4  # zonal wave numbers of the ice edge


@dataclass(frozen=True)
class Climate:
    """Parameters of the synthetic climate; edges in degrees of latitude."""

    edge: float = 70.5  # mean latitude of the edge
    season: float = 6.0  # half the range between March and September
    retreat: float = 0.025  # a year, doubling after 1997
    memory: float = 0.9  # month-to-month correlation of an anomaly
    anomaly: float = 0.8  # standard deviation of each zonal wave
    weather: float = 0.4  # standard deviation of the noise added each month
    width: float = 1.2  # of the marginal ice zone


def record(first, last, seed: int = 0, climate: Climate | None = None) -> np.ndarray:
    """Raw counts with flags for every month: (months, 448, 304) uint8, a function of `seed`."""
    climate = climate or Climate()
    period = months.span(first, last)
    geography = np.random.default_rng((seed, 0))
    land = land_mask(geography)
    coast = counts.square_dilation(land, 1) & ~land
    edges = _edge_latitudes(period, climate, np.random.default_rng((seed, 1)), geography)
    result = np.stack([_month(edge, climate, (seed, 2, i)) for i, edge in enumerate(edges)])
    for month, field in zip(period, result):
        field[pole_hole(month)] = counts.POLE_HOLE
    result[:, coast], result[:, land] = counts.COAST, counts.LAND
    return result


def pole_hole(month) -> np.ndarray:
    """The pole hole of `month`, with the sizes of the observed record: (448, 304) bool."""
    size = 1799 if month < np.datetime64("1987-09") else 468
    if month >= np.datetime64("2008-01"):
        size = 44
    latitude, _ = NORTH.latitude_longitude()
    return latitude >= np.sort(latitude, axis=None)[-size]


def land_mask(rng: np.random.Generator) -> np.ndarray:
    """Synthetic continents around an open pole: (448, 304) bool."""
    latitude, _ = NORTH.latitude_longitude()
    relief = _smooth(rng, 18)
    return (relief > 0.25 + 0.1 * np.maximum(latitude - 70, 0)) & (latitude < 82)


def _edge_latitudes(period, climate, weather, geography) -> np.ndarray:
    """Latitude of the ice edge along each cell's meridian: (months, 448, 304)."""
    _, longitude = NORTH.latitude_longitude()
    waves = np.arange(1, WAVES + 1)
    angle = np.radians(longitude)[..., None] * waves
    shapes = np.concatenate([np.cos(angle), np.sin(angle)], axis=-1)
    state = weather.normal(0, 1, 2 * WAVES)
    anomalies = np.empty((len(period), 2 * WAVES))
    for step in range(len(period)):
        fresh = weather.normal(0, np.sqrt(1 - climate.memory**2), 2 * WAVES)
        state = climate.memory * state + fresh
        anomalies[step] = climate.anomaly * state
    fixed = geography.normal(0, 2, 2 * WAVES) / np.tile(waves, 2)
    years = (period - np.datetime64("1978-11")).astype(int) / 12
    march = 2 * np.pi * (np.array([months.number(month) for month in period]) - 3) / 12
    level = climate.edge - climate.season * np.cos(march)
    level += climate.retreat * (years + np.maximum(years - 19, 0))
    return level[:, None, None] + (shapes @ (fixed + anomalies).T).transpose(2, 0, 1)


def _month(edge: np.ndarray, climate: Climate, seed: tuple[int, ...]) -> np.ndarray:
    rng = np.random.default_rng(seed)
    latitude, _ = NORTH.latitude_longitude()
    distance = latitude - edge + climate.weather * _smooth(rng, 6)
    pack = 0.97 + 0.02 * _smooth(rng, 3)
    concentration = pack / (1 + np.exp(-distance / climate.width * 2))
    concentration[concentration < 0.05] = 0  # a weather filter, as the real product has
    return np.round(np.clip(concentration, 0, 1) * counts.FULL_ICE).astype(np.uint8)


def _smooth(rng: np.random.Generator, cells: float) -> np.ndarray:
    """Gaussian noise of unit variance with a correlation length of `cells`: (448, 304)."""
    from scipy import ndimage  # takes a third of a second to import

    noise = ndimage.gaussian_filter(rng.standard_normal(NORTH.shape), cells)
    return noise / noise.std()


def write_archive(
    folder: Path, first: str, last: str, seed: int = 0, climate: Climate | None = None
) -> None:
    """Write the months "YYYY-MM" from `first` to `last`; the same seed gives the same bytes."""
    start, end = months.parse(first), months.parse(last)
    with atomic.folder(folder) as temporary:
        fields = record(start, end, seed, climate)
        write_synthetic(temporary, start, fields)
