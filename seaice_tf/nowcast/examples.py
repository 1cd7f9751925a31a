"""Examples: from the settings to sequences and regions, and to windows that networks train on."""

import dataclasses
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from seaice_tf.errors import InputError
from seaice_tf.files.synthetic_cache import cached
from seaice_tf.grids.windows import Window
from seaice_tf.lazy import tf
from seaice_tf.nowcast.data import doctor, faults, frames, layout, shards, synthetic, units
from seaice_tf.nowcast.data.frames import Frames, Reading
from seaice_tf.nowcast.data.layout import FRAMES, FRAMES_IN, FRAMES_OUT, HIGHEST, SIDE, TARGET
from seaice_tf.nowcast.data.windows import Sampling, Windows
from seaice_tf.nowcast.settings import Settings
from seaice_tf.pipeline import Examples, random_subset

SYNTHETIC = {"number": 4, "frames": 48, "shape": (256, 640)}
# Of the random flows, in pixels per frame.
MEAN_SPEED = 6.0  # largest speed of the mean motion of a window
DEVIATION = 1.5  # largest standard deviation from the mean motion
NODES = 5  # along an axis, between which the deviation is interpolated
VALIDATION_SEED = -1


def folder(settings: Settings) -> Path:
    """The folder of the sequences; writes the synthetic ones when they are first needed."""
    if settings.data:
        return Path(settings.data)
    root = os.environ.get("SEAICE_TF_DATA")
    if root and any((Path(root) / "hrv").glob("*.npz")):
        return Path(root) / "hrv"
    return cached("nowcast", synthetic.write, *SYNTHETIC.values())


@dataclass(frozen=True)
class Source:
    """Sequences of frames.

    Attributes:
        sequences: the frames.
        files: that they are read from.
        source: name of the data, for titles and tables.
    """

    sequences: list[Frames]
    files: list[Path]
    source: str


def training_source(settings: Settings) -> Source:
    """The sequences for training, from shards if the settings name them.

    Raises:
        InputError: the settings name a folder too, and the shards are of other sequences.
    """
    if not settings.shards:
        return sequences(settings)
    files = shards.find(Path(settings.shards))
    read = shards.read(files)
    if settings.data:
        known = {path.name for path in frames.find(folder(settings))}
        if others := {each.name for each in read} - known:
            raise InputError(
                f"{settings.shards}: expected shards of the sequences in {settings.data}, got one "
                f"of {min(others)}; prepare them again"
            )
    return _source(read, files)


def evaluation_source(settings: Settings) -> Source:
    """The sequences to score: of the folder, or of the shards if the settings name only these."""
    return training_source(settings) if only_shards(settings) else sequences(settings)


def only_shards(settings: Settings) -> bool:
    """Whether the settings name shards and no folder of sequences."""
    return bool(settings.shards) and not settings.data


def sequences(settings: Settings) -> Source:
    """The sequences of the folder with their usable frames; reads every frame once."""
    found = unchecked_sequences(settings)
    return _source([doctor.checked(each) for each in found.sequences], found.files)


def unchecked_sequences(settings: Settings, until: np.datetime64 | None = None) -> Source:
    """The sequences of the folder without reading their frames; see `Reading` for `until`."""
    files, how = frames.find(folder(settings)), reading(settings, until)
    return _source([frames.read(path, how) for path in files], files)


def reading(settings: Settings, until: np.datetime64 | None = None) -> Reading:
    """How the settings say that sequences are read; of a forecast, from the frames `until` then."""
    return Reading(settings.channel, settings.step, settings.value_range, until)


def with_value_range(settings: Settings) -> Settings:
    """The settings with the values that stand for 0 and 1023 counts, if these were learnt."""
    found = training_source(settings).sequences[0]
    if settings.value_range or settings.shards or found.limits == units.RANGE:
        return settings
    return dataclasses.replace(settings, value_range=found.limits)


