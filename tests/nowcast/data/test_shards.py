import json
import struct

import numpy as np
import pytest

from seaice_tf.errors import InputError
from seaice_tf.grids.windows import Window
from seaice_tf.nowcast.data import shards, synthetic
from seaice_tf.nowcast.data.frames import Frames
from seaice_tf.nowcast.data.shards import Span

SHAPE = (150, 200)


def sequence(number=100, seed=0):
    data = np.random.default_rng(seed).integers(0, 1024, (number, *SHAPE)).astype(np.int16)
    return data, Frames("a.npz", synthetic.times(number), (((data,),),))


def write(path, frames, span):
    with path.open("wb") as file:
        for record in shards.records(frames, span):
            file.write(struct.pack("<QI", len(record), 0) + record + bytes(4))
    return path


def test_shards_of_a_sequence_are_joined(tmp_path):
    data, frames = sequence()
    spans = shards.spans(frames.time)
    assert spans == [Span(0, 72), Span(72, 28)]
    paths = [write(tmp_path / f"{i}.tfrecord", frames, s) for i, s in enumerate(spans)]
    (found,) = shards.read(paths[::-1])
    assert (found.name, found.shape) == ("a.npz", SHAPE)
    np.testing.assert_array_equal(found.time, frames.time)
    for start, number, window in (
        (0, 100, Window(0, 0, *SHAPE)),
        (60, 36, Window(22, 72, 128, 128)),
        (71, 1, Window(64, 128, 64, 64)),
        (99, 1, Window(149, 199, 1, 1)),
    ):
        expected = data[start : start + number][:, *window.slices]
        np.testing.assert_array_equal(found.read(start, number, window), expected)


def test_bad_frames_and_gaps_end_a_shard():
    time = synthetic.times(200)[[*range(40), *range(45, 150), *range(160, 172)]]
    usable = np.ones(time.size, bool)
    usable[20] = False
    spans = shards.spans(time, usable)
    # The last run has no frame to forecast.
    assert spans == [Span(0, 20), Span(21, 19), Span(40, 72), Span(112, 33)]


def test_sequences_are_kept_apart_and_damage_is_reported(tmp_path):
    _, one = sequence(13)
    other = Frames("b.npz", one.time, sequence(13, 1)[1].blocks)
    paths = [
        write(tmp_path / f"{frames.name}.tfrecord", frames, Span(0, 13)) for frames in (one, other)
    ]
    assert [frames.name for frames in shards.read(paths)] == ["a.npz", "b.npz"]
    paths[0].write_bytes(paths[0].read_bytes()[:-1000])
    with pytest.raises(InputError, match="expected a shard"):
        shards.read(paths)
    paths[1].write_bytes(paths[1].read_bytes().replace(b'"b.npz"', b'["b.n"]'))
    with pytest.raises(InputError, match=r"name \['b\.n'\]"):
        shards.read(paths[1:])


def test_an_incomplete_folder_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"with manifest\.json, got none"):
        shards.find(tmp_path)
    manifest = tmp_path / "manifest.json"
    manifest.write_text(json.dumps({"task": "icechart", "shards": {}}))
    with pytest.raises(InputError, match="got those of icechart"):
        shards.find(tmp_path)
