"""Tiles to shards, once, in the memory of one tile for each process."""

from concurrent.futures import Executor
from functools import partial
from pathlib import Path

from seaice_tf.files import tfrecords
from seaice_tf.geopose import examples
from seaice_tf.geopose.data import shards as geopose_shards
from seaice_tf.geopose.data.tiles import Tile
from seaice_tf.geopose.settings import Settings


def prepare(settings: Settings, out: Path, executor: Executor | None = None) -> list[Path]:
    """Write a shard of each labelled tile into `out`, as `tfrecords.write` does.

    Raises:
        InputError: tiles are damaged.
    """
    jobs = [_job(tile) for tile, _ in examples.labelled(settings)]
    return tfrecords.write(jobs, {"task": "geopose"}, out, geopose_shards.MANIFEST, executor)


def _job(tile: Tile) -> tfrecords.Job:
    agl, _ = tile.labels
    records = partial(geopose_shards.records, tile)
    return tfrecords.Job(f"{tile.id}{geopose_shards.SUFFIX}", (tile.image, agl), records)
