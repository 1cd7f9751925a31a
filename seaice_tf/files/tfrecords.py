"""TFRecord shards of prepared examples: writing them, and reading them as memory-mapped files.

A folder of shards has a manifest that lists each shard with its SHA-256. Writing can be stopped at
any time: shards that are complete are kept. Reading needs no TensorFlow.
"""

import functools
import hashlib
import json
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from seaice_tf import progress
from seaice_tf.errors import InputError, require_known_format
from seaice_tf.files import atomic, json_text, lock

MANIFEST = "manifest.json"
log = logging.getLogger(__name__)
FORMAT = 1  # of shards and manifest; a manifest without a number has this one
# A record is its length, a checksum of the length, the data, and a checksum of the data.
LENGTH_BYTES, CHECKSUM_BYTES = 8, 4


@dataclass(frozen=True)
class Job:
    """A shard to write.

    Attributes:
        shard: file name.
        files: the source files.
        records: () -> iterator over the serialised records.
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
    """Write shards to the folder `out`, and the manifest when all of them are complete.

    Beside each shard stands <shard>.json with `facts`, the source files and the checksum. A shard
    whose file and facts are up to date is kept, any other one is written again.

    Args:
        jobs: one per shard; they are pickled for an executor of processes or machines.
        facts: common to all shards, serialisable as JSON.
        out: folder of the shards.
        manifest: file name of the manifest, which holds `facts` and, under "shards", the sources
            and the checksum of each shard.
        executor: writes the shards in parallel; None writes them one by one in this process.

    Returns:
        The paths of the shards and of the manifest.

    Raises:
        InputError: a source file is damaged, or another process writes to the folder.
    """
    with lock.held(out):
        # If this process is killed, an older manifest must not describe a mixture of shards.
        (out / manifest).unlink(missing_ok=True)
        make = functools.partial(_write_shard, facts, out)
        results = executor.map(make, jobs) if executor else map(make, jobs)
        made = list(progress.track(results, "writing shards", len(jobs)))
        shards = {each["shard"]: {k: each[k] for k in ("sources", "sha256")} for each, _ in made}
        content = {"format": FORMAT, **facts, "shards": shards}
        path = atomic.write_text(out / manifest, json.dumps(content, indent=2) + "\n")
        kept = sum(kept for _, kept in made)
        log.info("%d shards written, %d kept", len(made) - kept, kept)
        return [*(out / name for name in shards), path]


def _write_shard(facts: Mapping[str, Any], out: Path, job: Job) -> tuple[dict, bool]:
    """The facts of a shard, and whether an existing file was kept."""
    path = out / job.shard
    facts_path = path.with_suffix(".json")
    own = {"shard": job.shard, "sources": [_file_facts(file) for file in job.files], **facts}
    if path.exists() and facts_path.exists():
        try:
            stored = json.loads(facts_path.read_text())
        except ValueError:
            stored = {}
        if stored == {**own, "sha256": _sha256(path)}:
            return stored, True
    import tensorflow as tf  # not needed for reading

    with atomic.file(path) as temporary, tf.io.TFRecordWriter(str(temporary)) as writer:
        for record in job.records():
            writer.write(record)
    own["sha256"] = _sha256(path)
    atomic.write_text(facts_path, json.dumps(own, indent=2) + "\n")
    return own, False


def _file_facts(file: Path) -> dict[str, Any]:
    stat = file.stat()
    return {"name": file.name, "bytes": stat.st_size, "modified": stat.st_mtime}


def read_manifest(folder: Path, advice: str) -> dict[str, Any]:
    """Read the manifest of a complete folder of shards.

    Args:
        folder: of the shards.
        advice: what to do, the end of each error message.

    Raises:
        InputError: the manifest is missing, damaged, of a newer version, or names files outside of
            the folder.
    """
    path = folder / MANIFEST
    if not path.exists():
        raise InputError(f"{folder}: expected a complete set with {MANIFEST}, got none; {advice}")
    try:
        content = json_text.parse(path.read_bytes())
        shards = {str(name): str(facts["sha256"]) for name, facts in content["shards"].items()}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(f"{path}: expected a manifest, got {error!r}; {advice}") from error
    require_known_format(content.get("format", FORMAT), FORMAT, path)
    if invalid := [name for name in shards if Path(name).name != name or name == ".."]:
        raise InputError(f"{path}: expected names of shards, got {invalid[0]!r}; {advice}")
    return content


def verify(folder: Path, manifest: dict[str, Any], advice: str) -> list[Path]:
    """Check the SHA-256 of every shard.

    Returns:
        The paths of the shards, sorted by name.

    Raises:
        InputError: a shard is missing, truncated or modified.
    """
    paths = []
    for name in sorted(manifest["shards"]):
        path, expected = folder / name, str(manifest["shards"][name]["sha256"])
        if not path.is_file():
            raise InputError(f"{path}: expected a shard of {MANIFEST}, got none; {advice}")
        stat = path.stat()
        found = _cached_sha256(path, stat.st_size, stat.st_mtime_ns)
        if found != expected:
            raise InputError(
                f"{path}: expected the SHA-256 of {MANIFEST}, {expected[:12]}..., got "
                f"{found[:12]}...: it is damaged; remove it, and {advice}"
            )
        paths.append(path)
    return paths


@functools.cache  # a sweep opens its shards for each trial
def _cached_sha256(path: Path, size: int, modified: int) -> str:
    """The SHA-256 of a file of this size and time of modification."""
    return _sha256(path)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def map_file(path: Path) -> np.ndarray:
    """A memory-mapped file: (n,) uint8."""
    return np.memmap(path, np.uint8, "r") if path.stat().st_size else np.empty(0, np.uint8)


def record_bounds(content: np.ndarray) -> list[tuple[int, int]]:
    """The first byte and the end of the data of each record; checksums are not checked.

    Raises:
        ValueError: the file is empty, or truncated within a record.
    """
    bounds, at = [], 0
    while at < content.size:
        if at + LENGTH_BYTES > content.size:
            raise ValueError("an end in the middle of a record")
        start = at + LENGTH_BYTES + CHECKSUM_BYTES
        end = start + int(content[at : at + LENGTH_BYTES].view("<u8")[0])
        at = end + CHECKSUM_BYTES
        if at > content.size:
            raise ValueError("an end in the middle of a record")
        bounds.append((start, end))
    if not bounds:
        raise ValueError("an empty file")
    return bounds
