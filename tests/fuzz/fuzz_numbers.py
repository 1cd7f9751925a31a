"""Readers of frames, weights and settings: a sound file for each, and what may be read of it."""

import json
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np

from seaice_tf import settings
from seaice_tf.files import npz
from seaice_tf.grids.windows import whole
from seaice_tf.networks import torch_weights
from seaice_tf.nowcast.data import climatehack, frames
from seaice_tf.nowcast.data import doctor as frame_doctor
from seaice_tf.nowcast.data import layout as nowcast
from seaice_tf.nowcast.data import shards as frame_shards
from seaice_tf.nowcast.data import synthetic as synthetic_frames
from seaice_tf.nowcast.data.frames import Frames
from tests.fuzz.fuzz_expect import Reader, framed, hold, hold_shards, manifest, words
from tests.networks import test_torch_weights


def _frames(folder: Path) -> Path:
    path, time = folder / "a.npz", synthetic_frames.times(14)
    data = np.random.default_rng(0).integers(0, 1024, (14, 30, 40)).astype(np.int16)
    osgb = synthetic_frames.osgb_grid((30, 40))
    np.savez_compressed(path, data=data, time=time.astype(str), osgb=osgb, title=np.array("t"))
    return path


def _read_frames(path: Path) -> None:
    _each_frame(frames.read(path))
    found = frame_doctor.sequence(path)
    assert all(map(words, found.problems))


def _each_frame(held: Frames) -> None:
    values = held.read(0, len(held), whole(held.shape))
    assert values.shape == (len(held), *held.shape)
    assert values.dtype.kind in "if", values.dtype
    assert held.time.dtype == "datetime64[s]"
    assert held.osgb is None or held.osgb.dtype.kind in "iuf"
    assert isinstance(held.name, str)
    hold(frame_doctor.checked(held).usable, (len(held),), "bool")


def _windows(folder: Path, which: str) -> Path:
    frame = np.random.default_rng(0).integers(0, 1024, (24, 128, 128)).astype(np.uint16)
    given, came = frame[:12], frame[:, nowcast.CENTRE, nowcast.CENTRE]
    osgb = synthetic_frames.osgb_grid((128, 128))[None]
    if which == "features":
        return climatehack.write(folder / "features.npz", 1, [given], osgb=osgb)
    return climatehack.write(folder / "targets.npz", 1, [came])


def _read_windows(path: Path) -> None:
    given = path.name == climatehack.FEATURES
    windows = climatehack.features(path) if given else climatehack.targets(path)
    shape = (12, 128, 128) if given else (None, 64, 64)
    for index in range(min(len(windows), 3)):
        values = windows.read(index)
        hold(values, shape, values.dtype.str, nowcast.HIGHEST)
        assert values.dtype.kind in "iuf"
    assert windows.osgb is None or windows.osgb.dtype.kind in "iuf"


def _frame_shard(folder: Path) -> Path:
    data = np.random.default_rng(0).integers(0, 1024, (14, 70, 90)).astype(np.int16)
    held = Frames("a.npz", synthetic_frames.times(14), (((data,),),))
    return framed(folder / "a.tfrecord", frame_shards.records(held, frame_shards.Span(0, 14)))


def _read_frame_shard(path: Path) -> None:
    for held in frame_shards.read([path]):
        _each_frame(held)


def _read_npz(path: Path) -> None:
    for key in npz.keys(path):
        array = npz.mapped(path, key)
        assert not array.dtype.hasobject
        array.copy()


def _torch(folder: Path) -> Path:
    path = folder / "w.pth"
    return test_torch_weights.write_zip(
        path, test_torch_weights.pickled(test_torch_weights.state())
    )


def _read_torch(path: Path) -> None:
    for name, array in torch_weights.read(path).items():
        assert isinstance(name, str)
        assert array.dtype.kind in "fiub", array.dtype
        assert array.nbytes <= 100 * path.stat().st_size


def _weights(folder: Path) -> Path:
    path = folder / "weights.npz"
    np.savez(path, **{"conv/kernel": np.ones((3, 3, 2, 4), "f4"), "conv/bias": np.zeros(4, "f4")})
    return path


def _read_weights(path: Path) -> None:
    for name, array in npz.read(path).items():
        assert isinstance(name, str)
        hold(array, array.shape, array.dtype.str)


@dataclass(frozen=True)
class Settings:
    """Every type that settings have."""

    training: settings.Training = field(default_factory=settings.Training)
    filters: tuple[int, ...] = (2, 3)
    channels: tuple[str, ...] = ("a", "b")
    share: float = 0.5
    flip: bool = True
    years: int | None = 2


def _settings(folder: Path) -> Path:
    (folder / "settings.json").write_text(settings.to_json(Settings()))
    return folder / "settings.json"


def _read_settings(path: Path) -> None:
    found = settings.read(path, Settings)
    again = settings.from_dict(json.loads(settings.to_json(found)), Settings, "again")
    assert repr(again) == repr(found)  # a NaN is not itself


READERS = {
    "frames": Reader("zip", _frames, _read_frames),
    "contest_features": Reader("zip", partial(_windows, which="features"), _read_windows),
    "contest_targets": Reader("zip", partial(_windows, which="targets"), _read_windows),
    "frame_shard": Reader("tfrecord", _frame_shard, _read_frame_shard),
    "frame_manifest": Reader(
        "json",
        partial(manifest, task="nowcast"),
        lambda path: hold_shards(frame_shards.find(path.parent), path.parent),
    ),
    "npz": Reader("zip", _frames, _read_npz),
    "torch_zip": Reader("zip", _torch, _read_torch),
    "torch_legacy": Reader(
        "", lambda folder: test_torch_weights.write_legacy(folder / "w.pth"), _read_torch
    ),
    "settings": Reader("json", _settings, _read_settings),
    "weights": Reader("zip", _weights, _read_weights),
}
