"""Scenes of a folder, their splits, and patches of them as training examples."""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np

from seaice_tf.errors import InputError
from seaice_tf.grids import tiles
from seaice_tf.icechart.choices import WATER
from seaice_tf.icechart.data import downscale, sampling, shards, synthetic_scenes
from seaice_tf.icechart.data import scene as sar_scene
from seaice_tf.icechart.data.charts import CHARTS, MASK
from seaice_tf.icechart.data.patches import PatchOptions, PatchSampler, Pixels
from seaice_tf.icechart.data.sampling import SceneList
from seaice_tf.icechart.data.scene import Scene
from seaice_tf.icechart.settings import Settings
from seaice_tf.lazy import tf
from seaice_tf.pipeline import Examples, in_order

log = logging.getLogger(__name__)

MAX_MEMORY_GIB = 4.0  # for scenes that are kept in memory


def folder(settings: Settings) -> Path:
    """Folder of the scenes; synthetic ones are written at the first call."""
    if settings.data:
        return Path(settings.data)
    root = os.environ.get("SEAICE_TF_DATA")
    if root and any((Path(root) / "ai4arctic").glob("*_prep.nc")):
        return Path(root) / "ai4arctic"
    return synthetic_scenes.default_folder()


def scenes(settings: Settings) -> list[Scene]:
    """All scenes of the folder, sorted by name."""
    paths = sar_scene.find(folder(settings))
    if settings.skip_damaged:
        channels = settings.channels
        paths = [path for path in paths if not _damaged(path, path.stat().st_mtime_ns, channels)]
        if not paths:
            raise InputError(
                f"{folder(settings)}: expected a scene without problems, got none; run "
                f"seaice-tf doctor icechart"
            )
    return [sar_scene.describe(path) for path in paths]


def readable_scenes(settings: Settings) -> tuple[list[Scene], list[str]]:
    """The scenes of the folder that can be read, and the errors of the others."""
    if settings.skip_damaged:
        return scenes(settings), []
    found, problems = [], []
    for path in sar_scene.find(folder(settings)):
        try:
            found.append(sar_scene.describe(path))
        except InputError as error:
            problems.append(str(error))
    return found, problems


@cache
def _damaged(path: Path, modified: int, channels: tuple[str, ...]) -> bool:
    """Whether a scene has problems, which are printed once."""
    problems = sar_scene.problems(path, channels)
    for problem in problems:
        log.warning("skipped: %s", problem)
    return bool(problems)


def labelled_scenes(settings: Settings) -> list[Scene]:
    """Scenes whose files contain their charts."""
    return [scene for scene in scenes(settings) if scene.charts]


def training_scenes(settings: Settings) -> list[Scene]:
    """Scenes for training and validation; InputError for less than two."""
    found = labelled_scenes(settings)
    if len(found) < 2:
        raise InputError(
            f"{folder(settings)}: expected at least 2 scenes with charts, got {len(found)}; scenes "
            f"whose charts are in a reference file are test scenes"
        )
    return found


def test_scenes(settings: Settings) -> list[Scene]:
    """Scenes whose charts are in a reference file."""
    return [s for s in scenes(settings) if not s.charts and sar_scene.reference(s.path)]


def source(settings: Settings, chosen: Sequence[Scene]) -> str:
    """Name of the data, for titles and tables."""
    synthetic = any(synthetic_scenes.is_synthetic(scene.attributes) for scene in chosen)
    kind = "synthetic scenes" if synthetic else "scenes of AI4Arctic"
    return f"{len(chosen)} {kind}, {80 * settings.downscale} m pixels"


def split(settings: Settings, chosen: Sequence[Any]) -> tuple[list, list]:
    """Training and validation scenes, each a Scene or its Pixels, in the given order."""
    validates = sampling.stratified_sample(
        [sampling.stratum(each.name, _area(each)) for each in chosen],
        settings.validation_fraction,
        settings.split_seed,
    )
    train = [each for each, drawn in zip(chosen, validates) if not drawn]
    return train, [each for each, drawn in zip(chosen, validates) if drawn]


def _area(each: Scene | Pixels) -> str:
    return sar_scene.area(each) if isinstance(each, Scene) else each.area


@dataclass(frozen=True)
class TrainingSource:
    """Pixels of the scenes for training and validation, their files and the name of the data."""

    scenes: list[Pixels]
    files: list[Path]
    source: str


