"""From the settings to sequences and regions, and from sequences to windows to train on."""

import dataclasses
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tensorflow as tf

from seaice_tf.errors import InputError
from seaice_tf.files.synthetic_cache import cached
from seaice_tf.grids.windows import Window
from seaice_tf.nowcast.data import doctor as frame_doctor
from seaice_tf.nowcast.data import frames
from seaice_tf.nowcast.data import layout as nowcast
from seaice_tf.nowcast.data import shards as frame_shards
from seaice_tf.nowcast.data import synthetic_frames as synthetic_writer
from seaice_tf.nowcast.data.layout import FRAMES, FRAMES_IN, FRAMES_OUT, HIGHEST, SIDE, TARGET
from seaice_tf.nowcast.data.pixels import Frames
from seaice_tf.nowcast.data.windows import Drawing, Windows
from seaice_tf.nowcast.settings import Settings
from seaice_tf.pipeline import Examples, random_subset

SYNTHETIC = {"number": 4, "frames": 48, "shape": (256, 640)}


def folder(settings: Settings) -> Path:
    """Where the frames are; makes synthetic ones when they are first asked for."""
    if settings.data:
        return Path(settings.data)
    root = os.environ.get("SEAICE_TF_DATA")
    if root and any((Path(root) / "hrv").glob("*.npz")):
        return Path(root) / "hrv"
    return cached("nowcast", synthetic_writer.write, *SYNTHETIC.values())


@dataclass(frozen=True)
class Source:
    """Sequences, the files that they are from, and what they are."""

    sequences: list[Frames]
    files: list[Path]
    source: str


def learnt_from(settings: Settings) -> Source:
    """The sequences that are trained on, from shards if the settings name them.

    Raises:
        InputError: shards of other sequences than those of the folder that is named as well.
    """
    if not settings.shards:
        return sequences(settings)
    files = frame_shards.find(Path(settings.shards))
    held = frame_shards.read(files)
    if settings.data:
        known = {path.name for path in frames.find(folder(settings))}
        if others := {each.name for each in held} - known:
            raise InputError(
                f"{settings.shards}: expected shards of the sequences in {settings.data}, got one "
                f"of {min(others)}; prepare them again"
            )
    return _source(held, files)


def looked_at(settings: Settings) -> Source:
    """The sequences that are scored: of the folder, or of the shards if these alone are named."""
    return learnt_from(settings) if shards_alone(settings) else sequences(settings)


def shards_alone(settings: Settings) -> bool:
    """Whether shards are named and no folder of sequences is."""
    return bool(settings.shards) and not settings.data


def sequences(settings: Settings) -> Source:
    """The sequences of the folder, with what of them is usable; looks at every frame once."""
    found = unchecked(settings)
    checked = [
        dataclasses.replace(each, usable=frame_doctor.usable(each)) for each in found.sequences
    ]
    return _source(checked, found.files)


def unchecked(settings: Settings) -> Source:
    """The same without a look at the frames."""
    files = frames.find(folder(settings))
    return _source([frames.read(path) for path in files], files)


def _source(found: list[Frames], files: list[Path]) -> Source:
    kind = "synthetic frames" if any(each.synthetic for each in found) else "frames"
    first, last = min(each.time[0] for each in found), max(each.time[-1] for each in found)
    text = f"{sum(map(len, found))} {kind}, {first} to {last}"
    bad = sum(int((~each.usable).sum()) for each in found if each.usable is not None)
    if bad:
        text += f"; {bad} of them left out, which hold no counts by day"
    return Source(found, files, text)


def region(settings: Settings, each: Frames, part: str) -> Window:
    """The columns of the image that are for "train", "validation" or "test", or for "all".

    Raises:
        InputError: they are too few for a window.
    """
    shares = {"train": settings.train_share, "validation": settings.validation_share}
    shares["test"] = 1 - sum(shares.values())
    parts = nowcast.regions(each.shape, **shares)
    parts["all"] = Window(0, 0, *each.shape)
    if min(parts[part].width, parts[part].height) < SIDE:
        raise InputError(
            f"{each.name}: expected at least {SIDE} x {SIDE} pixels for {part}, got "
            f"{parts[part].height} x {parts[part].width}; use larger frames or other shares"
        )
    return parts[part]


def training_examples(settings: Settings, some: Sequence[Frames]) -> Examples:
    """`settings.windows` windows an epoch, at random in space and time, anew in each."""
    drawing = Drawing(SIDE, settings.least, settings.flips, settings.turns)
    windows = Windows(some, [region(settings, each, "train") for each in some], drawing)

    def brightened(seed: int, epoch: int, index: int) -> np.ndarray:
        draw = np.random.default_rng((seed, epoch, index, 2)).uniform(-1, 1)
        cut = windows.draw(seed, epoch, index).astype(np.float32)
        return np.minimum(cut * np.float32(1 + settings.gain * draw), HIGHEST)

    def draw(seed, epoch, index):
        return example(brightened, seed, epoch, index)

    def fetch(index):
        return draw(tf.constant(settings.training.seed, tf.int64), tf.constant(0, tf.int64), index)

    return Examples(settings.windows, fetch, draw=draw)


def validation_examples(settings: Settings, some: Sequence[Frames]) -> Examples:
    """Windows on a grid in the columns for validation, or `settings.windows` of them."""
    every = [
        place
        for each in some
        for place in places(settings, each, region(settings, each, "validation"))
    ]
    if not every:
        raise InputError(
            f"{some[0].name}: expected {settings.least} usable frames without a gap, got none; add "
            f"longer sequences"
        )
    chosen = random_subset(every, settings.windows)
    return Examples(len(chosen), lambda index: example(lambda i: chosen[i].read(), index))


@dataclass(frozen=True)
class Place:
    """A window of a sequence, not yet read."""

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
    """Windows of a sequence on a grid; the starts of a sequence too short for two of them are its
    first and its last."""
    ahead = nowcast.ahead(each.time, each.usable)
    starts = nowcast.starts(each.time, settings.least, settings.stride, each.usable)
    every = nowcast.starts(each.time, settings.least, 1, each.usable)
    if len(starts) == 1 and len(every) > 1:
        starts.append(every[-1])
    return [
        Place(each, start, min(int(ahead[start]), FRAMES), window)
        for start in starts
        for window in nowcast.grid(where)
    ]


def example(read: Callable[..., np.ndarray], *key):
    """What `read` gives for the numbers of the key: past, targets and weights of its leads."""

    def run(*numbers):
        past, truth, known = nowcast.split(read(*map(int, numbers)))
        return past.astype(np.float32), truth, known.astype(np.float32)

    past, truth, known = tf.numpy_function(run, key, (tf.float32,) * 3)
    past = tf.ensure_shape(past, (FRAMES_IN, SIDE, SIDE))
    truth = tf.ensure_shape(truth, (FRAMES_OUT, TARGET, TARGET))
    known = tf.ensure_shape(known, (FRAMES_OUT,))
    return past, {"frames": truth}, {"frames": known[:, None, None]}


def first_leads(examples: Examples, number: int) -> Examples:
    """The same windows with so many leads to be forecast."""

    def cut(past, *of_leads):
        return past, *tf.nest.map_structure(lambda x: x[:number], of_leads)

    drawn = examples.draw
    return Examples(
        examples.size,
        lambda index: cut(*examples.fetch(index)),
        draw=drawn and (lambda *key: cut(*drawn(*key))),
    )
