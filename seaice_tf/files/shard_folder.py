"""A folder of shards as `prepare` leaves it: a manifest that names them, each with its SHA-256."""

import functools
import hashlib
from pathlib import Path
from typing import Any

from seaice_tf.errors import InputError, require_known_format
from seaice_tf.files import json_text

MANIFEST = "manifest.json"
FORMAT = 1  # of shards and manifest; one without a number has this one


def read_manifest(folder: Path, way_out: str) -> dict[str, Any]:
    """The manifest of a folder that is complete; `way_out` ends the errors.

    Raises:
        InputError: there is none, it is damaged or of a newer version, or names files elsewhere.
    """
    path = folder / MANIFEST
    if not path.exists():
        raise InputError(f"{folder}: expected {MANIFEST}, got none; {way_out}, it was not ended")
    try:
        content = json_text.parse(path.read_bytes())
        shards = {str(name): str(facts["sha256"]) for name, facts in content["shards"].items()}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(f"{path}: expected a manifest, got {error!r}; {way_out}") from error
    require_known_format(content.get("format", FORMAT), FORMAT, path)
    if strange := [name for name in shards if Path(name).name != name or name == ".."]:
        raise InputError(f"{path}: expected names of shards, got {strange[0]!r}; {way_out}")
    return content


def verified(folder: Path, manifest: dict[str, Any], way_out: str) -> list[Path]:
    """The shards of a folder in the order of their names, each of them whole.

    Raises:
        InputError: one is missing, cut short, or not as it was written.
    """
    paths = []
    for name in sorted(manifest["shards"]):
        path, expected = folder / name, str(manifest["shards"][name]["sha256"])
        if not path.is_file():
            raise InputError(f"{path}: expected a shard of {MANIFEST}, got none; {way_out}")
        stat = path.stat()
        if (found := _sha256(path, stat.st_size, stat.st_mtime_ns)) != expected:
            raise InputError(
                f"{path}: expected the SHA-256 of {MANIFEST}, {expected[:12]}..., got "
                f"{found[:12]}...: it is damaged; remove it, and {way_out}"
            )
        paths.append(path)
    return paths


@functools.cache
def _sha256(path: Path, size: int, modified: int) -> str:
    """Of a file of that size and time, once a process: a sweep opens its shards for each trial."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
