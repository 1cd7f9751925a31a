"""Runs seaice-tf with a verb that never ends.

    python tests/stuck.py FOLDER VERB TASK

Processes that are stuck sign in as empty files of FOLDER, named by their process ids.
"""

import ctypes
import os
import sys
from pathlib import Path

from seaice_tf import processes
from seaice_tf.cli import main as cli
from seaice_tf.runs import stop

GRACE = 1.0  # seconds, shorter than of a user's command


def stuck(folder: Path, *_) -> None:
    """Wait in C code, which signals do not interrupt, as TensorFlow does in a long step."""
    (folder / str(os.getpid())).touch()
    mutex, lock = ctypes.create_string_buffer(64), ctypes.CDLL(None).pthread_mutex_lock
    lock(mutex)
    lock(mutex)


def stuck_trial(folder: Path) -> None:
    with stop.deferred():
        stuck(folder)


def in_this_process(folder: Path) -> None:
    try:
        (folder / str(os.getpid())).touch()
        while True:
            pass
    finally:  # a first signal gets here
        stuck(folder)


def in_a_trial(folder: Path) -> None:
    processes.run_in_subprocess(stuck_trial, folder)


def in_several(folder: Path) -> None:
    with processes.workers(2) as executor:
        list(executor.map(stuck, [folder] * 2))


VERBS = {
    "tune": in_a_trial,
    "prepare": in_several,
    "train": stuck,
    "predict": in_this_process,
    "report": in_this_process,
}

if __name__ == "__main__":
    folder, verb = Path(sys.argv[1]), sys.argv[2]
    processes.PRELOAD, stop.GRACE = False, GRACE
    cli.TASKS = dict.fromkeys(cli.TASKS)  # loads no TensorFlow
    cli.VERBS[verb] = cli.WITHOUT_TASK["report"] = lambda task, words: VERBS[verb](folder)
    sys.argv = ["seaice-tf", *sys.argv[2:]]
    cli.entry()
