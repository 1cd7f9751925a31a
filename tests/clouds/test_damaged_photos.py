"""One damaged photo in a folder of photos to predict."""

import csv
import shutil

import pytest

from seaice_tf.cli import main as cli
from seaice_tf.clouds.data import synthetic


@pytest.fixture
def folder(tmp_path):
    synthetic.write(tmp_path / "photos", 3, seed=5, shape=(42, 63), labelled=False)
    victim = sorted((tmp_path / "photos" / "test_images").iterdir())[1]
    victim.write_bytes(victim.read_bytes()[:300])
    return tmp_path / "photos"


def command(trained, folder, out):
    return ["predict", "clouds", "--run", str(trained("clouds")), "--data", str(folder),
            "--out", str(out)]  # fmt: skip


def test_the_other_photos_are_delivered(trained, folder, tmp_path, capsys):
    out = tmp_path / "out"
    assert cli.main(command(trained, folder, out)) == 1
    with (out / "submission.csv").open() as file:
        names = {row["Image_Label"].split(".")[0] for row in csv.DictReader(file)}
    assert names == {"0500000", "0500002"}
    said = capsys.readouterr().err
    assert "0500001.jpg: expected an image, got" in said
    assert "1 of 3 left out" in said
    assert "Traceback" not in said


def test_strict_writes_nothing(trained, folder, tmp_path, capsys):
    out = tmp_path / "out"
    assert cli.main([*command(trained, folder, out), "--strict"]) == 1
    assert not out.exists() or not list(out.iterdir())
    assert "0500001.jpg: expected an image, got" in capsys.readouterr().err


def test_nothing_but_damaged_photos_is_an_error(trained, folder, tmp_path, capsys):
    out, images = tmp_path / "out", folder / "test_images"
    for path in images.glob("*0[02].jpg"):
        shutil.copy(images / "0500001.jpg", path)
    assert cli.main(command(trained, folder, out)) == 1
    assert "(and 2 more)" in capsys.readouterr().err
    assert not out.exists() or not list(out.iterdir())
