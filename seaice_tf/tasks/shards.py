"""Shards of `prepare`, made once: what is finished is kept, so that it can stop at any time."""

import hashlib
import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import tensorflow as tf

from seaice_tf.writers import atomic


def source_of(path: Path) -> dict[str, Any]:
    """What tells whether a shard is still that of a file."""
    stat = path.stat()
    return {"name": path.name, "bytes": stat.st_size, "modified": stat.st_mtime}


def keep_or_write(
    shard: Path, facts: dict[str, Any], records: Callable[[], Iterable[bytes]]
) -> dict[str, Any]:
    """Write the records to a TFRecord file, unless it is there and its facts are the same.

    Facts and checksum stand beside it in <shard>.json.

    Returns:
        The facts with "sha256" and "kept", whether it was there.
    """
    facts_path = shard.with_suffix(".json")
    if shard.exists() and facts_path.exists():
        try:
            held = json.loads(facts_path.read_text())
        except ValueError:
            held = {}
        if held == {**facts, "sha256": _sha256(shard)}:
            return {**held, "kept": True}
    with atomic.file(shard) as temporary, tf.io.TFRecordWriter(str(temporary)) as writer:
        for record in records():
            writer.write(record)
    facts = {**facts, "sha256": _sha256(shard)}
    atomic.write_text(facts_path, json.dumps(facts, indent=2) + "\n")
    return {**facts, "kept": False}


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
