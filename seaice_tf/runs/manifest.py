"""What made a run: versions, data, code, time and memory."""

import hashlib
import importlib.metadata
import os
import platform
import resource
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from seaice_tf.runs import folder
from seaice_tf.runs.checkpoint import State
from seaice_tf.task import Splits, Task

PACKAGES = (
    *("seaice_tf", "tensorflow", "keras", "tf_keras", "tensorflow-addons", "numpy"),
    *("netCDF4", "scikit-image", "keras-tuner", "scikit-learn", "pyproj"),
)


def manifest(task: Task, settings: Any, splits: Splits, state: State, path: Path) -> dict:
    """The manifest of the run in folder `path`, ready for JSON."""
    epochs = len(state.history)
    return {
        "format": folder.FORMAT,
        "task": task.name,
        "source": splits.source,
        "settings": folder.read_json(path / folder.BEGUN),
        "seed": settings.training.seed,
        "input_shape": input_shape(splits.preview().inputs),
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


def input_shape(inputs: Any) -> list[int]:
    """The shape of what a SavedModel takes, of several that of the first."""
    return list(np.shape(inputs[0] if isinstance(inputs, tuple) else inputs))


def versions() -> dict[str, str]:
    """Installed versions of the packages that matter."""
    found = {}
    for name in PACKAGES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def git_revision() -> str | None:
    """The commit of the code, with "+changes" if there are any; None outside a checkout."""
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
    return {"name": path.name, "bytes": path.stat().st_size, "sha256": sha256([path])}


def tree_sha256(root: Path) -> str:
    """One hash over the contents of all files below a folder, in the order of their names."""
    return sha256(sorted(path for path in root.rglob("*") if path.is_file()))


def sha256(paths: Iterable[Path]) -> str:
    digest = hashlib.sha256()
    for path in paths:
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()
