"""Outputs are checked before the work; any file name and any locale gives products or one line."""

import os
import subprocess
import sys

import numpy as np
import pytest

from seaice_tf.cli import main as cli
from seaice_tf.cli import verbs
from seaice_tf.cli.flags import with_data
from seaice_tf.errors import DiskError, InputError
from seaice_tf.files import atomic, data_folder, netcdf
from seaice_tf.tasks import TASKS


@pytest.mark.parametrize(
    "words",
    [
        ["predict", "forecast", "--out"],
        ["evaluate", "forecast", "--out"],
        ["evaluate", "forecast", "--json"],
        ["fetch", "forecast", "--out"],
        ["doctor", "forecast", "--data", "absent", "--plots"],
        ["report", "run", "--out"],
        ["tune", "forecast", "--run"],
    ],
    ids=lambda words: " ".join(words[:2]),
)
def test_an_output_below_a_file_is_refused_before_the_work(tmp_path, capsys, words):
    (tmp_path / "file").write_text("")
    assert cli.main([*words, str(tmp_path / "file" / "out" / "x.json")]) == 1
    error = capsys.readouterr().err
    assert "expected a folder, or a place for one, got a file at" in error
    assert error.count("\n") == 1


@pytest.mark.parametrize("words", [["evaluate", "forecast", "--json"], ["report", "run", "--out"]])
def test_a_folder_in_place_of_a_file_is_refused_before_the_work(tmp_path, capsys, words):
    assert cli.main([*words, str(tmp_path)]) == 1
    error = capsys.readouterr().err
    assert error == (
        f"error: {tmp_path}: expected the name of a file to write, got a folder; add a name\n"
    )


@pytest.mark.parametrize("task", TASKS)
def test_data_that_are_not_there(tmp_path, capsys, task):
    assert cli.main(["doctor", task, "--data", str(tmp_path / "absent")]) == 1
    error = capsys.readouterr().err
    assert "absent: expected a folder of" in error
    assert error.endswith("got no such folder; check its name\n")


@pytest.mark.parametrize("task", ["forecast", "clouds", "geopose", "nowcast"])
def test_a_file_in_place_of_a_folder_of_data(tmp_path, capsys, task):
    (tmp_path / "photo.jpg").write_bytes(b"")
    assert cli.main(["doctor", task, "--data", str(tmp_path / "photo.jpg")]) == 1
    assert capsys.readouterr().err.endswith("got a file; name its folder\n")


def test_a_folder_to_write_to(tmp_path, monkeypatch):
    atomic.require_folder(tmp_path / "a" / "b")
    assert not (tmp_path / "a").exists()
    with pytest.raises(InputError, match="got a file at"):
        atomic.require_folder(tmp_path_of_a_file(tmp_path))
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    with pytest.raises(DiskError, match="got no permission for"):
        atomic.require_folder(tmp_path / "a")


def tmp_path_of_a_file(folder):
    (folder / "taken").write_text("")
    return folder / "taken"


def test_netcdf_is_written_and_read_under_a_name_that_is_no_utf_8(tmp_path):
    path = tmp_path / "caf\udce9" / "s\u00e9rie.nc"
    with netcdf.created(path) as data:
        data.createDimension("x", 3)
        data.createVariable("a", "f4", ("x",))[:] = np.arange(3)
    with netcdf.opened(path) as data:
        assert data["a"][:].tolist() == [0, 1, 2]
    assert [each.name for each in path.parent.iterdir()] == [path.name]


def run(arguments, **environment):
    return subprocess.run(
        [sys.executable, "-m", "seaice_tf", *arguments],
        capture_output=True,
        env={**os.environ, **environment},
    )


def test_an_ascii_locale_prints_any_name(tmp_path):
    folder = tmp_path / "\u51b0\udce9"
    folder.mkdir()
    ascii_only = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    done = run(["doctor", "forecast", "--data", os.fsencode(folder)], **ascii_only)
    assert done.returncode == 1
    assert b"expected files of NSIDC-0051" in done.stderr
    assert done.stderr.count(b"\n") == 1


def test_the_older_keras_that_is_not_installed_is_one_line(monkeypatch, capsys):
    monkeypatch.setenv("TF_USE_LEGACY_KERAS", "1")
    monkeypatch.setattr(cli.importlib.util, "find_spec", lambda name: None)
    assert cli.main(["doctor", "forecast", "--data", "absent"]) == 1
    assert "error: TF_USE_LEGACY_KERAS: expected tf_keras" in capsys.readouterr().err


@pytest.mark.parametrize("task", TASKS)
def test_data_that_are_not_there_are_found_before_tensorflow_is_started(
    tmp_path, capsys, task, monkeypatch
):
    monkeypatch.setattr(verbs, "start_tensorflow", lambda: pytest.fail("TensorFlow was started"))
    monkeypatch.setattr(
        verbs, "load_run_settings", lambda task, flags: [with_data(task, task.settings(), flags)]
    )
    for verb in ("predict", "evaluate", "train", "tune"):
        words = [verb, task, "--data", str(tmp_path / "absent")]
        words += ["--out", str(tmp_path / "out")] if verb == "predict" else []
        words += ["--run", str(tmp_path / "run")] if verb in ("train", "tune") else []
        assert cli.main(words) == 1
        assert capsys.readouterr().err.endswith("got no such folder; check its name\n")


def test_of_two_images_the_absent_one_is_named(tmp_path):
    (tmp_path / "a.png").touch()
    with pytest.raises(InputError, match=r"b.png: expected an image, got no such file"):
        data_folder.require_there(f"{tmp_path / 'a.png'},{tmp_path / 'b.png'}", "frames")
