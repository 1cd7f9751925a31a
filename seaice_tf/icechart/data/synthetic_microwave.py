"""Brightness temperatures and weather of a made-up scene on its 2 km grid."""

import numpy as np
from scipy import ndimage

from seaice_tf.icechart.data.charts import FREQUENCIES, standardise

# Kelvin of open water, first-year and old ice, horizontal and vertical, and the footprint in cells:
# the known shape, in which water is cold and polarised and old ice cold at high frequencies.
WATER = {"h": (80, 81, 87, 108, 140, 145, 205), "v": (160, 161, 167, 185, 205, 210, 243)}
FIRST_YEAR = {"h": (225, 226, 228, 232, 232, 228, 215), "v": (252, 252, 252, 252, 250, 246, 228)}
OLD = {"h": (222, 222, 220, 208, 202, 185, 172), "v": (248, 248, 242, 226, 218, 198, 182)}
LAND = 255.0  # K
FOOTPRINT = (9, 9, 6, 3.5, 3, 1.8, 0.8)  # standard deviation in cells of 2 km
NOISE = 0.7  # K


def channels(
    rng: np.random.Generator,
    cover: np.ndarray,
    stage: np.ndarray,
    land: np.ndarray,
    wind: np.ndarray,
    month: int,
) -> dict[str, np.ndarray]:
    """The 20 channels, standardised, each (rows, columns) float32.

    Args:
        rng: where chance comes from.
        cover: (rows, columns) fraction of ice.
        stage: (rows, columns) class of stage of development.
        land: (rows, columns) bool.
        wind: (rows, columns) m/s.
        month: 1 to 12.
    """
    air = _air(rng, cover.shape, month)
    liquid = np.maximum(0.04 + 0.06 * _smooth(rng, cover.shape, 12), 0)
    vapour = np.maximum(4.5 + 0.35 * (air - 262) + _smooth(rng, cover.shape, 20), 0.8)
    raw = {}
    for band, frequency in enumerate(FREQUENCIES):
        # Clouds warm the water, the more the higher the frequency.
        cloud = (8 * liquid + 0.1 * vapour) * band
        for side in "hv":
            sea = WATER[side][band] + cloud + 0.6 * (wind - 7)
            ice = np.where(stage == 5, OLD[side][band], FIRST_YEAR[side][band])
            seen = np.where(land, LAND, cover * ice + (1 - cover) * sea)
            seen = ndimage.gaussian_filter(seen.astype(float), FOOTPRINT[band], mode="nearest")
            noise = NOISE * rng.standard_normal(seen.shape)
            raw[f"btemp_{frequency}{side}"] = seen + noise
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
