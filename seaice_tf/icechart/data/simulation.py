"""Simulated Sentinel-1 scenes with ice charts.

They reproduce what makes real scenes difficult: polygons of one ice class each, whose backscatter
and texture depend on stage, floe size, incidence angle and wind; wind-roughened water as bright as
ice; land, a slanted swath edge, polygons without a dominant class; and brightness temperatures with
large footprints. Deterministic by seed.
"""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage, spatial, special

from seaice_tf.grids.coarse_grid import CELL, bilinear
from seaice_tf.icechart.data import downscale
from seaice_tf.icechart.data.charts import (
    CHARTS,
    CLASS_FREQUENCIES,
    FILL,
    FREQUENCIES,
    ICE_WITHOUT_STAGE,
    MASK,
    SAR,
    standardise,
)

KINDS = ("mixed", "land", "open_water", "masked")
BAND = 256  # lines simulated at once
POLYGONS = 30
INCIDENCE = (19.0, 47.0)  # degrees, near and far range
# By stage of development: dB of HH and HV at 34 degrees, and the dB of its texture.
BACKSCATTER = {
    "nersc_sar_primary": np.array([0, -19.5, -12.5, -15.0, -13.0, -10.0], np.float32),
    "nersc_sar_secondary": np.array([0, -27.5, -24.5, -25.5, -23.0, -18.5], np.float32),
}
TEXTURE = np.array([0, 0.3, 1.2, 0.8, 1.0, 1.4], np.float32)
SCALES = (2, 7, 25)  # pixels of floes and leads
SCALE_OF_FLOE = np.array([0, 0, 0, 1, 1, 2, 0])  # index into SCALES by floe class
SLOPE = {"nersc_sar_primary": (-0.45, -0.2), "nersc_sar_secondary": (-0.1, -0.08)}  # dB a degree
CALM = {"nersc_sar_primary": -18.5, "nersc_sar_secondary": -28.0}  # dB of water at 34 degrees
WIND = {"nersc_sar_primary": 0.8, "nersc_sar_secondary": 0.25}  # dB for each m/s above 7
SPECKLE = 0.8  # dB
# Kelvin of open water, first-year and old ice, horizontal and vertical, and the footprint in cells:
# water is cold and polarised, old ice cold at high frequencies.
WATER_K = {"h": (80, 81, 87, 108, 140, 145, 205), "v": (160, 161, 167, 185, 205, 210, 243)}
FIRST_YEAR_K = {"h": (225, 226, 228, 232, 232, 228, 215), "v": (252, 252, 252, 252, 250, 246, 228)}
OLD_K = {"h": (222, 222, 220, 208, 202, 185, 172), "v": (248, 248, 242, 226, 218, 198, 182)}
LAND_K = 255.0
FOOTPRINT = (9, 9, 6, 3.5, 3, 1.8, 0.8)  # standard deviation in cells of 2 km
NOISE_K = 0.7


@dataclass(frozen=True)
class SimulatedScene:
    """Channels and charts of a ready-to-train scene."""

    fine: dict[str, np.ndarray]  # (lines, samples) float32, standardised
    coarse: dict[str, np.ndarray]  # (rows, columns) float32, standardised
    charts: dict[str, np.ndarray]  # (lines, samples) uint8


@dataclass(frozen=True)
class _Ice:
    """Classes of the polygons, each (polygons,)."""

    sic: np.ndarray
    sod: np.ndarray
    floe: np.ndarray
    cover: np.ndarray  # concentration as a fraction


