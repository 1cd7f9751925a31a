"""Synthetic frames of moving clouds, with the difficulties of real ones.

Dark sea and brighter land that do not move; fields of cloud on several scales that move with a
smooth wind that varies in space, and grow and decay on the way; the course of the sun over a day.
"""

from pathlib import Path

import numpy as np

from seaice_tf.files import atomic
from seaice_tf.lazy import ndimage
from seaice_tf.nowcast.data import advection, climatehack
from seaice_tf.nowcast.data.layout import CENTRE, FRAMES_IN, FRAMES_OUT, HIGHEST, SIDE, STEP

TITLE = "synthetic frames: made up, not observed"
FIRST = np.datetime64("2020-04-01T10:00:00", "s")
DAY = np.timedelta64(1, "D")
SEA, LAND, CLOUD = 75.0, 170.0, 620.0  # counts under the highest sun
SPEED = (0.3, 2.0)  # of the mean wind, pixels per frame
WIND_STD = 0.3  # of the wind in space, pixels per frame
WIND_SCALE = 40.0  # pixels, length scale of its variations
# Of the clouds: pixels, amplitude, and frames from the birth of a pattern to its maximum.
SCALES = ((16.0, 1.0, 72), (6.0, 0.5, 48), (2.0, 0.25, 24))
COVER = (-0.4, 0.5)  # threshold of cloud, in standard deviations of the patterns
SUNRISE, SUNSET = 5.5, 18.5  # hours UTC
PIXEL = 1000.0  # metres, of the coordinates
NOISE = 2.0  # counts
GRID = 8  # pixels between the points whose trajectories are computed


def times(number: int, first: np.datetime64 = FIRST) -> np.ndarray:
    """Times of frames without a gap: (number,) datetime64[s]."""
    return (first + np.arange(number) * STEP).astype("datetime64[s]")


def osgb_grid(shape: tuple[int, int]) -> np.ndarray:
    """Eastings and northings in metres of a square grid, north up: (2, H, W) float32."""
    rows, columns = np.indices(shape, dtype=np.float32)
    return np.stack([columns * PIXEL, 1e6 - rows * PIXEL]).astype(np.float32)


def wind(seed: int, shape: tuple[int, int]) -> np.ndarray:
    """Flow of a sequence, constant in time: (H, W, 2) float32, see `optical_flow`."""
    rng = np.random.default_rng((seed, 0))
    speed, angle = rng.uniform(*SPEED), rng.uniform(0, 2 * np.pi)
    mean = speed * np.array([np.sin(angle), np.cos(angle)])
    # Cut from a larger field, so that the wind of a small image varies as part of a large one.
    height, width = shape
    large = (max(height, int(4 * WIND_SCALE)), max(width, int(4 * WIND_SCALE)))
    parts = [part + WIND_STD * _smooth(rng, large, WIND_SCALE)[:height, :width] for part in mean]
    return np.stack(parts, axis=-1).astype(np.float32)


