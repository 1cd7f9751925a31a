"""A folder that cannot be written to: one clear line, and what is only read is read."""

import os
import shutil
import tempfile
from pathlib import Path

import pytest

from seaice_tf.errors import DiskError
from seaice_tf.files import atomic, lock
from seaice_tf.runs import folder, train
from seaice_tf.tasks import TASKS

NOBODY = 65534
TASK = TASKS["forecast"]  # imported here: an ordinary user may not read what root installed


@pytest.fixture
def read_only():
    """A read-only folder with a read-only file; root becomes an ordinary user meanwhile."""
    place = Path(tempfile.mkdtemp())  # that of pytest is closed to others
    (place / "there.json").write_text("{}")
    place.chmod(0o555)
    user = os.geteuid()
    if user == 0:
        os.seteuid(NOBODY)
    yield place
    os.seteuid(user)
    place.chmod(0o755)
    shutil.rmtree(place)


MESSAGE = "expected to write it, got Permission denied; choose another place, or make this one"


@pytest.mark.parametrize("name", ["there.json", "new.json", "below/new.json"])
def test_a_file(read_only, name):
    with pytest.raises(DiskError, match=MESSAGE):
        atomic.write_text(read_only / name, "new")
    assert [path.name for path in read_only.iterdir()] == ["there.json"]
    assert folder.read_json(read_only / "there.json") == {}


def test_a_folder(read_only):
    with pytest.raises(DiskError, match=MESSAGE), atomic.folder(read_only / "new"):
        pass


@pytest.mark.parametrize("name", ["", "new"])
def test_a_lock(read_only, name):
    with pytest.raises(DiskError, match=MESSAGE), lock.held(read_only / name):
        pass


def test_a_run(read_only, unet_settings):
    with pytest.raises(DiskError, match=f"run.partial: {MESSAGE}"):
        train.train(TASK, unet_settings, read_only / "run")
