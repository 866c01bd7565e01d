"""Workers: one task per input, in this process, in several, or on a cluster.

Local processes come from pebble, which gives each task its own time limit and its own fate: a
process that hangs, even inside compiled code, or that dies costs the batch one input.
"""

from __future__ import annotations

import multiprocessing.resource_tracker
import os
import pickle
import signal
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeVar

import joblib
import pebble
from joblib.externals.loky.backend import resource_tracker as loky_tracker
from joblib.externals.loky.backend.context import LokyContext
from joblib.externals.loky.backend.process import LokyProcess
from joblib.externals.loky.backend.reduction import dumps

from retrodetect.errors import OutputError, UnreadableFile, UsageError

__all__ = [
    "SMALL_BYTES",
    "Limits",
    "Lost",
    "Workers",
    "in_parallel",
    "memory_limited",
    "shared_out",
]

T = TypeVar("T")

LOST_S = 5
"""Longest wait for a cluster's worker that holds a result, before another one redoes the task."""

SMALL_BYTES = 5_000_000
"""Input that one process handles before others have started (1.5 s)."""

CONNECT_S = 20.0
"""Longest wait for the scheduler of a cluster, and for its first worker."""

_NO_THREAD = "can't start new thread"
"""What Python says when there is no memory for a thread's stack."""

_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
"""What numerical libraries read to decide how many threads they start."""


Lost = Literal["killed", "timed out"]
"""Why a task has no result."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one recording may take before it fails alone.

    Parameters
    ----------
    timeout_s
        Seconds; None for no limit. The process that works on the recording is killed then.
    max_memory_mib
        Mebibytes beyond what the program itself needs; None for no limit. Linux only.

    Raises
    ------
    UsageError
        If a limit is not a positive number, or this system cannot keep it.
    """

    timeout_s: float | None = None
    max_memory_mib: float | None = None

    def __post_init__(self) -> None:
        for option, limit in (("--timeout", self.timeout_s), ("--max-memory", self.max_memory_mib)):
            if limit is not None and not 0 < limit < float("inf"):
                raise UsageError(
                    f"{limit!r} is not a limit", place=option, remedy="use a number above 0"
                )
        if self.max_memory_mib is not None and sys.platform != "linux":
            raise UsageError(
                f"{sys.platform} cannot limit the memory of a process",
                place="--max-memory",
                remedy="leave it out",
            )

    def __bool__(self) -> bool:
        return self.timeout_s is not None or self.max_memory_mib is not None


@dataclass(frozen=True, slots=True)
class Workers:
    """Who does the work of a batch.

    Parameters
    ----------
    jobs
        Processes; None for one per core, or a single one for a small batch.
    cluster
        Address of a Dask scheduler whose workers label instead. They must see the same files.
    limits
        What one recording may take. A cluster's workers have their own.

    Raises
    ------
    UsageError
        If there are limits for a cluster.
    """

    jobs: int | None = None
    cluster: str | None = None
    limits: Limits = field(default_factory=Limits)

    def __post_init__(self) -> None:
        if self.limits and self.cluster is not None:
            raise UsageError(
                "a cluster's workers have their own limits",
                place="--timeout, --max-memory",
                remedy="set them where you start the workers",
            )


def shared_out(
    do: Callable[[T], float], tasks: Sequence[T], workers: Workers
) -> Iterator[tuple[T, float | Lost]]:
    """Do tasks, in any order.

    Parameters
    ----------
    do
        What to do with each. A cluster may do it again if it loses a worker.
    tasks
        What to do it with.
    workers
        Processes or cluster that do the work.

    Yields
    ------
    task
        One that is over.
    float or Lost
        What ``do`` returned, or why it did not return.

    Raises
    ------
    RetrodetectError
        As ``do`` raises it.
    UsageError
        If no cluster answers.
    OutputError
        If no worker process survives.
    """
    if workers.cluster is not None:
        yield from _on_cluster(do, tasks, workers.cluster)
        return
    jobs = min(_processes(workers.jobs), len(tasks))
    if jobs <= 1 and not workers.limits:
        yield from ((task, do(task)) for task in tasks)
        return
    waiting = dict(enumerate(tasks))
    while waiting:
        before = len(waiting)
        try:
            for number, result in _in_pool(do, waiting, jobs, workers.limits.timeout_s):
                yield waiting.pop(number), result
        except BrokenProcessPool as error:
            if len(waiting) == before:
                raise OutputError(
                    "all worker processes died",
                    remedy="free some memory or use --jobs 1, then run the same command again",
                ) from error