def simulate(
    raw: str,
    kind: str,
    month: int,
    shape: tuple[int, int],
    seed: int = 0,
    frequencies: dict[str, tuple[float, ...]] = CLASS_FREQUENCIES,
) -> SimulatedScene:
    """Simulate a scene of 80 m pixels, from about 200 to 5200 a side.

    Args:
        raw: raw name of the scene; with `seed` it determines all random numbers.
        kind: one of KINDS: a third of "land" is land, "open_water" has no ice, "masked" lacks most
            of its charts.
        month: 1 to 12.
        shape: lines and samples.
        seed: the same seed, raw name and shape give the same scene.
        frequencies: by chart, the frequency of each class in the mean over many scenes.
    """
    rng = np.random.default_rng((seed, *raw.encode()))
    step = int(np.clip(min(shape) // 1000, 1, 5))
    small = downscale.size(shape, step)
    land = _land(rng, small, kind)
    polygons, sites = _polygons(rng, small)
    ice = _ice(rng, sites, small, month, kind == "open_water", frequencies)
    wind = 8 + 3 * rng.standard_normal() + 2.5 * _relief(rng, small, max(small) / 3)
    wind = np.clip(wind, 1, 18)
    valid = _valid(downscale.enlarge(land, step, shape))
    cells = downscale.size(shape, CELL)
    rows, columns = (
        np.minimum((CELL * np.arange(n) + CELL // 2) // step, limit - 1)
        for n, limit in zip(cells, small)
    )
    at = np.ix_(rows, columns)
    coarse = _coarse_channels(
        rng, ice.cover[polygons[at]], ice.sod[polygons[at]], land[at], wind[at], month
    )
    polygons = downscale.enlarge(polygons, step, shape)
    fine = _radar(rng, polygons, ice, wind, valid, step)
    distance = _zones(land, step)
    fine["distance_map"] = _filled("distance_map", downscale.enlarge(distance, step, shape), valid)
    return SimulatedScene(fine, coarse, _charts(rng, polygons, ice, valid, kind))


def _relief(rng, shape, scale: float, stretch: float = 1.0) -> np.ndarray:
    """Smooth noise of about unit variance with a correlation length of `scale` pixels."""
    return _sample(_lattice(rng, shape, scale, stretch), shape, scale, 0, shape[0], stretch)


def _lattice(rng, shape, scale: float, stretch: float = 1.0) -> np.ndarray:
    size = [int(n / each) + 4 for n, each in zip(shape, (scale, scale * stretch))]
    noise = ndimage.gaussian_filter(rng.standard_normal(size, dtype=np.float32), 0.7)
    return noise / max(float(noise.std()), 0.1)


def _sample(lattice, shape, scale: float, first: int, last: int, stretch: float = 1.0):
    rows = np.arange(first, last) / scale + 1
    columns = np.arange(shape[1]) / (scale * stretch) + 1
    return bilinear(lattice, rows, columns)


def _land(rng, shape, kind: str) -> np.ndarray:
    """Land mask on the small grid: a third of a "land" scene, little of the others."""
    relief = _relief(rng, shape, max(shape) / 3) + 0.25 * _relief(rng, shape, max(shape) / 15)
    fraction = {"land": 0.35, "open_water": 0.0}.get(kind, max(0.0, rng.uniform(-0.1, 0.2)))
    return relief > np.quantile(relief, 1 - fraction) if fraction else np.zeros(shape, bool)


def _valid(land: np.ndarray) -> np.ndarray:
    """Pixels with SAR data: sea to the right of the slanted swath edge."""
    lines, samples = land.shape
    edge = (0.02 * samples * (1 - np.arange(lines) / lines)).astype(int)
    return ~land & (np.arange(samples) >= edge[:, None])


def _polygons(rng, shape) -> tuple[np.ndarray, np.ndarray]:
    """Index of the polygon of each pixel, and the centres of the polygons, (n, 2)."""
    sites = rng.random((POLYGONS, 2)) * shape
    grid = np.moveaxis(np.indices(shape, np.float32), 0, -1).copy()
    for axis in range(2):
        grid[..., axis] += 0.05 * max(shape) * _relief(rng, shape, max(shape) / 10)
    _, nearest = spatial.cKDTree(sites).query(grid.reshape(-1, 2))
    return nearest.reshape(shape).astype(np.uint8), sites


def _ice(rng, sites, shape, month: int, open_water: bool, frequencies) -> _Ice:
    """Classes that vary smoothly over the scene, between scenes and with the season."""
    at = tuple(np.clip(sites.astype(int), 0, np.array(shape) - 1).T)
    winter = np.cos(2 * np.pi * (month - 3) / 12)
    pack = _mixture(rng, _relief(rng, shape, max(shape) / 2)[at], winter, 0.8)
    age = _mixture(rng, _relief(rng, shape, max(shape) / 3)[at], winter, 0.4)
    size = 0.5 * age + np.sqrt(0.75) * rng.standard_normal(len(sites))
    sic = _classes(pack, frequencies["SIC"])
    if open_water:
        sic[:] = 0
    sod = np.where(sic > 0, 1 + _classes(age, frequencies["SOD"][1:]), 0)
    floe = np.where(sic > 0, 1 + _classes(size, frequencies["FLOE"][1:]), 0)
    cover = np.clip(sic / 10 + rng.uniform(-0.03, 0.03, len(sites)), 0.04, 0.985) * (sic > 0)
    return _Ice(sic, sod, floe, cover.astype(np.float32))


def _mixture(rng, field: np.ndarray, winter: float, season: float) -> np.ndarray:
    """Normal scores of the polygons, with unit variance over all scenes and months."""
    parts = {"field": 0.7, "scene": 0.4, "polygon": 0.5}
    score = parts["field"] * field + parts["scene"] * rng.standard_normal() + season * winter
    score += parts["polygon"] * rng.standard_normal(len(field))
    return score / np.sqrt(sum(part**2 for part in parts.values()) + season**2 / 2)


def _classes(score: np.ndarray, frequencies) -> np.ndarray:
    edges = np.cumsum(frequencies)[:-1] / np.sum(frequencies)
    return np.searchsorted(edges, special.ndtr(score))


def _radar(rng, polygons, ice: _Ice, wind, valid, step: int) -> dict[str, np.ndarray]:
    shape = polygons.shape
    angle = np.linspace(*INCIDENCE, shape[1], dtype=np.float32)
    result = {name: np.empty(shape, np.float32) for name in SAR}
    textures = [(_lattice(rng, shape, scale), scale) for scale in SCALES]
    streaks = _lattice(rng, shape, 3, stretch=15)
    threshold = special.ndtri(ice.cover).astype(np.float32)
    for first in range(0, shape[0], BAND):
        last = min(first + BAND, shape[0])
        which = polygons[first:last]
        texture = np.choose(
            SCALE_OF_FLOE[ice.floe][which],
            [_sample(lattice, shape, scale, first, last) for lattice, scale in textures],
        )
        icy = texture < threshold[which]
        blown = (
            bilinear(
                wind.astype(np.float32), np.arange(first, last) / step, np.arange(shape[1]) / step
            )
            - 7
            + 0.8 * _sample(streaks, shape, 3, first, last, 15)
        )
        stage = ice.sod[which]
        for name in SAR:
            water = CALM[name] + SLOPE[name][0] * (angle - 34) + WIND[name] * blown
            floes = BACKSCATTER[name][stage] + SLOPE[name][1] * (angle - 34)
            floes += TEXTURE[stage] * texture
            speckle = SPECKLE * rng.standard_normal(which.shape, dtype=np.float32)
            band = np.where(icy, floes, water) + speckle
            result[name][first:last] = _filled(name, band, valid[first:last])
    result["sar_incidenceangle"] = _filled(
        "sar_incidenceangle", np.broadcast_to(angle, shape), valid
    )
    return result


def _filled(channel: str, values: np.ndarray, valid: np.ndarray) -> np.ndarray:
    return np.where(valid, standardise(channel, values), np.float32(FILL))


def _zones(land: np.ndarray, step: int) -> np.ndarray:
    """Zone of distance from land, 0 on land to 41 beyond about 130 km, logarithmic between."""
    if not land.any():
        return np.full(land.shape, 41, np.float32)
    kilometres = ndimage.distance_transform_edt(~land) * step * 0.08
    return np.minimum(np.rint(8.4 * np.log1p(kilometres)), 41).astype(np.float32)


def _charts(rng, polygons, ice: _Ice, valid, kind: str) -> dict[str, np.ndarray]:
    charts = {}
    lacking = {"SIC": 0.0, "SOD": ICE_WITHOUT_STAGE, "FLOE": ICE_WITHOUT_STAGE}
    uncharted = (rng.random(len(ice.sic)) < 0.6) if kind == "masked" else np.zeros(len(ice.sic))
    for chart, classes in zip(CHARTS, (ice.sic, ice.sod, ice.floe)):
        hidden = (rng.random(len(classes)) < lacking[chart]) & (ice.sic > 0)
        table = np.where(hidden | (uncharted > 0), MASK, classes).astype(np.uint8)
        charts[chart] = np.where(valid, table[polygons], np.uint8(MASK))
    return charts


def _coarse_channels(
    rng: np.random.Generator,
    cover: np.ndarray,
    stage: np.ndarray,
    land: np.ndarray,
    wind: np.ndarray,
    month: int,
) -> dict[str, np.ndarray]:
    """Brightness temperatures and weather on the 2 km grid, standardised.

    Args:
        rng: source of random numbers.
        cover: (rows, columns) fraction of ice.
        stage: (rows, columns) class of stage of development.
        land: (rows, columns) bool.
        wind: (rows, columns) m/s.
        month: 1 to 12.

    Returns:
        The 20 channels by name, each (rows, columns) float32.
    """
    air = _air(rng, cover.shape, month)
    liquid = np.maximum(0.04 + 0.06 * _smooth(rng, cover.shape, 12), 0)
    vapour = np.maximum(4.5 + 0.35 * (air - 262) + _smooth(rng, cover.shape, 20), 0.8)
    raw = {}
    for band, frequency in enumerate(FREQUENCIES):
        # Clouds raise the brightness temperature of water, more so at high frequencies.
        cloud = (8 * liquid + 0.1 * vapour) * band
        for side in "hv":
            sea = WATER_K[side][band] + cloud + 0.6 * (wind - 7)
            ice = np.where(stage == 5, OLD_K[side][band], FIRST_YEAR_K[side][band])
            scene = np.where(land, LAND_K, cover * ice + (1 - cover) * sea)
            scene = ndimage.gaussian_filter(scene.astype(float), FOOTPRINT[band], mode="nearest")
            noise = NOISE_K * rng.standard_normal(scene.shape)
            raw[f"btemp_{frequency}{side}"] = scene + noise
    direction = rng.uniform(0, 2 * np.pi)
    skin = np.where((cover < 0.5) & ~land, np.clip(air, 271.4, 280), air - 1)
    raw |= {
        "u10m_rotated": wind * np.cos(direction),
        "v10m_rotated": wind * np.sin(direction),
        "t2m": air,
        "skt": skin,
        "tcwv": vapour,
        "tclw": liquid,
    }
    return {name: standardise(name, values) for name, values in raw.items()}


def _air(rng: np.random.Generator, shape: tuple[int, ...], month: int) -> np.ndarray:
    """Air temperature at 2 m, K: about 277 in July and 257 in January."""
    season = -np.cos(2 * np.pi * (month - 1) / 12)
    return 267 + 10 * season + 3 * rng.standard_normal() + 1.5 * _smooth(rng, shape, 25)


def _smooth(rng: np.random.Generator, shape: tuple[int, ...], cells: float) -> np.ndarray:
    noise = ndimage.gaussian_filter(rng.standard_normal(shape), cells, mode="nearest")
    return noise / max(float(noise.std()), 1e-3)