def sequence(seed: int, time: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Counts of the frames at `time`, which may have gaps: (T, H, W) int16, 0 to 1023.

    A function of the three arguments; a longer `time` adds frames and changes none.
    """
    rng = np.random.default_rng((seed, 1))
    ground = np.where(_smooth(rng, shape, 30) > 0.5, LAND, SEA) + 10 * _smooth(rng, shape, 3)
    cover = rng.uniform(*COVER)
    steps = np.rint((time - time[0]) / STEP).astype(int).tolist()
    oldest = max(min(life + steps[-1], 2 * life - 1) for _, _, life in SCALES)
    shifts = _shifts(wind(seed, shape), oldest)
    patterns: dict[tuple[int, int], np.ndarray] = {}
    frames = np.empty((len(time), *shape), np.int16)
    for i, step in enumerate(steps):
        thick = 1 - np.exp(
            -1.5 * np.maximum(_clouds(seed, step, shape, shifts, patterns) - cover, 0)
        )
        counts = (ground + (CLOUD - ground) * thick) * light(time[i])
        counts += np.random.default_rng((seed, 2, step)).normal(0, NOISE, shape)
        frames[i] = np.clip(np.rint(counts), 0, HIGHEST)
    return frames


def light(time: np.datetime64) -> float:
    """Brightness by the height of the sun: 1 at noon, 0.1 at night."""
    day = time.astype("datetime64[D]")
    hour = (time - day) / np.timedelta64(1, "h")
    course = np.sin(np.pi * (hour - SUNRISE) / (SUNSET - SUNRISE))
    return float(max(course, 0.1))


def _shifts(flow: np.ndarray, oldest: int) -> np.ndarray:
    """Displacement of the air at each point of a coarse grid, 0 to `oldest` frames before.

    (H, W, 2) -> (oldest + 1, 2, rows, columns), in pixels.
    """
    points = np.indices([-(-side // GRID) + 1 for side in flow.shape[:2]], np.float32)
    coarse = advection.at(np.moveaxis(flow, -1, 0), GRID * points) / GRID
    return GRID * (advection.departure_points(np.moveaxis(coarse, 0, -1), oldest) - points)


def _clouds(
    seed: int, step: int, shape: tuple[int, int], shifts: np.ndarray, patterns: dict
) -> np.ndarray:
    """Sum of the patterns of all scales at a step, with mean 0 and standard deviation 1: (H, W).

    On each scale a pattern is born every `life` steps, grows for `life` steps and decays for as
    many, while the next one grows: so the wind deforms no pattern without limit. `patterns` is a
    cache of those in use.
    """
    pixels = np.indices(shape, np.float32)
    sides = np.reshape(shape, (2, 1, 1))
    total, variance = np.zeros(shape), 0.0
    for kind, (scale, amplitude, life) in enumerate(SCALES):
        variance += amplitude**2
        for born in (step // life - 1, step // life):
            if (kind, born) not in patterns:
                rng = np.random.default_rng((seed, 3, kind, born + 1))
                patterns[kind, born] = np.pad(_smooth(rng, shape, scale), (0, 1), mode="wrap")
            age = step - born * life
            where = (pixels + advection.at(shifts[age], pixels / GRID)) % sides
            moved = advection.at(patterns[kind, born], where)
            total += amplitude * np.sin(np.pi * age / (2 * life)) * moved
        patterns.pop((kind, step // life - 2), None)
    return total / np.sqrt(variance)


def _smooth(rng: np.random.Generator, shape: tuple[int, int], pixels: float) -> np.ndarray:
    """Periodic Gaussian noise of mean 0, variance 1 and a length scale of `pixels`."""
    noise = ndimage.gaussian_filter(rng.standard_normal(shape, np.float32), pixels, mode="wrap")
    return (noise - noise.mean()) / noise.std()


def write(
    folder: Path, number: int, frames: int, shape: tuple[int, int], seed: int = 0
) -> list[Path]:
    """Write sequences of `frames` frames, one per day, as npz with `data`, `time` and `osgb`."""
    paths = []
    with atomic.folder(folder) as temporary:
        for index in range(number):
            time = times(frames, FIRST + index * DAY)
            path = temporary / f"synthetic_{str(time[0])[:10].replace('-', '')}.npz"
            np.savez_compressed(
                path,
                data=sequence(seed + index, time, shape),
                time=time.astype(str),
                osgb=osgb_grid(shape),
                title=np.array(TITLE),
            )
            paths.append(folder / path.name)
    return paths


def write_climatehack(
    folder: Path, number: int, seed: int = 0, later: int = FRAMES_OUT
) -> tuple[Path, Path]:
    """Write features.npz and targets.npz of windows with `later` frames of truth."""
    time, shape = times(FRAMES_IN + later), (SIDE, SIDE)
    truth = []

    def past():
        for index in range(number):
            frames = sequence(seed + index, time, shape)
            truth.append(frames[FRAMES_IN:, CENTRE, CENTRE].copy())
            yield frames[:FRAMES_IN]

    osgb = np.broadcast_to(osgb_grid(shape), (number, 2, *shape))
    features = climatehack.write(folder / "features.npz", number, past(), osgb=osgb)
    return features, climatehack.write(folder / "targets.npz", number, truth)
