"""How the benchmarks take time and memory, and how they print it.

A benchmark is a dict of rows by name: `run` measures all of them, or those named on the command
line, and prints each as soon as it is measured.
"""

import argparse
import os
import platform
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import TypeVar

import numpy as np

from seaice_tf import quiet

REPEATS = 7
# On a machine that is busy with other work, processor seconds of all threads in place of those of
# the wall: BENCH_CLOCK=processor.
PROCESSOR = os.environ.get("BENCH_CLOCK") == "processor"
clock = time.process_time if PROCESSOR else time.perf_counter
FLAGS = ("sse4_2", "avx", "avx2", "fma", "avx512f", "avx512_vnni", "avx512_bf16", "amx_tile")
Result = TypeVar("Result")


@dataclass(frozen=True)
class Row:
    """A measurement beside that of a peer.

    Attributes:
        what, peer: names of both.
        measured: ours and theirs in `unit`; None for a peer that is not installed.
        unit: of both.
        memory: peak of the process and that of the peer's, MiB; 0 if it was not measured.
    """

    what: str
    peer: str
    measured: Sequence[float | None]
    unit: str = "s"
    memory: tuple[int, int] = (0, 0)

    def text(self) -> str:
        ours, theirs = self.measured
        cells = [self.what, f"{ours:.3g} {self.unit}", self.peer]
        cells.append("not installed" if theirs is None else f"{theirs:.3g} {self.unit}")
        cells.append(f"{ours / theirs:.2g}" if ours and theirs else "")
        cells.append(" / ".join(f"{size} MiB" for size in self.memory if size))
        return f"| {' | '.join(cells)} |"


def run(doc: str, rows: Mapping[str, Callable[[], Iterable[Row]]]) -> None:
    """Measure the rows named on the command line, by default all, and print a table.

    Standard error is discarded, unless TF_CPP_MIN_LOG_LEVEL is below 3.

    Args:
        doc: of the benchmark; its first line is the title.
        rows: name -> function that measures one row or several.
    """
    parser = argparse.ArgumentParser(description=doc.splitlines()[0])
    parser.add_argument("rows", nargs="*", metavar="ROW", help=f"of {', '.join(rows)}; all of them")
    names = parser.parse_args().rows or list(rows)
    if unknown := set(names) - set(rows):
        parser.error(f"expected rows of {', '.join(rows)}, got {', '.join(sorted(unknown))}")
    print(f"{doc.splitlines()[0]}\n{machine()}\n")
    print("| what | ours | peer | peer's | ours / peer | peak memory |\n|---|---|---|---|---|---|")
    with quiet.standard_error():
        for name in names:
            os.sync()  # else files of before are written beside the measurement
            for row in rows[name]():
                print(row.text(), flush=True)


def machine() -> str:
    """Processor, its vector instructions, cores and memory of this machine."""
    cpu = Path("/proc/cpuinfo")
    text = cpu.read_text() if cpu.exists() else ""
    name = re.search(r"model name\s*: (.*)", text)
    family = re.search(r"cpu family\s*: (.*)", text)
    model = re.search(r"model\s*: (.*)", text)
    flags = set((re.search(r"flags\s*: (.*)", text) or ["", ""])[1].split())
    onednn = os.environ.get("TF_ENABLE_ONEDNN_OPTS", "default")
    words = [
        name[1] if name else platform.processor() or platform.machine(),
        f"family {family[1]} model {model[1]}" if family and model else "",
        f"{os.cpu_count()} cores",
        " ".join(flag for flag in FLAGS if flag in flags),
        f"Python {platform.python_version()}, oneDNN {onednn}",
        "processor seconds" if PROCESSOR else "seconds of the wall",
    ]
    return "; ".join(word for word in words if word)


def median_seconds(*functions: Callable[[], object], repeats: int = REPEATS) -> list[float]:
    """Median seconds of each function; they take turns, so that a busy machine hurts them alike."""
    for function in functions:
        function()
    times = np.zeros((repeats, len(functions)))
    for repeat in range(repeats):
        for i, function in enumerate(functions):
            times[repeat, i], _ = seconds(function)
    return np.median(times, axis=0).tolist()


def seconds(function: Callable[[], Result]) -> tuple[float, Result]:
    """Seconds of a call, and what it returns."""
    start = clock()
    result = function()
    return clock() - start, result


def alone(function: Callable[..., Result], *arguments) -> tuple[Result, int]:
    """What a function returns in a process of its own, and the peak memory of that in MiB."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(_measured, function, arguments).result()


def _measured(function: Callable[..., Result], arguments: tuple) -> tuple[Result, int]:
    with quiet.standard_error():
        result = function(*arguments)
    # Not getrusage, to which a process brings the peak of the one that started it.
    status = Path("/proc/self/status").read_text().split()
    return result, int(status[status.index("VmHWM:") + 1]) // 1024


# A small process that starts the command: a process has the peak of the one that started it.
STARTER = """
import os, sys, time
silent = [(os.POSIX_SPAWN_OPEN, fd, os.devnull, os.O_WRONLY, 0) for fd in (1, 2)]
start = time.perf_counter()
process = os.posix_spawnp(sys.argv[1], sys.argv[1:], os.environ, file_actions=silent)
_, status, usage = os.wait4(process, 0)
wall, code = time.perf_counter() - start, os.waitstatus_to_exitcode(status)
print(code, wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss // 1024)
"""


def command(words: Sequence[str], **environment: str) -> tuple[float, float, int]:
    """Run a command without its output: wall seconds, processor seconds and peak memory in MiB.

    Raises:
        RuntimeError: it failed.
    """
    names = {**os.environ, **environment}
    words = [sys.executable, "-S", "-c", STARTER, *words]
    out = subprocess.run(words, env=names, stdout=subprocess.PIPE, check=True, text=True).stdout
    code, wall, processor, peak = out.split()
    if int(code):
        raise RuntimeError(f"{' '.join(words[4:])}: expected exit code 0, got {code}")
    return float(wall), float(processor), int(peak)


def python(*words: str, **environment: str) -> tuple[float, float, int]:
    """`command` of this Python."""
    return command([sys.executable, *words], **environment)
