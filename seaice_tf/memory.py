"""Memory that is given back to the system as soon as it is free.

The allocators of TensorFlow and of the GNU C library keep what was freed, to have it again sooner.
Of a forecast, which is made once, they would keep several times what it holds.
"""

import ctypes
import os
import sys

LARGE = 1 << 20  # bytes: blocks of this size and more are given back at once
M_MMAP_THRESHOLD, M_ARENA_MAX = -3, -8  # of <malloc.h>


def give_back_freed() -> None:
    """Have this process give freed memory back at once, which takes a little time.

    A forecast takes a fifth less memory and a twentieth more time, hindcasts a sixth more.

    Does nothing once TensorFlow is imported, which has chosen its allocator by then; without the
    GNU C library only TensorFlow gives memory back.
    """
    if "tensorflow" in sys.modules:
        return
    os.environ.setdefault("TF_ONEDNN_USE_SYSTEM_ALLOCATOR", "1")
    libc = ctypes.CDLL(None) if sys.platform.startswith("linux") else None
    if mallopt := getattr(libc, "mallopt", None):
        mallopt(M_ARENA_MAX, 1)
        mallopt(M_MMAP_THRESHOLD, LARGE)
