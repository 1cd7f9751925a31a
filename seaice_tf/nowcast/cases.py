"""Cases: windows with truth, whole images and windows without, and pairs of images."""

import logging
import re
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

import numpy as np

from seaice_tf.errors import InputError
from seaice_tf.files.images import read_grey
from seaice_tf.grids.windows import whole
from seaice_tf.lazy import function
from seaice_tf.nowcast import examples
from seaice_tf.nowcast.data import climatehack, faults, frames, layout, optical_flow
from seaice_tf.nowcast.data.climatehack import Windows
from seaice_tf.nowcast.data.frames import Frames
from seaice_tf.nowcast.data.layout import (
    CENTRE,
    FLOW_FRAMES,
    FRAMES_IN,
    FRAMES_OUT,
    MIN_FRAMES,
    STEP,
    TARGET,
)
from seaice_tf.nowcast.data.times import whole_minutes
from seaice_tf.nowcast.examples import Place
from seaice_tf.nowcast.settings import Settings
from seaice_tf.settings import Checked
from seaice_tf.task import Case, Cases, PredictOptions

log = logging.getLogger(__name__)
TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?Z?")
forecast_image = function("seaice_tf.nowcast.images", "forecast")


@dataclass(frozen=True)
class EvaluateOptions(Checked):
    """Options of `evaluate`."""

    windows: Literal["test", "validation", "all"] = "test"
    """Windows of the test columns, of the validation columns, or of the whole image, as for frames
    that the run was not trained on."""
    by: tuple[Literal["lead"], ...] = ()
    """Also score each lead."""


@dataclass(frozen=True)
class FrameOptions(PredictOptions):
    """Options of `predict`."""

    at: str = ""
    """Time of the last frame that is used, such as 2020-04-01T12:55; empty for the last one."""

    def __post_init__(self):
        if self.at:
            _time(self.at)


@dataclass(frozen=True)
class Context:
    """Further data of a window.

    Attributes:
        source: name of the data.
        past: (12, 128, 128) counts; of a pair of images (2, H, W).
        known: (24,) bool, the leads with truth.
        last: time of the last frame of the input, None if unknown.
        osgb: (2, 128, 128) eastings and northings in metres, None if unknown.
        place: label shared by the windows of the same pixels on one day.
        image: the sequence that a whole image is the last frame of, None for a window.
        row: of a ClimateHack.AI window in its file, and the number of windows in it.
        step: from one frame to the next.
    """

    source: str
    past: np.ndarray
    known: np.ndarray
    last: np.datetime64 | None = None
    osgb: np.ndarray | None = None
    place: str = ""
    image: Frames | None = None
    row: tuple[int, int] | None = None
    step: np.timedelta64 = STEP

    @property
    def minutes(self) -> int:
        """From one frame to the next."""
        return whole_minutes(self.step)

    def centre_osgb(self) -> np.ndarray | None:
        """Eastings and northings of the target: (2, 64, 64)."""
        return None if self.osgb is None else self.osgb[:, CENTRE, CENTRE]


def cases(settings: Settings, options: EvaluateOptions | None = None) -> Cases:
    """Windows with truth: of the ClimateHack.AI files, or of sequences."""
    which = (options or EvaluateOptions()).windows
    if path := climatehack_file(settings):
        return _climatehack(path, truth=True)
    found = examples.evaluation_source(settings)
    if which == "test" and settings.train_fraction + settings.validation_fraction == 1:
        which = "validation"
    chosen = [
        place
        for each in found.sequences
        for place in examples.places(settings, each, examples.region(settings, each, which))
    ]
    if not chosen:
        raise InputError(faults.no_windows(found.sequences, settings.min_frames))
    source = f"{found.source}; scored {which}"
    if which == "all":
        source += ", IN SAMPLE where the run was trained on them"
    elif which == "validation" and settings.training.keep == "best":
        source += ", IN SAMPLE: these windows chose the epoch"
    files = [each.name for each in found.sequences]
    several = len(files) > 1
    prefix = {n: f"{stem}_" if several else "" for n, stem in zip(files, frames.stems(files))}
    make = [partial(_case, p, prefix[p.frames.name] + p.name, source, True) for p in chosen]
    return Cases(source, make)


