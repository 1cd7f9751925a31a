"""Scenes to shards, once."""

import json
from collections.abc import Iterator
from concurrent.futures import Executor
from functools import partial
from pathlib import Path

from seaice_tf.files import tfrecords
from seaice_tf.icechart import examples
from seaice_tf.icechart.convert import convert
from seaice_tf.icechart.data import doctor as scene_doctor
from seaice_tf.icechart.data import raw_scene
from seaice_tf.icechart.data import scene as sar_scene
from seaice_tf.icechart.data import shards as scene_shards
from seaice_tf.icechart.settings import Settings


def prepare(settings: Settings, out: Path, executor: Executor | None = None) -> list[Path]:
    """Write a shard of each scene with charts into `out`, as `tfrecords.write` does.

    A folder of raw scenes is converted to ready-to-train ones instead.

    Raises:
        InputError: scenes are damaged.
    """
    if raw := raw_scene.find(examples.folder(settings)):
        return convert(raw, settings, out, executor)
    jobs = [
        tfrecords.Job(
            f"{scene.name.short}{scene_shards.SUFFIX}",
            (scene.path,),
            partial(_records, settings, scene.path),
        )
        for scene in examples.teachers(settings)
    ]
    facts = {
        "task": "icechart",
        "factor": settings.downscale,
        "channels": list(settings.channels),
    }
    return tfrecords.write(jobs, facts, out, scene_shards.MANIFEST, executor)


def _records(settings: Settings, path: Path) -> Iterator[bytes]:
    scene = sar_scene.describe(path)
    header = {
        "name": scene.path.name,
        "satellite": scene.name.satellite,
        "area": scene_doctor.area(scene),
        "factor": settings.downscale,
        "channels": list(settings.channels),
        "bands": scene_shards.grids(scene.shape, settings.downscale),
    }
    yield json.dumps(header).encode()
    for band in scene_shards.bands(scene, settings.channels, settings.downscale):
        for values in (band.channels.astype("<f2"), band.share, band.charts):
            yield values.tobytes()
