"""Synthetic data sets, made when they are first asked for and kept."""

import hashlib
import inspect
import os
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any


def cache_folder() -> Path:
    """Where what can be made again is kept."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "seaice_tf"


def cached(name: str, maker: ModuleType, write: Callable[..., Any], *arguments: Any) -> Path:
    """The folder that `write(folder, *arguments)` made; made again when `maker`'s text changes."""
    made_by = inspect.getsource(maker) + repr(arguments)
    key = hashlib.sha256(made_by.encode()).hexdigest()[:12]
    folder = cache_folder() / f"synthetic_{name}_{key}"
    if not folder.exists():
        write(folder, *arguments)
    return folder
