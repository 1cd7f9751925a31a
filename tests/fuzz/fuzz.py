"""Damaged files for every reader, read in child processes.

    python -m tests.fuzz.fuzz [files for each reader] [reader ...] [--seed N] [--keep FOLDER]

Each file has to give an InputError or OSError of one line, or an answer as documented. A crash, a
hang, memory that grows, any other exception and a wrong answer are failures; the exit code is then
1. What damages a file is a function of seed, reader and number alone.
"""

import argparse
import faulthandler
import json
import logging
import os
import random
import resource
import signal
import subprocess
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from seaice_tf.errors import InputError
from tests.fuzz import fuzz_ice, fuzz_numbers, fuzz_pictures
from tests.fuzz.fuzz_expect import clear
from tests.fuzz.fuzz_mutate import mutate

READERS = {**fuzz_ice.READERS, **fuzz_pictures.READERS, **fuzz_numbers.READERS}
ROOT = Path(__file__).parents[2]
ENVIRONMENT = {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
SECONDS = 30  # that a file may take, on a busy machine
BATCH = 2000  # files for a child: netCDF leaves one in four open
MEMORY = 256 << 20  # bytes that may be taken besides those of the imports
COLUMNS = ("files", "accepted", "refused", "failed", "seconds")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", type=int, nargs="?", default=1000)
    parser.add_argument("readers", nargs="*", default=list(READERS))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--keep", type=Path, help="folder for the files of failures")
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_intermixed_args()
    if options.child:
        return child(options.seed)
    counts = {name: Counter() for name in (*options.readers, "all")}
    todo = [(name, number) for name in options.readers for number in range(options.files)]
    for name, number, outcome, seconds in outcomes(todo, options.seed):
        kind = outcome if outcome in COLUMNS else "failed"
        for found in (counts[name], counts["all"]):
            found.update({"files": 1, kind: 1, "seconds": seconds})
        if kind == "failed":
            print(f"{name} {number}: {outcome}", flush=True)
            if options.keep:
                keep(options.keep, options.seed, name, number)
    print(" " * 20 + "".join(f"{column:>10}" for column in COLUMNS))
    for name, found in counts.items():
        print(f"{name:20}" + "".join(f"{found[column]:10.0f}" for column in COLUMNS))
    return int(counts["all"]["failed"] > 0)


def outcomes(todo: list[tuple[str, int]], seed: int) -> Iterator[tuple[str, int, str, float]]:
    """Reader, number of the file, what came of it, seconds; another child after each crash."""
    while todo:
        with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryFile("w+") as last_words:
            command = [sys.executable, "-m", "tests.fuzz.fuzz", "--child", "--seed", str(seed)]
            process = subprocess.Popen(
                command,
                cwd=folder,
                text=True,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=last_words,
                env={**os.environ, **ENVIRONMENT},
            )
            with process:
                process.stdin.write(json.dumps(todo[:BATCH]))
                process.stdin.close()
                started = process.stdout.readline()
                for line in process.stdout:
                    yield (*todo.pop(0), *json.loads(line))
            if process.returncode:
                last_words.seek(0)
                said = " | ".join(last_words.read().splitlines()[-12:])
                if not started:
                    raise RuntimeError(f"a sound file is not accepted: {said}")
                yield (*todo.pop(0), f"exit code {process.returncode}: {said}", 0.0)


def child(seed: int) -> int:
    """Read the files that stdin names; a line on stdout for each."""
    faulthandler.enable()
    warnings.simplefilter("ignore")
    logging.disable()
    todo = json.load(sys.stdin)
    sound = {name: prepare(name) for name in dict.fromkeys(name for name, _ in todo)}
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    limit = pages * resource.getpagesize() + MEMORY
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    print("started", flush=True)
    for name, number in todo:
        path, content = sound[name]
        path.unlink()  # netCDF keeps a damaged file open, and takes the next one for it
        path.write_bytes(damaged(content, seed, name, number))
        began = time.monotonic()
        signal.alarm(SECONDS)  # whose signal ends the process, in C code as well
        outcome = answer(name, path)
        signal.alarm(0)
        print(json.dumps([outcome, time.monotonic() - began]), flush=True)
    return 0


def prepare(name: str) -> tuple[Path, bytes]:
    """A sound file, which is accepted, and its content."""
    folder = Path(name)
    folder.mkdir()
    path = READERS[name].write(folder)
    READERS[name].read(path)
    return path, path.read_bytes()


def damaged(content: bytes, seed: int, name: str, number: int) -> bytes:
    return mutate(content, READERS[name].kind, random.Random(f"{seed} {name} {number}"))


def answer(name: str, path: Path) -> str:
    """What a reader makes of a file: accepted, refused, or what is wrong with its answer."""
    try:
        READERS[name].read(path)
    except (InputError, OSError) as error:
        return "refused" if clear(str(error)) else f"not one clear line: {str(error)[:3000]!r}"
    except Exception as error:
        frames = traceback.extract_tb(error.__traceback__)[-4:]
        where = " > ".join(f"{Path(frame.filename).name}:{frame.lineno}" for frame in frames)
        return f"{type(error).__name__}: {str(error)[:200]} ({where})"
    return "accepted"


def keep(folder: Path, seed: int, name: str, number: int) -> None:
    """Write the file of a failure."""
    with tempfile.TemporaryDirectory() as temporary:
        os.chdir(temporary)
        path, content = prepare(name)
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"{name}_{number}_{path.name}"
    target.write_bytes(damaged(content, seed, name, number))


if __name__ == "__main__":
    sys.exit(main())
