import pytest

from seaice_tf.writers import atomic


def test_a_file_appears_complete(tmp_path):
    with atomic.file(tmp_path / "new" / "a.txt") as temporary:
        temporary.write_text("whole")
        assert not (tmp_path / "new" / "a.txt").exists()
    assert [p.name for p in (tmp_path / "new").iterdir()] == ["a.txt"]


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
