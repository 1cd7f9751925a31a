"""Train a run again from its manifest: the same settings, data that are checked to be the same."""

import platform
from collections.abc import Iterable
from dataclasses import fields
from pathlib import Path
from typing import Any

from seaice_tf import settings as settings_file
from seaice_tf.errors import InputError, one_line, require_known_format
from seaice_tf.runs import folder, manifest
from seaice_tf.task import Task

PLACES = ("data", "shards", "autoencoder")  # settings that say where files lie


def open_manifest(path: Path, task: Task) -> tuple[dict, Any]:
    """What a manifest tells, and the settings that its run was begun with.

    Raises:
        InputError: not a manifest, or of another task, or without settings.
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
            f"{path}: expected a manifest with settings, got one made before they were kept there; "
            f"use --settings {path.with_name(folder.SETTINGS)}"
        )
    return facts, settings_file.from_dict(facts["settings"], task.settings, str(path))


def _is_manifest(facts: Any) -> bool:
    """Whether what is read of it here is there; it may come from anybody."""
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
    """InputError if anything was changed but where the data lie."""
    changed = [
        each.name for each in fields(then) if getattr(then, each.name) != getattr(now, each.name)
    ]
    if others := [name for name in changed if name not in PLACES]:
        raise InputError(
            f"--from-manifest: expected no other settings, got another {', '.join(others)}; "
            "vary a run with --settings"
        )


def check_data(facts: dict, files: Iterable[Path]) -> None:
    """InputError if the files, by name, size and hash, are not those that the run read."""
    then = {(entry["name"], entry["bytes"], entry["sha256"]) for entry in facts["data"]}
    now = {tuple(manifest.file_entry(path).values()) for path in files}
    if then == now:
        return
    gone, new = ({name for name, *_ in each} for each in (then - now, now - then))
    kinds = {"changed": gone & new, "missing": gone - new, "new": new - gone}
    found = [f"{len(names)} {kind} ({min(names)})" for kind, names in kinds.items() if names]
    raise InputError(
        f"{facts['source']}: expected the {len(then)} files of the manifest, got "
        f"{', '.join(found)}; name their folder with --data"
    )


def notes(facts: dict) -> list[str]:
    """What is not as it was, so that the weights may differ."""
    then = {"python": facts.get("python"), "code": facts.get("git_revision"), **facts["packages"]}
    python, code = platform.python_version(), manifest.git_revision()
    now = {"python": python, "code": code, **manifest.versions()}
    names = [name for name in {**then, **now} if then.get(name) != now.get(name)]
    return [one_line(f"{name}: {then.get(name)} then, {now.get(name)} now") for name in names]


def verdict(facts: dict, run: Path) -> str:
    """Whether the run has the weights that the manifest tells of."""
    same = folder.read_json(run / folder.MANIFEST)["weights_sha256"] == facts.get("weights_sha256")
    return f"weights: {'the same, bit for bit' if same else 'not those of the manifest'}"
