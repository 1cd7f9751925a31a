"""Synthetic data sets, written at first use and cached."""

import hashlib
import inspect
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import seaice_tf

SYNTHETIC_TITLE = "SYNTHETIC ICE, NOT OBSERVED"  # in the headers of synthetic sea-ice files


def cache_folder() -> Path:
    """Folder for files that can be computed again."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "seaice_tf"


def cached(name: str, write: Callable[..., Any], *arguments: Any) -> Path:
    """A folder written by `write(folder, *arguments)`, now or in an earlier call.

    It is written again if a module in the folder of `write`, or in `grids`, has changed.
    """
    digest = hashlib.sha256(repr(arguments).encode())
    for folder in (Path(inspect.getfile(write)).parent, Path(seaice_tf.__file__).parent / "grids"):
        for module in sorted(folder.glob("*.py")):
            digest.update(module.name.encode() + module.read_bytes())
    folder = cache_folder() / f"synthetic_{name}_{digest.hexdigest()[:12]}"
    if not folder.exists():
        write(folder, *arguments)
    return folder
