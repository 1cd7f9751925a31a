"""The manifest of a run: versions, data, code, time and memory; and its model card."""

import hashlib
import importlib.metadata
import os
import platform
import resource
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from seaice_tf import settings as settings_file
from seaice_tf.runs import folder, inputs
from seaice_tf.runs.checkpoint import State
from seaice_tf.task import Case, Splits, Task

PACKAGES = (
    *("seaice_tf", "tensorflow", "keras", "tf_keras", "tensorflow-addons", "numpy"),
    *("netCDF4", "scikit-image", "keras-tuner", "scikit-learn", "pyproj"),
)


MODEL_CARD = """# {task}: {run}

Trained by seaice_tf on: **{source}**.

| | {primary} ({direction} is better) |
|---|---|
{rows}

Scored on {n} cases of {scored}. Skill against {best_baseline}: {skill:+.1%}.{warning}

## Inputs and outputs

{signature}

{interface}

Load it without this package: `model = tensorflow.saved_model.load("saved_model")`, then
`model.serve(...)`. A SavedModel is a program: load only one whose origin you trust. seaice_tf loads
this one only if its SHA-256 is that of `manifest.json`, or with `--trust`.

## Training

Weights of epoch {kept_epoch} of {epochs}; seed {seed}; {seconds:.0f} s of training and a peak of
{peak_memory_mib} MiB on {machine}; code {git_revision}. Files, hashes and package versions are in
`manifest.json`. Settings:

```json
{settings_json}```
"""


def model_card(task: Task, settings: Any, facts: dict[str, Any], scores: dict[str, Any]) -> str:
    """The model card in Markdown: scores beside the baselines, interface and origin.

    Args:
        task: the system.
        settings: of the run.
        facts: its manifest.
        scores: the result of `evaluate`.
    """
    primary = task.verification.primary
    entries = {"**this model**": scores["scores"], **scores["baselines"]}
    sign = 1 if task.verification.lower_is_better else -1
    ranked = sorted(entries.items(), key=lambda entry: sign * entry[1][primary])
    warning = "" if scores["skill"] > 0 else " **It does not beat its best baseline.**"
    values = facts | {key: scores[key] for key in ("run", "n", "best_baseline", "skill")}
    values["interface"] = interface_table(facts.get("interface", ()), task.products.units)
    return MODEL_CARD.format(
        **values,
        primary=primary,
        direction="lower" if task.verification.lower_is_better else "higher",
        rows="\n".join(f"| {name} | {scored[primary]:.3f} |" for name, scored in ranked),
        scored=scores["data"],
        warning=warning,
        signature=task.products.signature,
        settings_json=settings_file.to_json(settings),
    )


def interface_table(rows: Sequence[Mapping[str, Any]], units: Mapping[str, str]) -> str:
    """A Markdown table of the SavedModel's inputs and outputs with their units."""
    lines = ["| endpoint | | name | dtype | shape | unit |", "|---|---|---|---|---|---|"]
    for row in rows:
        shape = ", ".join("any" if side is None else str(side) for side in row["shape"])
        lines.append(
            f"| {row['endpoint']} | {row['direction']} | `{row['name']}` | {row['dtype']} "
            f"| ({shape}) | {units.get(row['name'], '')} |"
        )
    return "\n".join(lines)


def manifest(task: Task, settings: Any, splits: Splits, state: State, path: Path) -> dict:
    """The manifest of the run in the folder `path`, serialisable as JSON."""
    epochs = len(state.history)
    return {
        "format": folder.FORMAT,
        "task": task.name,
        "source": splits.source,
        "settings": folder.read_json(path / folder.BEGUN),
        "seed": settings.training.seed,
        "input_shape": input_shape(splits.preview()),
        "inputs": inputs.describe(task, settings, splits.validation),
        "kept_epoch": epochs if settings.training.keep == "last" else state.best() + 1,
        "epochs": epochs,
        "seconds": round(state.seconds, 1),
        "peak_memory_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "machine": f"{platform.machine()}, {platform.system()}, {os.cpu_count()} cores",
        "python": platform.python_version(),
        "packages": versions(),
        "git_revision": git_revision(),
        "weights_sha256": sha256([path / folder.WEIGHTS]),
        "saved_model_sha256": tree_sha256(path / folder.SAVED_MODEL),
        "data": [file_entry(file) for file in splits.files],
    }


def input_shape(case: Case) -> list[int | None]:
    """Shape of the first input of a SavedModel without the batch axis, None for its free axes."""
    shape = np.shape(case.inputs[0] if isinstance(case.inputs, tuple) else case.inputs)
    return [None if axis in case.free_axes else size for axis, size in enumerate(shape)]


def same_shape(one: Sequence[int | None] | None, other: Sequence[int | None] | None) -> bool:
    """Whether two input shapes agree, but for free axes; one that is not known does.

    >>> same_shape([None, 448, 304], [120, 448, 304]), same_shape([120, 448], [60, 448])
    (True, False)
    """
    if not one or not other:
        return True
    pairs = zip(one, other)
    return len(one) == len(other) and all(a == b or None in (a, b) for a, b in pairs)


def versions() -> dict[str, str]:
    """Installed versions of PACKAGES."""
    found = {}
    for name in PACKAGES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def git_revision() -> str | None:
    """The commit of the code, with "+changes" for uncommitted ones; None outside of a checkout."""
    here = Path(__file__).parent
    try:
        commit = _git(here, "rev-parse", "HEAD")
        return commit + ("+changes" if _git(here, "status", "--porcelain") else "")
    except (OSError, subprocess.CalledProcessError):
        return None


def _git(here: Path, *words: str) -> str:
    command = ["git", "-C", str(here), *words]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def file_entry(path: Path) -> dict:
    """Name, size and hash of a file."""
    return {"name": path.name, "bytes": path.stat().st_size, "sha256": sha256([path])}


def tree_sha256(root: Path) -> str:
    """One SHA-256 over the contents of all files below a folder, sorted by name."""
    return sha256(sorted(path for path in root.rglob("*") if path.is_file()))


def sha256(paths: Iterable[Path]) -> str:
    """One SHA-256 over the contents of files."""
    digest = hashlib.sha256()
    for path in paths:
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()
