"""What TensorFlow says of itself on import, and no setting of its own silences."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

LEVEL = "TF_CPP_MIN_LOG_LEVEL"


@contextmanager
def import_of_tensorflow() -> Iterator[None]:
    """Nothing goes to standard error meanwhile, unless the level of its messages is set.

    Exceptions are shown afterwards, as they are raised.
    """
    if LEVEL in os.environ:
        yield
        return
    os.environ[LEVEL] = "3"
    kept, nothing = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nothing)
