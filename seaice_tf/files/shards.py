"""Source files to shards, once: what is finished is kept, so that it can be stopped at any time."""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from seaice_tf.files import atomic, lock, shard_folder


@dataclass(frozen=True)
class Job:
    """One shard to be made.

    Attributes:
        shard: its file name.
        files: what it is made from.
        records: gives what it holds, record by record.
    """

    shard: str
    files: tuple[Path, ...]
    records: Callable[[], Iterator[bytes]]


def write(
    jobs: Sequence[Job],
    facts: Mapping[str, Any],
    out: Path,
    manifest: str,
    executor: Executor | None = None,
) -> list[Path]:
    """Make the shards in the folder `out`, and the manifest when all are there.

    A shard stands beside its facts, <shard>.json: those given, its files and its checksum. One
    that fits them is kept, any other is made again.

    Args:
        jobs: one per shard; to be pickled for an executor of processes or machines.
        facts: what all shards share, ready for JSON.
        out: folder of shards.
        manifest: file name; it holds the facts, and under "shards" sources and checksum of each.
        executor: who makes them; None makes one after the other in this process.

    Returns:
        The shards and the manifest.

    Raises:
        InputError: files are damaged, or another process is at work in the folder.
    """
    with lock.held(out):
        # One of an earlier set would go with shards of this one, were it killed.
        (out / manifest).unlink(missing_ok=True)
        return _write(jobs, facts, out, manifest, executor)


def _write(
    jobs: Sequence[Job],
    facts: Mapping[str, Any],
    out: Path,
    manifest: str,
    executor: Executor | None,
) -> list[Path]:
    make = partial(_shard, facts, out)
    made = list(executor.map(make, jobs) if executor else map(make, jobs))
    shards = {each["shard"]: {k: each[k] for k in ("sources", "sha256")} for each, _ in made}
    content = {"format": shard_folder.FORMAT, **facts, "shards": shards}
    path = atomic.write_text(out / manifest, json.dumps(content, indent=2) + "\n")
    kept = sum(kept for _, kept in made)
    print(f"{len(made) - kept} shards written, {kept} kept")
    return [*(out / name for name in shards), path]


def _shard(facts: Mapping[str, Any], out: Path, job: Job) -> tuple[dict, bool]:
    """The facts of a shard, and whether it was there."""
    path = out / job.shard
    facts_path = path.with_suffix(".json")
    own = {"shard": job.shard, "sources": [_stamp(file) for file in job.files], **facts}
    if path.exists() and facts_path.exists():
        try:
            held = json.loads(facts_path.read_text())
        except ValueError:
            held = {}
        if held == {**own, "sha256": _sha256(path)}:
            return held, True
    import tensorflow as tf  # readers of shards need none of it

    with atomic.file(path) as temporary, tf.io.TFRecordWriter(str(temporary)) as writer:
        for record in job.records():
            writer.write(record)
    own["sha256"] = _sha256(path)
    atomic.write_text(facts_path, json.dumps(own, indent=2) + "\n")
    return own, False


def _stamp(file: Path) -> dict[str, Any]:
    stat = file.stat()
    return {"name": file.name, "bytes": stat.st_size, "modified": stat.st_mtime}


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
