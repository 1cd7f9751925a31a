"""Cases: windows with truth, windows without, and pairs of images whose flow is wanted."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

import numpy as np

from seaice_tf.errors import InputError
from seaice_tf.files import npz
from seaice_tf.files.photos import read_image
from seaice_tf.grids.windows import whole
from seaice_tf.nowcast import examples
from seaice_tf.nowcast.data import climatehack, layout, optical_flow
from seaice_tf.nowcast.data.climatehack import Windows
from seaice_tf.nowcast.data.frames import Frames
from seaice_tf.nowcast.data.layout import CENTRE, FRAMES_IN, FRAMES_OUT, TARGET
from seaice_tf.nowcast.examples import Place
from seaice_tf.nowcast.settings import Settings
from seaice_tf.task import Case, Cases, PredictOptions


@dataclass(frozen=True)
class EvaluateOptions:
    """Options of `evaluate`."""

    windows: Literal["test", "validation", "all"] = "test"
    """Windows of the test columns, of the validation columns, or of the whole image, as for frames
    that the run was not trained on."""
    by: tuple[Literal["lead"], ...] = ()
    """Also score each lead."""


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
    """

    source: str
    past: np.ndarray
    known: np.ndarray
    last: np.datetime64 | None = None
    osgb: np.ndarray | None = None
    place: str = ""

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
    source = f"{found.source}; scored {which}"
    if which == "all":
        source += ", IN SAMPLE where the run was trained on them"
    elif which == "validation" and settings.training.keep == "best":
        source += ", IN SAMPLE: these windows chose the epoch"
    return Cases(source, [partial(_case, place, source, True) for place in chosen])


def future(settings: Settings, options: PredictOptions | None = None) -> Cases:
    """Windows without truth: ClimateHack.AI features, the last frames of sequences, or two images.

    The windows of a sequence cover the image with adjacent centres. Sequences are those of the
    shards if the settings name only these.
    """
    if "," in settings.data:
        return _images(settings.data.split(","))
    if path := climatehack_file(settings):
        return _climatehack(path, truth=False)
    of_shards = examples.only_shards(settings)
    read = examples.training_source if of_shards else examples.unchecked_sequences
    found = read(settings)
    places = [place for each in found.sequences for place in _last(each)]
    source = f"{found.source}; the last {FRAMES_IN} frames"
    return Cases(source, [partial(_case, place, source, False) for place in places])


def climatehack_file(settings: Settings) -> Path | None:
    """The file of ClimateHack.AI features that the settings name, None if they name none."""
    path = Path(settings.data)
    if settings.data and path.is_dir():
        path = path / climatehack.FEATURES
    if path.suffix == ".npz" and path.exists() and "time" not in npz.keys(path):
        return path
    return None


def _last(each: Frames) -> Iterator[Place]:
    start = len(each) - FRAMES_IN
    if start < 0 or layout.ahead(each.time)[start] < FRAMES_IN:
        raise InputError(
            f"{each.name}: expected {FRAMES_IN} frames without a gap at its end, got fewer; "
            f"give a sequence that ends with them"
        )
    for window in layout.grid(whole(each.shape), stride=TARGET):
        yield Place(each, start, FRAMES_IN, window)


def _case(place: Place, source: str, truth: bool) -> Case:
    frames = place.read()
    _require_counts(frames, f"{place.frames.name}: {place.name}")
    past, later, known = layout.split(frames)
    osgb = place.frames.osgb
    if osgb is not None:
        osgb = osgb[:, *place.window.slices]
    last = place.frames.time[place.start + FRAMES_IN - 1]
    where = f"{place.frames.name} {np.datetime64(last, 'D')} {place.window}"
    context = Context(source, past, known, last, osgb, where)
    return Case(place.name, past.astype(np.float32), context, later if truth else None)


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
    _require_counts(past, f"{features.path}: window {index}")
    later, known = None, np.zeros(FRAMES_OUT, bool)
    if targets is not None:
        truth = targets.read(index)
        later = np.zeros((FRAMES_OUT, TARGET, TARGET), np.float32)
        later[: len(truth)] = truth
        known[: len(truth)] = True
    osgb = None if features.osgb is None else features.osgb[index]
    name = f"window_{index:05d}"
    context = Context(source, past, known, osgb=osgb, place=name)
    return Case(name, past.astype(np.float32), context, later)


def _require_counts(frames: np.ndarray, where: str) -> None:
    """Raise an InputError for a frame with values that are not counts, or of the night."""
    for number, frame in enumerate(frames):
        if found := layout.invalid_counts(frame):
            raise InputError(
                f"{where}: frame {number}: expected counts from 0 to {layout.HIGHEST}, got "
                f"{found}; leave it out"
            )
        if number < FRAMES_IN and layout.is_night(frame):
            raise InputError(
                f"{where}: frame {number}: expected an image by day, got a mean of "
                f"{frame.mean():.0f} counts; the visible channel is dark at night"
            )


def _images(names: list[str]) -> Cases:
    if len(names) != 2:
        raise InputError(f"data: expected two images, first.png,second.png, got {len(names)}")
    images = [read_image(Path(name), mode="L").astype(np.float32) for name in names]
    if images[0].shape != images[1].shape or min(images[0].shape) < 16:
        raise InputError(
            f"{names[1]}: expected an image of the size of {names[0]}, at least 16 x 16, got "
            f"{images[0].shape} and {images[1].shape}; crop them alike"
        )
    source = " to ".join(Path(name).name for name in names)
    return Cases(source, [partial(_image_pair, np.stack(images), source)])


def _image_pair(images: np.ndarray, source: str) -> Case:
    context = Context(source, images, np.zeros(FRAMES_OUT, bool))
    return Case("flow", images, context, pieces=lambda serve: flow_of_images(images))


def flow_of_images(images: np.ndarray) -> dict[str, np.ndarray]:
    """Flow from the first of two images to the second: (2, H, W) -> (H, W, 2)."""
    return {"flow": optical_flow.lucas_kanade(images[0], images[1])}
