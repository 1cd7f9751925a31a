"""Nothing is left half written: files and folders appear under their name when complete."""

import os
import platform
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path


@contextmanager
def file(path: Path) -> Iterator[Path]:
    """Give a temporary name beside `path` to write to; rename it to `path` if all went well."""
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
