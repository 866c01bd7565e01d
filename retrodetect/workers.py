"""Workers: one task per input, in this process, in several, or on a cluster."""

from __future__ import annotations

import multiprocessing.resource_tracker
import signal
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import Any, TypeVar

import joblib
from joblib.externals.loky import ProcessPoolExecutor
from joblib.externals.loky.backend import resource_tracker as loky_tracker

from retrodetect.errors import UsageError

__all__ = ["in_parallel", "shared_out"]

T = TypeVar("T")

LOST_S = 5
"""Longest wait for a worker that has a result, before it is asked of another one."""

CONNECT_S = 20.0
"""Longest wait for the scheduler of a cluster, and for its first worker."""


def shared_out(
    do: Callable[[T], float],
    tasks: Sequence[T],
    *,
    jobs: int = 1,
    cluster: str | None = None,
) -> Iterator[tuple[T, float | None]]:
    """Do tasks, in any order.

    Parameters
    ----------
    do
        What to do with each; it may be done again where a worker of a cluster is lost.
    tasks
        What it is to be done with.
    jobs
        Processes on this machine.
    cluster
        Address of a Dask scheduler, whose workers do it instead.

    Yields
    ------
    task
        One that is done.
    float or None
        What ``do`` returned; None where the task brought its process down.

    Raises
    ------
    RetrodetectError
        As ``do`` raises it.
    UsageError
        Where no cluster answers.
    """
    if cluster is not None:
        yield from _on_cluster(do, tasks, cluster)
        return
    if jobs == 1 or len(tasks) == 1:
        yield from ((task, do(task)) for task in tasks)
        return
    left = dict(enumerate(tasks))
    while left:
        try:
            pool = joblib.Parallel(n_jobs=min(jobs, len(left)), return_as="generator_unordered")
            work = [joblib.delayed(_numbered)(do, *item) for item in left.items()]
            with _deaf_to_interrupts():
                results = pool(work)
            for number, result in results:
                yield left.pop(number), result
        except BrokenProcessPool:
            yield from _until_one_dies(do, left)


def in_parallel(calls: Iterable[Any], jobs: int) -> list[Any]:
    """Make calls, and end with one line on Ctrl-C.

    Parameters
    ----------
    calls
        From `joblib.delayed`.
    jobs
        Processes on this machine; -1 for one per core.

    Returns
    -------
    list
        What they returned, in their order.
    """
    pool = joblib.Parallel(n_jobs=jobs, return_as="generator")
    with _deaf_to_interrupts():
        results = pool(calls)
    return list(results)


def _numbered(do: Callable[[T], float], number: int, task: T) -> tuple[int, float]:
    return number, do(task)


@contextmanager
def _deaf_to_interrupts() -> Iterator[None]:
    """Start processes that Ctrl-C does not reach: the first one ends them, with one line.

    A blocked signal stays so in whoever is started meanwhile; here it waits until the end.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    # Their start lets interrupts through again, so they come first.
    for tracker in (multiprocessing.resource_tracker, loky_tracker):
        tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _until_one_dies(
    do: Callable[[T], float], left: dict[int, T]
) -> Iterator[tuple[T, float | None]]:
    """Which task brought its worker down? One by one until it is found."""
    for number, task in [*left.items()]:
        try:
            with ProcessPoolExecutor(max_workers=1) as alone:
                with _deaf_to_interrupts():
                    future = alone.submit(do, task)
                result = float(future.result())
        except BrokenProcessPool:
            yield left.pop(number), None
            return
        yield left.pop(number), result


def _on_cluster(
    do: Callable[[T], float], tasks: Sequence[T], address: str
) -> Iterator[tuple[T, float | None]]:
    """Do tasks on a cluster.

    Not by joblib's backend for it: that waits for ever where a task takes down every worker that
    the scheduler tries it on (joblib 1.5). What is done on a worker that is lost, is done again.
    """
    try:
        import dask
        import distributed
    except ImportError as error:
        raise UsageError(
            f"a cluster needs {error.name}", remedy="run pip install 'retrodetect[cluster]'"
        ) from error
    try:
        client = distributed.Client(address, timeout=CONNECT_S)  # type: ignore[no-untyped-call]
        client.wait_for_workers(1, timeout=CONNECT_S)
    except (OSError, ValueError, TimeoutError) as error:
        raise UsageError(
            f"no cluster answers ({error})",
            place=f"--cluster {address}",
            remedy="give the address that its scheduler prints, such as tcp://host:8786",
        ) from error
    with client, dask.config.set({"distributed.comm.timeouts.connect": f"{LOST_S} s"}):
        futures = dict(zip(client.map(do, tasks, pure=False), tasks, strict=True))
        ended = distributed.as_completed(list(futures))  # type: ignore[no-untyped-call]
        for future in ended:
            task = futures.pop(future)
            try:
                yield task, future.result()
            except distributed.KilledWorker:
                yield task, None
