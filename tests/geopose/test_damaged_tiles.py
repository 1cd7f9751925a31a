"""One damaged tile in a folder of tiles to predict."""

import json
import tarfile

import pytest

from seaice_tf.cli import main as cli
from seaice_tf.geopose.data import synthetic


@pytest.fixture
def tiles(tmp_path):
    """Three tiles without labels, of which the second has lost its end."""
    folder = tmp_path / "tiles"
    synthetic.write(folder, 1, seed=5, side=48, gsd=1.0, tests=3)
    paths = sorted((folder / "test").glob("*_RGB.tif"))
    paths[1].write_bytes(paths[1].read_bytes()[:300])
    return folder, [path.name.removesuffix("_RGB.tif") for path in paths]


def command(trained, folder, out):
    words = ["predict", "geopose", "--run", str(trained("geopose")), "--data", str(folder)]
    return [*words, "--out", str(out)]


def test_the_other_tiles_are_delivered(trained, tiles, tmp_path, capsys):
    (folder, (first, damaged, last)), out = tiles, tmp_path / "out"
    assert cli.main(command(trained, folder, out)) == 1
    with tarfile.open(out / "submission.tar.gz") as archive:
        members = archive.getnames()
    ends = ("AGL.tif", "VFLOW.json")
    assert sorted(members) == sorted(f"{name}_{end}" for name in (first, last) for end in ends)
    assert json.loads((out / "tiles" / f"{last}_VFLOW.json").read_text())["scale"] > 0
    said = capsys.readouterr().err
    assert f"{damaged}_RGB.tif: expected" in said
    assert "1 of 3 left out" in said
    assert "Traceback" not in said
    checked = ["doctor", "geopose", "--data", str(out / "submission.tar.gz")]
    assert cli.main([*checked, "--target", str(folder)]) == 1
    assert f"{damaged}_" in capsys.readouterr().out


def test_strict_writes_nothing(trained, tiles, tmp_path, capsys):
    (folder, (_, damaged, _)), out = tiles, tmp_path / "out"
    assert cli.main([*command(trained, folder, out), "--strict"]) == 1
    assert not list(out.rglob("*"))
    said = capsys.readouterr().err
    assert f"{damaged}_RGB.tif: expected" in said
    assert "nothing was written" in said