def future(settings: Settings, options: PredictOptions | None = None) -> Cases:
    """Cases without truth: ClimateHack.AI features, whole images of sequences, or two images.

    Sequences are those of the shards if the settings name only these.
    """
    at = options.at if isinstance(options, FrameOptions) else ""
    if "," in settings.data:
        return _images(settings.data.split(","))
    if path := climatehack_file(settings):
        return _climatehack(path, truth=False)
    if examples.only_shards(settings):
        found = examples.training_source(settings)
    else:
        found = examples.unchecked_sequences(settings, _time(at) if at else None)
    stems = frames.stems([each.name for each in found.sequences])
    pairs = zip(found.sequences, stems, strict=True)
    return Cases(found.source, [partial(_image, each, stem, at) for each, stem in pairs])


def climatehack_file(settings: Settings) -> Path | None:
    """The file of ClimateHack.AI features that the settings name, None if they name none."""
    path = Path(settings.data)
    if settings.data and path.is_dir():
        path = path / climatehack.FEATURES
    known = path.name == climatehack.FEATURES
    if path.suffix == ".npz" and path.exists() and (known or climatehack.has_windows(path)):
        return path
    return None


def _image(each: Frames, stem: str, at: str) -> Case:
    """The last frames of a sequence, which files are named by, up to a time, and the later ones."""
    runs = layout.ahead(each.time, step=each.step)
    end = _index(each, at) + 1
    if not at:
        end = _last_known(each, end)
    first, past = _past(each, end, runs)
    number = end - first
    if number < MIN_FRAMES:
        raise InputError(faults.short(each.name, MIN_FRAMES, number, each.time[end - 1], first > 0))
    if number < FLOW_FRAMES or (number < FRAMES_IN and first > 0):
        since = f"after the gap before {each.time[first]}" if first else f"from {each.time[0]}"
        text = "%s: %d frames are used, those %s; the flow takes %d"
        log.warning(text, each.name, number, since, FLOW_FRAMES)
    past = _known_counts(past, each, first)
    later = min(int(runs[end - 1]) - 1, FRAMES_OUT)
    truth, known = None, np.arange(FRAMES_OUT) < later
    if later:
        truth = np.zeros((FRAMES_OUT, *each.shape), np.float32)
        truth[:later] = each.read(end, later, whole(each.shape))
    last = each.time[end - 1]
    name = f"{stem}_{str(last)[:16].replace(':', '').replace('-', '')}"
    source = f"{each.name}, {number} frames up to {last}"
    context = Context(source, past, known, last, each.osgb, image=each, step=each.step)
    return Case(name, past, context, truth, pieces=partial(forecast_image, past))


def _last_known(each: Frames, end: int) -> int:
    """The end of the frames, without the last ones in which no pixel is known.

    Raises:
        InputError: none of them has a known pixel.
    """
    for last in range(end, max(end - FRAMES_IN, 0), -1):
        if faults.has_known(each.read(last - 1, 1, whole(each.shape))):
            for number in range(last, end):
                _warn_of_unknown(each, number)
            return last
    raise InputError(f"{each.name}: frame of {each.time[end - 1]}: {faults.UNKNOWN}")


def _past(each: Frames, end: int, runs: np.ndarray) -> tuple[int, np.ndarray]:
    """Index of the first of the last 12 frames without a gap before `end`, and their counts.

    A frame before the last in which no pixel is known is a gap.
    """
    first = max(end - FRAMES_IN, 0)
    first += next(i for i in range(end - first) if runs[first + i] >= end - first - i)
    past = each.read(first, end - first, whole(each.shape)).astype(np.float32)
    unknown = [number for number, frame in enumerate(past[:-1]) if not faults.has_known(frame)]
    if not unknown:
        return first, past
    _warn_of_unknown(each, first + unknown[-1])
    return first + unknown[-1] + 1, past[unknown[-1] + 1 :]


def _warn_of_unknown(each: Frames, number: int) -> None:
    text = "%s: frame of %s: no pixel is known; it is taken as missing"
    log.warning(text, each.name, each.time[number])


