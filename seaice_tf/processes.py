"""Processes that work for this one: its own, which end with it however it ends, or a cluster's."""

import contextlib
import multiprocessing
import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Any

from seaice_tf import quiet
from seaice_tf.errors import InputError

PATIENCE = 30  # seconds for a scheduler and its workers to answer


def pool(processes: int) -> ProcessPoolExecutor:
    """Processes to work side by side; they start afresh, for a fork of TensorFlow may hang."""
    spawn = multiprocessing.get_context("spawn")
    return ProcessPoolExecutor(processes, mp_context=spawn, initializer=_begin)


def apart(function: Callable[..., Any], *arguments: Any) -> Any:
    """What the function gives, called in a process of its own that leaves no memory behind.

    Where the process is killed another one is started, once.

    Raises:
        InputError: that one was killed, too.
    """
    for _ in range(2):
        with pool(1) as one:
            try:
                return one.submit(function, *arguments).result()
            except BrokenProcessPool:
                print("the process was killed")
            except KeyboardInterrupt:  # SIGTERM reached this process alone
                for child in multiprocessing.active_children():
                    child.terminate()
                raise
    raise InputError(
        "process: expected it to end, but it was killed twice; if memory ran out, use smaller "
        "settings"
    )


@contextlib.contextmanager
def workers(processes: int, dask: str = "") -> Iterator[Executor | None]:
    """Who works side by side: processes of this machine, or those of a dask scheduler.

    None for one process, this one.

    Args:
        processes: how many, without a scheduler.
        dask: address of the scheduler; its workers see the same files under the same names.

    Raises:
        InputError: no such scheduler or processes, or they were killed.
    """
    if processes < 1:
        raise InputError(f"--processes: expected at least 1, got {processes}")
    try:
        if dask:
            with _dask_client(dask) as client:
                yield client.get_executor()
        elif processes > 1:
            with pool(processes) as several:
                yield several
        else:
            yield None
    except Exception as error:
        if type(error).__name__ not in ("BrokenProcessPool", "KilledWorker"):
            raise
        raise InputError(
            f"processes: expected them to end, but some were killed ({error}); what is finished "
            "is kept: use the same command, with fewer processes if memory ran out"
        ) from error


def _dask_client(address: str):
    try:
        from dask.distributed import Client
    except ImportError as error:
        raise InputError(
            f"--dask {address}: expected dask, got none; install it with "
            "pip install 'seaice_tf[cluster]'"
        ) from error
    try:
        client = Client(address, timeout=PATIENCE)
        client.wait_for_workers(1, timeout=PATIENCE)
    except (OSError, ValueError) as error:
        raise InputError(
            f"--dask {address}: expected a scheduler with workers, got {error}; "
            "see docs/machines.md"
        ) from error
    if max(client.nthreads().values()) > 1:  # netCDF4 ends threads in a segmentation fault
        client.close()
        raise InputError(
            f"--dask {address}: expected workers of one thread, got more; "
            "start them with dask worker --nthreads 1 --nworkers N"
        )
    return client


def _begin() -> None:
    _end_with_parent()
    with quiet.import_of_tensorflow():
        import tensorflow  # noqa: F401


def _end_with_parent() -> None:
    """See to it that nobody goes on working for a process that was killed."""
    threading.Thread(target=_wait_for_parent, daemon=True).start()


def _wait_for_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent:
        parent.join()
        os._exit(1)
