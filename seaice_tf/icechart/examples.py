"""From the settings to scenes and splits, and from scenes to patches to train on."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from seaice_tf.errors import InputError
from seaice_tf.files.synthetic_cache import SYNTHETIC_TITLE, cached
from seaice_tf.grids import tiles
from seaice_tf.icechart.data import doctor as scene_doctor
from seaice_tf.icechart.data import downscale, synthetic_scenes
from seaice_tf.icechart.data import scene as sar_scene
from seaice_tf.icechart.data import shards as scene_shards
from seaice_tf.icechart.data import split as scene_split
from seaice_tf.icechart.data.charts import CHARTS
from seaice_tf.icechart.data.doctor import SceneList
from seaice_tf.icechart.data.pixels import Pixels
from seaice_tf.icechart.data.scene import Scene
from seaice_tf.icechart.data.scene_patches import Drawing, Patches, known
from seaice_tf.icechart.networks.unet import WATER
from seaice_tf.icechart.settings import Settings
from seaice_tf.pipeline import Examples

SYNTHETIC = {"number": 30, "shape": (400, 416), "seed": 0, "tests": 6}
HELD_GIB = 4.0  # of scenes that may wait in memory


def folder(settings: Settings) -> Path:
    """Where the scenes are; makes synthetic ones when they are first asked for."""
    if settings.data:
        return Path(settings.data)
    root = os.environ.get("SEAICE_TF_DATA")
    if root and any((Path(root) / "ai4arctic").glob("*_prep.nc")):
        return Path(root) / "ai4arctic"
    return cached("icechart", synthetic_scenes.write, *SYNTHETIC.values())


def scenes(settings: Settings) -> list[Scene]:
    """All scenes of the folder, in the order of their names."""
    paths = sar_scene.find(folder(settings))
    if settings.skip_damaged:
        asked = settings.channels
        paths = [path for path in paths if not _damaged(path, path.stat().st_mtime_ns, asked)]
        if not paths:
            raise InputError(f"{folder(settings)}: expected a scene without damage, got none")
    return [sar_scene.describe(path) for path in paths]


@cache
def _damaged(path: Path, modified: int, channels: tuple[str, ...]) -> bool:
    """Whether a scene is to be left out, which is said once."""
    troubles = scene_doctor.troubles(path, channels)
    for trouble in troubles:
        print(f"left out: {trouble}")
    return bool(troubles)


def charted(settings: Settings) -> list[Scene]:
    """Scenes that hold their charts themselves."""
    return [scene for scene in scenes(settings) if scene.charts]


def teachers(settings: Settings) -> list[Scene]:
    """The same, to learn from; InputError if they are too few."""
    found = charted(settings)
    if len(found) < 2:
        raise InputError(
            f"{folder(settings)}: expected at least 2 scenes with charts, got {len(found)}; scenes "
            f"with theirs in a reference file are kept for tests"
        )
    return found


def tests(settings: Settings) -> list[Scene]:
    """Scenes that have their charts in a reference file."""
    return [s for s in scenes(settings) if not s.charts and sar_scene.reference(s.path)]


def source(settings: Settings, some: Sequence[Scene]) -> str:
    """What the scenes are, for titles and tables."""
    made_up = any(SYNTHETIC_TITLE in str(scene.attributes.get("title", "")) for scene in some)
    kind = "synthetic scenes" if made_up else "scenes of AI4Arctic"
    return f"{len(some)} {kind}, {80 * settings.downscale} m pixels"


def split(settings: Settings, some: Sequence[Any]) -> tuple[list, list]:
    """Those of the scenes with charts, in order, to train on, and those to validate with.

    Each is a Scene, or its Pixels.
    """
    validates = scene_split.spread(
        [scene_split.stratum(each.name, _area(each)) for each in some],
        settings.validation_share,
        settings.split_seed,
    )
    train = [each for each, chosen in zip(some, validates) if not chosen]
    return train, [each for each, chosen in zip(some, validates) if chosen]


def _area(each: Scene | Pixels) -> str:
    return scene_doctor.area(each) if isinstance(each, Scene) else each.area


@dataclass(frozen=True)
class Source:
    """Pixels of all scenes to learn from, the files that they are from, and what they are."""

    scenes: list[Pixels]
    files: list[Path]
    source: str


def learnt_from(settings: Settings) -> Source:
    """From shards if the settings name them, else read from the scenes and held in memory.

    Raises:
        InputError: the scenes are too large to be held; no shards, or of other settings.
    """
    found = teachers(settings)
    about = source(settings, found)
    if settings.shards:
        paths = scene_shards.find(Path(settings.shards), settings.channels, settings.downscale)
        held = [scene_shards.read(path) for path in paths]
        if [each.name.short for each in held] != [scene.name.short for scene in found]:
            raise InputError(
                f"{settings.shards}: expected shards of the scenes in {folder(settings)}, got "
                f"others; prepare them again"
            )
        return Source(held, paths, about)
    sizes = (np.prod(downscale.size(scene.shape, settings.downscale)) for scene in found)
    needed = sum(sizes) * (2 * len(settings.channels) + 4) / 2**30
    if needed > HELD_GIB:
        raise InputError(
            f"{folder(settings)}: expected scenes of at most {HELD_GIB:.0f} GiB to hold in memory, "
            f"got {needed:.0f}; use seaice-tf prepare icechart, and --shards"
        )
    held = [scene_shards.hold(scene, settings.channels, settings.downscale) for scene in found]
    return Source(held, [scene.path for scene in found], about)


def names(some: Sequence[Pixels]) -> SceneList:
    return SceneList(tuple(each.name for each in some), tuple(each.area for each in some))


def sampling_weights(settings: Settings, train: SceneList) -> np.ndarray:
    """How often each training scene is drawn, mean 1."""
    if not settings.target:
        return np.ones(len(train.names))
    return scene_doctor.weights(train, target(settings), settings.target_factors)


def target(settings: Settings) -> SceneList:
    path = Path(settings.target)
    return scene_doctor.read_folder(path) if path.is_dir() else scene_doctor.read_list(path)


def training_examples(settings: Settings, train: Sequence[Pixels]) -> Examples:
    """`settings.patches` patches an epoch, anew in each."""
    _require_room(settings, train)
    drawing = Drawing(
        settings.patch,
        settings.least,
        settings.flips,
        settings.turns,
        settings.cutmix,
        settings.scale,
        settings.channels,
    )
    patches = Patches(train, sampling_weights(settings, names(train)), drawing)

    def draw(seed, epoch, index):
        return _example(settings, patches.draw, seed, epoch, index)

    def fetch(index):
        return draw(tf.constant(settings.training.seed, tf.int64), tf.constant(0, tf.int64), index)

    return Examples(settings.patches, fetch, draw=draw)


def validation_examples(settings: Settings, validation: Sequence[Pixels]) -> Examples:
    """Patches that cover the scenes, those with as much chart as training wants."""
    _require_room(settings, validation)
    chosen = []
    for pixels in validation:
        counted = pixels.counted()
        for band in tiles.tiles(pixels.shape, settings.patch, 0):
            for window in band:
                share = counted[window.slices].mean()
                chosen.append((share >= settings.least, share, pixels, window))
    enough = [each[2:] for each in chosen if each[0]] or [max(chosen, key=lambda c: c[1])[2:]]

    def cut(index):
        pixels, window = enough[index]
        return pixels.read(window)

    return Examples(len(enough), lambda index: _example(settings, cut, index))


def _require_room(settings: Settings, some: Sequence[Pixels]) -> None:
    for pixels in some:
        if settings.patch > min(pixels.shape):
            raise InputError(
                f"{pixels.name.short}: expected at least {settings.patch} pixels along each side, "
                f"got {pixels.shape}; use a smaller --patch or --downscale"
            )


def _example(settings: Settings, read, *key):
    """What `read` gives for the numbers of the key: image, targets and weights by head."""
    side, number = settings.patch, len(CHARTS)

    def run(*numbers):
        image, charts = read(*map(int, numbers))
        return image, charts.astype(np.float32), known(charts)

    kinds = (tf.float16, tf.float32, tf.float32)
    image, charts, weights = tf.numpy_function(run, key, kinds)
    # Ten times faster here than in numpy.
    image = tf.cast(tf.ensure_shape(image, (side, side, len(settings.channels))), tf.float32)
    charts, weights = (tf.ensure_shape(x, (side, side, number)) for x in (charts, weights))
    targets = {chart: charts[..., i : i + 1] for i, chart in enumerate(CHARTS)}
    weight = {chart: weights[..., i : i + 1] for i, chart in enumerate(CHARTS)}
    if settings.agree:
        targets[WATER] = tf.cast(targets["SIC"] == 0, tf.float32)
        weight[WATER] = weight["SIC"]
    return image, targets, weight


def validation_set(settings: Settings) -> Examples:
    _, validation = split(settings, learnt_from(settings).scenes)
    return validation_examples(settings, validation)
