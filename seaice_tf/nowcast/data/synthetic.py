"""Made-up frames of moving clouds: not observed, but with what makes the real ones hard.

A dark sea with brighter land that stays, fields of cloud on several scales that move with a smooth
wind which turns from place to place, grow and decay as they go, and the sun's course over a day.
"""

import numpy as np
from scipy import ndimage

from seaice_tf.nowcast.data import advection
from seaice_tf.nowcast.data.layout import HIGHEST, STEP

TITLE = "synthetic frames: made up, not observed"
FIRST = np.datetime64("2020-04-01T10:00:00", "s")
SEA, LAND, CLOUD = 75.0, 170.0, 620.0  # counts under the highest sun
SPEED = (0.3, 2.0)  # of the mean wind, pixels a frame
TURNING = 0.3  # standard deviation of the wind from place to place, pixels a frame
BEND = 40.0  # pixels over which it turns
# Of the clouds: pixels, amplitude, and frames from the birth of a pattern to its full growth.
SCALES = ((16.0, 1.0, 72), (6.0, 0.5, 48), (2.0, 0.25, 24))
COVER = (-0.4, 0.5)  # where cloud begins, in standard deviations of the patterns
SUNRISE, SUNSET = 5.5, 18.5  # hours UTC
PIXEL = 1000.0  # metres, of the made-up coordinates
NOISE = 2.0  # counts
GRID = 8  # pixels between the points for which it is known where the air comes from


def times(number: int, first: np.datetime64 = FIRST) -> np.ndarray:
    """Times of frames without a gap: (number,) datetime64[s]."""
    return (first + np.arange(number) * STEP).astype("datetime64[s]")


def osgb(shape: tuple[int, int]) -> np.ndarray:
    """Eastings and northings in metres of pixels on a square grid, north up: (2, H, W) float32."""
    rows, columns = np.indices(shape, dtype=np.float32)
    return np.stack([columns * PIXEL, 1e6 - rows * PIXEL]).astype(np.float32)


def wind(seed: int, shape: tuple[int, int]) -> np.ndarray:
    """The flow of a sequence at all times: (H, W, 2) float32, see `optical_flow`."""
    rng = np.random.default_rng((seed, 0))
    speed, angle = rng.uniform(*SPEED), rng.uniform(0, 2 * np.pi)
    mean = speed * np.array([np.sin(angle), np.cos(angle)])
    # Cut from a larger field: a small image shall have no more bends than a part of a large one.
    height, width = shape
    large = (max(height, int(4 * BEND)), max(width, int(4 * BEND)))
    parts = [part + TURNING * _smooth(rng, large, BEND)[:height, :width] for part in mean]
    return np.stack(parts, axis=-1).astype(np.float32)


def sequence(seed: int, time: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Counts of the frames at `time`, which may have gaps: (T, H, W) int16, 0 to 1023.

    A function of all three; the frames of a longer `time` begin with those of a shorter one.
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
    """How high the sun stands, 1 in the middle of the day and 0.1 by night."""
    day = time.astype("datetime64[D]")
    hour = (time - day) / np.timedelta64(1, "h")
    course = np.sin(np.pi * (hour - SUNRISE) / (SUNSET - SUNRISE))
    return float(max(course, 0.1))


def _shifts(flow: np.ndarray, oldest: int) -> np.ndarray:
    """How far from each point of a coarse grid its air was, 0 to `oldest` frames before.

    (H, W, 2) -> (oldest + 1, 2, rows, columns), in pixels.
    """
    points = np.indices([-(-side // GRID) + 1 for side in flow.shape[:2]], np.float32)
    coarse = advection.at(np.moveaxis(flow, -1, 0), GRID * points) / GRID
    return GRID * (advection.origins(np.moveaxis(coarse, 0, -1), oldest) - points)


def _clouds(
    seed: int, step: int, shape: tuple[int, int], shifts: np.ndarray, patterns: dict
) -> np.ndarray:
    """The patterns of all scales at a step, of mean 0 and standard deviation 1: (H, W).

    On each scale a pattern is born every `life` steps, grows as long and decays as long, while the
    next one grows: no pattern is drawn out by the wind for ever. `patterns` keeps those in use.
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
    """Gaussian noise of mean 0, variance 1 and a length of `pixels`, without a seam."""
    noise = ndimage.gaussian_filter(rng.standard_normal(shape, np.float32), pixels, mode="wrap")
    return (noise - noise.mean()) / noise.std()
