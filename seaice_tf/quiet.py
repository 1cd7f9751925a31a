"""What TensorFlow says of itself on import, and no setting of its own silences."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

LEVEL = "TF_CPP_MIN_LOG_LEVEL"


@contextmanager
def import_of_tensorflow() -> Iterator[None]:
    """Nothing goes to standard error meanwhile, unless a level of messages below 3 is asked for.

    Exceptions are shown afterwards, as they are raised.
    """
    silent = os.environ.setdefault(LEVEL, "3") == "3"
    try:
        kept = os.dup(2) if silent else None
    except OSError:  # standard error is closed
        kept = None
    if kept is None:
        yield
        return
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nothing)
