"""Silence the messages of TensorFlow on import, which its own settings do not."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

LEVEL = "TF_CPP_MIN_LOG_LEVEL"


@contextmanager
def standard_error() -> Iterator[None]:
    """A context in which standard error is discarded, unless TF_CPP_MIN_LOG_LEVEL is below 3.

    Exceptions are raised as usual.
    """
    silent = os.environ.setdefault(LEVEL, "3") == "3"
    try:
        kept = os.dup(2) if silent else None
    except OSError:  # standard error is closed
        kept = None
    if kept is None:
        yield
        return
    devnull = os.open(os.devnull, os.O_WRONLY)
    os.dup2(devnull, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(devnull)
