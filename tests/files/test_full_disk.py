"""A full disk at each kind of write: one clear line, the old file stays, nothing else is left."""

import json
import shutil
import subprocess

import numpy as np
import pytest
import tensorflow as tf
from matplotlib.figure import Figure
from tensorflow import keras

from seaice_tf.cli import main as cli
from seaice_tf.clouds.products import submission
from seaice_tf.errors import DiskError, InputError
from seaice_tf.files import atomic, maps, tfrecords
from seaice_tf.forecast.products import dacon_csv
from seaice_tf.forecast.products import netcdf as forecast_netcdf
from seaice_tf.geopose.data.pose import Pose
from seaice_tf.geopose.products import submission as geopose_submission
from seaice_tf.grids.polar import NORTH
from seaice_tf.icechart.products import netcdf as icechart_netcdf
from seaice_tf.icechart.products import upload as icechart_upload
from seaice_tf.networks import weights
from seaice_tf.nowcast.data import climatehack
from seaice_tf.nowcast.products import netcdf as nowcast_netcdf
from seaice_tf.report import page
from seaice_tf.report.page import Page
from seaice_tf.runs import checkpoint, folder

MONTHS = np.array(["2013-01"], "datetime64[M]")
FRAMES = np.ones((1, 24, 64, 64), np.float32)
CHART = np.zeros((8, 8), np.uint8)
BAND = {
    "valid": np.ones((8, 8), bool),
    "concentration": np.ones((8, 8)),
    "uncertainty": np.ones((8, 8, 3)),
} | {name: CHART for name in ("SIC", "SOD", "FLOE")}


def tiny_network():
    model = keras.Sequential([keras.Input((9,)), keras.layers.Dense(9, name="dense")])
    model.compile("adam", "mse", jit_compile=False)
    return model


def tiny_weights(path):
    with atomic.file(path) as temporary:
        weights.save(temporary, tiny_network())


def forecast(path):
    land = np.zeros(NORTH.shape, bool)
    fields = {"concentration": np.zeros((1, *NORTH.shape), np.float32)}
    forecast_netcdf.write(path, MONTHS, fields, land, "a test")


def chart(path):
    classes_of = {"SIC_probabilities": 11, "SOD_probabilities": 6, "FLOE_probabilities": 7}
    rows = BAND | {name: np.ones((8, 8, classes)) for name, classes in classes_of.items()}
    icechart_netcdf.write(path, "a test", "a test", (8, 8), [(0, rows)])


def archive(path):
    member = path.with_name("member.bin")
    geopose_submission.write_archive(path, [member])


def shard(path):
    job = tfrecords.Job(path.name, (), lambda: iter([bytes(1000)]))
    tfrecords.write([job], {}, path.parent, "manifest.json")


WRITES = {
    "weights.npz": tiny_weights,
    "checkpoint.npz": lambda path: checkpoint.save(path, tiny_network(), checkpoint.State()),
    "scores.json": lambda path: folder.write_json(path, list(range(99))),
    "forecast.nc": forecast,
    "chart.nc": chart,
    "upload.nc": lambda path: icechart_upload.write(
        path, [("20180124T194759_dmi_prep.nc", {n: CHART for n in ("SIC", "SOD", "FLOE")})]
    ),
    "nowcast.nc": lambda path: nowcast_netcdf.write(
        path, 1, FRAMES, "a test", step=np.timedelta64(5, "m")
    ),
    "map.png": lambda path: maps.write(path, Figure()),
    "year.gif": lambda path: maps.write_gif(path, [np.zeros((9, 9, 3), np.uint8)] * 2, 0.1),
    "contest.csv": lambda path: dacon_csv.write(path, MONTHS, np.zeros((1, 9, 9))),
    "submission.csv": lambda path: submission.write(path, {"a.jpg": ["1 2"] * 4}),
    "predictions.npz": lambda path: climatehack.write(path, 1, FRAMES),
    "heights.tif": lambda path: geopose_submission.write_agl(path, np.zeros((9, 9), np.float32)),
    "pose.json": lambda path: geopose_submission.write_pose(path, Pose(0.123456789, 0.123456789)),
    "submission.tar.gz": archive,
    "a.tfrecord": shard,
    "page.html": lambda path: page.write(path, Page("title", "subtitle", [])),
}


@pytest.mark.parametrize("name", WRITES)
def test_the_old_file_stays_and_the_error_says_why(name, tmp_path, full_disk):
    path = tmp_path / name
    path.write_text("old")
    (tmp_path / "member.bin").write_bytes(np.random.default_rng(0).bytes(999))
    before = {each.name for each in tmp_path.iterdir()}
    with full_disk(), pytest.raises(InputError, match="File too large; free some space") as raised:
        WRITES[name](path)
    assert str(path) in str(raised.value)
    assert "\n" not in str(raised.value)
    assert path.read_text() == "old"
    assert {each.name for each in tmp_path.iterdir()} == before


def test_the_old_saved_model_stays(tmp_path, full_disk):
    path = tmp_path / "saved_model"
    path.mkdir()
    (path / "old").write_text("old")
    module = tf.Module()
    module.values = tf.Variable(np.ones(1000))
    with (
        full_disk(),
        pytest.raises(InputError, match="free some space"),
        atomic.folder(path) as temporary,
    ):
        tf.saved_model.save(module, str(temporary))
    assert [str(each.relative_to(tmp_path)) for each in sorted(tmp_path.rglob("*"))] == [
        "saved_model",
        "saved_model/old",
    ]


def test_an_error_of_another_kind_is_not_taken_for_a_full_disk(tmp_path):
    with pytest.raises(RuntimeError, match="of ours"), atomic.file(tmp_path / "a"):
        raise RuntimeError("of ours")
    assert not list(tmp_path.iterdir())


def test_a_file_after_the_disk_was_full_is_whole(tmp_path, full_disk):
    path = tmp_path / "a.json"
    with full_disk(), pytest.raises(InputError):
        folder.write_json(path, list(range(99)))
    folder.write_json(path, list(range(99)))
    assert json.loads(path.read_text()) == list(range(99))


def test_what_tensorboard_could_not_write_is_told_at_the_end_of_an_epoch(tmp_path, full_disk):
    with full_disk(), pytest.raises(DiskError, match="free some space"):
        atomic.require_room(tmp_path)
    atomic.require_room(tmp_path)
    assert not list(tmp_path.iterdir())


@pytest.fixture
def tiny_disk(tmp_path):
    """A disk of 64 KiB; tests that need it skip where none can be mounted."""
    words = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(tmp_path)]
    if not shutil.which("mount") or subprocess.run(words, capture_output=True).returncode:
        pytest.skip("a disk of its own can be mounted by root only")
    yield tmp_path
    subprocess.run(["umount", str(tmp_path)], check=True)


def test_a_disk_that_is_truly_full(tiny_disk, capsys):
    path = tiny_disk / "scores.json"
    folder.write_json(path, "old")
    assert cli_writes(path, 1 << 17) == 1
    error = capsys.readouterr().err
    assert error == (
        f"error: {path}: expected to write it, got No space left on device; free some space, the "
        "old file is unchanged\n"
    )
    assert [each.name for each in tiny_disk.iterdir()] == ["scores.json"]
    assert folder.read_json(path) == "old"
    assert cli_writes(path, 1 << 10) == 0


def cli_writes(path, size):
    """The exit code of a command that writes so many bytes."""
    command = {"write": lambda tasks, words: atomic.write_bytes(path, b"1" * size) and 0}
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(cli, "WITHOUT_TASK", command)
        return cli.main(["write"])
