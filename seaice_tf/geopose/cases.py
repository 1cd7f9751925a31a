"""What heights and poses are predicted of: tiles with their labels, or without."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from typing import Literal, NamedTuple

import numpy as np

from seaice_tf.errors import InputError
from seaice_tf.geopose import examples, inference
from seaice_tf.geopose.data import pose as geopose
from seaice_tf.geopose.data import tiles as geopose_tiles
from seaice_tf.geopose.data.pose import Facts, Pose
from seaice_tf.geopose.data.tiles import Tile
from seaice_tf.geopose.networks.unet import LEAST
from seaice_tf.geopose.settings import Settings
from seaice_tf.grids.windows import Window, whole
from seaice_tf.task import Case, Cases, PredictOptions

PREVIEW = 512  # pixels along a side of what is looked at while training


@dataclass(frozen=True)
class EvaluateOptions:
    """What `evaluate` can be asked."""

    tiles: Literal["test", "validation", "all"] = "test"
    """Those of the fold kept for it, those that chose the epoch, or all that are labelled, as for a
    folder that the run has not seen."""
    by: tuple[Literal["city"], ...] = ()
    """Also show the scores of each city."""


class Truth(NamedTuple):
    """The labels of a tile."""

    agl: np.ndarray  # (H, W) metres, NaN where unknown
    pose: Pose


@dataclass(frozen=True)
class Image:
    """A window of a tile's image, read when it is asked for: (height, width, 3) uint8."""

    tile: Tile
    window: Window

    @property
    def shape(self) -> tuple[int, int, int]:
        return self.window.height, self.window.width, 3

    def read(self, window: Window | None = None) -> np.ndarray:
        """All of it, or a window of the tile."""
        return geopose_tiles.read_image(self.tile, window or self.window)

    def __array__(self, dtype=None, copy=None) -> np.ndarray:
        return self.read().astype(dtype or np.uint8, copy=False)


@dataclass(frozen=True)
class Context:
    """What lies around a tile."""

    tile: Tile
    window: Window  # that is looked at
    source: str
    training: Callable[[], list[Facts]]  # of the tiles that are trained on


def cases(settings: Settings, options: EvaluateOptions | None = None) -> Cases:
    """The tiles asked for, with their labels as truth."""
    which = (options or EvaluateOptions()).tiles
    found = examples.labelled(settings)
    number = {"test": settings.test_fold, "validation": settings.validation_fold}.get(which)
    chosen = [tile for tile, fold in found if number in (None, fold)]
    about = f"{examples.title(settings, chosen)}; scored {which}"
    if number is None:
        about += ", IN SAMPLE where the run was trained on them"
    else:
        about += f", fold {number} of {settings.folds} by seed {settings.fold_seed}"
    if number == settings.validation_fold and settings.training.keep == "best":
        about += ", IN SAMPLE: this fold chose the epoch"
    return _cases(settings, chosen, about, truth=True)


def future(settings: Settings, options: PredictOptions | None = None) -> Cases:
    """All tiles to be predicted in a folder."""
    found = geopose_tiles.read_unlabelled(examples.folder(settings))
    return _cases(settings, found, examples.title(settings, found), truth=False)


def preview(settings: Settings) -> Case:
    """A tile of the validation, or its first corner."""
    _, (tile, *_), _ = examples.split(settings, examples.labelled(settings))
    corner = Window(0, 0, *(min(n, PREVIEW) for n in tile.shape))
    return _case(settings, tile, examples.title(settings, [tile]), None, True, corner)


def _cases(settings: Settings, some: list[Tile], about: str, truth: bool) -> Cases:
    training = cache(partial(examples.facts, settings))
    return Cases(about, [partial(_case, settings, tile, about, training, truth) for tile in some])


def _case(
    settings: Settings, tile: Tile, about: str, training, truth: bool, window: Window | None = None
) -> Case:
    if min(tile.shape) < LEAST:
        raise InputError(
            f"{tile.image}: expected at least {LEAST} pixels along each side, got {tile.shape}"
        )
    window = window or whole(tile.shape)
    image = Image(tile, window)
    beside = geopose.one_hot(tile.city), np.array([tile.gsd], np.float32)
    return Case(
        tile.id,
        (image, *beside),
        Context(tile, window, about, training),
        Truth(geopose_tiles.read_agl(tile, window), tile.labels[1]) if truth else None,
        partial(inference.posed, settings, image.shape[:2], image.read, beside),
    )
