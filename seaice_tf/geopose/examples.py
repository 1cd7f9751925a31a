"""Training examples: tiles and folds of the settings, and crops of tiles or shards."""

import os
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np

from seaice_tf.errors import InputError
from seaice_tf.files.synthetic_cache import cached
from seaice_tf.geopose.choices import AGL, ANGLE, MAGNITUDE, SCALE
from seaice_tf.geopose.data import augment, synthetic
from seaice_tf.geopose.data import shards as geopose_shards
from seaice_tf.geopose.data import tiles as geopose_tiles
from seaice_tf.geopose.data.augment import AUGMENTATIONS, Augmentation
from seaice_tf.geopose.data.pose import CITIES, TileStatistics, View, direction, one_hot
from seaice_tf.geopose.data.tiles import LABELLED_TABLE, TEST_TABLE, Tile
from seaice_tf.geopose.scores.baselines import height_variance
from seaice_tf.geopose.settings import Settings
from seaice_tf.grids import folds, tiles
from seaice_tf.grids.windows import Window
from seaice_tf.lazy import tf
from seaice_tf.pipeline import Examples, random_subset

SYNTHETIC = {"number": 240, "seed": 0, "side": 256, "gsd": None, "tests": 4}

CityWeights = Mapping[str, float]  # weight of a pixel in the loss, by city


class Source(NamedTuple):
    """A tile from which crops are cut, read from its files or from its shard.

    Attributes:
        statistics: gives those of the tile.
        name: id of the tile.
        city: of the tile.
        shape: (rows, columns).
        view: gives a window of the tile with its labels; None for all of it.
    """

    statistics: Callable[[], TileStatistics]
    name: str
    city: str
    shape: tuple[int, int]
    view: Callable[[Window | None], View]


def folder(settings: Settings) -> Path:
    """Folder of the tiles; synthetic ones are made when they are first needed."""
    if settings.data:
        return Path(settings.data)
    root = Path(os.environ.get("SEAICE_TF_DATA", "")) / "geopose"
    if any((root / table).is_file() for table in (LABELLED_TABLE, TEST_TABLE)):
        return root
    return cached("geopose", synthetic.write, *SYNTHETIC.values())


def labelled(settings: Settings) -> list[tuple[Tile, int]]:
    """The labelled tiles of the settings' cities, each with its fold.

    Folds are assigned over all cities, so that a run on one city may start from a run on all.
    """
    tiles = geopose_tiles.read_labelled(folder(settings))
    fold = fold_of(settings, tiles)
    chosen = [(tile, int(f)) for tile, f in zip(tiles, fold) if tile.city in settings.cities]
    if not chosen:
        raise InputError(
            f"{folder(settings)}: expected tiles of {', '.join(settings.cities)}, got none"
        )
    return chosen


def title(settings: Settings, tiles: Sequence) -> str:
    """Name of the data, for titles and tables."""
    return geopose_tiles.title(folder(settings), len(tiles))


def fold_of(settings: Settings, tiles: Sequence[Tile]) -> np.ndarray:
    """Fold of each tile, stratified by city: (n,) int."""
    cities = np.array([[tile.city == city for city in CITIES] for tile in tiles])
    return folds.stratified(cities, settings.folds, settings.fold_seed)


def split(
    settings: Settings, tiles: Sequence[tuple[Tile, int]]
) -> tuple[list[Tile], list[Tile], list[Tile]]:
    """Training, validation and test tiles; the last two may be the same."""
    held_out = settings.validation_fold, settings.test_fold
    train = [tile for tile, fold in tiles if fold not in held_out]
    validation, test = ([tile for tile, fold in tiles if fold == each] for each in held_out)
    return train, validation, test


def sources(settings: Settings, tiles: Sequence[Tile]) -> list[Source]:
    """Sources of crops: the tiles, or their shards if the settings have any.

    Raises:
        InputError: a tile has no shard, or is smaller than a crop.
    """
    result = _shards(settings, tiles) if settings.shards else [_tile(tile) for tile in tiles]
    for source in result:
        if settings.crop > min(source.shape):
            raise InputError(
                f"{source.name}: expected at least {settings.crop} pixels along each side, got "
                f"{source.shape}; use a smaller --crop"
            )
    return result


def _tile(tile: Tile) -> Source:
    return Source(
        partial(geopose_tiles.statistics, tile),
        tile.id,
        tile.city,
        tile.shape,
        partial(geopose_tiles.view, tile),
    )


