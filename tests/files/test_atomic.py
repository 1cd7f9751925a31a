import platform
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from seaice_tf.errors import InputError
from seaice_tf.files import atomic


def test_a_file_appears_complete(tmp_path):
    with atomic.file(tmp_path / "new" / "a.txt") as temporary:
        temporary.write_text("whole")
        assert not (tmp_path / "new" / "a.txt").exists()
    assert [p.name for p in (tmp_path / "new").iterdir()] == ["a.txt"]


def test_a_folder_in_the_place_of_a_file_is_refused_and_nothing_is_written(tmp_path):
    (tmp_path / "a").mkdir()
    with pytest.raises(InputError, match="a: expected a file to write, or nothing, got a folder"):
        atomic.write_text(tmp_path / "a", "new")
    with pytest.raises(InputError, match="a: expected a file"):
        write_together(tmp_path, ("a", "b"))
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def write_together(folder, names):
    with atomic.gathered(folder) as place:
        for name in names:
            (place / name).write_text("new")


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path):
    path = atomic.write_text(tmp_path / "a.txt", "old")
    with pytest.raises(TypeError), atomic.file(path) as temporary:
        temporary.write_bytes("not bytes")
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]


def test_a_failed_folder_leaves_the_old_one(tmp_path):
    with atomic.folder(tmp_path / "run") as temporary:
        (temporary / "a").write_text("old")
    with pytest.raises(TypeError), atomic.folder(tmp_path / "run") as temporary:
        (temporary / "b").write_bytes("not bytes")
    assert [str(p.relative_to(tmp_path)) for p in sorted(tmp_path.rglob("*"))] == ["run", "run/a"]


WRITER = """
import sys
sys.path.insert(0, sys.argv[1])
import killing
from pathlib import Path
from seaice_tf.files import atomic
place = Path(sys.argv[2])
killing.arm(str(place), int(sys.argv[3]), sys.argv[4])
atomic.write_text(place / "a.txt", "new")
with atomic.folder(place / "run") as temporary:
    (temporary / "a").write_text("new")
    (temporary / "b").write_text("new")
"""


def write_killed_at(number, place, log):
    words = [sys.executable, "-c", WRITER, str(Path(__file__).parent.parent), str(place)]
    return subprocess.run([*words, str(number), str(log)], check=False).returncode


def test_a_kill_leaves_the_old_or_the_new_and_never_a_part(tmp_path):
    """Killed before each change of files that two writes make."""
    gone, number = 0, 0
    while True:
        number += 1
        place = tmp_path / str(number)
        (place / "run").mkdir(parents=True)
        for name in ("a.txt", "run/a", "run/c"):
            (place / name).write_text("old")
        if write_killed_at(number, place, tmp_path / "log") != -signal.SIGKILL:
            break
        assert (place / "a.txt").read_text() in ("old", "new")
        held = {path.name: path.read_text() for path in (place / "run").glob("*")}
        assert held in ({"a": "old", "c": "old"}, {"a": "new", "b": "new"}, {})
        gone += not held
        assert write_killed_at(0, place, tmp_path / "log") == 0
        left = [str(path.relative_to(place)) for path in sorted(place.rglob("*"))]
        assert left == ["a.txt", "run", "run/a", "run/b"]  # nor is anything else left over
    assert number > 10
    assert gone <= 1  # between the renames that exchange two folders


def test_what_others_are_writing_is_let_be(tmp_path):
    with atomic.file(tmp_path / "a.txt") as temporary:
        temporary.write_text("whole")
        theirs = tmp_path / temporary.name.replace(platform.node(), "elsewhere")
        theirs.write_text("of another machine")
        assert write_killed_at(0, tmp_path, tmp_path / "log") == 0
    assert (tmp_path / "a.txt").read_text() == "whole"
    assert theirs.exists()
