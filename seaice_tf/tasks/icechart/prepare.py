"""Scenes to shards, once: what is finished is kept, so that it can be stopped at any time."""

import hashlib
import json
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import tensorflow as tf

from seaice_tf.errors import InputError
from seaice_tf.readers import sar_scene, scene_doctor, scene_shards
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
    shards = {fact["shard"]: {k: fact[k] for k in ("source", "sha256")} for fact in facts}
    content = {
        "task": "icechart",
        "factor": settings.downscale,
        "channels": list(settings.channels),
        "shards": shards,
    }
    manifest = out / scene_shards.MANIFEST
    atomic.write_text(manifest, json.dumps(content, indent=2) + "\n")
    kept = sum(fact["kept"] for fact in facts)
    print(f"{len(facts) - kept} shards written, {kept} kept")
    return [*(out / name for name in shards), manifest]


def _shard(settings: Settings, out: Path, path: Path) -> dict:
    scene = sar_scene.describe(path)
    shard = out / f"{scene.name.short}{scene_shards.SUFFIX}"
    facts_path = shard.with_suffix(".json")
    stat = path.stat()
    facts = {
        "shard": shard.name,
        "source": {"name": path.name, "bytes": stat.st_size, "modified": stat.st_mtime},
        "factor": settings.downscale,
        "channels": list(settings.channels),
    }
    if shard.exists() and facts_path.exists():
        try:
            held = json.loads(facts_path.read_text())
        except ValueError:
            held = {}
        if held == {**facts, "sha256": _sha256(shard)}:
            return {**held, "kept": True}
    with atomic.file(shard) as temporary:
        _write(scene, settings, temporary)
    facts["sha256"] = _sha256(shard)
    atomic.write_text(facts_path, json.dumps(facts, indent=2) + "\n")
    return {**facts, "kept": False}


def _write(scene: sar_scene.Scene, settings: Settings, path: Path) -> None:
    header = {
        "name": scene.path.name,
        "satellite": scene.name.satellite,
        "area": scene_doctor.area(scene),
        "factor": settings.downscale,
        "channels": list(settings.channels),
        "bands": scene_shards.grids(scene.shape, settings.downscale),
    }
    with tf.io.TFRecordWriter(str(path)) as writer:
        writer.write(json.dumps(header).encode())
        for band in scene_shards.bands(scene, settings.channels, settings.downscale):
            for values in (band.channels.astype("<f2"), band.share, band.charts):
                writer.write(values.tobytes())


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