def _shards(settings: Settings, tiles: Sequence[Tile]) -> list[Source]:
    paths = _shard_paths(settings)
    if missing := [tile.id for tile in tiles if tile.id not in paths]:
        raise InputError(
            f"{settings.shards}: expected shards of the tiles in {folder(settings)}, got none of "
            f"{missing[0]}; prepare them again"
        )
    return [_shard(geopose_shards.read(paths[tile.id])) for tile in tiles]


def _shard_paths(settings: Settings) -> dict[str, Path]:
    """Shards of the settings by the id of the tile."""
    return {path.stem: path for path in geopose_shards.find(Path(settings.shards))}


def _shard(shard: geopose_shards.Shard) -> Source:
    statistics = shard.statistics
    name, city = statistics.id, statistics.city
    return Source(lambda: statistics, name, city, shard.shape, shard.view)


def files(settings: Settings, tiles: Sequence[Tile]) -> list[Path]:
    """Files listed in a run's manifest: images and heights, or the manifest of the shards."""
    if settings.shards:
        return [Path(settings.shards) / geopose_shards.MANIFEST]
    return [path for tile in tiles for path in (tile.image, tile.labels[0])]


def training_statistics(settings: Settings) -> list[TileStatistics]:
    """Statistics of the training tiles; heights of tiles without a shard are read."""
    train, *_ = split(settings, labelled(settings))
    exist = bool(settings.shards) and (Path(settings.shards) / geopose_shards.MANIFEST).exists()
    paths = _shard_paths(settings) if exist else {}
    return [
        geopose_shards.read(paths[tile.id]).statistics
        if tile.id in paths
        else geopose_tiles.statistics(tile)
        for tile in train
    ]


def training_examples(
    settings: Settings, train: Sequence[Source], weights: CityWeights
) -> Examples:
    """Random augmented crops, `settings.crops` per epoch: functions of (seed, epoch, index)."""
    augmentation = AUGMENTATIONS[settings.augment]

    def cut(seed, epoch, index):
        source = train[(epoch * settings.crops + index) % len(train)]
        rng = np.random.default_rng((seed, epoch, index))
        return source.city, random_crop(source, settings.crop, augmentation, rng)

    def draw(seed, epoch, index):
        return _example(settings, weights, cut, seed, epoch, index)

    def fetch(index):
        return draw(tf.constant(settings.training.seed, tf.int64), tf.constant(0, tf.int64), index)

    return Examples(settings.crops, fetch, draw=draw)


def validation_examples(
    settings: Settings, validation: Sequence[Source], weights: CityWeights
) -> Examples:
    """Crops that cover the tiles without augmentation, at most `settings.crops` of them."""
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


def random_crop(
    source: Source, side: int, augmentation: Augmentation, rng: np.random.Generator
) -> View:
    """An augmented view of a random window of a tile, of which only the window is read.

    Args:
        source: of the tile.
        side: pixels along a side of the crop.
        augmentation: strength.
        rng: the source of randomness.
    """
    wide = augment.source_side(side, augmentation)
    height, width = (min(wide, n) for n in source.shape)
    top, left = (int(rng.integers(n - part + 1)) for n, part in zip(source.shape, (height, width)))
    view = source.view(Window(top, left, height, width))
    return augment.draw(view, side, augmentation, rng)


def city_weights(settings: Settings, train: Sequence[Source]) -> CityWeights:
    """Weights of the pixels of each city, mean 1: equal, or for r2 the inverse variance."""
    if settings.loss != "r2":
        return dict.fromkeys(CITIES, 1.0)
    statistics = [source.statistics() for source in train]
    variance = {city: height_variance(statistics, city) for city in settings.cities}
    if not min(variance.values()) > 0:
        raise InputError(
            "loss: expected heights that vary in every city for r2, got constant ones; use another"
        )
    mean = np.mean([1 / each for each in variance.values()])
    return {city: float(1 / each / mean) for city, each in variance.items()}


def _example(settings: Settings, city_weights: CityWeights, cut, *key):
    """Inputs, targets and weights by head of the crop that `cut` gives for the key."""

    def run(*indices):
        city, view = cut(*map(int, indices))
        sine, cosine = direction(view.pose.angle)
        pose = np.array([view.pose.scale, sine, cosine], np.float32)
        numbers = np.array([view.gsd, city_weights[city]], np.float32)
        return view.image, view.agl.astype(np.float32), pose, one_hot(city), numbers

    image, agl, pose, city, numbers = tf.numpy_function(run, key, [tf.uint8, *[tf.float32] * 4])
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
