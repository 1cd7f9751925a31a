"""Where the records of a TFRecord file lie, for files that are mapped instead of read.

A record is a length, a check of it, the data, and a check of them; the checks are not looked at.
"""

from pathlib import Path

import numpy as np

LENGTH, CHECK = 8, 4  # bytes


def mapped(path: Path) -> np.ndarray:
    """A file as bytes, mapped: (n,) uint8."""
    return np.memmap(path, np.uint8, "r") if path.stat().st_size else np.empty(0, np.uint8)


def records(content: np.ndarray) -> list[tuple[int, int]]:
    """First byte and end of the data of each record; ValueError if the file ends within one."""
    found, at = [], 0
    while at < content.size:
        if at + LENGTH > content.size:
            raise ValueError("an end in the middle of a record")
        start = at + LENGTH + CHECK
        end = start + int(content[at : at + LENGTH].view("<u8")[0])
        at = end + CHECK
        if at > content.size:
            raise ValueError("an end in the middle of a record")
        found.append((start, end))
    if not found:
        raise ValueError("an empty file")
    return found
