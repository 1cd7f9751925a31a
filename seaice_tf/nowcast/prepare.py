"""Sequences to shards, once, in bounded memory; frames that are no counts by day are left out."""

from collections.abc import Iterator
from concurrent.futures import Executor
from functools import partial
from pathlib import Path

from seaice_tf.errors import InputError
from seaice_tf.files import tfrecords
from seaice_tf.nowcast import examples
from seaice_tf.nowcast.data import doctor as frame_doctor
from seaice_tf.nowcast.data import frames
from seaice_tf.nowcast.data import shards as frame_shards
from seaice_tf.nowcast.data.layout import FRAMES_IN
from seaice_tf.nowcast.settings import Settings


def prepare(settings: Settings, out: Path, executor: Executor | None = None) -> list[Path]:
    """Write the shards of all sequences into `out`, and the manifest when all are there.

    Raises:
        InputError: damaged files, or no run of frames that is long enough.
    """
    jobs = [job for path in frames.find(examples.folder(settings)) for job in _jobs(path)]
    if not jobs:
        raise InputError(
            f"{examples.folder(settings)}: expected more than {FRAMES_IN} frames "
            f"without a gap by day, got none; see seaice-tf doctor nowcast"
        )
    return tfrecords.write(jobs, {"task": "nowcast"}, out, frame_shards.MANIFEST, executor)


def _jobs(path: Path) -> Iterator[tfrecords.Job]:
    sequence = frames.read(path)
    for span in frame_shards.spans(sequence.time, frame_doctor.usable(sequence)):
        name = f"{path.stem}_{span.start:06d}_{span.number:03d}{frame_shards.SUFFIX}"
        yield tfrecords.Job(name, (path,), partial(_records, path, span))


def _records(path: Path, span: frame_shards.Span) -> Iterator[bytes]:
    return frame_shards.records(frames.read(path), span)
