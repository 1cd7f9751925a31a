"""Shards written by one process, by several and by a cluster are equal, even after kills."""

import os
import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest

from seaice_tf import processes
from seaice_tf.errors import InputError
from seaice_tf.files import tfrecords

JOBS = 12


def records(path: Path, seconds: float):
    time.sleep(seconds)
    yield path.read_bytes()


def write(folder: Path, executor=None, seconds=0.0) -> dict[str, bytes]:
    """The shards and their facts by name."""
    source = folder.parent / "source"
    if not source.exists():
        source.write_bytes(b"counts")
        os.utime(source, (0, 0))
    jobs = [
        tfrecords.Job(f"{i:02}.tfrecord", (source,), partial(records, source, seconds))
        for i in range(JOBS)
    ]
    tfrecords.write(jobs, {"task": "line"}, folder, "shards.json", executor)
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_an_executor_makes_the_same_in_any_order(tmp_path):
    with ThreadPoolExecutor(4) as executor:
        made = write(tmp_path / "several", executor, 0.01)
    assert made == write(tmp_path / "alone")
    assert len(made) == 2 * JOBS + 1


def test_a_number_of_processes_that_is_none():
    with pytest.raises(InputError, match="--processes: expected at least 1"), processes.workers(0):
        pass


def test_without_dask_the_install_line_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "dask.distributed", None)
    with (
        pytest.raises(InputError, match=r"pip install 'seaice_tf\[cluster\]'"),
        processes.workers(1, "127.0.0.1:8786"),
    ):
        pass


@pytest.mark.soak
def test_a_worker_of_dask_that_is_killed_loses_no_shard(tmp_path):
    pytest.importorskip("dask.distributed", reason="dask comes with the cluster environment")
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = f"127.0.0.1:{free.getsockname()[1]}"
    scheduler = [sys.executable, "-m", "dask", "scheduler", "--no-dashboard"]
    worker = [sys.executable, "-m", "dask", "worker", address, "--no-nanny", "--no-dashboard"]
    tests = str(Path(__file__).parent)
    environment = os.environ | {"PYTHONPATH": f"{tests}:{os.environ.get('PYTHONPATH', '')}"}
    started = [
        subprocess.Popen([*scheduler, "--host", "127.0.0.1", "--port", address.split(":")[1]])
    ]
    started += [
        subprocess.Popen([*worker, "--nthreads", "1", "--name", str(i)], env=environment)
        for i in range(2)
    ]
    try:
        with processes.workers(1, address) as executor, ThreadPoolExecutor(1) as aside:
            prepared = aside.submit(write, tmp_path / "cluster", executor, 2.0)
            while not list((tmp_path / "cluster").glob("*.tfrecord")):
                time.sleep(0.05)
            started[1].send_signal(signal.SIGKILL)
            made = prepared.result(300)
    finally:
        for each in started:
            each.kill()
    shards_made = {name: content for name, content in made.items() if not name.startswith(".")}
    assert shards_made == write(tmp_path / "alone")
