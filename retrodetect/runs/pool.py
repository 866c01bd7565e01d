"""Workers: do tasks in this process, in several, or on a cluster."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import CancelledError
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any, TypeVar

from retrodetect.errors import OutputError, UnreadableFile, UsageError
from retrodetect.runs import Lost

__all__ = [
    "SMALL_BYTES", "Limits", "Workers", "in_parallel", "in_turn", "jobs_within", "memory_limited",
    "shared_out",
]  # fmt: skip

S = TypeVar("S")
T = TypeVar("T")

LOST_S = 5
"""Longest wait for a cluster worker that has a result, before another one redoes the task."""

SMALL_BYTES = 5_000_000
"""Input that one process finishes before others have started (1.5 s)."""

HELP_AFTER_S = 0.3
"""Processor time after which a second process helps. It takes a second to start: a lower value
would start it for an hour's walk, a higher one slows a day (own measurement: after 1 s, 12.6 s
instead of 10.7 s for a day with 60 % walking)."""

CONNECT_S = 20.0
"""Longest wait for the scheduler of a cluster, and for its first worker."""

_NO_THREAD = "can't start new thread"
"""Python's message when there is no memory for a thread's stack."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of one recording, beyond which it alone fails; None for no limit."""

    timeout_s: float | None = None  # then the process that works on the recording is killed
    max_memory_mib: float | None = None  # mebibytes beyond the program's own; Linux only

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
    """Processes or cluster for the work of a batch."""

    jobs: int | None = None  # processes; None for one per core, or a single one for a small batch
    # address of a Dask scheduler, whose workers label instead; they must see the same files
    cluster: str | None = None
    limits: Limits = field(default_factory=Limits)  # a cluster's workers have their own

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
    """Do tasks in any order, and yield each with the result of ``do``, or why it has none.

    A cluster may redo a task if it loses a worker. Errors of ``do`` are raised here; UsageError
    if no cluster answers, OutputError if no worker survives or the scheduler is lost.
    """
    if workers.cluster is not None:
        yield from _on_cluster(do, tasks, workers.cluster)
        return
    jobs = min(_processes(workers.jobs), len(tasks))
    if jobs <= 1 and not workers.limits:
        yield from ((task, do(task)) for task in tasks)
        return
    from retrodetect.runs import processes

    yield from processes.shared_out(do, tasks, jobs, workers.limits.timeout_s)


def jobs_within(tasks: Sequence[T], workers: Workers) -> int | None:
    """Return the processes for one task: several if it is the only one."""
    is_alone = len(tasks) == 1 and not workers.limits and workers.cluster is None
    return workers.jobs if is_alone else 1


def in_turn(work: Callable[[S], T], items: Iterable[S], jobs: int | None) -> Iterator[T]:
    """Work on items in ``jobs`` processes, this one included, and yield results in order.

    The others start once there is much to do; what starts them is imported only then.
    """
    begin, items = time.process_time(), iter(items)
    for item in items:
        is_much = time.process_time() - begin > HELP_AFTER_S
        if is_much and jobs != 1 and _processes(jobs) > 1:
            from retrodetect.runs import processes

            yield from processes.in_turn(work, chain([item], items), _processes(jobs) - 1)
            return
        yield work(item)


def in_parallel(calls: Iterable[Any], jobs: int | None) -> list[Any]:
    """Make calls in ``jobs`` processes on this machine; None for one per core."""
    calls = list(calls)
    jobs = min(_processes(jobs), len(calls))
    if jobs <= 1:
        return [function(*args, **named) for function, args, named in calls]
    from retrodetect.runs import processes

    return processes.called(calls, jobs)


@contextmanager
def memory_limited(max_memory_mib: float | None, name: str) -> Iterator[None]:
    """Make this process's allocations fail beyond a limit."""
    if max_memory_mib is None:
        yield
        return
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    limit = _data_bytes() + round(max_memory_mib * 2**20)
    resource.setrlimit(resource.RLIMIT_DATA, (limit if hard < 0 else min(limit, hard), hard))
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
    """Return the number of processes: ``jobs``, or one per available core."""
    if jobs is not None:
        return jobs
    import joblib

    return int(joblib.cpu_count())


def _on_cluster(
    do: Callable[[T], float], tasks: Sequence[T], address: str
) -> Iterator[tuple[T, float | Lost]]:
    """Do tasks on a cluster.

    Not through joblib's backend, which waits forever if a task kills every worker that the
    scheduler tries it on (joblib 1.5). Dask redoes the tasks of a lost worker.
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
    patience = dask.config.set({"distributed.comm.timeouts.connect": f"{LOST_S} s"})
    with _silent("distributed", "distributed.client"), client, patience:
        futures = dict(zip(client.map(do, tasks, pure=False), tasks, strict=True))
        ended = distributed.as_completed(list(futures))  # type: ignore[no-untyped-call]
        for future in ended:
            task = futures.pop(future)
            try:
                result = future.result()
            except distributed.KilledWorker:
                result = "killed"
            except (CancelledError, distributed.comm.core.CommClosedError) as error:
                raise OutputError(
                    "the connection to the scheduler was lost",
                    place=f"--cluster {address}",
                    remedy="run the same command again once it answers, to resume",
                ) from error
            yield task, result


@contextmanager
def _silent(*names: str) -> Iterator[None]:
    """Silence libraries whose errors we report ourselves."""
    loggers = [logging.getLogger(name) for name in names]
    before = [logger.handlers for logger in loggers]
    for logger in loggers:
        logger.handlers = [logging.NullHandler()]
    try:
        yield
    finally:
        for logger, handlers in zip(loggers, before, strict=True):
            logger.handlers = handlers


def _data_bytes() -> int:
    """Bytes that this process has allocated."""
    for line in Path("/proc/self/status").read_text("ascii", "replace").splitlines():
        if line.startswith("VmData:"):
            return int(line.split()[1]) * 1024
    return 0
