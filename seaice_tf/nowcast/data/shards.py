"""Shards of frames: TFRecord files of some hours each, written once and memory-mapped.

Record 0 is JSON: name, times, shape, whether synthetic, side of the tiles, and whether pixels are
unknown, in all frames. The other records are tiles, row by row: <i2 (frames, rows, columns), all
frames of the shard, -1 where unknown. A window is read from a few contiguous pieces, so its cost
does not depend on the size of the data. Successive shards of a sequence are joined when read. The
checksums of TFRecord are not checked; the SHA-256 of the shards in the manifest is, in `find`.
"""

import dataclasses
import json
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from seaice_tf.errors import InputError
from seaice_tf.files import json_text, tfrecords
from seaice_tf.grids.windows import Window, whole
from seaice_tf.nowcast.data import doctor, frames
from seaice_tf.nowcast.data.frames import Frames, Reading
from seaice_tf.nowcast.data.layout import FRAMES_IN, STEP, ahead
from seaice_tf.nowcast.data.times import whole_minutes

SUFFIX = ".tfrecord"
MANIFEST = tfrecords.MANIFEST
MAX_FRAMES = 72  # of a shard: six hours
TILE = 64  # pixels along a side
BAND = 4 * TILE  # rows that are read at a time
UNKNOWN = -1
WAY_OUT = "run seaice-tf prepare nowcast again"


def prepare(
    source: Path, out: Path, executor: Executor | None = None, reading: Reading | None = None
) -> list[Path]:
    """Write the shards of all sequences in bounded memory, then the manifest.

    Frames of the night and frames with values that are not counts are left out.

    Args:
        source: a sequence, or a folder of them.
        out: folder of the shards.
        executor: writes the shards in parallel; None writes them one by one.
        reading: how the sequences are read.

    Returns:
        The files written.

    Raises:
        InputError: damaged files, or too few frames without a gap.
    """
    paths = frames.find(source)
    stems = frames.stems([path.name for path in paths])
    jobs = [job for each in zip(paths, stems) for job in _jobs(*each, reading or Reading())]
    if not jobs:
        raise InputError(
            f"{source}: expected more than {FRAMES_IN} frames without a gap by day, got none; see "
            f"seaice-tf doctor nowcast"
        )
    return tfrecords.write(jobs, {"task": "nowcast"}, out, MANIFEST, executor)


def _jobs(path: Path, stem: str, reading: Reading) -> Iterator[tfrecords.Job]:
    sequence = frames.read(path, reading)
    files = tuple(frames.frame_files(path)) or (path,)
    for span in spans(sequence.time, doctor.checked(sequence).usable, sequence.step):
        name = f"{stem}_{span.start:06d}_{span.number:03d}{SUFFIX}"
        yield tfrecords.Job(name, files, partial(_records_of_file, path, reading, span))


def _records_of_file(path: Path, reading: Reading, span: "Span") -> Iterator[bytes]:
    return records(frames.read(path, reading), span)


@dataclass(frozen=True)
class Span:
    """The frames of a shard."""

    start: int
    number: int


def spans(
    time: np.ndarray, usable: np.ndarray | None = None, step: np.timedelta64 = STEP
) -> list[Span]:
    """Split a sequence into shards of usable frames without a gap.

    Runs of frames that are too short for a window are left out.
    """
    number, found, start = ahead(time, usable, step), [], 0
    while start < len(time):
        run = int(number[start])
        if run > FRAMES_IN:
            found += [
                Span(first, min(MAX_FRAMES, start + run - first))
                for first in range(start, start + run, MAX_FRAMES)
            ]
        start += max(run, 1)
    return found


def records(sequence: Frames, span: Span) -> Iterator[bytes]:
    """Records of a shard; a band of 256 rows is in memory at a time."""
    height, width = sequence.shape
    times = sequence.time[span.start : span.start + span.number]
    header = {
        "name": sequence.name,
        "synthetic": sequence.synthetic,
        "minutes": whole_minutes(sequence.step),
        "times": [str(time) for time in times],
        "shape": [height, width],
        "tile": TILE,
        "unknown": not np.isfinite(sequence.read(span.start, 1, whole(sequence.shape))).all(),
    }
    yield json.dumps(header).encode()
    for top in range(0, height, BAND):
        window = Window(top, 0, min(BAND, height - top), width)
        values = sequence.read(span.start, span.number, window)
        band = np.rint(np.nan_to_num(values, copy=False, nan=UNKNOWN)).astype("<i2")
        for row in range(0, window.height, TILE):
            for column in range(0, width, TILE):
                yield band[:, row : row + TILE, column : column + TILE].tobytes()


def find(folder: Path) -> list[Path]:
    """The shards of a complete folder, with checksums as in its manifest."""
    content = tfrecords.read_manifest(folder, WAY_OUT)
    if content.get("task") != "nowcast":
        raise InputError(
            f"{folder}: expected shards of nowcast, got those of {content.get('task')}; {WAY_OUT}"
        )
    return tfrecords.verify(folder, content, WAY_OUT)


def read(paths: Sequence[Path]) -> list[Frames]:
    """Sequences of shards, memory-mapped; shards of one name are joined in order of time."""
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
        first = shards[0]
        result.append(dataclasses.replace(first, time=time, blocks=blocks))
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
        row: list[Any]
        for top in range(0, height, side):
            row = []
            for left in range(0, width, side):
                shape = (len(time), min(side, height - top), min(side, width - left))
                first, last = next(pieces)
                row.append(np.ndarray(shape, "<i2", content[first:last]))
            block.append(row)
        off = None
        if header.get("unknown"):
            off = np.block([[tile[0] == UNKNOWN for tile in row] for row in block])
            block = [[_Signed(tile) for tile in row] for row in block]
        step = np.timedelta64(int(header.get("minutes", 5)), "m")
        return Frames(
            header["name"],
            time,
            (block,),
            off=off,
            synthetic=header["synthetic"],
            step=step,
        )
    except (ValueError, KeyError, TypeError, OverflowError, StopIteration) as error:
        raise InputError(f"{path}: expected a shard, got {error!r}; {WAY_OUT}") from error


class _Signed:
    """A tile as float32 with NaN where it is unknown."""

    def __init__(self, tile: np.ndarray):
        self.tile, self.shape, self.dtype = tile, tile.shape, np.dtype(np.float32)

    def __getitem__(self, key) -> np.ndarray:
        values = self.tile[key]
        return np.where(values == UNKNOWN, np.float32(np.nan), values)
