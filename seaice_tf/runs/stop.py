"""Ctrl-C and SIGTERM, which ask a run to end where it can go on from."""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

SIGNALS = (signal.SIGINT, signal.SIGTERM)
NOTE = b"stopping after this step; Ctrl-C once more stops at once\n"


@contextmanager
def noted() -> Iterator[Callable[[], bool]]:
    """Within it signals are only noted, but a second Ctrl-C interrupts; gives what tells it.

    In other threads than the main one, which no signal reaches, it tells nothing.
    """
    seen: set[int] = set()

    def note(number, frame):
        if number == signal.SIGINT and number in seen:
            raise KeyboardInterrupt
        if not seen:
            os.write(2, NOTE)  # print may be what was interrupted
        seen.add(number)

    with _handled(note):
        yield lambda: bool(seen)


def terminated_as_interrupted():
    """Within it SIGTERM does what Ctrl-C does."""
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
