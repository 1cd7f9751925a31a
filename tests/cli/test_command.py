"""The command as a process: disks that are full or locked, and a SavedModel without our code."""

import os
import resource
import subprocess
import sys

import numpy as np
import pytest

from seaice_tf import quiet
from seaice_tf.runs import artifact, folder
from seaice_tf.tasks import TASKS

WRITABLE_BY_ROOT = os.geteuid() == 0


def command(*words, **options):
    return subprocess.run(
        [sys.executable, "-m", "seaice_tf", *words], capture_output=True, text=True, **options
    )


def test_a_full_disk_loses_nothing(fails, run, home):
    """A limit on the size of files stands for it: a write fails in its middle, as there."""
    out = home / "full"
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
    try:
        words = ("predict", "forecast", "--run", str(run), "--out", str(out))
        fails(*words, message="File too large")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert [path for path in out.rglob("*") if path.is_file()] == []


def test_a_folder_that_cannot_be_written(run, home):
    blocked = home / "blocked"
    blocked.write_text("a file where a folder should be")
    words = ("predict", "forecast", "--run", str(run), "--out", str(blocked))
    result = command(*words, env={k: v for k, v in os.environ.items() if k != quiet.LEVEL})
    assert result.returncode == 1
    (line,) = result.stderr.splitlines()  # nothing of what TensorFlow says on import
    assert line.startswith("error: ")
    assert "blocked" in line


@pytest.mark.skipif(WRITABLE_BY_ROOT, reason="root may write everywhere")
def test_a_read_only_folder(fails, run, home):
    (home / "locked").mkdir(mode=0o500)
    words = ["--run", str(run), "--out", str(home / "locked" / "out")]
    fails("predict", "forecast", *words, message="Permission denied")


CLEAN = """
import sys
class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.split('.')[0] == 'seaice_tf':
            raise ImportError('not here')
sys.meta_path.insert(0, Refuse())
import numpy as np, tensorflow as tf
from pathlib import Path
run, data, out = sys.argv[1:]
files = sorted(Path(data).glob('nt_*_n.bin'))[-24:]
counts = np.stack([np.fromfile(f, np.uint8)[300:].reshape(448, 304) for f in files])
model = tf.saved_model.load(run + '/saved_model')
np.save(out, model.serve(counts[None])['concentration'][0])
"""


def test_the_saved_model_needs_none_of_our_code(run, home, ice_archive, tmp_path):
    script = tmp_path / "clean.py"
    script.write_text(CLEAN)
    out = tmp_path / "out.npy"
    subprocess.run(
        [sys.executable, str(script), str(run), str(ice_archive), str(out)],
        check=True,
        cwd=tmp_path,
        capture_output=True,
    )
    task = TASKS["forecast"]
    case = next(iter(task.data.future(folder.open_run(run, task))))
    ours = artifact.predictor(run)(case)["concentration"]
    np.testing.assert_allclose(np.load(out), ours, atol=1e-5)
