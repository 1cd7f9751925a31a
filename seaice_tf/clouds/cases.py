"""Cases: photos to predict, with or without their labelled masks."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from typing import Literal

import numpy as np

from seaice_tf.clouds import examples
from seaice_tf.clouds.data.labels import SCORE_SHAPE
from seaice_tf.clouds.data.photos import Photos
from seaice_tf.clouds.scores import baselines
from seaice_tf.clouds.settings import Settings
from seaice_tf.errors import InputError, NotFittedError, one_line
from seaice_tf.files.photos import encoded, image_size
from seaice_tf.settings import Checked
from seaice_tf.task import Case, Cases, PredictOptions

SMALL = (42, 64)  # (rows, columns) in which a photo is read to check it
SMALLEST = 1 / 3  # of the rows or columns that the network sees, of a photo that is not warned of
MOST_STRETCHED = 1.5  # one side more than the other
LISTED = 3  # photos in a warning
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class EvaluateOptions(Checked):
    """Options of `evaluate`."""

    photos: Literal["test", "validation", "all"] = "test"
    """Photos of the held-out test fold, of the validation fold, or all labelled ones, as for a
    folder that the run was not trained on."""


@dataclass(frozen=True)
class Context:
    """What baselines, scores and products need besides the photo.

    Attributes:
        photos: of the folder.
        index: of the photo.
        source: name of the data, for titles.
        mean_masks: gives the thresholded mean masks of the training photos, (350, 525, 4) bool;
            None without labels.
    """

    photos: Photos
    index: int
    source: str
    mean_masks: Callable[[], np.ndarray] | None

    def image(self) -> np.ndarray:
        """The photo, (rows, columns, 3) uint8."""
        return self.photos.image(self.index)


def cases(settings: Settings, options: EvaluateOptions | None = None) -> Cases:
    """Labelled photos, with their masks on 350 x 525 as truth."""
    which = (options or EvaluateOptions()).photos
    photos = examples.labelled(settings)
    fold = examples.fold_of(photos, settings)
    number = {"test": settings.test_fold, "validation": settings.validation_fold}.get(which)
    chosen = np.flatnonzero(fold == number) if number is not None else np.arange(len(photos))
    source = f"{photos.source}; scored {which}"
    if number is None:
        source += ", IN SAMPLE where the run was trained on them"
    else:
        source += f", fold {number} of {settings.folds} by seed {settings.fold_seed}"
    selects = settings.choose != "none" or settings.training.keep == "best"
    if number == settings.validation_fold and selects:
        source += ", IN SAMPLE: this fold selected the epoch and the decisions"
    mean_masks = cache(partial(_mean_masks, photos, settings))
    return Cases(source, [partial(_case, photos, int(i), source, mean_masks, True) for i in chosen])


def future(settings: Settings, options: PredictOptions | None = None) -> Cases:
    """The photos of a folder without their labels."""
    photos = examples.unlabelled(settings)
    _warn_of_sizes(photos, settings)
    return Cases(
        photos.source,
        [partial(_case, photos, i, photos.source, None, False) for i in range(len(photos))],
    )


def _warn_of_sizes(photos: Photos, settings: Settings) -> None:
    """Log which photos are much smaller than what the network sees, or of another shape."""
    found = []
    for name, path in zip(photos.names, photos.paths):
        try:
            columns, rows = image_size(path)
        except InputError:  # left out when it is read
            continue
        high, wide = rows / settings.rows, columns / settings.columns
        if min(high, wide) < SMALLEST or max(high / wide, wide / high) > MOST_STRETCHED:
            found.append(f"{one_line(name)} ({columns} x {rows})")
    if found:
        more = f" and {len(found) - LISTED} more" if len(found) > LISTED else ""
        log.warning(
            "expected photos of some %d x %d pixels, which the network sees, got %s%s: they are "
            "stretched to that size, and their masks say little",
            *(settings.columns, settings.rows, ", ".join(found[:LISTED]), more),
        )


def _case(photos: Photos, i: int, source: str, mean_masks, labelled: bool) -> Case:
    photos.image(i, SMALL)  # so that the error for a damaged file names it
    truth = photos.truth(i, SCORE_SHAPE) if labelled else None
    context = Context(photos, i, source, mean_masks)
    return Case(photos.names[i], encoded(photos.paths[i]), context, truth)


def _mean_masks(photos: Photos, settings: Settings) -> np.ndarray:
    training = examples.training_photos(photos, settings)
    if not len(training):
        raise NotFittedError(
            "mean_mask: expected training photos, whose mean it is, got none; add labelled photos "
            "or change --folds"
        )
    return baselines.mean_masks(training.truths(SCORE_SHAPE))
