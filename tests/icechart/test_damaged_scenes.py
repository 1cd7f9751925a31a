"""One damaged scene in a folder of scenes to predict."""

import netCDF4
import pytest

from seaice_tf.cli import main as cli
from seaice_tf.icechart.data import synthetic_scenes
from seaice_tf.icechart.data.charts import CHARTS


def cut(path):
    """A download that was cut, which does not open any more."""
    path.write_bytes(path.read_bytes()[:3000])


def unread(path):
    """A file that opens, but whose values cannot be unpacked."""
    content = path.read_bytes()
    with netCDF4.Dataset(path) as data:
        assert data["nersc_sar_primary"].filters()["zlib"]
    path.write_bytes(content.replace(b"\x78\x5e", bytes(2)).replace(b"\x78\x01", bytes(2)))
    with netCDF4.Dataset(path) as data:
        assert data["nersc_sar_primary"].shape == (120, 140)


@pytest.fixture
def scenes(tmp_path):
    """Three scenes of 120 x 140 pixels, in order."""
    folder = tmp_path / "scenes"
    folder.mkdir()
    return folder, sorted(synthetic_scenes.write(folder, 3, (120, 140), seed=6))


def command(trained, folder, out):
    words = ["predict", "icechart", "--run", str(trained("icechart")), "--data", str(folder)]
    return [*words, "--out", str(out)]


@pytest.mark.parametrize("damage", [cut, unread])
def test_the_other_scenes_are_delivered(trained, scenes, tmp_path, capsys, damage):
    (folder, (first, damaged, last)), out = scenes, tmp_path / "out"
    damage(damaged)
    assert cli.main(command(trained, folder, out)) == 1
    names = [path.name[:19] for path in (first, last)]
    with netCDF4.Dataset(out / "upload.nc") as upload:
        assert set(upload.variables) == {f"{name}_{chart}" for name in names for chart in CHARTS}
    assert sorted(path.stem for path in (out / "charts").glob("*.nc")) == sorted(names)
    said = capsys.readouterr().err
    assert damaged.name in said
    assert "1 of 3 left out" in said
    assert "Traceback" not in said


def test_strict_writes_nothing(trained, scenes, tmp_path, capsys):
    (folder, (_, damaged, _)), out = scenes, tmp_path / "out"
    cut(damaged)
    assert cli.main([*command(trained, folder, out), "--strict"]) == 1
    assert not list(out.rglob("*"))
    said = capsys.readouterr().err
    assert damaged.name in said
    assert "nothing was written" in said
