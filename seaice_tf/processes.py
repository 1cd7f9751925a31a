"""Worker processes, which end with this one even if it is killed, and those of a dask cluster."""

import contextlib
import logging
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Any

from seaice_tf import quiet
from seaice_tf.errors import InputError

log = logging.getLogger(__name__)

TIMEOUT = 30  # seconds for a scheduler and its workers to answer
PRELOAD = True  # import TensorFlow in workers at first, with its messages silenced


@contextlib.contextmanager
def pool(processes: int) -> Iterator[ProcessPoolExecutor]:
    """A context with a pool of spawned processes; forked ones may hang in TensorFlow.

    If it is interrupted, the processes are terminated, and killed if it is interrupted again.
    """
    spawn = multiprocessing.get_context("spawn")
    executor = ProcessPoolExecutor(
        processes, mp_context=spawn, initializer=_initialize, initargs=(PRELOAD,)
    )
    try:
        yield executor
    except Exception:
        raise
    except BaseException:  # KeyboardInterrupt
        executor.shutdown(wait=False, cancel_futures=True)
        _terminate_children()
        raise
    finally:
        executor.shutdown()


def _terminate_children() -> None:
    """Let the children of this process end their step, if it is one that can be resumed."""
    children = multiprocessing.active_children()
    try:
        for child in children:
            child.terminate()
        for child in children:
            child.join()
    finally:
        kill_children()


def kill_children() -> None:
    """Kill the processes that this one has started."""
    for child in multiprocessing.active_children():
        child.kill()


def run_in_subprocess(function: Callable[..., Any], *arguments: Any) -> Any:
    """Call a function in a process of its own, so that its memory is freed; retries once if killed.

    Args:
        function: importable by name.
        arguments: picklable.

    Returns:
        The result of the function.

    Raises:
        InputError: the process was killed twice.
    """
    for _ in range(2):
        with pool(1) as executor:
            try:
                return executor.submit(function, *arguments).result()
            except BrokenProcessPool:
                log.warning("the process was killed")
    raise InputError(
        "process: expected it to finish, but it was killed twice; if memory ran out, use smaller "
        "settings"
    )


@contextlib.contextmanager
def workers(processes: int, dask: str = "") -> Iterator[Executor | None]:
    """A context with an executor of processes on this machine, or of a dask scheduler.

    Args:
        processes: number of processes, without a scheduler; with 1, the context yields None.
        dask: address of the scheduler; its workers need the same files under the same names.

    Raises:
        InputError: the scheduler or its workers are missing, or processes were killed.
    """
    if processes < 1:
        raise InputError(f"--processes: expected at least 1, got {processes}")
    try:
        if dask:
            with _dask_client(dask) as client:
                yield client.get_executor()
        elif processes > 1:
            with pool(processes) as executor:
                yield executor
        else:
            yield None
    except Exception as error:
        if type(error).__name__ not in ("BrokenProcessPool", "KilledWorker"):
            raise
        raise InputError(
            f"processes: expected them to finish, but some were killed ({error}); repeat the "
            "command to continue, with fewer processes if memory ran out"
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
        client = Client(address, timeout=TIMEOUT)
        client.wait_for_workers(1, timeout=TIMEOUT)
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


def _initialize(preload: bool) -> None:
    # Ctrl-C reaches the whole group: the parent has it too, and terminates this process.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _end_with_parent()
    if preload:
        with quiet.standard_error():
            import tensorflow  # noqa: F401


def _end_with_parent() -> None:
    """End this process when its parent ends, even if that was killed."""
    threading.Thread(target=_wait_for_parent, daemon=True).start()


def _wait_for_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent:
        parent.join()
        os._exit(1)
