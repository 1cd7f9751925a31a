"""Sequences to shards, once, in bounded memory; frames that are no counts by day are left out."""

import json
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path

from seaice_tf.errors import InputError
from seaice_tf.readers import frame_doctor, frame_shards, frames
from seaice_tf.tasks import shards
from seaice_tf.tasks.nowcast import data
from seaice_tf.tasks.nowcast.settings import Settings
from seaice_tf.transforms.nowcast import FRAMES_IN
from seaice_tf.writers import atomic


def prepare(settings: Settings, out: Path, processes: int = 1) -> list[Path]:
    """Write the shards of all sequences into `out`, and the manifest when all are there.

    Raises:
        InputError: damaged files, no run of frames that is long enough, or less than one process.
    """
    if processes < 1:
        raise InputError(f"--processes: expected at least 1, got {processes}")
    paths = frames.find(data.folder(settings))
    make = partial(_shards, out)
    if processes == 1:
        made = [make(path) for path in paths]
    else:
        # A fork of a process that runs TensorFlow may hang.
        with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
            made = list(pool.map(make, paths))
    facts = [fact for each in made for fact in each]
    if not facts:
        raise InputError(
            f"{data.folder(settings)}: expected more than {FRAMES_IN} frames "
            f"without a gap by day, got none; see seaice-tf doctor nowcast"
        )
    content = {
        "task": "nowcast",
        "shards": {fact["shard"]: {k: fact[k] for k in ("source", "sha256")} for fact in facts},
    }
    manifest = out / frame_shards.MANIFEST
    atomic.write_text(manifest, json.dumps(content, indent=2) + "\n")
    kept = sum(fact["kept"] for fact in facts)
    print(f"{len(facts) - kept} shards written, {kept} kept")
    return [*(out / name for name in content["shards"]), manifest]


def _shards(out: Path, path: Path) -> list[dict]:
    sequence = frames.read(path)
    made = []
    for span in frame_shards.spans(sequence.time, frame_doctor.usable(sequence)):
        shard = out / f"{path.stem}_{span.start:06d}{frame_shards.SUFFIX}"
        facts = {
            "shard": shard.name,
            "source": shards.source_of(path),
            "start": span.start,
            "number": span.number,
        }
        records = partial(frame_shards.records, sequence, span)
        made.append(shards.keep_or_write(shard, facts, records))
    return made
