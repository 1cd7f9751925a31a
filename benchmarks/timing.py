"""How the benchmarks take time and memory."""

import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import TypeVar

import numpy as np

REPEATS = 7
Result = TypeVar("Result")


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


def alone(function: Callable[..., Result], *arguments) -> tuple[Result, int]:
    """What a function returns in a process of its own, and the peak memory of that in MiB."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(_measured, function, arguments).result()


def _measured(function: Callable[..., Result], arguments: tuple) -> tuple[Result, int]:
    result = function(*arguments)
    # Not getrusage, to which a process brings the peak of the one that started it.
    status = Path("/proc/self/status").read_text().split()
    return result, int(status[status.index("VmHWM:") + 1]) // 1024