def _index(each: Frames, at: str) -> int:
    """Index of the frame at a time, of the last one for an empty text."""
    if not at:
        return len(each) - 1
    time = _time(at)
    near = np.flatnonzero(np.abs(each.time - time) <= each.step // 4)
    if not near.size:
        raise InputError(
            f"{each.name}: expected a frame at {at}, got {each.time[0]} to {each.time[-1]} with "
            f"{len(layout.gaps(each.time, each.step))} gaps; choose another time"
        )
    return int(near[0])


def _time(at: str) -> np.datetime64:
    try:
        if not TIME.fullmatch(at):
            raise ValueError(at)
        return np.datetime64(at.rstrip("Z"), "s")
    except ValueError as error:
        raise InputError(
            f"at: expected a time in UTC such as 2020-04-01T12:55, got {at!r}; write it like that"
        ) from error


def _known_counts(past: np.ndarray, each: Frames, first: int) -> np.ndarray:
    """Frames, from the index `first` on, with NaN where pixels are unknown.

    Raises:
        InputError: a frame without a known pixel, of the night, or with values that are no counts.
    """
    blocks = 0
    for number, frame in enumerate(past):
        if of_frame := layout.zeros(frame):
            blocks = max(blocks, of_frame)
            frame[frame == 0] = np.nan
        if fault := faults.of_frame(frame[np.isfinite(frame)], each.visible):
            raise InputError(f"{each.name}: frame of {each.time[first + number]}: {fault}")
    if blocks:
        log.warning(faults.zeros(each.name, blocks))
    if each.osgb is not None and not np.isfinite(each.osgb).any():
        log.warning("%s: %s", each.name, faults.NO_PLACES)
    return past


def _case(place: Place, name: str, source: str, truth: bool) -> Case:
    window = place.read()
    for number, frame in enumerate(window):
        by_day = place.frames.visible and number < FRAMES_IN
        if fault := faults.counts(frame) or (by_day and faults.night(frame)):
            raise InputError(f"{place.frames.name}: {place.name}, frame {number}: {fault}")
    past, later, known = layout.split(window)
    osgb = place.frames.osgb
    if osgb is not None:
        osgb = osgb[:, *place.window.slices]
    last = place.frames.time[place.start + FRAMES_IN - 1]
    where = f"{place.frames.name} {np.datetime64(last, 'D')} {place.window}"
    context = Context(source, past, known, last, osgb, where, step=place.frames.step)
    return Case(name, past.astype(np.float32), context, later if truth else None)


def _climatehack(path: Path, truth: bool) -> Cases:
    features = climatehack.features(path)
    targets = None
    if truth:
        targets = climatehack.targets(path.with_name(climatehack.TARGETS), len(features))
    source = f"{len(features)} windows of {path.parent.name}/{path.name}"
    every = range(len(features))
    return Cases(source, [partial(_climatehack_case, features, targets, source, i) for i in every])


def _climatehack_case(features: Windows, targets: Windows | None, source: str, index: int) -> Case:
    past = features.read(index)
    if night := features.night(index, past):
        raise InputError(night)
    later, known = None, np.zeros(FRAMES_OUT, bool)
    if targets is not None:
        truth = targets.read(index)
        later = np.zeros((FRAMES_OUT, TARGET, TARGET), np.float32)
        later[: len(truth)] = truth
        known[: len(truth)] = True
    osgb = None if features.osgb is None else features.osgb[index]
    name = f"window_{index:05d}"
    row = (index, len(features))
    context = Context(source, past, known, osgb=osgb, place=name, row=row)
    return Case(name, past.astype(np.float32), context, later)


def _images(names: list[str]) -> Cases:
    if len(names) != 2:
        raise InputError(f"data: expected two images, first.png,second.png, got {len(names)}")
    read = [read_grey(Path(name)) for name in names]
    first, second = (counts for counts, _ in read)
    if first.shape != second.shape or min(first.shape) < 16 or read[0][1] != read[1][1]:
        raise InputError(
            f"{names[1]}: expected an image of the size and depth of {names[0]}, at least 16 x 16, "
            f"got {first.shape} and {second.shape}, up to {read[0][1]} and {read[1][1]}; crop and "
            f"convert them alike"
        )
    source = " to ".join(Path(name).name for name in names)
    return Cases(source, [partial(_image_pair, np.stack([first, second]), source)])


def _image_pair(images: np.ndarray, source: str) -> Case:
    context = Context(source, images, np.zeros(FRAMES_OUT, bool))
    return Case("flow", images, context, pieces=lambda serve: flow_of_images(images))


def flow_of_images(images: np.ndarray) -> dict[str, np.ndarray]:
    """Flow from the first of two images to the second: (2, H, W) -> (H, W, 2).

    It does not depend on the bit depth: the values of both are scaled to the range of counts.
    """
    low, high = float(images.min()), float(images.max())
    counts = (images - low) * np.float32(layout.HIGHEST / max(high - low, 1e-6))
    return {"flow": optical_flow.lucas_kanade(counts[0], counts[1])}
