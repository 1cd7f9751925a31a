"""Train a run again from its manifest, with equal settings and on data checked to be equal."""

import platform
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from seaice_tf import settings as settings_file
from seaice_tf.errors import InputError, one_line, require_known_format
from seaice_tf.runs import folder, manifest
from seaice_tf.task import Task

PATHS = ("data", "shards", "autoencoder")  # settings that may differ: where files are


def open_manifest(path: Path, task: Task) -> tuple[dict, Any]:
    """Read a manifest, and the settings that its run was started with.

    Raises:
        InputError: not a manifest, of another task, or without settings.
    """
    if not path.is_file():
        raise InputError(f"{path}: expected the manifest.json of a run, got none")
    facts = folder.read_json(path)
    if not _is_manifest(facts):
        raise InputError(f"{path}: expected the manifest.json of a run, got another file")
    require_known_format(facts.get("format", folder.FORMAT), folder.FORMAT, path)
    if facts["task"] != task.name:
        raise InputError(f"{path}: expected a run of {task.name}, got one of {facts['task']}")
    if "settings" not in facts:
        raise InputError(
            f"{path}: expected a manifest with settings, got one of an older version; "
            f"use --settings {path.with_name(folder.SETTINGS)}"
        )
    return facts, settings_file.from_dict(facts["settings"], task.settings, str(path))


def _is_manifest(facts: Any) -> bool:
    """Whether the entries that are read here have the right types."""
    if not isinstance(facts, dict) or [
        type(facts.get(name)) for name in ("task", "source", "packages", "data")
    ] != [str, str, dict, list]:
        return False
    return all(
        isinstance(entry, dict)
        and [type(entry.get(name)) for name in ("name", "bytes", "sha256")] == [str, int, str]
        for entry in facts["data"]
    )


def check_settings(then: Any, now: Any) -> None:
    """Raise an InputError if settings other than the paths of files were changed."""
    changed = settings_file.changes(settings_file.to_dict(then), settings_file.to_dict(now))
    if others := [name for name in changed if name not in PATHS]:
        raise InputError(
            f"--from-manifest: expected no other settings, got another {', '.join(others)}; "
            "vary a run with --settings"
        )


def check_data(facts: dict, files: Iterable[Path]) -> None:
    """Raise an InputError if name, size or hash of a file differs from those of the manifest."""
    then = {(entry["name"], entry["bytes"], entry["sha256"]) for entry in facts["data"]}
    now = {tuple(manifest.file_entry(path).values()) for path in files}
    if then == now:
        return
    missing, new = ({name for name, *_ in each} for each in (then - now, now - then))
    kinds = {"changed": missing & new, "missing": missing - new, "new": new - missing}
    found = [f"{len(names)} {kind} ({min(names)})" for kind, names in kinds.items() if names]
    raise InputError(
        f"{facts['source']}: expected the {len(then)} files of the manifest, got "
        f"{', '.join(found)}; name their folder with --data"
    )


def version_changes(facts: dict) -> list[str]:
    """Versions of packages and code that differ, so that the weights may differ."""
    then = {"python": facts.get("python"), "code": facts.get("git_revision"), **facts["packages"]}
    python, code = platform.python_version(), manifest.git_revision()
    now = {"python": python, "code": code, **manifest.versions()}
    names = [name for name in {**then, **now} if then.get(name) != now.get(name)]
    return [one_line(f"{name}: {then.get(name)} then, {now.get(name)} now") for name in names]


def compare_weights(facts: dict, run: Path) -> str:
    """A sentence on whether the run has the weights of the manifest."""
    same = folder.read_json(run / folder.MANIFEST)["weights_sha256"] == facts.get("weights_sha256")
    return f"weights: {'the same, bit for bit' if same else 'not those of the manifest'}"
