"""From the settings to tiles and folds, and from tiles to crops to train on."""

import os
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from seaice_tf.errors import InputError
from seaice_tf.files.synthetic_cache import cached
from seaice_tf.geopose.data import augment, synthetic_tiles
from seaice_tf.geopose.data import pose as geopose
from seaice_tf.geopose.data import shards as geopose_shards
from seaice_tf.geopose.data import tiles as geopose_tiles
from seaice_tf.geopose.data.augment import HEAVY, NONE, Strength
from seaice_tf.geopose.data.pose import CITIES, LABELLED_TABLE, TEST_TABLE, Facts, View
from seaice_tf.geopose.data.tiles import Tile
from seaice_tf.geopose.networks.unet import AGL, ANGLE, MAGNITUDE, SCALE
from seaice_tf.geopose.scores import baselines as baselines_geopose
from seaice_tf.geopose.settings import Settings
from seaice_tf.grids import folds, tiles
from seaice_tf.grids.windows import Window
from seaice_tf.pipeline import Examples, random_subset

SYNTHETIC = {"number": 240, "seed": 0, "side": 256, "gsd": None, "tests": 4}
STRENGTHS = {"none": NONE, "turns": Strength(turns=True), "heavy": HEAVY}
KINDS = (tf.uint8, tf.float32, tf.float32, tf.float32, tf.float32)  # of what a crop is made of


CityWeights = Mapping[str, float]  # what a pixel of a city counts


class Source(NamedTuple):
    """Where crops are cut from: a tile, or its shard."""

    facts: Callable[[], Facts]
    name: str
    city: str
    shape: tuple[int, int]
    view: Callable[[Window | None], View]


def folder(settings: Settings) -> Path:
    """Where the tiles are; makes synthetic ones when they are first asked for."""
    if settings.data:
        return Path(settings.data)
    root = Path(os.environ.get("SEAICE_TF_DATA", "")) / "geopose"
    if any((root / table).is_file() for table in (LABELLED_TABLE, TEST_TABLE)):
        return root
    return cached("geopose", synthetic_tiles.write, *SYNTHETIC.values())


def labelled(settings: Settings) -> list[tuple[Tile, int]]:
    """The labelled tiles of the cities that the settings name, each with its fold.

    Folds are dealt over all cities, so that a run on one of them may start from a run on all.
    """
    found = geopose_tiles.read_labelled(folder(settings))
    fold = fold_of(settings, found)
    chosen = [(tile, int(f)) for tile, f in zip(found, fold) if tile.city in settings.cities]
    if not chosen:
        raise InputError(
            f"{folder(settings)}: expected tiles of {', '.join(settings.cities)}, got none"
        )
    return chosen


def title(settings: Settings, some: Sequence) -> str:
    """What the tiles are, for titles and tables."""
    return geopose_tiles.title(folder(settings), len(some))


def fold_of(settings: Settings, some: Sequence[Tile]) -> np.ndarray:
    """The fold of each tile: (n,), each with as many of every city as there are."""
    cities = np.array([[tile.city == city for city in CITIES] for tile in some])
    return folds.stratified(cities, settings.folds, settings.fold_seed)


def split(
    settings: Settings, some: Sequence[tuple[Tile, int]]
) -> tuple[list[Tile], list[Tile], list[Tile]]:
    """Those to train on, to validate with and to test on; the last two may be the same."""
    held = settings.validation_fold, settings.test_fold
    train = [tile for tile, f in some if f not in held]
    validation, test = ([tile for tile, f in some if f == each] for each in held)
    return train, validation, test


def sources(settings: Settings, some: Sequence[Tile]) -> list[Source]:
    """The tiles, or their shards if the settings name any.

    Raises:
        InputError: tiles without a shard; tiles that are smaller than a crop.
    """
    found = _shards(settings, some) if settings.shards else [_tile(tile) for tile in some]
    for source in found:
        if settings.crop > min(source.shape):
            raise InputError(
                f"{source.name}: expected at least {settings.crop} pixels along each side, got "
                f"{source.shape}; use a smaller --crop"
            )
    return found


def _tile(tile: Tile) -> Source:
    return Source(
        partial(geopose_tiles.facts, tile),
        tile.id,
        tile.city,
        tile.shape,
        partial(geopose_tiles.view, tile),
    )


def _shards(settings: Settings, some: Sequence[Tile]) -> list[Source]:
    paths = _shard_paths(settings)
    if missing := [tile.id for tile in some if tile.id not in paths]:
        raise InputError(
            f"{settings.shards}: expected shards of the tiles in {folder(settings)}, got none of "
            f"{missing[0]}; prepare them again"
        )
    return [_shard(geopose_shards.read(paths[tile.id])) for tile in some]


def _shard_paths(settings: Settings) -> dict[str, Path]:
    """By the id of the tile."""
    return {path.stem: path for path in geopose_shards.find(Path(settings.shards))}


