"""Frames as `prepare` leaves them: TFRecord files of an hour or more each, mapped instead of read.

Record 0 is JSON: name, times, shape, whether made up, and the tile's side. A record for each tile
follows, row by row: <i2 (frames, rows, columns), all frames of the file at a place. A window is a
few pieces that each lie together, so what it costs does not grow with the set. Consecutive files of
a sequence become one again. TFRecord's own checks are not looked at: the shards' SHA-256 in
the manifest is, when they are found.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from seaice_tf.errors import InputError
from seaice_tf.files import json_text, tfrecords
from seaice_tf.grids.windows import Window
from seaice_tf.nowcast.data import layout as nowcast
from seaice_tf.nowcast.data.pixels import Block, Frames

SUFFIX = ".tfrecord"
MANIFEST = tfrecords.MANIFEST
FRAMES = 72  # of a shard at most: six hours
TILE = 64  # pixels along a side
BAND = 4 * TILE  # rows that are read at once
WAY_OUT = "run seaice-tf prepare nowcast again"


@dataclass(frozen=True)
class Span:
    """The frames of a shard."""

    start: int
    number: int


def spans(time: np.ndarray, usable: np.ndarray | None = None) -> list[Span]:
    """The shards of a sequence: its usable frames in pieces that no gap interrupts.

    Runs that are too short for a window are left out.
    """
    ahead, found, start = nowcast.ahead(time, usable), [], 0
    while start < len(time):
        run = int(ahead[start])
        if run > nowcast.FRAMES_IN:
            found += [
                Span(first, min(FRAMES, start + run - first))
                for first in range(start, start + run, FRAMES)
            ]
        start += max(run, 1)
    return found


def records(frames: Frames, span: Span) -> Iterator[bytes]:
    """The records of a shard; memory holds a band of 256 rows."""
    height, width = frames.shape
    times = frames.time[span.start : span.start + span.number]
    header = {
        "name": frames.name,
        "synthetic": frames.synthetic,
        "times": [str(time) for time in times],
        "shape": [height, width],
        "tile": TILE,
    }
    yield json.dumps(header).encode()
    for top in range(0, height, BAND):
        window = Window(top, 0, min(BAND, height - top), width)
        band = np.rint(frames.read(span.start, span.number, window)).astype("<i2")
        for row in range(0, window.height, TILE):
            for column in range(0, width, TILE):
                yield band[:, row : row + TILE, column : column + TILE].tobytes()


def find(folder: Path) -> list[Path]:
    """The shards of a folder that is complete."""
    content = tfrecords.read_manifest(folder, WAY_OUT)
    if content.get("task") != "nowcast":
        raise InputError(
            f"{folder}: expected shards of nowcast, got those of {content.get('task')}; {WAY_OUT}"
        )
    return tfrecords.verify(folder, content, WAY_OUT)


def read(paths: Sequence[Path]) -> list[Frames]:
    """The sequences of some shards, mapped; one for each name, in the order of their times."""
    named: dict[str, list[Frames]] = {}
    for shard in map(_read, paths):
        named.setdefault(shard.name, []).append(shard)
    result = []
    for name, shards in named.items():
        shards.sort(key=lambda shard: shard.time[0])
        if len({shard.shape for shard in shards}) > 1:
            raise InputError(f"{name}: expected shards of one shape, got several; {WAY_OUT}")
        time = np.concatenate([shard.time for shard in shards])
        blocks = tuple(block for shard in shards for block in shard.blocks)
        result.append(Frames(name, time, blocks, synthetic=shards[0].synthetic))
    return result


def _read(path: Path) -> Frames:
    content = tfrecords.map_file(path)
    try:
        (start, end), *rest = tfrecords.record_bounds(content)
        header = json_text.parse(content[start:end].tobytes())
        if not isinstance(header["name"], str) or not isinstance(header["synthetic"], bool):
            raise ValueError(f"name {header['name']!r}, synthetic {header['synthetic']!r}")
        time = np.array(header["times"], "datetime64[s]")
        (height, width), side = header["shape"], header["tile"]
        if np.isnat(time).any() or min(len(time), height, width, side) < 1:
            raise ValueError(f"{len(time)} times and {height} x {width} pixels")
        pieces, block = iter(rest), []
        for top in range(0, height, side):
            row = []
            for left in range(0, width, side):
                shape = (len(time), min(side, height - top), min(side, width - left))
                first, last = next(pieces)
                row.append(np.ndarray(shape, "<i2", content[first:last]))
            block.append(row)
        whole: Block = block
        return Frames(header["name"], time, (whole,), synthetic=header["synthetic"])
    except (ValueError, KeyError, TypeError, OverflowError, StopIteration) as error:
        raise InputError(f"{path}: expected a shard, got {error!r}; {WAY_OUT}") from error
