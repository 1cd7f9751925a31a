"""A lock on a folder for one process at a time, released even if the process is killed."""

import errno
import fcntl
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from seaice_tf.errors import InputError
from seaice_tf.files import atomic

NAME = ".lock.tmp"
UNSUPPORTED = {errno.ENOLCK, errno.ENOTSUP, errno.ENOSYS}  # on the disks of some clusters


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """A context that holds the lock of a folder, which may be renamed meanwhile.

    The folder is created if necessary, and removed again if it stays empty. Lock files of killed
    processes have no effect.

    Raises:
        InputError: another process holds the lock, or the folder cannot be written to.
    """
    with atomic.disk_errors(folder):
        made = not folder.exists()
        folder.mkdir(parents=True, exist_ok=True)
    place = os.open(folder, os.O_RDONLY)
    try:
        with atomic.disk_errors(folder / NAME):
            lock = _locked(place, folder)
        try:
            yield
        finally:
            os.unlink(NAME, dir_fd=place)
            os.close(lock)
    finally:
        os.close(place)
        if made:
            with suppress(OSError):  # renamed, or not empty
                folder.rmdir()


def _locked(place: int, folder: Path) -> int:
    """File descriptor of the locked lock file; `place` is that of the folder."""
    while True:
        lock = os.open(NAME, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o644, dir_fd=place)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = os.read(lock, 200).decode(errors="replace") or "another process"
            os.close(lock)
            raise InputError(
                f"{folder}: expected no other process in it, got {holder}; let it finish, or "
                f"choose another folder"
            ) from error
        except OSError as error:
            if error.errno not in UNSUPPORTED:
                raise
        if _is_there(place, lock):
            os.truncate(lock, 0)
            os.write(lock, f"process {os.getpid()} of {socket.gethostname()}".encode())
            return lock
        os.close(lock)  # removed by a process that ended between the two calls


def _is_there(place: int, lock: int) -> bool:
    try:
        return os.path.samestat(os.stat(NAME, dir_fd=place), os.fstat(lock))
    except FileNotFoundError:
        return False