def _source(found: list[Frames], files: list[Path]) -> Source:
    kind = "synthetic frames" if any(each.synthetic for each in found) else "frames"
    first, last = min(each.time[0] for each in found), max(each.time[-1] for each in found)
    text = f"{sum(map(len, found))} {kind}, {first} to {last}"
    bad = sum(int((~each.usable).sum()) for each in found if each.usable is not None)
    if bad:
        text += f"; {bad} of them left out: night, or values that are not counts"
    return Source(found, files, text)


def region(settings: Settings, each: Frames, part: str) -> Window:
    """Columns of the image for "train", "validation" or "test"; the whole image for "all".

    Raises:
        InputError: the region is smaller than a window.
    """
    fractions = {"train": settings.train_fraction, "validation": settings.validation_fraction}
    fractions["test"] = 1 - sum(fractions.values())
    parts = layout.regions(each.shape, **fractions)
    parts["all"] = Window(0, 0, *each.shape)
    if min(each.shape) < SIDE:
        raise InputError(faults.small(each.name, each.shape))
    if min(parts[part].width, parts[part].height) < SIDE:
        raise InputError(
            f"{each.name}: expected at least {SIDE} x {SIDE} pixels for {part}, got "
            f"{parts[part].height} x {parts[part].width}; use larger frames or other fractions"
        )
    return parts[part]


def training_examples(settings: Settings, some: Sequence[Frames]) -> Examples:
    """`settings.windows` windows per epoch, at random places and times that change each epoch."""
    sampling = Sampling(SIDE, settings.min_frames, settings.flips, settings.rot90)
    windows = Windows(some, [region(settings, each, "train") for each in some], sampling)

    def jittered(seed: int, epoch: int, index: int) -> np.ndarray:
        draw = np.random.default_rng((seed, epoch, index, 2)).uniform(-1, 1)
        counts = windows.draw(seed, epoch, index).astype(np.float32)
        return np.minimum(counts * np.float32(1 + settings.brightness_jitter * draw), HIGHEST)

    def draw(seed, epoch, index):
        return example(jittered, seed, epoch, index)

    def fetch(index):
        return draw(tf.constant(settings.training.seed, tf.int64), tf.constant(0, tf.int64), index)

    return Examples(settings.windows, fetch, draw=draw)


def validation_examples(settings: Settings, some: Sequence[Frames]) -> Examples:
    """Windows on a grid in the validation columns, at most `settings.windows` of them."""
    every = [
        place
        for each in some
        for place in places(settings, each, region(settings, each, "validation"))
    ]
    if not every:
        raise InputError(faults.no_windows(some, settings.min_frames))
    chosen = random_subset(every, settings.windows)
    return Examples(len(chosen), lambda index: example(lambda i: chosen[i].read(), index))


@dataclass(frozen=True)
class Place:
    """A window of a sequence, not read yet.

    Attributes:
        frames: the sequence.
        start: its first frame.
        number: of frames.
        window: the pixels.
    """

    frames: Frames
    start: int
    number: int
    window: Window

    @property
    def name(self) -> str:
        time = str(self.frames.time[self.start + FRAMES_IN - 1]).replace(":", "")[:15]
        return f"{time}_row{self.window.top}_column{self.window.left}"

    def read(self) -> np.ndarray:
        """(number, side, side)."""
        return self.frames.read(self.start, self.number, self.window)


def places(settings: Settings, each: Frames, where: Window) -> list[Place]:
    """Windows of a sequence on a grid in space and time.

    A sequence too short for two windows without overlap gives its first and its last window.
    """
    runs = each.time, settings.min_frames
    ahead = layout.ahead(each.time, each.usable, each.step)
    starts = layout.starts(*runs, settings.stride, each.usable, each.step)
    every = layout.starts(*runs, 1, each.usable, each.step)
    if len(starts) == 1 and len(every) > 1:
        starts.append(every[-1])
    windows = [w for w in layout.grid(where) if each.off is None or not each.off[w.slices].any()]
    return [
        Place(each, start, min(int(ahead[start]), FRAMES), window)
        for start in starts
        for window in windows
    ]


