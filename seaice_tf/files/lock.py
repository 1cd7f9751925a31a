"""One process at a time in a folder, by a lock that dies with the process that holds it."""

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
NOT_THERE = {errno.ENOLCK, errno.ENOTSUP, errno.ENOSYS}  # some clusters' disks know no locks


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Hold the lock of a folder, which may be renamed meanwhile.

    It is made if need be, and taken away again if nothing was put into it. What a killed process
    leaves of its lock holds nobody up.

    Raises:
        InputError: another process holds it, or the folder cannot be written to.
    """
    with atomic.refusals_told(folder):
        made = not folder.exists()
        folder.mkdir(parents=True, exist_ok=True)
    place = os.open(folder, os.O_RDONLY)
    try:
        with atomic.refusals_told(folder / NAME):
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
    """A descriptor of the lock file in the folder opened as `place`, locked."""
    while True:
        lock = os.open(NAME, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o644, dir_fd=place)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = os.read(lock, 200).decode(errors="replace") or "another process"
            os.close(lock)
            raise InputError(
                f"{folder}: expected to be alone in it, got {holder} at work there; let it end, or "
                f"choose another folder"
            ) from error
        except OSError as error:
            if error.errno not in NOT_THERE:
                raise
        if _is_there(place, lock):
            os.truncate(lock, 0)
            os.write(lock, f"process {os.getpid()} of {socket.gethostname()}".encode())
            return lock
        os.close(lock)  # of a process that ended between the two calls


def _is_there(place: int, lock: int) -> bool:
    try:
        return os.path.samestat(os.stat(NAME, dir_fd=place), os.fstat(lock))
    except FileNotFoundError:
        return False
