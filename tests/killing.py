"""Runs a command of seaice-tf that is killed by SIGKILL at its n-th change of files.

    python tests/killing.py ROOT N LOG VERB TASK [flags]

A change is a file opened for writing, a renaming, a removal or a new folder, below ROOT and made by
Python; the kill comes just before it. Each is a line of LOG, with the seconds since the start, so
with N = 0 the lines count them.
"""

import os
import signal
import sys
import time

WRITES = os.O_WRONLY | os.O_RDWR
CHANGES = {"os.rename", "os.remove", "os.mkdir", "os.rmdir"}


def arm(root: str, at: int, log: str) -> None:
    """Kill this process at its change number `at` from now on, counted from 1."""
    lines = os.open(log, os.O_CREAT | os.O_TRUNC | os.O_WRONLY)
    count, start = 0, time.monotonic()

    def watch(event, args):
        nonlocal count
        if not (event in CHANGES or (event == "open" and args[2] & WRITES)):
            return
        path = args[0] if isinstance(args[0], int) else os.fsdecode(args[0])
        # What shutil.rmtree removes is named relative to a folder that is held open.
        within = event in ("os.remove", "os.rmdir") and args[1] != -1
        if within or str(path).startswith(root):
            count += 1
            os.write(lines, f"{time.monotonic() - start:.2f} {event} {path}\n".encode())
            if count == at:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(watch)


if __name__ == "__main__":
    arm(sys.argv[1], int(sys.argv[2]), sys.argv[3])
    from seaice_tf.cli.main import entry

    sys.argv = ["seaice-tf", *sys.argv[4:]]
    entry()
