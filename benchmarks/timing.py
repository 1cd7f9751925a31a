"""How the benchmarks take time."""

import time
from collections.abc import Callable

import numpy as np

REPEATS = 7


def median_seconds(*functions: Callable[[], object]) -> list[float]:
    """Median seconds of each function; they take turns, so that a busy machine hurts them alike."""
    for function in functions:
        function()
    times = np.zeros((REPEATS, len(functions)))
    for repeat in range(REPEATS):
        for i, function in enumerate(functions):
            start = time.perf_counter()
            function()
            times[repeat, i] = time.perf_counter() - start
    return np.median(times, axis=0).tolist()