def training_source(settings: Settings) -> TrainingSource:
    """Memory-map the shards if the settings name them, else load the scenes into memory.

    Raises:
        InputError: the scenes do not fit into memory; no shards, or shards of other settings.
    """
    found = training_scenes(settings)
    name = source(settings, found)
    if settings.shards:
        paths = shards.find(Path(settings.shards), settings.channels, settings.downscale)
        pixels = [shards.read(path) for path in paths]
        if [each.name.short for each in pixels] != [scene.name.short for scene in found]:
            raise InputError(
                f"{settings.shards}: expected shards of the scenes in {folder(settings)}, got "
                f"others; prepare them again"
            )
        return TrainingSource(pixels, paths, name)
    sizes = (np.prod(downscale.size(scene.shape, settings.downscale)) for scene in found)
    needed = sum(sizes) * (2 * len(settings.channels) + 4) / 2**30
    if needed > MAX_MEMORY_GIB:
        raise InputError(
            f"{folder(settings)}: expected scenes that fit into {MAX_MEMORY_GIB:.0f} GiB of "
            f"memory, got {needed:.0f} GiB; use seaice-tf prepare icechart, and --shards"
        )
    pixels = [shards.load_pixels(s, settings.channels, settings.downscale) for s in found]
    return TrainingSource(pixels, [scene.path for scene in found], name)


def scene_list(chosen: Sequence[Pixels]) -> SceneList:
    return SceneList(tuple(each.name for each in chosen), tuple(each.area for each in chosen))


def sampling_weights(settings: Settings, train: SceneList) -> np.ndarray:
    """Sampling weights of the training scenes, (scenes,) with mean 1."""
    if not settings.target:
        return np.ones(len(train.names))
    return sampling.sampling_weights(train, target_list(settings), settings.target_factors)


def target_list(settings: Settings) -> SceneList:
    """The list whose composition the sampling weights match."""
    path = Path(settings.target)
    return sampling.read_folder(path) if path.is_dir() else sampling.read_list(path)


def training_examples(settings: Settings, train: Sequence[Pixels]) -> Examples:
    """Random patches, `settings.patches` an epoch."""
    _require_size(settings, train)
    options = PatchOptions(
        settings.patch,
        settings.min_valid_fraction,
        settings.flips,
        settings.rot90,
        settings.cutmix,
        settings.scale,
        settings.channels,
    )
    sampler = PatchSampler(train, sampling_weights(settings, scene_list(train)), options)

    def draw(seed, epochs, indices):
        return _examples(settings, sampler.batch, (None,), seed, epochs, indices)

    def fetch(index):
        seed, epoch = tf.constant(settings.training.seed, tf.int64), tf.constant(0, tf.int64)
        return _examples(settings, sampler.draw, (), seed, epoch, index)

    finish = partial(_finish, settings)
    return Examples(settings.patches, fetch, draw_batch=draw, finish=finish)


def validation_examples(settings: Settings, validation: Sequence[Pixels]) -> Examples:
    """Patches that tile the scenes and have the minimum fraction of labelled pixels."""
    _require_size(settings, validation)
    patches = []
    for pixels in validation:
        labelled = pixels.labelled()
        for band in tiles.tiles(pixels.shape, settings.patch, 0):
            for window in band:
                patches.append((labelled[window.slices].mean(), pixels, window))
    chosen = [each for each in patches if each[0] >= settings.min_valid_fraction]
    chosen = chosen or [max(patches, key=lambda each: each[0])]

    def cut(index):
        _, pixels, window = chosen[index]
        return pixels.read(window)

    return Examples(
        len(chosen),
        lambda index: _examples(settings, cut, (), index),
        finish=partial(_finish, settings),
    )


def validation_batches(settings: Settings) -> tf.data.Dataset:
    """The validation examples of a run one by one, in order."""
    _, validation = split(settings, training_source(settings).scenes)
    return in_order(validation_examples(settings, validation), 1)


def _require_size(settings: Settings, chosen: Sequence[Pixels]) -> None:
    for pixels in chosen:
        if settings.patch > min(pixels.shape):
            raise InputError(
                f"{pixels.name.short}: expected at least {settings.patch} pixels along each side, "
                f"got {pixels.shape}; use a smaller --patch or --downscale"
            )


def _examples(settings: Settings, read, batch: tuple, *key):
    """Images (*batch, side, side, C) float16 and charts (*batch, side, side, 3) of the key."""
    side = settings.patch
    image, charts = tf.numpy_function(
        lambda *numbers: read(*(each.tolist() for each in numbers)),
        key,
        (tf.float16, tf.uint8),
        stateful=False,
    )
    image = tf.ensure_shape(image, (*batch, side, side, len(settings.channels)))
    return image, tf.ensure_shape(charts, (*batch, side, side, len(CHARTS)))


def _finish(settings: Settings, images, charts):
    """A batch of images, and targets and weights by head; weights are 0 where masked.

    Images stay float16, which the network casts on its own device.
    """
    targets, weights = {}, {}
    for i, chart in enumerate(CHARTS):
        classes = charts[..., i : i + 1]
        targets[chart] = tf.cast(classes, tf.float32)
        weights[chart] = tf.cast(classes != MASK, tf.float32)
    if settings.consistent:
        targets[WATER] = tf.cast(charts[..., :1] == 0, tf.float32)
        weights[WATER] = weights["SIC"]
    return images, targets, weights
