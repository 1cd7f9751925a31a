"""Scenes to shards, once: what is finished is kept, so that it can be stopped at any time."""

import json
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path

from seaice_tf.errors import InputError
from seaice_tf.readers import sar_scene, scene_doctor, scene_shards
from seaice_tf.tasks import shards
from seaice_tf.tasks.icechart import data
from seaice_tf.tasks.icechart.settings import Settings
from seaice_tf.writers import atomic


def prepare(settings: Settings, out: Path, processes: int = 1) -> list[Path]:
    """Write a shard of each scene with charts into `out`, and the manifest when all are there.

    A scene's shard stands beside its facts, <shard>.json: settings, source and checksum. One that
    fits them is kept, any other is made again.

    Raises:
        InputError: scenes are damaged, or `processes` is less than 1.
    """
    if processes < 1:
        raise InputError(f"--processes: expected at least 1, got {processes}")
    paths = [scene.path for scene in data.teachers(settings)]
    make = partial(_shard, settings, out)
    if processes == 1:
        facts = [make(path) for path in paths]
    else:
        # A fork of a process that runs TensorFlow may hang.
        with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
            facts = list(pool.map(make, paths))
    made = {fact["shard"]: {k: fact[k] for k in ("source", "sha256")} for fact in facts}
    content = {
        "task": "icechart",
        "factor": settings.downscale,
        "channels": list(settings.channels),
        "shards": made,
    }
    manifest = out / scene_shards.MANIFEST
    atomic.write_text(manifest, json.dumps(content, indent=2) + "\n")
    kept = sum(fact["kept"] for fact in facts)
    print(f"{len(facts) - kept} shards written, {kept} kept")
    return [*(out / name for name in made), manifest]


def _shard(settings: Settings, out: Path, path: Path) -> dict:
    scene = sar_scene.describe(path)
    shard = out / f"{scene.name.short}{scene_shards.SUFFIX}"
    facts = {
        "shard": shard.name,
        "source": shards.source_of(path),
        "factor": settings.downscale,
        "channels": list(settings.channels),
    }
    return shards.keep_or_write(shard, facts, partial(_records, scene, settings))


def _records(scene: sar_scene.Scene, settings: Settings) -> Iterator[bytes]:
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
