"""Arrays for batches, of memory that earlier batches no longer need.

To get new memory from the system takes as long as to fill it.
"""

import math
import mmap
import weakref
from collections import defaultdict
from collections.abc import Sequence

import numpy as np

SPARE = 8  # buffers of a size that are kept for later, at most

_spare: dict[int, list[mmap.mmap]] = defaultdict(list)  # by size in bytes


def empty(shape: Sequence[int], dtype: np.dtype) -> np.ndarray:
    """An array of any content that TensorFlow can use as it is.

    It begins with a page of memory: TensorFlow copies arrays that begin elsewhere. Its memory is
    used again when neither the array, nor a view of it, nor a tensor made of it is left. For
    batches of few sizes: up to `SPARE` buffers of each are kept.

    Args:
        shape: of at least one element.
        dtype: of the elements.
    """
    size = math.prod(shape) * dtype.itemsize
    try:
        memory = _spare[size].pop()
    except IndexError:
        memory = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    # Views keep this array alive: numpy makes it their base, for it wraps memory of another owner.
    array = np.frombuffer(memory, dtype)
    weakref.finalize(array, _keep, memory, size).atexit = False
    return array.reshape(shape)


def _keep(memory: mmap.mmap, size: int) -> None:
    if len(_spare[size]) < SPARE:
        _spare[size].append(memory)
