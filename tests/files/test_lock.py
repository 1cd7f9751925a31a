import os
import signal
import subprocess
import sys

import pytest

from seaice_tf.errors import InputError
from seaice_tf.files import lock

HOLD = """
import sys, time
from pathlib import Path
from seaice_tf.files import lock
with lock.held(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def holder(tmp_path):
    """Another process that holds the lock of tmp_path/run."""
    words = [sys.executable, "-c", HOLD, str(tmp_path / "run")]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


def test_a_second_process_is_refused_until_the_first_is_killed(tmp_path, holder):
    with (
        pytest.raises(InputError, match=rf"got process {holder.pid} of \S+; let it finish"),
        lock.held(tmp_path / "run"),
    ):
        pass
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    assert (tmp_path / "run" / lock.NAME).exists()
    with lock.held(tmp_path / "run"):
        pass
    assert not list((tmp_path / "run").iterdir())


def test_a_folder_may_be_renamed_while_it_is_held(tmp_path):
    with lock.held(tmp_path / "a"):
        (tmp_path / "a").rename(tmp_path / "b")
    assert not list((tmp_path / "b").iterdir())
    assert not (tmp_path / "a").exists()


def test_an_error_frees_the_folder(tmp_path):
    with pytest.raises(ValueError, match="one"), lock.held(tmp_path):
        raise ValueError("one")
    with lock.held(tmp_path):
        assert os.listdir(tmp_path) == [lock.NAME]


def test_a_link_instead_of_the_lock_is_not_written_through(tmp_path):
    (tmp_path / "precious").write_text("kept")
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / lock.NAME).symlink_to(tmp_path / "precious")
    with pytest.raises(OSError, match="symbolic links"), lock.held(tmp_path / "run"):
        pass
    assert (tmp_path / "precious").read_text() == "kept"


@pytest.mark.parametrize("before", [False, True])
def test_a_folder_is_taken_away_again_if_it_was_made_and_stays_empty(tmp_path, before):
    place = tmp_path / "a" / "b"
    if before:
        place.mkdir(parents=True)
    with lock.held(place):
        pass
    assert place.exists() == before
    with lock.held(place):
        (place / "kept").touch()
    with lock.held(place):
        pass
    assert (place / "kept").exists()