def _shard(shard: geopose_shards.Shard) -> Source:
    facts = shard.facts
    return Source(lambda: facts, facts.id, facts.city, shard.shape, shard.view)


def files(settings: Settings, some: Sequence[Tile]) -> list[Path]:
    """What a run's manifest names: images and heights, or the manifest of the shards."""
    if settings.shards:
        return [Path(settings.shards) / geopose_shards.MANIFEST]
    return [path for tile in some for path in (tile.image, tile.labels[0])]


def facts(settings: Settings) -> list[Facts]:
    """Of the tiles that are trained on; reads the heights of those that have no shard."""
    train, *_ = split(settings, labelled(settings))
    made = bool(settings.shards) and (Path(settings.shards) / geopose_shards.MANIFEST).exists()
    paths = _shard_paths(settings) if made else {}
    return [
        geopose_shards.read(paths[tile.id]).facts if tile.id in paths else geopose_tiles.facts(tile)
        for tile in train
    ]


def training_examples(
    settings: Settings, train: Sequence[Source], weights: CityWeights
) -> Examples:
    """`settings.crops` random crops an epoch, anew in each: functions of (seed, epoch, index)."""
    strength = STRENGTHS[settings.augment]

    def cut(seed, epoch, index):
        source = train[(epoch * settings.crops + index) % len(train)]
        rng = np.random.default_rng((seed, epoch, index))
        return source.city, random_crop(source, settings.crop, strength, rng)

    def draw(seed, epoch, index):
        return _example(settings, weights, cut, seed, epoch, index)

    def fetch(index):
        return draw(tf.constant(settings.training.seed, tf.int64), tf.constant(0, tf.int64), index)

    return Examples(settings.crops, fetch, draw=draw)


def validation_examples(
    settings: Settings, validation: Sequence[Source], weights: CityWeights
) -> Examples:
    """Crops that cover the tiles, as they are, or `settings.crops` of them."""
    every = [
        (source, window)
        for source in validation
        for band in tiles.tiles(source.shape, settings.crop, 0)
        for window in band
    ]
    chosen = random_subset(every, settings.crops)

    def cut(index):
        source, window = chosen[index]
        return source.city, source.view(window)

    return Examples(len(chosen), lambda index: _example(settings, weights, cut, index))


def random_crop(source: Source, side: int, strength: Strength, rng: np.random.Generator) -> View:
    """A view of `side` pixels, drawn from a window at a random place; no more of it is read."""
    wide = augment.source_side(side, strength)
    height, width = (min(wide, n) for n in source.shape)
    top, left = (int(rng.integers(n - part + 1)) for n, part in zip(source.shape, (height, width)))
    view = source.view(Window(top, left, height, width))
    return augment.draw(view, side, strength, rng)


def city_weights(settings: Settings, train: Sequence[Source]) -> CityWeights:
    """What pixels of a city count: alike, or for R2 by how much its heights vary, mean 1."""
    if settings.loss != "r2":
        return dict.fromkeys(CITIES, 1.0)
    known = [source.facts() for source in train]
    variance = {city: baselines_geopose.height_variance(known, city) for city in settings.cities}
    if not min(variance.values()) > 0:
        raise InputError("loss: expected heights that vary in every city for r2, got the same")
    mean = np.mean([1 / each for each in variance.values()])
    return {city: float(1 / each / mean) for city, each in variance.items()}


def _example(settings: Settings, city_weights: CityWeights, cut, *key):
    """What `cut` gives for the numbers of the key: inputs, targets and weights by head."""

    def run(*indices):
        city, view = cut(*map(int, indices))
        sine, cosine = geopose.direction(view.pose.angle)
        pose = np.array([view.pose.scale, sine, cosine], np.float32)
        numbers = np.array([view.gsd, city_weights[city]], np.float32)
        return view.image, view.agl.astype(np.float32), pose, geopose.one_hot(city), numbers

    image, agl, pose, city, numbers = tf.numpy_function(run, key, KINDS)
    image = tf.cast(tf.ensure_shape(image, (settings.crop, settings.crop, 3)), tf.float32)
    agl = tf.ensure_shape(agl, (settings.crop, settings.crop))[..., None]
    pose, city = tf.ensure_shape(pose, (3,)), tf.ensure_shape(city, (len(CITIES),))
    numbers = tf.ensure_shape(numbers, (2,))
    known = tf.math.is_finite(agl)
    agl = tf.where(known, agl, 0.0)
    targets = {AGL: agl, ANGLE: pose[1:]}
    weights = {AGL: tf.cast(known, tf.float32) * numbers[1], ANGLE: tf.ones(2)}
    if settings.scale_by == "fit":
        targets[MAGNITUDE], weights[MAGNITUDE] = agl * pose[0], weights[AGL]
    else:
        targets[SCALE], weights[SCALE] = pose[:1], tf.ones(1)
    return (image, city, numbers[:1]), targets, weights
