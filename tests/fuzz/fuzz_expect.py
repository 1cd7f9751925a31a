"""What a reader may answer to a damaged file: a refusal in one line, or what it documents."""

import hashlib
import json
import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from seaice_tf.errors import InputError
from seaice_tf.grids.windows import Window


@dataclass(frozen=True)
class Reader:
    """What is asked of a reader.

    Attributes:
        kind: of the structure of its files, see `fuzz_mutate`.
        write: makes what is needed in an empty folder; the path of the file to be damaged.
        read: reads that file in every way that there is.
    """

    kind: str
    write: Callable[[Path], Path]
    read: Callable[[Path], Any]


def hold(array: np.ndarray, shape: tuple, kind: str, highest: float | None = None) -> None:
    """Fail if an array is not of a shape (None for any length), a type and a range from 0."""
    assert isinstance(array, np.ndarray), type(array)
    fits = len(shape) == array.ndim and all(n in (None, m) for n, m in zip(shape, array.shape))
    assert fits, f"{array.shape} instead of {shape}"
    assert array.dtype == kind, f"{array.dtype} instead of {kind}"
    if highest is not None and array.size:
        assert 0 <= array.min() <= array.max() <= highest, f"{array.min()} to {array.max()}"
    array.copy()  # a map that leaves its file is felt here


def window_shape(window: Window) -> tuple[int, int]:
    return window.height, window.width


def refuse(troubles: list[str]) -> None:
    assert all(map(words, troubles)), troubles
    if troubles:
        raise InputError(troubles[0])


def manifest(folder: Path, **facts) -> Path:
    """A folder of one shard; its manifest."""
    (folder / "a.tfrecord").write_bytes(b"shard")
    shards = {"a.tfrecord": {"sources": [], "sha256": hashlib.sha256(b"shard").hexdigest()}}
    path = folder / "manifest.json"
    path.write_text(json.dumps({**facts, "shards": shards}))
    return path


def hold_shards(found: list[Path], folder: Path) -> None:
    """Fail if anything but shards of a folder was found."""
    assert set(found) <= {folder / "a.tfrecord"}, found


def framed(path: Path, records) -> Path:
    """Records as a TFRecord file without checks."""
    path.write_bytes(b"".join(struct.pack("<Q4x", len(r)) + r + bytes(4) for r in records))
    return path


def clear(text: str) -> bool:
    """Whether a message can be shown as one line."""
    return 10 < len(text) < 2000 and text.isprintable()


def words(text: str) -> bool:
    """Whether a trouble can be shown; the command line makes one line of it."""
    return isinstance(text, str) and len(text) > 10
