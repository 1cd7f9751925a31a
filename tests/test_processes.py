import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from seaice_tf import processes
from seaice_tf.errors import InputError


@pytest.fixture(autouse=True)
def without_tensorflow(monkeypatch):
    """Its import takes most of the time of a process."""
    monkeypatch.setattr(processes, "PRELOAD", False)


def double(number):
    return 2 * number, os.getpid()


def refuse(reason):
    raise InputError(reason)


def die(mark, times):
    """Killed the first `times` times that it is called."""
    with mark.open("a") as file:
        file.write("x")
    if len(mark.read_text()) <= times:
        os.kill(os.getpid(), signal.SIGKILL)
    return "done"


def test_a_call_in_a_subprocess_returns_its_result():
    value, process = processes.run_in_subprocess(double, 21)
    assert value == 42
    assert process != os.getpid()


def test_errors_are_raised_in_the_caller():
    with pytest.raises(InputError, match="bad data"):
        processes.run_in_subprocess(refuse, "bad data")


def test_a_process_that_is_killed_is_started_again_once(tmp_path):
    assert processes.run_in_subprocess(die, tmp_path / "once", 1) == "done"
    with pytest.raises(InputError, match="killed twice"):
        processes.run_in_subprocess(die, tmp_path / "always", 9)
    assert (tmp_path / "always").read_text() == "xx"


def test_workers_end_with_a_killed_parent(tmp_path):
    parent = subprocess.Popen([sys.executable, __file__, str(tmp_path)])
    while len(found := list(tmp_path.iterdir())) < 2 and parent.poll() is None:
        time.sleep(0.02)
    parent.kill()
    parent.wait()
    deadline = time.monotonic() + 30
    while any(map(running, found)) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert len(found) == 2
    assert not any(map(running, found))


def running(path):
    return Path("/proc", path.name).exists()


def sign_in(folder):
    (folder / str(os.getpid())).touch()
    time.sleep(60)


if __name__ == "__main__":
    processes.PRELOAD = False
    with processes.pool(2) as several:
        list(several.map(sign_in, [Path(sys.argv[1])] * 2))
