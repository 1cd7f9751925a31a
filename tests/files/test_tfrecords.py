"""Shards of a few bytes: what is left of them when prepare is stopped, and what is kept."""

import json
from pathlib import Path

import pytest

from seaice_tf.files import tfrecords

MANIFEST = "manifest.json"


@pytest.fixture
def jobs(tmp_path):
    """Three shards of a file each."""
    made = []
    for number in range(3):
        source = tmp_path / f"{number}.txt"
        source.write_text(str(number))
        made.append(
            tfrecords.Job(f"{number}.tfrecord", (source,), lambda s=source: [s.read_bytes()])
        )
    return made


@pytest.fixture
def stop(monkeypatch):
    """Stops before the renaming of a number, counted from 1; what was renamed is noted."""
    done, rename = [], Path.replace

    def armed(at):
        def counted(path, target):
            if len(done) + 1 == at:
                raise KeyboardInterrupt
            done.append(Path(target).name)
            return rename(path, target)

        done.clear()
        monkeypatch.setattr(Path, "replace", counted)
        return done

    return armed


def contents(out):
    return {path.name: path.read_bytes() for path in out.glob("*")}


@pytest.mark.parametrize("at", range(1, 8))
def test_stopped_at_any_renaming_it_goes_on_with_the_rest(jobs, stop, tmp_path, at):
    tfrecords.write(jobs, {"task": "x"}, tmp_path / "alone", MANIFEST)
    whole, out = contents(tmp_path / "alone"), tmp_path / "stopped"
    stop(at)
    with pytest.raises(KeyboardInterrupt):
        tfrecords.write(jobs, {"task": "x"}, out, MANIFEST)
    assert all(content == whole[name] for name, content in contents(out).items())
    assert MANIFEST not in contents(out)
    again = stop(0)
    tfrecords.write(jobs, {"task": "x"}, out, MANIFEST)
    assert contents(out) == whole
    finished = (at - 1) // 2  # each is renamed, and then its facts
    assert len(again) == 2 * (3 - finished) + 1


def test_no_manifest_goes_with_shards_of_another_set(jobs, stop, tmp_path):
    tfrecords.write(jobs, {"task": "x"}, tmp_path / "out", MANIFEST)
    stop(2)
    with pytest.raises(KeyboardInterrupt):
        tfrecords.write(jobs, {"task": "x", "factor": 2}, tmp_path / "out", MANIFEST)
    assert not (tmp_path / "out" / MANIFEST).exists()
    stop(0)
    tfrecords.write(jobs, {"task": "x", "factor": 2}, tmp_path / "out", MANIFEST)
    assert json.loads((tmp_path / "out" / MANIFEST).read_text())["factor"] == 2
