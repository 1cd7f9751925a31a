"""Nothing is left half written: files and folders appear under their name when complete.

What the disk refuses, because it is full or read-only, is one DiskError that names the file, and
what stood there before is unchanged.
"""

import errno
import os
import platform
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from seaice_tf.errors import DiskError, InputError

FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
READ_ONLY = {errno.EACCES, errno.EPERM, errno.EROFS}
PROBE = 1 << 20  # bytes: a disk that does not take them is full


@contextmanager
def file(path: Path) -> Iterator[Path]:
    """Give a temporary name beside `path` to write to; rename it to `path` if all went well."""
    with refusals_told(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        # The suffix stays last: numpy and matplotlib choose or change a name by it.
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
    """Give a temporary folder beside `path`; it replaces `path` if all went well.

    A kill in the moment between the two renames leaves nothing under the name, never a part.
    """
    with refusals_told(path):
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


def write_bytes(path: Path, content: bytes | memoryview) -> Path:
    with file(path) as temporary:
        temporary.write_bytes(content)
    return path


def write_text(path: Path, text: str) -> Path:
    return write_bytes(path, text.encode())


def require_room(folder: Path) -> None:
    """DiskError if the disk is full, for what is written by those that do not tell."""
    with refusals_told(folder):
        _probe(folder)


@contextmanager
def refusals_told(path: Path) -> Iterator[None]:
    """DiskError for what the disk refuses while `path` is written."""
    try:
        yield
    except InputError:
        raise
    except Exception as error:
        if reason := _refusal(path.parent, error):
            raise DiskError(f"{path}: expected to write it, got {reason}") from error
        raise


def _refusal(place: Path, error: Exception) -> str:
    """What the disk refused and what to do about it; empty if it had no part in the error."""
    number = error.errno if isinstance(error, OSError) else None
    if number in FULL:
        return f"{os.strerror(number)}; free some space, what was there is unchanged"
    if number in READ_ONLY and not os.access(place, os.W_OK, effective_ids=True):
        return f"{os.strerror(number)}; choose another place, or make this one writable"
    try:  # HDF5 and TensorFlow do not say why, or not truly
        _probe(place)
    except OSError as refused:
        return _refusal(place, refused) if refused.errno in FULL else ""
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


@cache  # a folder may hold thousands of files, and is looked through once
def _remove_leftovers(folder: Path) -> None:
    """Remove the temporary files and folders of processes of this machine that were killed."""
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
    except PermissionError:  # it is another user's
        return True
    return True
