"""Cases: tiles to predict, with or without their labels."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from typing import Literal, NamedTuple

import numpy as np

from seaice_tf.errors import InputError
from seaice_tf.geopose import examples, inference
from seaice_tf.geopose.choices import SMALLEST_SIDE
from seaice_tf.geopose.data import tiles as geopose_tiles
from seaice_tf.geopose.data.pose import Pose, TileStatistics, one_hot
from seaice_tf.geopose.data.tiles import Tile
from seaice_tf.geopose.settings import Settings
from seaice_tf.grids.windows import Window, whole
from seaice_tf.task import Case, Cases, failing

PREVIEW = 512  # pixels along a side of the preview during training


@dataclass(frozen=True)
class PredictOptions(inference.Options):
    """Options of `predict`."""


@dataclass(frozen=True)
class EvaluateOptions(inference.Options):
    """Options of `evaluate`."""

    tiles: Literal["test", "validation", "all"] = "test"
    """Tiles of the held-out test fold, of the validation fold, or all labelled ones, as for a
    folder that the run was not trained on."""
    by: tuple[Literal["city"], ...] = ()
    """Also show the scores of each city."""


class Truth(NamedTuple):
    """Labels of a tile.

    Attributes:
        agl: (H, W) metres, NaN where unknown.
        pose: of the image.
    """

    agl: np.ndarray
    pose: Pose


@dataclass(frozen=True)
class Image:
    """A window of a tile's image, (height, width, 3) uint8, read when it is needed."""

    tile: Tile
    window: Window

    @property
    def shape(self) -> tuple[int, int, int]:
        """(height, width, 3)."""
        return self.window.height, self.window.width, 3

    def read(self, window: Window | None = None) -> np.ndarray:
        """The pixels, or those of another window of the tile."""
        return geopose_tiles.read_image(self.tile, window or self.window)

    def __array__(self, dtype=None, copy=None) -> np.ndarray:
        return self.read().astype(dtype or np.uint8, copy=False)


@dataclass(frozen=True)
class Context:
    """What baselines, scores and products need besides the image.

    Attributes:
        tile: the tile.
        window: of the tile that is predicted.
        source: name of the data, for titles.
        training: gives the statistics of the training tiles.
    """

    tile: Tile
    window: Window
    source: str
    training: Callable[[], list[TileStatistics]]


def cases(settings: Settings, options: EvaluateOptions | None = None) -> Cases:
    """Labelled tiles, with their labels as truth."""
    options = options or EvaluateOptions()
    labelled = examples.labelled(settings)
    number = {"test": settings.test_fold, "validation": settings.validation_fold}.get(options.tiles)
    chosen = [tile for tile, fold in labelled if number in (None, fold)]
    source = f"{examples.title(settings, chosen)}; scored {options.tiles}"
    if number is None:
        source += ", IN SAMPLE where the run was trained on them"
    else:
        source += f", fold {number} of {settings.folds} by seed {settings.fold_seed}"
    if number == settings.validation_fold and settings.training.keep == "best":
        source += ", IN SAMPLE: this fold selected the epoch"
    return _cases(settings, options, chosen, source, truth=True)


def future(settings: Settings, options: PredictOptions | None = None) -> Cases:
    """All tiles to predict of a folder."""
    tiles, problems = geopose_tiles.scan(examples.folder(settings), labelled=False)
    source = examples.title(settings, tiles)
    sound = _cases(settings, options or PredictOptions(), tiles, source, truth=False)
    return Cases(source, [*sound.make, *map(failing, problems)])


def preview(settings: Settings) -> Case:
    """A validation tile, or its upper left corner, to plot during training."""
    _, (tile, *_), _ = examples.split(settings, examples.labelled(settings))
    corner = Window(0, 0, *(min(n, PREVIEW) for n in tile.shape))
    source = examples.title(settings, [tile])
    return _case(inference.Options(), tile, source, lambda: [], truth=True, window=corner)


def _cases(
    settings: Settings, options: inference.Options, tiles: list[Tile], source: str, truth: bool
) -> Cases:
    training = cache(partial(examples.training_statistics, settings))
    make = [partial(_case, options, tile, source, training, truth) for tile in tiles]
    return Cases(source, make)


def _case(
    options: inference.Options,
    tile: Tile,
    source: str,
    training: Callable[[], list[TileStatistics]],
    truth: bool,
    window: Window | None = None,
) -> Case:
    if min(tile.shape) < SMALLEST_SIDE:
        raise InputError(
            f"{tile.image}: expected at least {SMALLEST_SIDE} pixels along each side, got "
            f"{tile.shape}"
        )
    window = window or whole(tile.shape)
    image = Image(tile, window)
    conditions = one_hot(tile.city), np.array([tile.gsd], np.float32)
    return Case(
        tile.id,
        (image, *conditions),
        Context(tile, window, source, training),
        Truth(geopose_tiles.read_agl(tile, window), tile.labels[1]) if truth else None,
        partial(inference.predict_image, options, image.shape[:2], image.read, conditions),
    )
