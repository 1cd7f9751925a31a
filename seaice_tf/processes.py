"""Processes that work for this one, and end with it however it ends."""

import multiprocessing
import os
import threading
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Any

from seaice_tf.errors import InputError


def pool(processes: int) -> ProcessPoolExecutor:
    """Processes to work side by side; they start afresh, for a fork of TensorFlow may hang."""
    spawn = multiprocessing.get_context("spawn")
    return ProcessPoolExecutor(processes, mp_context=spawn, initializer=_end_with_parent)


def apart(function: Callable[..., Any], *arguments: Any) -> Any:
    """What the function gives, called in a process of its own that leaves no memory behind.

    Where the process is killed another one is started, once.

    Raises:
        InputError: that one was killed, too.
    """
    for _ in range(2):
        with pool(1) as one:
            try:
                return one.submit(function, *arguments).result()
            except BrokenProcessPool:
                print("the process was killed")
            except KeyboardInterrupt:  # SIGTERM reached this process alone
                for child in multiprocessing.active_children():
                    child.terminate()
                raise
    raise InputError(
        "process: expected it to end, but it was killed twice; if memory ran out, use smaller "
        "settings"
    )


def _end_with_parent() -> None:
    """See to it that nobody goes on working for a process that was killed."""
    threading.Thread(target=_wait_for_parent, daemon=True).start()


def _wait_for_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent:
        parent.join()
        os._exit(1)