def example(read: Callable[..., np.ndarray], *key):
    """Input, target and sample weights of the window that `read` gives for the numbers `key`."""

    def run(*numbers):
        past, truth, known = layout.split(read(*map(int, numbers)))
        return past.astype(np.float32), truth, known.astype(np.float32)

    past, truth, known = tf.numpy_function(run, key, (tf.float32,) * 3)
    past = tf.ensure_shape(past, (FRAMES_IN, SIDE, SIDE))
    truth = tf.ensure_shape(truth, (FRAMES_OUT, TARGET, TARGET))
    known = tf.ensure_shape(known, (FRAMES_OUT,))
    return past, {"frames": truth}, {"frames": known[:, None, None]}


def first_leads(examples: Examples, number: int) -> Examples:
    """The same windows with targets of the first `number` leads only."""

    def cut(past, *of_leads):
        return past, *tf.nest.map_structure(lambda x: x[:number], of_leads)

    drawn = examples.draw
    return Examples(
        examples.size,
        lambda index: cut(*examples.fetch(index)),
        draw=drawn and (lambda *key: cut(*drawn(*key))),
    )


def flow_pairs(examples: Examples) -> Examples:
    """Pairs of frames with known flow: the last frame of each window, and the same frame moved.

    The flow is random. Trained on real pairs, by how well one frame moved by the flow matches the
    next, a network learns one of many flows that match, as the motion along an edge cannot be seen,
    and forecasts hardly better than persistence. Moved frames lack how clouds change.
    Gives (2, side, side), {"flow": (side, side, 2)}, {"flow": (side, side)}.
    """
    size, drawn = examples.size, examples.draw

    def pair(window, seed, number):
        return _moved_pair(window[0][-1], tf.stack([seed, number]))

    return Examples(
        size,
        lambda i: pair(examples.fetch(i), VALIDATION_SEED * tf.ones_like(i), i),
        draw=drawn and (lambda seed, e, i: pair(drawn(seed, e, i), seed, e * size + i)),
    )


def random_flow(key):
    """A smooth random flow: seed (2,) int64 -> (side, side, 2) in pixels per frame."""
    first, second = tf.unstack(tf.random.experimental.stateless_split(key, 2))
    speed, direction, deviation = tf.unstack(tf.random.stateless_uniform((3,), first))
    nodes = tf.random.stateless_normal((NODES, NODES, 2), second)
    smooth = tf.image.resize(nodes, (SIDE, SIDE), "bicubic")
    angle = 2 * np.pi * direction
    mean = MEAN_SPEED * speed * tf.stack([tf.sin(angle), tf.cos(angle)])
    return mean + DEVIATION * deviation * smooth


def _moved_pair(frame, key):
    """A pair of frames, its flow, and a weight of 0 where the second shows what was outside."""
    from seaice_tf.nowcast.networks.motion import pixel_grid  # needs TensorFlow

    motion = random_flow(key)
    # Both frames are shifted to between the pixels, as interpolation smooths.
    shift = tf.random.stateless_uniform((2,), key)
    first, second = _warped(frame, shift + 0 * motion), _warped(frame, shift + motion)
    rows, columns = pixel_grid(SIDE, SIDE)
    departure = tf.stack([rows[0], columns[0]], axis=-1) - shift - motion
    inside = tf.reduce_all((departure >= 0) & (departure <= SIDE - 1), axis=-1)
    return tf.stack([first, second]), {"flow": motion}, {"flow": tf.cast(inside, tf.float32)}


def _warped(frame, motion):
    from seaice_tf.nowcast.networks.motion import warp  # needs TensorFlow

    return warp(frame[None, ..., None], motion[None])[0, ..., 0]
