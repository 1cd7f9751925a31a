"""Arrays for batches, of memory that earlier batches no longer need.

To get new memory from the system takes as long as to fill it.
"""

import math
import mmap
import weakref
from collections import defaultdict
from collections.abc import Sequence

import numpy as np

_free: dict[int, list[mmap.mmap]] = defaultdict(list)  # by size in bytes


def empty(shape: Sequence[int], dtype: np.dtype) -> np.ndarray:
    """An array of any content that TensorFlow can use as it is.

    It begins with a page of memory: TensorFlow copies arrays that begin elsewhere. Its memory is
    used again when neither the array, nor a view of it, nor a tensor made of it is left.

    Args:
        shape: of at least one element.
        dtype: of the elements.
    """
    size = math.prod(shape) * dtype.itemsize
    free = _free[size]
    try:
        memory = free.pop()
    except IndexError:
        memory = mmap.mmap(-1, size)
    # Views keep this array alive, for it is the one that looks at memory that is no array.
    array = np.frombuffer(memory, dtype)
    weakref.finalize(array, free.append, memory).atexit = False
    return array.reshape(shape)
