"""Ctrl-C and SIGTERM: a first signal ends a command in order, a second one within seconds.

A run in training stops after a step from which it can resume, and a sweep waits for that of its
trial; that may take minutes, and after a second signal it may take GRACE seconds. Anything else
ends with KeyboardInterrupt, for which it has GRACE seconds too: C code does not see the exception,
and Python drops it in callbacks. Files are written atomically, so a process may end at any moment.
"""

import multiprocessing
import os
import select
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NoReturn

from seaice_tf import processes

SIGNALS = (signal.SIGINT, signal.SIGTERM)
STOPPED = 130  # exit code
GRACE = 5.0  # seconds
DEFERRED = threading.Event()  # set while a step is waited for
NOTE = b"stopping after this step; Ctrl-C once more stops at once\n"


@contextmanager
def deferred() -> Iterator[Callable[[], bool]]:
    """A context in which signals are recorded; only a second Ctrl-C raises KeyboardInterrupt.

    Yields:
        () -> whether a signal was received; always False in threads other than the main one.
    """
    received: set[int] = set()

    def record(number, frame):
        if number == signal.SIGINT and number in received:
            raise KeyboardInterrupt
        if not received:
            os.write(2, NOTE)  # print() may be what was interrupted
        received.add(number)

    with _handled(record):
        DEFERRED.set()
        try:
            yield lambda: bool(received)
        finally:
            DEFERRED.clear()


@contextmanager
def interruptible() -> Iterator[None]:
    """A context in which a first SIGTERM or Ctrl-C raises KeyboardInterrupt.

    If the context is not left within GRACE seconds, the process is ended; while a step or worker
    processes are waited for, only GRACE seconds after a second signal.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    received: list[int] = []

    def interrupt(number, frame):
        received.append(number)
        if len(received) == 1:  # further ones would interrupt the cleaning up
            raise KeyboardInterrupt

    with _handled(interrupt), _watched():
        yield


def end(code: int = STOPPED) -> NoReturn:
    """End this process and its children at once, without the exit handlers, which may wait."""
    processes.kill_children()
    os._exit(code)


@contextmanager
def _watched() -> Iterator[None]:
    """A context with a thread that is told of signals, while the main one may be in C code."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    left = threading.Event()
    before = signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    threading.Thread(target=_watch, args=(reader, left), daemon=True).start()
    try:
        yield
    finally:
        left.set()
        signal.set_wakeup_fd(before)
        os.close(writer)


def _watch(reader: int, left: threading.Event) -> None:
    """End this process some time after a signal, unless its context has been left."""
    count = 0
    while count < 2:
        if select.select([reader], [], [], GRACE if count else None)[0]:
            numbers = os.read(reader, 64)
            if not numbers:  # the other end is closed
                os.close(reader)
                return
            count += sum(number in SIGNALS for number in numbers)
        elif not (DEFERRED.is_set() or multiprocessing.active_children()):
            end()
    if not left.wait(GRACE):
        end()
    os.close(reader)


@contextmanager
def _handled(handler: Callable, numbers: tuple[signal.Signals, ...] = SIGNALS) -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, handler) for number in numbers}
    try:
        yield
    finally:
        for number, usual in before.items():
            signal.signal(number, usual)