def in_parallel(calls: Iterable[Any], jobs: int | None) -> list[Any]:
    """Make calls.

    Parameters
    ----------
    calls
        From `joblib.delayed`.
    jobs
        Processes on this machine; None for one per core.

    Returns
    -------
    list
        What they returned, in their order.
    """
    calls = list(calls)
    jobs = min(_processes(jobs), len(calls))
    if jobs <= 1:
        return [function(*args, **named) for function, args, named in calls]
    with _started(jobs, calls[0][0]) as pool:
        futures = [pool.schedule(_call, (bytes(dumps(call)),)) for call in calls]
        return [pickle.loads(future.result()) for future in futures]


@contextmanager
def memory_limited(max_memory_mib: float | None, name: str) -> Iterator[None]:
    """Let this process's allocations fail beyond a limit.

    Parameters
    ----------
    max_memory_mib
        From `Limits`; None for no limit.
    name
        Of the recording, for the message.

    Yields
    ------
    None

    Raises
    ------
    UnreadableFile
        If the block needs more.
    """
    if max_memory_mib is None:
        yield
        return
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    most = _data_bytes() + round(max_memory_mib * 2**20)
    resource.setrlimit(resource.RLIMIT_DATA, (most if hard < 0 else min(most, hard), hard))
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        if isinstance(error, RuntimeError) and str(error) != _NO_THREAD:
            raise
        raise UnreadableFile(
            f"needs more than {max_memory_mib:g} MiB of memory",
            file=name,
            remedy="raise --max-memory, or split the file",
        ) from None
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))


def _processes(jobs: int | None) -> int:
    """Processes to start: as many as asked for, else one for each core we may use."""
    return int(joblib.cpu_count()) if jobs is None else jobs


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
    """Make a call in another process; loky's pickler carries what the common one cannot."""
    function, args, named = pickle.loads(call)
    return bytes(dumps(function(*args, **named)))


class _FreshProcesses(LokyContext):  # type: ignore[misc]
    """Processes that inherit nothing and never import the caller's script.

    Each gets its share of the cores for numerical libraries.
    """

    def __init__(self, jobs: int) -> None:
        super().__init__()
        threads = str(max(int(joblib.cpu_count()) // jobs, 1))
        self._environment = {name: os.environ.get(name, threads) for name in _THREADS}

    def Process(self, **arguments: Any) -> LokyProcess:  # noqa: N802 - the name pebble calls
        return LokyProcess(env=self._environment, **arguments)


@contextmanager
def _started(jobs: int, do: Callable[..., Any]) -> Iterator[pebble.ProcessPool]:
    """Start processes, and stop them whatever happens.

    They import what they are to do before their first task: that takes none of its time.
    """
    imported = (bytes(dumps(do)),)
    pool = pebble.ProcessPool(
        jobs, initializer=pickle.loads, initargs=imported, context=_FreshProcesses(jobs)
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
    """Start processes that ignore Ctrl-C: this process hears it, and stops them.

    A new process or thread inherits blocked signals. Here, the signal waits until the end.
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


def _on_cluster(
    do: Callable[[T], float], tasks: Sequence[T], address: str
) -> Iterator[tuple[T, float | Lost]]:
    """Do tasks on a cluster.

    Not through joblib's backend: it waits forever if a task kills every worker that the scheduler
    tries it on (joblib 1.5). Dask redoes the tasks of a lost worker.
    """
    try:
        import dask
        import distributed
    except ImportError as error:
        raise UsageError(
            f"--cluster needs {error.name}", remedy="run pip install 'retrodetect[cluster]'"
        ) from error
    try:
        client = distributed.Client(address, timeout=CONNECT_S)  # type: ignore[no-untyped-call]
        client.wait_for_workers(1, timeout=CONNECT_S)
    except (OSError, ValueError, TimeoutError) as error:
        raise UsageError(
            f"no cluster answers ({error})",
            place=f"--cluster {address}",
            remedy="use the address that the scheduler prints, such as tcp://host:8786",
        ) from error
    with client, dask.config.set({"distributed.comm.timeouts.connect": f"{LOST_S} s"}):
        futures = dict(zip(client.map(do, tasks, pure=False), tasks, strict=True))
        ended = distributed.as_completed(list(futures))  # type: ignore[no-untyped-call]
        for future in ended:
            task = futures.pop(future)
            try:
                yield task, future.result()
            except distributed.KilledWorker:
                yield task, "killed"


def _data_bytes() -> int:
    """What this process has allocated."""
    for line in Path("/proc/self/status").read_text("ascii", "replace").splitlines():
        if line.startswith("VmData:"):
            return int(line.split()[1]) * 1024
    return 0
