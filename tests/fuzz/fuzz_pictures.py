"""Readers of photos and of oblique tiles: a sound file for each, and what may be read of it."""

from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image

from seaice_tf.clouds.data import photos as cloud_photos
from seaice_tf.clouds.data import synthetic as synthetic_photos
from seaice_tf.clouds.products import submission as cloud_submission
from seaice_tf.files import images
from seaice_tf.files import photos as file_photos
from seaice_tf.geopose.data import shards as geopose_shards
from seaice_tf.geopose.data import synthetic as synthetic_tiles
from seaice_tf.geopose.data import tiles as geopose_tiles
from seaice_tf.geopose.data.pose import Pose
from seaice_tf.geopose.products import submission
from seaice_tf.grids.windows import Window
from tests.fuzz.fuzz_expect import (
    Reader,
    framed,
    hold,
    hold_shards,
    manifest,
    refuse,
    window_shape,
    words,
)

TILE = (48, 48)  # pixels
TABLES = ("geopose_train.csv", "geopose_test.csv", "metadata.csv")


def _photo(folder: Path, suffix: str) -> Path:
    path = folder / f"a.{suffix}"
    pixels = np.random.default_rng(0).integers(0, 256, (42, 63, 3), np.uint8)
    Image.fromarray(pixels).resize((126, 84)).save(path)
    return path


def _read_photo(path: Path) -> None:
    columns, rows = file_photos.image_size(path)
    hold(file_photos.read_image(path, (21, 32)), (21, 32, 3), "uint8")
    hold(file_photos.read_image(path, (21, 32), "L"), (21, 32), "uint8")
    hold(file_photos.read_image(path), (rows, columns, 3), "uint8")


def _clouds(folder: Path) -> Path:
    synthetic_photos.write(folder / "clouds", 3, seed=1, shape=(42, 63))
    return folder / "clouds" / "train.csv"


def _read_clouds(path: Path) -> None:
    assert all(map(words, cloud_submission.validate(path)))
    photos = cloud_photos.read_labelled(path.parent)
    hold(photos.truths((35, 52)), (None, 35, 52, 4), "bool")
    hold(photos.coverage(0, (35, 52)), (35, 52, 4), "float64", 1)
    hold(photos.present(), (len(photos), 4), "bool")


def _image(folder: Path, name: str, **options) -> Path:
    pixels = np.random.default_rng(0).integers(0, 256, (*TILE, 3), np.uint8)
    path = folder / name
    if options or path.suffix == ".j2k":
        Image.fromarray(pixels).save(path, **options)
    else:
        submission.write_image(path, pixels)
    return path


def _agl(folder: Path) -> Path:
    heights = np.random.default_rng(0).uniform(0, 90, TILE)
    return submission.write_agl(folder / "a_AGL.tif", heights)


def _read_raster(path: Path) -> None:
    known = images.describe(path)
    shape, bands, kind = known.shape, known.bands, known.dtype
    expected = (*shape, bands) if bands > 1 else shape
    hold(images.read(path), expected, kind)
    part = Window(shape[0] // 2, shape[1] // 3, 1 + shape[0] // 4, 1 + shape[1] // 4)
    hold(images.read(path, part), (*window_shape(part), *expected[2:]), kind)


def _pose(folder: Path) -> Path:
    return submission.write_pose(folder / "a_VFLOW.json", Pose(1.2, 0.7))


def _read_pose(path: Path) -> None:
    scale, angle = geopose_tiles.read_pose(path)
    assert 0 <= scale < np.inf
    assert 0 <= angle < 2 * np.pi


def _tiles(folder: Path, table: str) -> Path:
    synthetic_tiles.write(folder / "tiles", 3, seed=3, side=24, gsd=1.0, tests=1)
    return folder / "tiles" / table


def _read_tiles(path: Path) -> None:
    for labelled in (True, False):
        tiles, troubles = geopose_tiles.scan(path.parent, labelled)
        assert all(map(words, troubles))
        for tile in tiles:
            assert (tile.agl is not None) == labelled
            assert 0 < tile.gsd < np.inf
            assert tile.image.resolve().is_relative_to(path.parent.resolve())
            hold(geopose_tiles.read_image(tile), (24, 24, 3), "uint8")
            if labelled:
                hold(geopose_tiles.read_agl(tile), (24, 24), "float32")


def _submission(folder: Path) -> Path:
    files = submission.write_tile(folder, "a", np.ones(TILE), Pose(1.2, 0.7))
    return submission.write_archive(folder / "a.tar.gz", files)


def _read_submission(path: Path) -> None:
    refuse(submission.validate(path, {"a": TILE}))


def _tile_shard(folder: Path) -> Path:
    _tiles(folder, "")
    tile = geopose_tiles.read_labelled(folder / "tiles")[0]
    return framed(folder / "a.tfrecord", geopose_shards.records(tile))


def _read_tile_shard(path: Path) -> None:
    shard = geopose_shards.read(path)
    view = shard.view()
    hold(view.image, (*shard.shape, 3), "uint8")
    hold(view.agl, shard.shape, "float32")
    for number in (view.gsd, *view.pose, *shard.statistics[4:]):
        assert isinstance(number, int | float), number
        assert np.isfinite(number), number


READERS = {
    "photo_jpg": Reader("", partial(_photo, suffix="jpg"), _read_photo),
    "photo_png": Reader("", partial(_photo, suffix="png"), _read_photo),
    "cloud_table": Reader("csv", _clouds, _read_clouds),
    "tiff_tiles": Reader("tiff", partial(_image, name="a.tif"), _read_raster),
    "tiff_strips": Reader("tiff", _agl, _read_raster),
    "tiff_plain": Reader("tiff", partial(_image, name="a.tif", compression=None), _read_raster),
    "tiff_lzw": Reader("tiff", partial(_image, name="a.tif", compression="tiff_lzw"), _read_raster),
    "jpeg_2000": Reader("", partial(_image, name="a.j2k"), _read_raster),
    "geopose_pose": Reader("json", _pose, _read_pose),
    **{t: Reader("csv", partial(_tiles, table=t), _read_tiles) for t in TABLES},
    "geopose_manifest": Reader(
        "json",
        manifest,
        lambda path: hold_shards(geopose_shards.find(path.parent), path.parent),
    ),
    "geopose_submission": Reader("targz", _submission, _read_submission),
    "geopose_shard": Reader("tfrecord", _tile_shard, _read_tile_shard),
}
