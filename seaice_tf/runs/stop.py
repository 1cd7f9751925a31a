"""Ctrl-C and SIGTERM, which stop a run after a step from which it can resume."""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

SIGNALS = (signal.SIGINT, signal.SIGTERM)
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
        yield lambda: bool(received)


def terminated_as_interrupted():
    """A context in which SIGTERM raises KeyboardInterrupt, as Ctrl-C does."""
    return _handled(signal.default_int_handler, (signal.SIGTERM,))


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
