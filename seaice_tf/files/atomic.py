"""Atomic writing: files and folders get their names when they are complete.

If the disk is full or read-only, a DiskError names the file, and an older file is unchanged.
"""

import errno
import os
import platform
import re
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from seaice_tf.errors import DiskError, InputError

FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
READ_ONLY = {errno.EACCES, errno.EPERM, errno.EROFS}
PROBE = 1 << 20  # bytes; a disk without room for them counts as full


def require_folder(path: Path) -> None:
    """Check, before any work, that files can be written in the folder `path`, there or not yet.

    Raises:
        InputError: a file is in the way.
        DiskError: the folder cannot be written to.
    """
    existing = path.absolute()
    while not os.path.lexists(existing) and existing != existing.parent:
        existing = existing.parent
    if not existing.is_dir():
        raise InputError(
            f"{path}: expected a folder, or a place for one, got a file at {existing}; choose "
            "another folder"
        )
    if not os.access(existing, os.W_OK | os.X_OK):
        raise DiskError(f"{path}: expected a folder to write to, got no permission for {existing}")


def require_file(path: Path) -> None:
    """Check, before any work, that the file `path` can be written, as `require_folder` does."""
    require_folder(path.parent)
    if path.is_dir():
        raise InputError(f"{path}: expected the name of a file to write, got a folder; add a name")


def require_files(folder: Path, patterns: Sequence[str]) -> None:
    """Check, before any work, that files can be written in a folder, as `require_folder` does.

    Args:
        folder: there or not yet.
        patterns: glob patterns of the files, relative to the folder, such as "maps/*.png".
    """
    require_folder(folder)
    for pattern in patterns:
        require_folder((folder / pattern).parent)
        for path in sorted(folder.glob(pattern)):
            _require_no_folder(path)


def _require_no_folder(path: Path) -> None:
    if path.is_dir():
        raise InputError(
            f"{path}: expected a file to write, or nothing, got a folder; remove it, or "
            "choose another place"
        )


@contextmanager
def file(path: Path) -> Iterator[Path]:
    """A context with a temporary path to write to, which is renamed to `path` on success."""
    _require_no_folder(path)
    with disk_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        # The suffix stays last: numpy and matplotlib depend on it.
        temporary = _temporary(path, path.stem, path.suffix)
        try:
            yield temporary
            with temporary.open("rb") as written:
                os.fsync(written.fileno())
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)


@contextmanager
def folder(path: Path) -> Iterator[Path]:
    """A context with a temporary folder, which replaces `path` on success.

    If the process is killed between the two renames, there is no folder `path`, never an incomplete
    one.
    """
    with disk_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary, old = _temporary(path, path.name), _temporary(path, f"{path.name}.old")
        for left in (temporary, old):
            shutil.rmtree(left, ignore_errors=True)
        temporary.mkdir()
        try:
            yield temporary
            if path.exists():
                path.replace(old)
            temporary.replace(path)
        finally:
            for left in (temporary, old):
                shutil.rmtree(left, ignore_errors=True)


@contextmanager
def gathered(path: Path) -> Iterator[Path]:
    """A context with a temporary folder, whose files are moved into `path` on success."""
    with disk_errors(path / "files"):
        path.mkdir(parents=True, exist_ok=True)
        temporary = _temporary(path / "files", "files")
        shutil.rmtree(temporary, ignore_errors=True)
        temporary.mkdir()
        try:
            yield temporary
            files = [each for each in temporary.rglob("*") if each.is_file()]
            targets = [path / written.relative_to(temporary) for written in files]
            for target in targets:
                require_folder(target.parent)
                _require_no_folder(target)
            for written, target in zip(files, targets):
                target.parent.mkdir(parents=True, exist_ok=True)
                written.replace(target)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)


def write_bytes(path: Path, content: bytes | memoryview) -> Path:
    """Write a file atomically."""
    with file(path) as temporary:
        temporary.write_bytes(content)
    return path


def write_text(path: Path, text: str) -> Path:
    """Write a text file atomically."""
    return write_bytes(path, text.encode())


def require_room(folder: Path) -> None:
    """Raise a DiskError if the disk is full, for writers that do not report it."""
    with disk_errors(folder):
        _probe(folder)


@contextmanager
def disk_errors(path: Path) -> Iterator[None]:
    """A context for writing `path`, in which errors of the disk become a DiskError."""
    try:
        yield
    except InputError:
        raise
    except Exception as error:
        if reason := _disk_error(path.parent, error):
            raise DiskError(f"{path}: expected to write it, got {reason}") from error
        raise


def _disk_error(place: Path, error: Exception) -> str:
    """The error of the disk and what to do; empty if the disk is not the cause."""
    number = error.errno if isinstance(error, OSError) else None
    if number in FULL:
        return f"{os.strerror(number)}; free some space, the old file is unchanged"
    if number in READ_ONLY and not os.access(place, os.W_OK, effective_ids=True):
        return f"{os.strerror(number)}; choose another place, or make this one writable"
    try:  # HDF5 and TensorFlow give no reason, or a wrong one
        _probe(place)
    except OSError as failed:
        return _disk_error(place, failed) if failed.errno in FULL else ""
    return ""


def _probe(place: Path) -> None:
    probe = _temporary(place / "probe", "probe")
    try:
        probe.write_bytes(bytes(PROBE))
    finally:
        probe.unlink(missing_ok=True)


def _temporary(path: Path, stem: str, suffix: str = "") -> Path:
    _remove_leftovers(path.parent)
    return path.with_name(f".{stem}.{platform.node()}.{os.getpid()}.tmp{suffix}")


@cache  # once per folder, which may have thousands of files
def _remove_leftovers(folder: Path) -> None:
    """Remove temporary files and folders of killed processes of this machine."""
    ours = re.compile(rf"\..+\.{re.escape(platform.node())}\.(\d+)\.tmp(\.\w+)?")
    for path in list(folder.iterdir()):
        found = ours.fullmatch(path.name)
        if found and not _alive(int(found[1])):
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # of another user
        return True
    return True
