"""Worker processes on this machine.

Pebble gives each task its own time limit: a process that hangs, even inside compiled code, or that
dies costs the batch one input. Separate from :mod:`retrodetect.runs.pool`, so that a single process
does not import what starts others.
"""

from __future__ import annotations

import multiprocessing.resource_tracker
import os
import pickle
import signal
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import Any, TypeVar

import joblib
import pebble
from joblib.externals.loky.backend import resource_tracker as loky_tracker
from joblib.externals.loky.backend.context import LokyContext
from joblib.externals.loky.backend.process import LokyProcess
from joblib.externals.loky.backend.reduction import dumps

from retrodetect.errors import OutputError
from retrodetect.runs import NUMERICAL_THREADS, Lost

__all__ = ["called", "in_turn", "shared_out"]

S = TypeVar("S")
T = TypeVar("T")


def shared_out(
    do: Callable[[T], float], tasks: Sequence[T], jobs: int, timeout_s: float | None
) -> Iterator[tuple[T, float | Lost]]:
    """Do tasks in processes; see :func:`retrodetect.runs.pool.shared_out`."""
    waiting = dict(enumerate(tasks))
    while waiting:
        before = len(waiting)
        try:
            for number, result in _in_pool(do, waiting, jobs, timeout_s):
                yield waiting.pop(number), result
        except BrokenProcessPool as error:
            if len(waiting) == before:
                raise OutputError(
                    "all worker processes died",
                    remedy="free some memory or use --jobs 1, then run the same command again",
                ) from error


def called(calls: Sequence[Any], jobs: int) -> list[Any]:
    """Make calls in processes and return their results."""
    with _started(jobs, calls[0][0]) as pool:
        futures = [pool.schedule(_call, (bytes(dumps(call)),)) for call in calls]
        return [pickle.loads(future.result()) for future in futures]


def in_turn(work: Callable[[S], T], items: Iterable[S], helpers: int) -> Iterator[T]:
    """Work on items here and in helper processes; yield results in order."""
    coming: deque[tuple[S, Future[bytes] | None, T | None]] = deque()

    def next_result() -> T:
        item, elsewhere, result = coming.popleft()
        if elsewhere is None:
            return result  # type: ignore[return-value]
        try:
            return pickle.loads(elsewhere.result())  # type: ignore[no-any-return]
        except (pebble.ProcessExpired, BrokenProcessPool):
            return work(item)

    with _started(helpers, work) as pool:
        for item in items:
            waiting = sum(future is not None and not future.done() for _, future, _ in coming)
            if waiting > helpers:
                coming.append((item, None, work(item)))
            else:
                call = bytes(dumps((work, (item,), {})))
                coming.append((item, pool.schedule(_call, (call,)), None))
            while coming and (coming[0][1] is None or coming[0][1].done()):
                yield next_result()
        for place, (item, elsewhere, _) in enumerate(coming):
            # Queued items are done sooner here: helpers may still be starting.
            if elsewhere is not None and not elsewhere.running() and elsewhere.cancel():
                coming[place] = item, None, work(item)
        while coming:
            yield next_result()


def _in_pool(
    do: Callable[[T], float], tasks: dict[int, T], jobs: int, timeout_s: float | None
) -> Iterator[tuple[int, float | Lost]]:
    """Do numbered tasks in processes."""
    with _started(jobs, do) as pool:
        futures: dict[Future[bytes], int] = {}
        for number, task in tasks.items():
            call = bytes(dumps((do, (task,), {})))
            futures[pool.schedule(_call, (call,), timeout=timeout_s)] = number
        for future in as_completed(futures):
            try:
                result: float | Lost = pickle.loads(future.result())
            except TimeoutError:
                result = "timed out"
            except pebble.ProcessExpired:
                result = "killed"
            yield futures[future], result


def _call(call: bytes) -> bytes:
    """Make a call in another process; loky's pickler handles more than the standard one."""
    function, args, named = pickle.loads(call)
    return bytes(dumps(function(*args, **named)))


def _prepare(imported: bytes) -> None:
    """Import what the tasks do, and let SIGTERM end the process.

    Pebble sends SIGTERM first, but its own handler would not run inside compiled code.
    """
    pickle.loads(imported)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)


class _FreshProcesses(LokyContext):  # type: ignore[misc]
    """Processes that inherit nothing and never import the caller's script.

    Each gets its share of the cores for numerical libraries.
    """

    def __init__(self, jobs: int) -> None:
        super().__init__()
        threads = str(max(int(joblib.cpu_count()) // jobs, 1))
        self._environment = {name: os.environ.get(name, threads) for name in NUMERICAL_THREADS}

    def Process(self, **arguments: Any) -> LokyProcess:  # noqa: N802 - the name pebble calls
        return LokyProcess(env=self._environment, **arguments)


@contextmanager
def _started(jobs: int, do: Callable[..., Any]) -> Iterator[pebble.ProcessPool]:
    """Start processes, and always stop them.

    They import their work before the first task, outside its time limit.
    """
    imported = (bytes(dumps(do)),)
    pool = pebble.ProcessPool(
        jobs, initializer=_prepare, initargs=imported, context=_FreshProcesses(jobs)
    )
    try:
        with _block_sigint():
            pool.active  # noqa: B018 - starts the processes
        yield pool
    finally:
        pool.stop()  # type: ignore[no-untyped-call]
        pool.join()


@contextmanager
def _block_sigint() -> Iterator[None]:
    """Start processes that ignore Ctrl-C: this process receives it and stops them.

    New processes and threads inherit blocked signals. Here, the signal waits until the end.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    # Starting the trackers unblocks the signal, so they come first.
    for tracker in (multiprocessing.resource_tracker, loky_tracker):
        tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
